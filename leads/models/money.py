"""Closed months: which are closed, and the statements and lines that closing froze. Nothing here ever changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models import Campaign, Supplier
from leads.models.lead import AffiliateEvent, Lead, LeadEvent


class ClosedMonth(models.Model):
    """A month of one campaign that is closed, for its client and its suppliers at once, and for good."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="closed_months")
    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3)
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["campaign_id", "month"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "month"], name="month_closed_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_begins_on_the_first"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"


class Statement(models.Model):
    """What one party's lines of a closed month came to when it was closed; without supplier, the client's."""

    closed = models.ForeignKey(ClosedMonth, on_delete=models.PROTECT, related_name="statements")
    supplier = models.ForeignKey(Supplier, null=True, on_delete=models.PROTECT, related_name="+")
    received = models.IntegerField(help_text="Leads that became valid in the month.")
    rejected = models.IntegerField(help_text="Leads that the client rejected in the month, billed or not.")
    lines = models.IntegerField()
    total = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["closed", "supplier"], nulls_distinct=False, name="one_statement_a_party"
            )
        ]


class StatementLine(models.Model):
    """One line of a closed month. An amount is null where the line is none of that party's.

    The constraints are the promise that nothing is billed twice: a lead is accepted on one line ever, and
    a rejection, an adjustment or an affiliate event stands on one.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        CREDIT = "credit", "Credit, Client Rejected"
        OWED = "owed", "Client Rejected, payout owed"
        ADJUSTMENT = "adjustment", "Adjustment"
        AFFILIATE = "affiliate", "Affiliate events"

    id = models.BigAutoField(primary_key=True)
    # Closing writes hundreds of thousands of lines at once, with their month, and with each lead's own supplier:
    # these two are not looked up again for every line.
    closed = models.ForeignKey(
        ClosedMonth,
        on_delete=models.PROTECT,
        related_name="statement_lines",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=10, choices=Kind)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="statement_lines", db_index=False)
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    event = models.ForeignKey(
        LeadEvent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    affiliate_event = models.ForeignKey(
        AffiliateEvent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    batch_id = models.BigIntegerField(null=True)
    client_amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    supplier_amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["closed", "supplier"], name="line_of_a_party")]
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(kind="accepted"), name="lead_billed_once"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(event__isnull=False), name="event_on_one_line"
            ),
            models.UniqueConstraint(
                fields=["affiliate_event"],
                condition=Q(affiliate_event__isnull=False),
                name="affiliate_event_on_one_line",
            ),
        ]
