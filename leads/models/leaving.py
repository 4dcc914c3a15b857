"""What leaves the house: deliveries with their attempts, and files made for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from campaigns.models import Client, Source, Supplier
from leads.models.lead import Lead

if TYPE_CHECKING:
    from campaigns.models import User


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User) -> DeliveryQuerySet:
        """Notices this person may see: all for staff, a supplier's own."""
        if user.is_active and user.is_staff:
            return self
        if user.is_active and user.supplier_id:
            return self.filter(supplier_id=user.supplier_id)
        return self.none()


class Delivery(models.Model):
    """What leaves the house: written with what it tells of, sent later, kept with every attempt.

    A notice to a supplier tells of events of one batch, which it names, so that nothing is told twice and only
    what was told is retracted. What it says never changes: whoever gets it twice gets the same.
    `tries` counts since it was made or sent again; `instead` is the one e-mail that told of it instead.
    """

    class Kind(models.TextChoices):
        REJECTIONS = "rejections"
        RETRACTIONS = "retractions"
        RECOVERIES = "recoveries"
        RECOVERY_RETRACTIONS = "recovery_retractions"
        HELD_BACK = "held_back"
        TEST = "test"
        ENDPOINT_PAUSED = "endpoint_paused"
        BATCH_ENDED = "batch_ended"
        MONTH_CLOSED = "month_closed"
        LEAD = "lead"

    class Channel(models.TextChoices):
        PORTAL = "portal"
        WEBHOOK = "webhook"
        EMAIL = "email"
        DESTINATION = "destination"

    class Status(models.TextChoices):
        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=20, choices=Kind)
    channel = models.CharField(max_length=20, choices=Channel)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    supplier = models.ForeignKey(Supplier, null=True, on_delete=models.PROTECT, related_name="notices")
    client = models.ForeignKey(Client, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    lead = models.ForeignKey(Lead, null=True, on_delete=models.PROTECT, related_name="deliveries")
    batch_id = models.BigIntegerField(null=True, db_index=True)
    payload = models.JSONField(default=dict)
    event_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    instead = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="stands_for")
    created_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True, help_text="A try is under way until then at the latest.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status="pending"), name="delivery_due"),
            models.Index(
                fields=["supplier", "id"],
                condition=Q(status="pending", supplier__isnull=False),
                name="delivery_queue",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(supplier__isnull=False) | Q(lead__isnull=False) | Q(person__isnull=False),
                name="delivery_has_somebody_to_tell",
            )
        ]


class DeliveryAttempt(models.Model):
    """One try to deliver, with what came back and after how long."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    succeeded = models.BooleanField()
    seconds = models.FloatField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]


class DownloadQuerySet(models.QuerySet["Download"]):
    def visible_to(self, user: User) -> DownloadQuerySet:
        """A file is there for the person who asked for it."""
        return self.filter(person_id=user.pk) if user.is_active else self.none()


class Download(models.Model):
    """A large XLSX that is made in the background and kept for a day, for the person who asked.

    Leads of a source, or another table: `asked` says which, as `rejections.workbooks` makes it. `done` of `leads`
    (rows, of another table) is its progress. A worker that makes it holds it until `claimed_until`.
    """

    class Kind(models.TextChoices):
        LEADS = "leads"
        RESULT = "result"
        STATEMENT = "statement"
        REJECTED = "rejected"
        DISPUTES = "disputes"

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"
        FAILED = "failed"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.LEADS)
    source = models.ForeignKey(Source, null=True, on_delete=models.CASCADE, related_name="+")
    asked = models.JSONField(default=dict, help_text="Which rows, of another table than leads of a source.")
    name = models.CharField(max_length=300, blank=True, help_text="What the file is called.")
    title = models.CharField(max_length=200, blank=True, help_text="What it is, in words.")
    back = models.CharField(max_length=500, blank=True, help_text="The page it was asked for on.")
    statuses = ArrayField(models.CharField(max_length=20), default=list)
    first = models.DateField(null=True)
    last = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    leads = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    file = models.CharField(max_length=300, blank=True, help_text="Path below the upload directory.")

    objects = DownloadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
