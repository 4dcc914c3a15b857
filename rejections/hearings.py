"""Disputes on a lead's own page: what its timeline says of them, and whether its supplier can contest it now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from campaigns.models import User
from leads.models import Lead
from leads.reasons import words_for
from leads.timeline import Entry, name_of
from rejections.contests import Hindrance, hindrance, last_day
from rejections.models import DisputedLead
from rejections.sql import disputes as statements

State = DisputedLead.State


@dataclass(frozen=True)
class Contest:
    """Until when a supplier can contest the rejection its lead stands under, and what silence then means."""

    until: date
    able: bool
    too_late: bool
    answer_days: int
    silence_grants: bool


def contest_of(lead: Lead, person: User, at: datetime) -> Contest | None:
    """The rejection that this supplier's person may contest, or may no longer; None where there is none."""
    if not person.supplier_id:
        return None
    [standing] = statements.standing(person.supplier_id, [lead.pk])
    rejection, terms = standing.rejection, standing.terms
    why_not = hindrance(rejection, at)
    if why_not not in (None, Hindrance.TOO_LATE) or rejection.finished_at is None:
        return None
    return Contest(
        until=last_day(rejection.finished_at, rejection.days, rejection.zone),
        able=why_not is None,
        too_late=why_not is not None,
        answer_days=terms.answer_days,
        silence_grants=terms.silence_grants,
    )


def of_lead(lead: Lead, person: User) -> list[DisputedLead]:
    """The disputes about a lead that this person may know of, oldest first."""
    visible = DisputedLead.objects.visible_to(person).filter(lead=lead)
    return list(visible.select_related("dispute__supplier", "dispute__opened_by", "answered_by"))


def entries(disputed: Iterable[DisputedLead], viewer: User) -> list[Entry]:
    """What the timeline says of them, newest first. A client reads the answers, and not what was sent."""
    return [entry for one in disputed for entry in _entries(one, viewer)][::-1]


def _entries(one: DisputedLead, viewer: User) -> Iterator[Entry]:
    dispute = one.dispute
    opened = "You disputed it" if viewer.supplier_id else "Contested by its supplier"
    said = "" if viewer.client_id else f"{dispute}: “{dispute.note}”."
    yield _entry(
        opened, said, "info", "message-report", dispute.opened_at, name_of(dispute.opened_by, viewer)
    )
    if one.answered_at is None:
        return
    title, tone, icon = _ANSWERS[State(one.state)]
    words = f"“{words_for(viewer, one.answer)}”." if one.answer else ""
    text = _SILENT if one.by_silence else _UNDONE if one.lost_its_rejection else words
    yield _entry(title, text, tone, icon, one.answered_at, name_of(one.answered_by, viewer))


_SILENT = "No answer came in time, which was agreed to mean so."
_UNDONE = "The client's file was taken back, so there is nothing left to dispute."
_ANSWERS = {
    State.GRANTED: ("Dispute granted", "accepted", "check"),
    State.REFUSED: ("Dispute refused: the rejection stands", "neutral", "x"),
    State.WITHDRAWN: ("Dispute withdrawn", "neutral", "arrow-back"),
}


def _entry(title: str, text: str, tone: str, icon: str, at: datetime, who: str) -> Entry:
    return Entry(title, text, tone, icon, at, who, batch=None, line=None, undone=False)
