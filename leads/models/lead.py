"""A lead, its keys and values, where it stands, its history.

`Lead` is kept narrow and no index of it mentions what a batch changes, so that moving a lead is a
heap-only update; field values and keys have tables of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models import Q

from campaigns.models import Campaign, Disposition, Source, Supplier
from leads.statuses import Cause, Status

if TYPE_CHECKING:
    from campaigns.models import User


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: User) -> LeadQuerySet:
        """Leads this person may see: all for staff, its client's, or its supplier's."""
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        if user.client_id:
            return self.filter(campaign__client_id=user.client_id)
        if user.supplier_id:
            return self.filter(supplier_id=user.supplier_id)
        return self.none()


class Lead(models.Model):
    """One lead. After intake only `leads.sql` writes its status.

    `valid_at` is the one date for window, through date and cap period; `accepted_at` the one date
    for money; `in_cap` the one flag for cap use; `is_final` says that a line of it stands in a
    closed month.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.CharField(max_length=200, blank=True, help_text="The consumer session ID.")
    status = models.CharField(
        max_length=20, choices=[(s.value, s.label) for s in Status], default=Status.PROCESSING
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, db_index=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, db_index=False)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, db_index=False)
    disposition = models.ForeignKey(
        Disposition, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    reason = models.TextField(blank=True, help_text="The human words, kept verbatim.")
    received_at = models.DateTimeField()
    valid_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    in_cap = models.BooleanField(default=False)
    is_final = models.BooleanField(default=False)
    decided_for_supplier = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    payout = models.DecimalField(max_digits=10, decimal_places=2)

    objects = LeadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["campaign", "valid_at"], include=["supplier"], name="lead_campaign_valid_at"
            ),
            models.Index(fields=["campaign", "-id"], name="lead_campaign"),
            models.Index(fields=["source", "-id"], name="lead_source"),
            models.Index(fields=["supplier", "-id"], name="lead_supplier"),
            models.Index(fields=["received_at", "id"], name="lead_received"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in Status]), name="lead_status_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED])
                | Q(valid_at__isnull=False),
                name="valid_lead_has_valid_at",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.ACCEPTED) | Q(accepted_at__isnull=False),
                name="accepted_lead_has_accepted_at",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True)
                | Q(status__in=[Status.ACCEPTED, Status.CLIENT_REJECTED]),
                name="only_billed_leads_have_accepted_at",
            ),
            models.CheckConstraint(
                condition=Q(is_final=False) | Q(status__in=[Status.ACCEPTED, Status.CLIENT_REJECTED]),
                name="only_billed_leads_are_final",
            ),
        ]

    def __str__(self) -> str:
        return f"Lead {self.pk}"


class LeadValues(models.Model):
    """A lead's field values: as received, as judged, what failed, and the version of them.

    Version 0 is a lead that nobody has judged yet. `kept_rejected` says that a person has looked at the
    failures and wants the lead to stay Rejected; other failures clear it.
    """

    lead = models.OneToOneField(Lead, primary_key=True, on_delete=models.CASCADE, related_name="values")
    received = models.JSONField(default=dict)
    judged = models.JSONField(default=dict)
    failures = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    kept_rejected = models.BooleanField(default=False, db_default=False)
    rules = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="What `judged` and `failures` were reached by, where it is known.",
    )

    class Meta:
        verbose_name_plural = "lead values"
        indexes = [
            models.Index(fields=["lead"], condition=~Q(failures=[]), name="values_failed"),
            models.Index(fields=["lead"], condition=Q(version=0), name="values_unjudged"),
            GinIndex(fields=["judged"], opclasses=["jsonb_path_ops"], name="values_judged"),
            GinIndex(models.Func("judged", function="lead_words"), name="values_words"),
        ]


class LeadKey(models.Model):
    """The normalised text by which a file may name a lead.

    `slot` is 0 for the UID, else the primary key of the campaign's field; `held` says that the lead
    holds the key, which only one lead of a campaign can.
    """

    UID_SLOT = 0

    pk = models.CompositePrimaryKey("lead_id", "slot")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="keys", db_index=False)
    slot = models.IntegerField()
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, db_index=False)
    key = models.TextField(db_collation="C")
    held = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["campaign", "slot", "key"], name="leadkey_lookup")]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "slot", "key"], condition=Q(held=True), name="key_held_once"
            )
        ]


class LeadEvent(models.Model):
    """One thing that happened to a lead. Append-only, written with the move it tells of.

    `batch_id` and `line` are plain numbers: what is above `leads` in the house is not known here.
    The `was_*` columns are what is needed to go back; `undoes` names the event that was taken back.
    """

    id = models.BigAutoField(primary_key=True)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="events")
    cause = models.CharField(max_length=30, choices=[(c.value, c.value) for c in Cause])
    from_status = models.CharField(max_length=20)
    to_status = models.CharField(max_length=20)
    disposition = models.ForeignKey(
        Disposition, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    reason = models.TextField(blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    batch_id = models.BigIntegerField(null=True)
    line = models.IntegerField(null=True)
    undoes = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, db_index=False, related_name="undone_by"
    )
    was_disposition = models.ForeignKey(
        Disposition, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    was_reason = models.TextField(blank=True)
    was_valid_at = models.DateTimeField(null=True)
    was_accepted_at = models.DateTimeField(null=True)
    was_in_cap = models.BooleanField(default=False)
    payout_owed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its supplier is paid although the client sent it back: by the terms when it came in.",
    )
    was_values = models.JSONField(
        null=True,
        help_text="version, received, judged, failures, kept and keys, where the move changed them.",
    )

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["batch_id", "lead"],
                include=["id", "cause", "from_status", "to_status"],
                condition=Q(batch_id__isnull=False),
                name="event_batch",
            ),
            BrinIndex(fields=["at"], autosummarize=True, name="event_at"),
            # What clients sent back, by month: few events of many.
            models.Index(
                fields=["at"],
                include=["id", "lead", "cause", "from_status", "payout_owed", "batch_id", "disposition"],
                condition=Q(cause__in=[Cause.CLIENT_REJECTED, Cause.ADJUSTED]),
                name="event_rejection",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["undoes"], condition=Q(undoes__isnull=False), name="event_undone_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.from_status} → {self.to_status}"


class AffiliateEvent(models.Model):
    """A conversion an affiliate reported for a lead. `was_status` and `batch_id` say who rejected it."""

    class Status(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"
        REJECTED = "rejected"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="affiliate_events")
    reference = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    payout = models.DecimalField(max_digits=10, decimal_places=2)
    occurred_at = models.DateTimeField()
    is_final = models.BooleanField(default=False, help_text="It stands in a closed month.")
    was_status = models.CharField(max_length=10, blank=True)
    batch_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["occurred_at", "id"], name="affiliate_event_at"),
            models.Index(
                fields=["occurred_at"],
                condition=Q(status="approved", is_final=False),
                name="affiliate_event_unclosed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Adjustment(models.Model):
    """What a final lead gets in the open month instead of a move: one, ever.

    Both amounts are added to the party's statement: below zero they are credits. The event says why.
    """

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="adjustment")
    event = models.OneToOneField(LeadEvent, on_delete=models.PROTECT, related_name="+")
    client_amount = models.DecimalField(max_digits=10, decimal_places=2)
    supplier_amount = models.DecimalField(max_digits=10, decimal_places=2)
    created_at = models.DateTimeField()
    is_final = models.BooleanField(default=False, help_text="It stands in a closed month.")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(is_final=False), name="adjustment_unclosed")
        ]
