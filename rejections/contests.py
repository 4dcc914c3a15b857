"""When a supplier may contest a rejection, and by when it must be answered. Pure.

Both clocks count days like the return window does: from the day something happened in the campaign's zone,
that day itself not counted, and the last one whole. Day 7 of 7 is in time, day 8 is too late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from campaigns.rules import begin, local_date
from rejections.states import State


def last_day(since: datetime, days: int, zone: str) -> date:
    """The last day of a clock of `days` that began at this instant."""
    return local_date(since, zone) + timedelta(days=days)


def closes(since: datetime, days: int, zone: str) -> datetime:
    """The first instant that is too late."""
    return begin(last_day(since, days, zone) + timedelta(days=1), zone)


class Hindrance(StrEnum):
    """Why a rejection cannot be contested (now)."""

    NOT_REJECTED = "not_rejected"
    DISPUTED = "already_disputed"
    BEING_UNDONE = "being_undone"
    RUNNING = "still_running"
    TOO_LATE = "too_late"

    @property
    def sentence(self) -> str:
        """What to tell the supplier."""
        return _SENTENCES[self]


_SENTENCES = {
    Hindrance.NOT_REJECTED: "It does not stand as rejected by the client, so there is nothing to dispute.",
    Hindrance.DISPUTED: "This rejection has been disputed before; each can be disputed once.",
    Hindrance.BEING_UNDONE: "The client's file is being taken back, so there is nothing left to dispute.",
    Hindrance.RUNNING: "The client's file is still being worked on. Dispute it when that has ended.",
    Hindrance.TOO_LATE: "The time to dispute it is over: without a dispute, a rejection counts as agreed.",
}


@dataclass(frozen=True)
class Rejection:
    """What is known of the rejection a lead stands under.

    `rejected` says that one stands at all; `finished_at` is when its batch last ended moving leads.
    """

    rejected: bool
    disputed: bool
    state: State
    finished_at: datetime | None
    days: int
    zone: str

    @property
    def contest_by(self) -> datetime | None:
        """The first instant that is too late to contest it; None before its batch has ended."""
        return closes(self.finished_at, self.days, self.zone) if self.finished_at else None


_UNDOING = frozenset({State.UNDOING, State.UNDONE})
_RUNNING = frozenset({State.WAITING, State.APPLYING})


def hindrance(rejection: Rejection, at: datetime) -> Hindrance | None:
    """Why this rejection cannot be contested at this instant; None when it can."""
    if not rejection.rejected:
        return Hindrance.NOT_REJECTED
    if rejection.disputed:
        return Hindrance.DISPUTED
    if rejection.state in _UNDOING:
        return Hindrance.BEING_UNDONE
    if rejection.contest_by is None or rejection.state in _RUNNING:
        return Hindrance.RUNNING
    return Hindrance.TOO_LATE if at >= rejection.contest_by else None
