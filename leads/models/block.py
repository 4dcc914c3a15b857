"""What blocks a rejected lead, kept narrow: the fix queue groups hundreds of thousands of these."""

from __future__ import annotations

from django.db import models

from leads.models.lead import Lead


class LeadBlock(models.Model):
    """The first failure of a lead that failed at the door and is not kept rejected.

    Derived from `LeadValues` by a trigger, in the statement that writes them; nothing else writes here.
    `failure` is a hash of its field, code and value as received: leads of a source with the same one are a
    group of the fix queue. Source and price of a lead never change.
    """

    lead = models.OneToOneField(Lead, primary_key=True, on_delete=models.CASCADE, related_name="block")
    source_id = models.BigIntegerField()
    price = models.DecimalField(max_digits=10, decimal_places=2)
    failure = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["failure", "source_id"], name="block_failure")]
