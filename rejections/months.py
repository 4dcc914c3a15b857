"""Closing a month of a campaign: what it would do and make impossible, whether it may be, and doing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from campaigns.models import Campaign, User
from campaigns.rules import local_date
from leads import monthnews
from leads.models import ClosedMonth
from leads.sql import door, months
from leads.sql.money import Reach, oldest
from leads.sql.months import Closing, LostUndo
from leads.statements import first_open, following, reach_of, returnable, span_of
from rejections.models import Batch, DisputedLead
from rejections.refusals import Refused
from rejections.states import EXCLUSIVE

#: So many batches are named whose Undo would be lost.
NAMED = 10


@dataclass(frozen=True)
class Effect:
    """What closing the month would do.

    `waiting` are billed leads of it that the client may still reject, `disputed` leads of the campaign about
    which a dispute is open.
    """

    closing: Closing
    waiting: int
    disputed: int
    word: str


def word(month: date) -> str:
    """What a person types before a month is closed."""
    return f"{month:%B}".upper()


def check_word(month: date, typed: str) -> None:
    """Raises Refused unless the person typed the month's word."""
    if typed.strip().upper() != word(month):
        raise Refused(
            "word_not_typed", f"Type {word(month)} to close {month:%B %Y}",
            "A closed month cannot be opened again. Nothing was changed.",
        )  # fmt: skip


def effect(campaign: Campaign, month: date, at: datetime) -> Effect:
    """What closing would do now; nothing is written."""
    reach = _reach(campaign, month)
    waiting = sum(one.leads for one in returnable([campaign], at) if one.month == month)
    disputed = DisputedLead.objects.filter(state=DisputedLead.State.OPEN, lead__campaign=campaign).count()
    return Effect(months.would_close(reach), waiting, disputed, word(month))


def lost(campaign: Campaign, month: date) -> list[LostUndo]:
    """Batches of which leads could no longer be put back after closing, the most leads first."""
    batches = list(
        Batch.objects.filter(campaign=campaign, started_at__isnull=False).values_list("pk", flat=True)
    )
    return months.would_lose_undo(_reach(campaign, month), batches, NAMED)


def _reach(campaign: Campaign, month: date) -> Reach:
    return reach_of(campaign, month, first_open([campaign]).get(campaign.pk))


def oldest_open(campaign: Campaign, before: date | None = None) -> date | None:
    """The month that has to be closed before any other of the campaign; one that is `before` this month."""
    until = span_of(campaign, before).begin if before else None
    found = oldest(campaign.pk, until)
    if found is None:
        return None
    month = local_date(found, campaign.time_zone).replace(day=1)
    return max(month, first_open([campaign]).get(campaign.pk, month))


def running(campaign: Campaign) -> Batch | None:
    """A batch of the campaign that is at work on its leads now."""
    return Batch.objects.filter(campaign=campaign, state__in=EXCLUSIVE).order_by("pk").first()


def refusal(campaign: Campaign, month: date, at: datetime) -> Refused | None:
    """Why the month cannot be closed now, or None."""
    nothing = "Nothing was changed."
    here = f"{month:%B %Y}"
    if ClosedMonth.objects.filter(campaign=campaign, month__gte=month).exists():
        return Refused(
            "month_closed", f"{here} is closed already", f"{nothing} Its statements stand as they are."
        )
    if at < span_of(campaign, month).end:
        return Refused(
            "month_not_over", f"{here} is not over yet",
            f"{nothing} It can be closed from 1 {following(month):%B %Y} on, {campaign.time_zone} time.",
        )  # fmt: skip
    before = oldest_open(campaign, month)
    if before is not None and before < month:
        return Refused(
            "earlier_month_open", f"{before:%B %Y} is still open",
            f"{nothing} Months are closed one after the other: close {before:%B %Y} of this campaign first.",
        )  # fmt: skip
    if batch := running(campaign):
        return Refused(
            "campaign_busy", f"{batch} of this campaign is at work",
            f"{nothing} A month is not closed while a batch moves its leads: wait until it has ended.",
        )  # fmt: skip
    return None


def close(campaign: Campaign, month: date, *, person: User | None, typed: str, at: datetime) -> ClosedMonth:
    """Close the month for the client and the suppliers at once, and for good. Raises Refused.

    Behind the door's lock nobody judges leads; a batch that begins meanwhile finds its leads final.
    """
    check_word(month, typed)
    with transaction.atomic():
        door.lock_door(campaign.pk)
        if refused := refusal(campaign, month, at):
            raise refused
        try:
            made = months.close(
                span_of(campaign, month),
                _reach(campaign, month),
                currency=campaign.currency,
                at=at,
                actor_id=person.pk if person else None,
            )
            monthnews.tell(made, at)
            return made
        except months.Moved:
            raise Refused(
                "campaign_busy", "A lead of this month was moved at this moment",
                "Nothing was changed. Try again.",
            ) from None  # fmt: skip
