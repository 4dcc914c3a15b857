"""A period in figures: six numbers, how they stand against the period before, and how the rates went day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from campaigns.models import Campaign
from campaigns.templatetags.figures import MINUS, NBSP, counted
from leads.reports import Returned, Share, median_days
from leads.sql.sources import Day
from leads.statuses import Status

#: Statuses of leads that were delivered: a client could reject them.
DELIVERED = (Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED)
#: A rate of a day is that of so many days up to it, for a day alone may have next to no leads.
SPAN = 7


@dataclass(frozen=True)
class Figures:
    """The four figures above the charts; `amounts` of the leads that clients rejected, by currency."""

    received: int
    delivered: int
    door: int
    returned: int
    amounts: list[tuple[str, Decimal]]
    median: int | None

    @property
    def rate(self) -> float | None:
        """Per cent of the delivered leads that the client rejected; None where none was delivered."""
        return 100 * self.returned / self.delivered if self.delivered else None

    @property
    def turned_away(self) -> float | None:
        """Per cent of the leads received that were Rejected at the door; None where none was received."""
        return 100 * self.door / self.received if self.received else None


@dataclass(frozen=True)
class Change:
    """How a figure stands against the period before: as shown (“−0.8 pt”), as said, if that is good, what it was."""

    shown: str
    said: str
    good: bool | None
    was: str


def compared(now: Figures, was: Figures) -> dict[str, Change]:
    """The four figures against those of the period before; without one that there was no number for."""
    found = {
        "rate": _points(now.rate, was.rate),
        "returned": _change(now.returned, was.returned, "", ""),
        "door": _points(now.turned_away, was.turned_away),
        "median": _change(now.median, was.median, f"{NBSP}d", "day"),
    }
    return {name: change for name, change in found.items() if change} if was.received else {}


def _points(now: float | None, was: float | None) -> Change | None:
    if now is None or was is None:
        return None
    by = round(round(now, 1) - round(was, 1), 1)
    shown, more = _sign(by, f"{abs(by):.1f}{NBSP}pt"), "higher" if by > 0 else "lower"
    said = f"{abs(by):.1f} percentage points {more} than" if by else "the same as"
    return Change(shown, said, by < 0 if by else None, f"{was:.1f}{NBSP}%")


def _change(now: int | None, was: int | None, unit: str, noun: str) -> Change | None:
    if now is None or was is None:
        return None
    by = now - was
    amount = counted(abs(by), noun) if noun else f"{abs(by):,}"
    said = f"{amount} {'more' if by > 0 else 'less' if noun else 'fewer'} than" if by else "the same as"
    good = None if noun or not by else by < 0
    return Change(_sign(by, f"{abs(by):,}{unit}"), said, good, counted(was, noun) if noun else f"{was:,}")


def _sign(by: float, shown: str) -> str:
    return f"{MINUS if by < 0 else '+' if by else '±'}{shown}"


def figures(
    shares: Iterable[Share], campaigns: Mapping[int, Campaign], returned: Sequence[Returned]
) -> Figures:
    """The cohort in six numbers."""
    by_status: Counter[str] = Counter()
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for share in shares:
        by_status[share.status] += share.leads
        if share.status == Status.CLIENT_REJECTED:
            amounts[campaigns[share.campaign_id].currency] += share.amount
    return Figures(
        received=by_status.total(),
        delivered=sum(by_status[status] for status in DELIVERED),
        door=by_status[Status.REJECTED],
        returned=by_status[Status.CLIENT_REJECTED],
        amounts=sorted(amounts.items(), key=lambda pair: -pair[1]),
        median=median_days(returned),
    )


@dataclass(frozen=True)
class Rate:
    """Of the leads of SPAN days up to this one: how many the client rejected, how many the door, of how many."""

    day: date
    returned: int
    door: int
    leads: int


def rates(days: Iterable[Day], first: date, last: date) -> list[Rate]:
    """One rate for each day from first to last; `days` begin SPAN - 1 days before the first. Empty without leads."""
    known = {day.day: day.leads for day in days}
    found = []
    for ago in range((last - first).days, -1, -1):
        day = last - timedelta(days=ago)
        span = [known.get(day - timedelta(days=back), (0, 0, 0)) for back in range(SPAN)]
        valid, door, returned = (sum(leads) for leads in zip(*span, strict=True))
        found.append(Rate(day, returned, door, valid + door + returned))
    return found if any(rate.leads for rate in found) else []
