"""What is billed and stands in no closed month: kept by the database, for money is added up from it alone."""

from __future__ import annotations

from django.db import models

from campaigns.models import Supplier
from campaigns.models.terms import Campaign
from leads.models.lead import Lead


class UnclosedLead(models.Model):
    """A lead with `accepted_at` that is not final, as a narrow row beside it.

    Derived from `Lead` by a trigger, in the statement that accepts it, takes that back or makes it final; nothing else
    writes here. `Lead` itself would pay for an index of `accepted_at` with an entry in each of its indexes for every
    lead accepted. Campaign, supplier and money of a lead never change.
    """

    lead = models.OneToOneField(
        Lead, primary_key=True, on_delete=models.CASCADE, related_name="unclosed", db_constraint=False
    )
    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    supplier = models.ForeignKey(
        Supplier, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    accepted_at = models.DateTimeField()
    valid_at = models.DateTimeField(null=True)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    payout = models.DecimalField(max_digits=10, decimal_places=2)

    class Meta:
        indexes = [
            models.Index(
                fields=["campaign", "accepted_at"],
                include=["lead", "supplier", "price", "payout", "valid_at"],
                name="unclosed_of_a_month",
            )
        ]
