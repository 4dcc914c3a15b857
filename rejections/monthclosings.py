"""Months that somebody asked to have closed: asking, closing them out of the request, and what came of it.

A month with hundreds of thousands of leads takes longer than a person waits. The row says what is asked for;
a worker closes the month and writes what came of it in one transaction, so that a worker that dies leaves
nothing behind but the row, for which the clock rings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, User
from campaigns.rules import local_date
from leads.sql import months as statements
from leads.statements import span_of
from rejections import months
from rejections.models import MonthClosing
from rejections.refusals import Refused

State = MonthClosing.State
#: Months being closed that are shown at once.
SHOWN = 12


def last_asked(campaign: Campaign, month: date) -> MonthClosing | None:
    """Who asked last to close the month, and what came of it."""
    return of_month([campaign], month).get(campaign.pk)


def of_month(campaigns: Iterable[Campaign], month: date) -> dict[int, MonthClosing]:
    """The same for several campaigns, by campaign."""
    found = MonthClosing.objects.filter(campaign__in=[one.pk for one in campaigns], month=month)
    return {one.campaign_id: one for one in found.select_related("campaign", "asked_by")}


def under_way(person: User) -> QuerySet[MonthClosing]:
    """Months that are being closed, as this person may know, the first asked for first; so many are shown."""
    visible = MonthClosing.objects.visible_to(person).filter(state=State.ASKED)
    return visible.select_related("campaign", "asked_by").order_by("asked_at", "pk")[:SHOWN]


def ask(campaign: Campaign, month: date, *, person: User, typed: str, at: datetime) -> MonthClosing:
    """Ask a worker to close the month; the door rings for it. Raises Refused.

    What stands in its way now is said at once; the worker looks again, behind the campaign's lock.
    """
    months.check_word(month, typed)
    if (closing := last_asked(campaign, month)) and closing.state == State.ASKED:
        raise _asked_for(closing)
    if refused := months.refusal(campaign, month, at):
        raise refused
    asked = {"asked_by": person, "asked_at": at}
    closing, made = MonthClosing.objects.get_or_create(campaign=campaign, month=month, defaults=asked)
    if made:
        return closing
    anew = {"state": State.ASKED, "ended_at": None, "title": "", "detail": "", "tries": 0}
    if not MonthClosing.objects.filter(pk=closing.pk, state=State.REFUSED).update(**anew, **asked):
        raise _asked_for(closing)
    closing.refresh_from_db()
    return closing


def _asked_for(closing: MonthClosing) -> Refused:
    return Refused(
        "month_asked_for", f"{closing} is being closed already",
        f"{closing.asked_by.full_name} asked for it. Nothing was changed: wait until it is closed.",
    )  # fmt: skip


def work_next(at: datetime) -> bool:
    """Close the oldest month that was asked for and that nobody is at; whether there may be more to do."""
    closing = _begin(at)
    if closing is None:
        return False
    with transaction.atomic():
        if held := _waiting(closing.pk):
            _close(held, at)
    return True


def _waiting(pk: int | None = None) -> MonthClosing | None:
    """Lock the oldest that waits, or this one if it still does; a worker's row is not waited for."""
    waiting = MonthClosing.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=State.ASKED)
    found = waiting if pk is None else waiting.filter(pk=pk)
    return found.select_related("campaign", "asked_by").order_by("pk").first()


def _begin(at: datetime) -> MonthClosing | None:
    """Count a try, before anything can break; one that broke off too often is not tried for ever."""
    with transaction.atomic():
        while closing := _waiting():
            closing.tries += 1
            if closing.tries <= settings.MAX_ATTEMPTS:
                closing.save(update_fields=["tries"])
                return closing
            closing.title = "The work broke off several times"
            closing.detail = "Nothing was changed. Ask again, or tell an administrator."
            _end(closing, State.REFUSED, at)
    return None


def _close(closing: MonthClosing, at: datetime) -> None:
    """Close the month in the caller's transaction; a refusal is kept as what came of it."""
    month = closing.month
    try:
        months.close(closing.campaign, month, person=closing.asked_by, typed=months.word(month), at=at)
    except Refused as refused:
        closing.title, closing.detail = refused.title, refused.detail
        _end(closing, State.REFUSED, at)
    else:
        _end(closing, State.CLOSED, at)


def _end(closing: MonthClosing, state: State, at: datetime) -> None:
    closing.state, closing.ended_at = state, at
    closing.save(update_fields=["state", "ended_at", "title", "detail"])


@dataclass(frozen=True)
class Due:
    """A month that is over and not closed, the oldest of its campaign; `refused` when a worker could not close it."""

    campaign: Campaign
    month: date
    refused: MonthClosing | None


def due(campaigns: Iterable[Campaign], at: datetime) -> list[Due]:
    """Months with accepted leads that could be closed, one a campaign, the oldest first; those asked for are not."""
    known = {one.pk: one for one in campaigns}
    running = [span_of(one, local_date(at, one.time_zone).replace(day=1)) for one in known.values()]
    over = statements.oldest_over(running)
    asked = {
        (one.campaign_id, one.month): one
        for one in MonthClosing.objects.exclude(state=State.CLOSED).filter(campaign__in=over)
    }
    found = [Due(known[pk], month, asked.get((pk, month))) for pk, month in over.items()]
    return sorted(
        (line for line in found if line.refused is None or line.refused.state == State.REFUSED),
        key=lambda line: (line.month, line.campaign.name),
    )
