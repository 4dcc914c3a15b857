"""Affiliate events come in: one per lead and reference, which may change until it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.db import transaction

from leads.models import AffiliateEvent, LeadQuerySet
from leads.sql import find

#: Events recorded in one transaction.
CHUNK = 1000
_MOST = Decimal("99999999.99")


@dataclass(frozen=True)
class Reported:
    """A conversion as an affiliate reports it; `status` is pending, approved or rejected."""

    lead_id: int
    reference: str
    status: str
    payout: Decimal
    occurred_at: datetime


class Recorded(StrEnum):
    """What became of a report."""

    RECORDED = "recorded"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    SETTLED = "settled"

    @property
    def sentence(self) -> str:
        """Why a report was not taken over; blank where it was."""
        return {
            Recorded.NOT_FOUND: "there is no such lead",
            Recorded.INVALID: "the status is pending, approved or rejected, the reference is given, and the payout"
            " is an amount of at least 0",
            Recorded.SETTLED: "the event stands in a closed month, or was rejected with its lead: it stays as it is",
        }.get(self, "")


def record(reports: Sequence[Reported], *, leads: LeadQuerySet) -> list[Recorded]:
    """Record reports about `leads` (those the caller may write about); one answer each, in the order given.

    The same report twice is once. A later report of the same lead and reference changes the event, unless it
    stands in a closed month or a batch has rejected it.
    """
    answers: list[Recorded] = []
    for start in range(0, len(reports), CHUNK):
        with transaction.atomic():
            answers += _record(reports[start : start + CHUNK], leads)
    return answers


def _record(reports: Sequence[Reported], leads: LeadQuerySet) -> list[Recorded]:
    found = set(leads.filter(pk__in={one.lead_id for one in reports}).values_list("pk", flat=True))
    find.lock(found)  # two who report the same conversion at once meet here
    known = {
        (event.lead_id, event.reference): event for event in AffiliateEvent.objects.filter(lead__in=found)
    }
    answers, written = [], set[tuple[int, str]]()
    for one in reports:
        key = (one.lead_id, one.reference)
        answer = _answer(one, known.get(key), one.lead_id in found)
        if answer in (Recorded.RECORDED, Recorded.CHANGED):
            event = known.setdefault(key, AffiliateEvent(lead_id=one.lead_id, reference=one.reference))
            event.status, event.payout, event.occurred_at = one.status, one.payout, one.occurred_at
            written.add(key)
        answers.append(answer)
    AffiliateEvent.objects.bulk_create([known[key] for key in sorted(written) if known[key].pk is None])
    changed = [known[key] for key in sorted(written) if known[key].pk is not None]
    AffiliateEvent.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["status", "payout", "occurred_at"],
    )
    return answers


def _answer(one: Reported, event: AffiliateEvent | None, found: bool) -> Recorded:
    if not found:
        return Recorded.NOT_FOUND
    sound = one.status in AffiliateEvent.Status.values and 0 < len(one.reference) <= 120
    if not sound or not 0 <= one.payout <= _MOST or one.payout != one.payout.quantize(Decimal("0.01")):
        return Recorded.INVALID
    if event is None:
        return Recorded.RECORDED
    if (event.status, event.payout, event.occurred_at) == (one.status, one.payout, one.occurred_at):
        return Recorded.UNCHANGED
    return Recorded.SETTLED if event.is_final or event.batch_id else Recorded.CHANGED
