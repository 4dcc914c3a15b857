"""Both clocks of a dispute, in zones where days are odd, and what may be contested when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rejections.contests import Hindrance, Rejection, closes, hindrance, last_day
from rejections.states import State

MOMENT = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "days", "zone", "last", "too_late"),
    [
        ("2026-11-19 16:12", 7, "Europe/London", "2026-11-26", "2026-11-27 00:00"),
        ("2026-11-19 00:00", 7, "Europe/London", "2026-11-26", "2026-11-27 00:00"),
        ("2026-11-19 23:59", 7, "Europe/London", "2026-11-26", "2026-11-27 00:00"),
        # the same instant is another day elsewhere
        ("2026-11-19 16:12", 7, "Asia/Tokyo", "2026-11-27", "2026-11-27 15:00"),
        ("2026-11-20 03:00", 5, "America/New_York", "2026-11-24", "2026-11-25 05:00"),
        # a clock of no days ends with the day it began on
        ("2026-11-19 16:12", 0, "Europe/London", "2026-11-19", "2026-11-20 00:00"),
        # clocks go back and forward on the way: days are counted, not hours
        ("2026-10-20 12:00", 7, "Europe/London", "2026-10-27", "2026-10-28 00:00"),
        ("2026-03-25 12:00", 7, "Europe/Berlin", "2026-04-01", "2026-04-01 22:00"),
        # the last day has no midnight after it: the clock jumps over it (Beirut, 29 March 2026)
        ("2026-03-21 12:00", 7, "Asia/Beirut", "2026-03-28", "2026-03-28 22:00"),
        # the day after the last was skipped whole (Apia, 30 December 2011)
        ("2011-12-22 12:00", 7, "Pacific/Apia", "2011-12-29", "2011-12-30 10:00"),
        # over the end of a year, and a 29 February
        ("2027-12-29 12:00", 5, "UTC", "2028-01-03", "2028-01-04 00:00"),
        ("2028-02-25 12:00", 4, "UTC", "2028-02-29", "2028-03-01 00:00"),
    ],
)  # fmt: skip
def test_a_clock_runs_to_the_end_of_its_last_day_there(
    since: str, days: int, zone: str, last: str, too_late: str
) -> None:
    assert last_day(utc(since), days, zone) == date.fromisoformat(last)
    assert closes(utc(since), days, zone) == utc(too_late)


FINISHED = Rejection(True, False, State.FINISHED, utc("2026-11-19 16:12"), 7, "Europe/London")
END = utc("2026-11-27 00:00")


@pytest.mark.parametrize(
    ("changes", "at", "expected"),
    [
        ({}, END - MOMENT, None),
        ({}, END, Hindrance.TOO_LATE),
        ({"state": State.STOPPED}, END - MOMENT, None),
        ({"state": State.FAILED}, END - MOMENT, None),
        ({"rejected": False}, END - MOMENT, Hindrance.NOT_REJECTED),
        ({"disputed": True}, END - MOMENT, Hindrance.DISPUTED),
        ({"disputed": True}, END, Hindrance.DISPUTED),
        ({"state": State.UNDOING}, END, Hindrance.BEING_UNDONE),
        ({"state": State.UNDONE}, END - MOMENT, Hindrance.BEING_UNDONE),
        ({"state": State.APPLYING}, END - MOMENT, Hindrance.RUNNING),
        ({"state": State.WAITING}, END - MOMENT, Hindrance.RUNNING),
        ({"finished_at": None}, END, Hindrance.RUNNING),
    ],
)  # fmt: skip
def test_a_rejection_can_be_contested_once_its_batch_has_ended_and_while_its_clock_runs(
    changes: dict[str, object], at: datetime, expected: Hindrance | None
) -> None:
    found = hindrance(replace(FINISHED, **changes), at)  # type: ignore[arg-type]
    assert found == expected
    assert found is None or found.sentence.endswith(".")
