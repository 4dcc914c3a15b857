"""When things begin and end in a campaign's time zone: days, the return window, cap periods. Pure.

Zones are IANA names. Instants are aware; those returned are in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

#: Dates before this count as this one, so that “7 days before year 1” is an answer and not an error.
EARLIEST = date(1900, 1, 1)
#: The bounds of a cap period without bounds.
EVER = (datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


def begin(day: date, zone: str) -> datetime:
    """The first instant of `day` in the zone.

    Where the clock jumps over midnight this is the instant of the jump; where it strikes midnight twice,
    the first; of a day that was skipped whole, the next day's.
    """
    here = ZoneInfo(zone)
    midnight = datetime.combine(max(day, EARLIEST), time(), here)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(here).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return instant
    return _jump(midnight.replace(fold=1).astimezone(UTC), instant, here)


def window_opens(anchor: date, days: int, zone: str) -> datetime:
    """The first instant inside a return window of `days` counted back from the date `anchor`.

    A lead is inside when its `valid_at` is this or later: day 7 of 7 is in, day 8 is out.
    """
    return begin(date.fromordinal(max(anchor.toordinal() - days, EARLIEST.toordinal())), zone)


def shared_zone(zones: Iterable[str], house: str) -> str:
    """The one zone of a list's times: that of all the campaigns in it, or the house's where they differ."""
    found = set(zones)
    return found.pop() if len(found) == 1 else house


def local_date(instant: datetime, zone: str) -> date:
    """The date on the wall at this instant in the zone."""
    return instant.astimezone(ZoneInfo(zone)).date()


def period_bounds(period: str, instant: datetime, zone: str) -> tuple[datetime, datetime]:
    """Start (included) and end (not) of the cap period an instant lies in.

    `period` is day, week (from Monday), month or total. Raises KeyError for any other.
    """
    if period == "total":
        return EVER
    today = local_date(instant, zone)
    first, following = _FIRST_AND_FOLLOWING[period](today)
    return begin(first, zone), begin(following, zone)


def _day(today: date) -> tuple[date, date]:
    return today, today + timedelta(days=1)


def _week(today: date) -> tuple[date, date]:
    monday = today - timedelta(days=today.weekday())
    return monday, monday + timedelta(weeks=1)


def _month(today: date) -> tuple[date, date]:
    first = today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


_FIRST_AND_FOLLOWING = {"day": _day, "week": _week, "month": _month}


def _jump(before: datetime, after: datetime, here: tzinfo) -> datetime:
    """The instant, to the second, in (before, after] at which the clock there jumped forward."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(here).utcoffset() == before.astimezone(here).utcoffset():
            before = middle
        else:
            after = middle
    return after
