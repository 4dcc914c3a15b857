"""Days, return windows and cap periods in every zone people live in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.rules import EARLIEST, EVER, begin, local_date, period_bounds, window_opens

SECOND = timedelta(seconds=1)
LONDON = "Europe/London"
ZONES = sorted(name for name in available_timezones() if "/" in name)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        pytest.param("2026-01-15", LONDON, "2026-01-15 00:00", id="winter in London is UTC"),
        pytest.param("2026-07-15", LONDON, "2026-07-14 23:00", id="summer in London begins an hour earlier"),
        pytest.param("2026-03-29", LONDON, "2026-03-29 00:00", id="the day the clocks go forward"),
        pytest.param("2026-03-30", LONDON, "2026-03-29 23:00", id="the day after, 23 hours later"),
        pytest.param("2026-10-25", LONDON, "2026-10-24 23:00", id="the day the clocks go back"),
        pytest.param("2026-10-26", LONDON, "2026-10-26 00:00", id="the day after, 25 hours later"),
        pytest.param("2018-11-04", "America/Sao_Paulo", "2018-11-04 03:00", id="Sao Paulo has no midnight"),
        pytest.param("2018-02-18", "America/Sao_Paulo", "2018-02-18 03:00", id="Sao Paulo repeats 23 h"),
        pytest.param("2024-03-31", "Asia/Beirut", "2024-03-30 22:00", id="Beirut has no midnight"),
        pytest.param("2024-04-26", "Africa/Cairo", "2024-04-25 22:00", id="Cairo has no midnight"),
        pytest.param("2024-11-03", "America/Havana", "2024-11-03 04:00", id="Havana strikes midnight twice"),
        pytest.param("1919-03-31", "America/Toronto", "1919-03-31 04:30", id="a jump from 23:30 to 00:30"),
        pytest.param("2011-12-30", "Pacific/Apia", "2011-12-30 10:00", id="Samoa skipped this day"),
        pytest.param("2011-12-31", "Pacific/Apia", "2011-12-30 10:00", id="the day after the skipped one"),
        pytest.param("0001-01-01", "Asia/Tokyo", "1899-12-31 15:00", id="before all dates: the earliest"),
    ],
)
def test_a_day_begins_with_its_first_instant(day: str, zone: str, instant: str) -> None:
    assert begin(date.fromisoformat(day), zone) == utc(instant)


@given(st.dates(EARLIEST, date(2100, 12, 31)), st.sampled_from(ZONES))
@settings(deadline=None)
def test_before_its_beginning_it_is_not_yet_that_day(day: date, zone: str) -> None:
    first = begin(day, zone)
    assert local_date(first, zone) >= day
    assert local_date(first - SECOND, zone) < day


@pytest.mark.parametrize(
    "zone", [LONDON, "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "America/Asuncion", "Asia/Tehran"]
)
def test_over_the_years_each_day_lasts_from_22_to_26_hours(zone: str) -> None:
    first = begin(date(1995, 1, 1), zone)
    for number in range(1, 365 * 35):
        day = date(1995, 1, 1) + timedelta(days=number)
        following = begin(day, zone)
        assert timedelta(hours=22) <= following - first <= timedelta(hours=26)
        assert local_date(following, zone) == day
        first = following


@pytest.mark.parametrize(
    ("valid_at", "inside"),
    [
        pytest.param("2026-06-03 00:00", True, id="day 7 of 7, its first instant, is in"),
        pytest.param("2026-06-03 23:59", True, id="day 7 of 7, late, is in"),
        pytest.param("2026-06-02 23:59:59", False, id="day 8, its last second, is out"),
        pytest.param("2026-06-10 12:00", True, id="the upload's own day is in"),
    ],
)
def test_seven_days_back_from_the_tenth_of_june(valid_at: str, inside: bool) -> None:
    at = datetime.fromisoformat(valid_at).replace(tzinfo=ZoneInfo(LONDON))
    assert (at >= window_opens(date(2026, 6, 10), 7, LONDON)) is inside


@pytest.mark.parametrize(
    ("anchor", "opens"),
    [
        pytest.param("2026-03-29", "2026-03-22 00:00", id="uploaded the day the clocks go forward"),
        pytest.param("2026-04-05", "2026-03-29 00:00", id="opening on that day"),
        pytest.param("2026-04-06", "2026-03-29 23:00", id="opening the day after, in summer time"),
        pytest.param("2026-10-25", "2026-10-17 23:00", id="uploaded the day the clocks go back"),
        pytest.param("2026-11-01", "2026-10-24 23:00", id="opening on that day, in summer time still"),
        pytest.param("2026-11-02", "2026-10-26 00:00", id="opening the day after"),
    ],
)
def test_the_window_counts_days_and_not_hours(anchor: str, opens: str) -> None:
    anchored = date.fromisoformat(anchor)
    first = window_opens(anchored, 7, LONDON)
    assert first == utc(opens)
    assert local_date(first, LONDON) == anchored - timedelta(days=7)
    assert local_date(first - SECOND, LONDON) == anchored - timedelta(days=8)


def test_a_window_of_no_days_opens_today() -> None:
    assert window_opens(date(2026, 6, 10), 0, LONDON) == begin(date(2026, 6, 10), LONDON)


def test_a_window_may_reach_back_before_the_calendar() -> None:
    assert window_opens(date.min, 32_767, "Pacific/Kiritimati") == begin(EARLIEST, "Pacific/Kiritimati")


@pytest.mark.parametrize(
    ("period", "instant", "start", "end"),
    [
        pytest.param("day", "2026-06-10 22:59", "2026-06-09 23:00", "2026-06-10 23:00", id="a summer day"),
        pytest.param("day", "2026-06-10 23:00", "2026-06-10 23:00", "2026-06-11 23:00", id="the next one"),
        pytest.param("day", "2026-03-29 12:00", "2026-03-29 00:00", "2026-03-29 23:00", id="23 hours"),
        pytest.param("day", "2026-10-25 12:00", "2026-10-24 23:00", "2026-10-26 00:00", id="25 hours"),
        pytest.param("week", "2026-03-29 12:00", "2026-03-23 00:00", "2026-03-29 23:00", id="Sunday ends it"),
        pytest.param(
            "week", "2026-03-30 12:00", "2026-03-29 23:00", "2026-04-05 23:00", id="Monday begins it"
        ),
        pytest.param("month", "2026-10-31 12:00", "2026-09-30 23:00", "2026-11-01 00:00", id="October"),
        pytest.param("month", "2026-12-31 12:00", "2026-12-01 00:00", "2027-01-01 00:00", id="December"),
        pytest.param("month", "2028-02-29 12:00", "2028-02-01 00:00", "2028-03-01 00:00", id="a leap year"),
    ],
)
def test_a_cap_period_has_bounds(period: str, instant: str, start: str, end: str) -> None:
    assert period_bounds(period, utc(instant), LONDON) == (utc(start), utc(end))


def test_a_total_cap_has_none() -> None:
    assert period_bounds("total", utc("2026-06-10 12:00"), LONDON) == EVER


def test_an_unknown_period_is_an_error() -> None:
    with pytest.raises(KeyError):
        period_bounds("year", utc("2026-06-10 12:00"), LONDON)


@given(
    st.sampled_from(["day", "week", "month"]),
    st.integers(min_value=0, max_value=4_000_000_000),
    st.sampled_from(ZONES),
)
@settings(deadline=None)
def test_periods_hold_their_instant_and_leave_no_gap(period: str, seconds: int, zone: str) -> None:
    instant = datetime.fromtimestamp(seconds, UTC)
    start, end = period_bounds(period, instant, zone)
    assert start <= instant < end
    assert period_bounds(period, end, zone)[0] == end
