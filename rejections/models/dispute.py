"""A supplier's word against rejections: what it sent, and what became of each lead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models import Supplier
from leads.models import Lead, LeadEvent
from rejections.models.batch import Batch

if TYPE_CHECKING:
    from campaigns.models import User


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def visible_to(self, user: User) -> DisputeQuerySet:
        """Disputes this person may read, notes and evidence included: all for staff, a supplier's own."""
        if user.is_active and user.is_staff:
            return self
        if user.is_active and user.supplier_id:
            return self.filter(supplier_id=user.supplier_id)
        return self.none()


class Dispute(models.Model):
    """What a supplier sent at one time against rejections of one batch: note, evidence, and both clocks.

    The clocks and what silence means are those agreed for its leads; they are kept as they were then.
    `contest_by` and `answer_by` are the first instants that are too late.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="disputes")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="disputes")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    note = models.TextField(help_text="What is wrong with the rejection.")
    evidence = models.TextField(blank=True)
    file = models.CharField(max_length=300, blank=True, help_text="Path below the upload directory.")
    file_name = models.CharField(max_length=300, blank=True)
    file_bytes = models.PositiveIntegerField(default=0)
    contest_by = models.DateTimeField()
    answer_by = models.DateTimeField()
    silence_grants = models.BooleanField()

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"D-{self.pk}"


class DisputedLeadQuerySet(models.QuerySet["DisputedLead"]):
    def visible_to(self, user: User) -> DisputedLeadQuerySet:
        """Disputed leads this person may know of: staff all, a supplier its own, a client those of its campaigns."""
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        if user.client_id:
            return self.filter(lead__campaign__client_id=user.client_id)
        if user.supplier_id:
            return self.filter(dispute__supplier_id=user.supplier_id)
        return self.none()


class DisputedLead(models.Model):
    """One lead of a dispute, the rejection it is about, and the answer.

    ::

        OPEN ─answered by an operator, or by silence▶ GRANTED | REFUSED
        OPEN ─taken back by the supplier, or its batch undone▶ WITHDRAWN
    """

    class State(models.TextChoices):
        OPEN = "open"
        GRANTED = "granted"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    dispute = models.ForeignKey(Dispute, on_delete=models.CASCADE, related_name="leads")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="disputes")
    event = models.OneToOneField(LeadEvent, on_delete=models.PROTECT, related_name="dispute")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    by_silence = models.BooleanField(default=False)

    objects = DisputedLeadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["dispute"], condition=Q(state="open"), name="disputed_lead_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=Q(state="open"), name="one_open_dispute_per_lead"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "granted", "refused", "withdrawn"]),
                name="dispute_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False)),
                name="dispute_is_open_or_answered",
            ),
            models.CheckConstraint(
                condition=Q(by_silence=False) | Q(state__in=["granted", "refused"], answered_by__isnull=True),
                name="silence_is_nobody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dispute}: lead {self.lead_id}"

    @property
    def lost_its_rejection(self) -> bool:
        """Whether it was closed by an undo of its batch, and not by its supplier."""
        by = self.answered_by
        return self.state == self.State.WITHDRAWN and (by is None or by.supplier_id is None)
