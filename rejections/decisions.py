"""What becomes of one row of a rejection import: facts in, outcome out (PRODUCT.md, section 5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from leads.statuses import NAMEABLE, RETURNABLE, Status


class Outcome(StrEnum):
    """What became of one row. Each member carries its words on screen and one line of advice."""

    label: str
    advice: str

    def __new__(cls, value: str, label: str = "", advice: str = "") -> Outcome:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.advice = advice
        return member

    UNREADABLE = ("unreadable", "Unreadable", "Mend this line in the file and import it again.")
    NOT_SELECTED = ("not_selected", "Not selected", "This row does not say that the lead is rejected.")
    BLANK_IDENTIFIER = (
        "blank_identifier",
        "Blank identifier",
        "Fill in the identifier and import the row again.",
    )
    NEEDS_REVIEW = (
        "needs_review",
        "Needs review",
        "A spreadsheet damaged the identifier: use or skip the one lead that fits.",
    )
    NOT_FOUND = ("not_found", "Not found", "Check the identifier and that this is its campaign.")
    AMBIGUOUS = ("ambiguous", "Ambiguous", "Several leads have this identifier: name the one by its Lead ID.")
    DUPLICATE_IN_FILE = (
        "duplicate_in_file",
        "Duplicate in file",
        "Nothing to do: the first line that names this lead speaks for it.",
    )
    ALREADY_REJECTED = (
        "already_rejected",
        "Already rejected",
        "Nothing to do: the lead is Client Rejected since an earlier import.",
    )
    NOT_REJECTABLE = (
        "not_rejectable",
        "Not rejectable",
        "The lead was never billed, or was decided for the supplier: nothing is owed.",
    )
    OUTSIDE_WINDOW = (
        "outside_window",
        "Outside window",
        "Too old to be rejected: import it with a Reject from date, if that was agreed.",
    )
    BLANK_REASON = (
        "blank_reason",
        "Blank reason",
        "Write a reason, or give one for rows without it, and import again.",
    )
    REASON_NOT_RETURNABLE = (
        "reason_not_returnable",
        "Reason not returnable",
        "This reason is no ground for a return under the agreement.",
    )
    CHANGED_MEANWHILE = (
        "changed_meanwhile",
        "Changed meanwhile",
        "The lead changed after the check: look at it, then import the row again.",
    )
    FINAL = (
        "final",
        "Final",
        "Its month is closed: it stays as it is, and is credited once, in the open month.",
    )
    OTHER_SOURCE = (
        "other_source",
        "Other source",
        "This lead came in through another source: upload it on that source's page.",
    )
    NOT_REJECTED = (
        "not_rejected",
        "Not rejected",
        "Nothing to do: the lead does not stand Rejected any more.",
    )
    CONFLICT = (
        "conflict",
        "Conflict",
        "Somebody changed the same cell here since the download: nothing of this row was applied.",
    )
    UNCHANGED = ("unchanged", "Unchanged", "No cell was changed, and the lead fails as before.")
    STILL_REJECTED = ("still_rejected", "Still rejected", "Its cells are stored, and something still fails.")
    RELEASED = ("released", "Released", "The lead passes now and goes on.")
    REJECTED = ("rejected", "Rejected", "The lead is Client Rejected and goes back to its supplier.")


#: Outcomes that rows of corrections have, and those of rejection imports never.
OF_CORRECTIONS = frozenset(
    {
        Outcome.OTHER_SOURCE,
        Outcome.NOT_REJECTED,
        Outcome.CONFLICT,
        Outcome.UNCHANGED,
        Outcome.STILL_REJECTED,
        Outcome.RELEASED,
    }
)
#: Outcomes over which `outside_window` is laid when the lead became valid before the window opened.
WINDOWED = frozenset({Outcome.BLANK_REASON, Outcome.REASON_NOT_RETURNABLE, Outcome.FINAL, Outcome.REJECTED})
#: Outcomes that move a lead, or credit it.
REJECTING = frozenset({Outcome.REJECTED, Outcome.FINAL})
#: What the check says of rows that would move their lead: nothing has moved yet.
WOULD = {
    Outcome.REJECTED: "The lead will be Client Rejected and go back to its supplier.",
    Outcome.FINAL: "Its month is closed: it will stay as it is, and be credited once, in the open month.",
}
#: The advice for a damaged identifier that nobody had accepted when the batch was started.
LEFT_OUT = "Nobody chose the lead that fits: import this row again, with its Lead ID."
#: The advice for a damaged identifier that a person skipped.
SKIPPED = "A person skipped it: the lead that fits was left as it is."
#: Outcomes whose leads are held back from *Move any remaining leads to accepted*.
HELD_BACK = frozenset({Outcome.BLANK_REASON, Outcome.CHANGED_MEANWHILE})


class LeadLike(Protocol):
    """The facts of a lead that a decision reads."""

    @property
    def id(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def valid_at(self) -> datetime | None: ...
    @property
    def is_final(self) -> bool: ...
    @property
    def decided_for_supplier(self) -> bool: ...


class RowFacts(NamedTuple):
    """What the file says in one row, as far as the decision goes.

    `key` is the normalised identifier, None when the cell is blank; `suggested` says that a damaged
    identifier fits exactly one lead and nobody has accepted it; `first_line` is the earlier line that
    names the same lead, if there is one.
    """

    key: str | None
    readable: bool = True
    selected: bool = True
    suggested: bool = False
    first_line: int | None = None
    has_reason: bool = True
    returnable: bool = True


class Decision(NamedTuple):
    """The outcome of a row, and the one lead it names (None where it names none)."""

    outcome: Outcome
    lead: LeadLike | None = None


def decide_rejection(row: RowFacts, leads: Sequence[LeadLike], opens: datetime | None) -> Decision:
    """Decide one row, first outcome that applies.

    `leads` are those of the campaign that the key names (or the accepted suggestion); `opens` is the
    first instant inside the return window, or None to leave the window aside.
    """
    unnamed = _decide_without_lead(row, leads)
    if unnamed is not None:
        return Decision(unnamed)
    lead = _named(leads)
    if lead is None:
        return Decision(Outcome.NOT_REJECTABLE)
    return Decision(_decide_with_lead(row, lead, opens), lead)


def _decide_without_lead(row: RowFacts, leads: Sequence[LeadLike]) -> Outcome | None:
    """The outcomes that come before a lead is known, or None when the row names leads."""
    if not row.readable:
        return Outcome.UNREADABLE
    if not row.selected:
        return Outcome.NOT_SELECTED
    if row.key is None:
        return Outcome.BLANK_IDENTIFIER
    if row.suggested:
        return Outcome.NEEDS_REVIEW
    if not leads:
        return Outcome.NOT_FOUND
    if len(leads) > 1 and sum(lead.status in NAMEABLE for lead in leads) > 1:
        return Outcome.AMBIGUOUS
    return None


def _named(leads: Sequence[LeadLike]) -> LeadLike | None:
    """The one lead a key names: the nameable one, else the only one there is."""
    if len(leads) == 1:
        return leads[0]
    nameable = [lead for lead in leads if lead.status in NAMEABLE]
    if nameable:
        return nameable[0]
    return None


def _decide_with_lead(row: RowFacts, lead: LeadLike, opens: datetime | None) -> Outcome:
    """The outcomes of a row that names exactly one lead."""
    if row.first_line is not None:
        return Outcome.DUPLICATE_IN_FILE
    if lead.status == Status.CLIENT_REJECTED:
        return Outcome.ALREADY_REJECTED
    if lead.status not in RETURNABLE or lead.decided_for_supplier or lead.valid_at is None:
        return Outcome.NOT_REJECTABLE
    if opens is not None and lead.valid_at < opens:
        return Outcome.OUTSIDE_WINDOW
    if not row.has_reason:
        return Outcome.BLANK_REASON
    if not row.returnable:
        return Outcome.REASON_NOT_RETURNABLE
    return Outcome.FINAL if lead.is_final else Outcome.REJECTED


def not_rejectable_then(status: str, decided_for_supplier: bool) -> str:
    """The advice for a `not_rejectable` row whose lead stands otherwise by now; blank where it still fits."""
    if decided_for_supplier or status not in {*RETURNABLE, Status.CLIENT_REJECTED}:
        return ""
    then = f"When this row was decided, the lead was neither Pending nor Accepted; it is {Status(status).label} now"
    if status == Status.CLIENT_REJECTED:
        return f"{then}: nothing to do."
    return f"{then}: import the row again to reject it."


def credited_before(batch_id: int) -> str:
    """The advice for a final lead that has had its one credit."""
    return f"Credited before, by IMP-{batch_id}: a lead is credited once, so nothing more is written."


def settle(checked: Outcome, fresh: Outcome) -> Outcome:
    """The outcome at Start: a lead moves only if the check and the fresh facts both say so."""
    if fresh in REJECTING and checked not in REJECTING:
        return Outcome.CHANGED_MEANWHILE
    return fresh
