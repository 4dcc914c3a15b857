"""What happened to a lead, in words, as one person may read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import User
from leads.models import LeadEvent
from leads.reasons import reason_for
from leads.statuses import Cause, Status
from leads.templatetags.chips import STATUSES, Chip

#: How people of the house are called where they are not named.
STAFF = "an operator"


@dataclass(frozen=True)
class Entry:
    """One event. `batch` is a batch this person may see, else None; `undone` says it was taken back."""

    title: str
    text: str
    tone: str
    icon: str
    at: datetime
    who: str
    batch: Any
    line: int | None
    undone: bool


_MARKS = {
    Cause.RECEIVED: Chip("download", "neutral"),
    Cause.ADJUSTED: Chip("receipt-2", "client"),
    Cause.CHARGED_BACK: Chip("receipt-2", "accepted"),
    Cause.UNDONE: Chip("rotate-2", "dark"),
    Cause.DISPUTE_GRANTED: Chip("scale", "accepted"),
}
_TITLES = {
    Cause.RECEIVED: "Received",
    Cause.CLIENT_REJECTED: "Rejected by the client",
    Cause.ACCEPTED_OLDER: "Accepted",
    Cause.ACCEPTED_REMAINING: "Accepted",
    Cause.ACCEPTED_CLOSE_OUT: "Accepted",
    Cause.QUARANTINE_RELEASED: "Out of quarantine",
    Cause.ADJUSTED: "Rejected by the client",
    Cause.CHARGED_BACK: "Dispute granted",
    Cause.KEPT_REJECTED: "Looked at, and kept Rejected",
    Cause.REFUSED_BY_CRM: "Refused by the client's CRM",
    Cause.CAP_EXPIRED: "Kept in quarantine too long",
}
_JUDGED = {
    Status.REJECTED: "Rejected at the door",
    Status.QUARANTINED: "Valid, and in quarantine",
    Status.PENDING: "Valid",
    Status.ACCEPTED: "Valid, and Accepted",
}
_CORRECTED = {
    Status.REJECTED: "Corrected, and still Rejected",
    Status.QUARANTINED: "Released, and in quarantine",
    Status.PENDING: "Released",
    Status.ACCEPTED: "Released, and Accepted",
}
_TEXTS = {
    Cause.ACCEPTED_OLDER: "Its return window had closed.",
    Cause.ACCEPTED_REMAINING: "The client's file was its last word up to that day.",
    Cause.ACCEPTED_CLOSE_OUT: "By a close-out.",
    Cause.QUARANTINE_RELEASED: "The cap had room again.",
    Cause.ADJUSTED: "Its month is closed, so it stays Accepted and becomes an adjustment.",
    Cause.CHARGED_BACK: "Its month is closed, so it stays Client Rejected and becomes an adjustment.",
}


def timeline(events: Iterable[LeadEvent], viewer: User, batches: Mapping[int, Any]) -> list[Entry]:
    """The events (with `actor` and `disposition`), newest first; `batches` are those the viewer may see."""
    listed = list(events)
    undone = {event.undoes_id for event in listed}
    return [
        _entry(event, viewer, batches.get(event.batch_id or 0), event.pk in undone)
        for event in sorted(listed, key=lambda event: -event.pk)
    ]


def together(*parts: Iterable[Entry]) -> list[Entry]:
    """Entries of several histories as one, newest first; of the same instant, those of the first part on top."""
    return sorted((entry for part in parts for entry in part), key=lambda entry: entry.at, reverse=True)


def _entry(event: LeadEvent, viewer: User, batch: Any, undone: bool) -> Entry:
    cause, status = Cause(event.cause), Status(event.to_status)
    mark = _MARKS.get(cause, STATUSES[status])
    return Entry(
        title=_title(cause, status),
        text=_text(event, cause, viewer),
        tone=mark.tone,
        icon=mark.icon,
        at=event.at,
        who=name_of(event.actor, viewer),
        batch=batch,
        line=event.line,
        undone=undone,
    )


def _title(cause: Cause, status: Status) -> str:
    if cause == Cause.UNDONE:
        return f"Taken back: {status.label} again"
    if cause == Cause.DISPUTE_GRANTED:
        return f"Rejection taken back: {status.label} again"
    by_status = {Cause.JUDGED: _JUDGED, Cause.CORRECTED: _CORRECTED}.get(cause)
    return _TITLES[cause] if by_status is None else by_status.get(status, status.label)


def _text(event: LeadEvent, cause: Cause, viewer: User) -> str:
    """The human words kept word for word, then what the code means; what is agreed follows."""
    said = _TEXTS.get(cause, "")
    if cause in (Cause.UNDONE, Cause.DISPUTE_GRANTED):
        return said
    words = why(event.disposition, event.reason, viewer)
    return " ".join(part for part in (f"{words}." if words else "", said) if part)


def why(disposition: Any, reason: str, viewer: User) -> str:
    """What a disposition and the words beside it say to this person: “Duplicate: “Duplicate Lead””.

    Only clients are quoted.
    """
    if disposition is None:
        return f"“{reason}”" if reason else ""
    label = disposition.supplier_text or disposition.label if viewer.supplier_id else disposition.label
    said = reason_for(viewer, disposition, reason)
    if not said or said == label:
        return str(label)
    return f"{label}: “{said}”" if disposition.family == disposition.Family.CLIENT else f"{label}: {said}"


def name_of(person: User | None, viewer: User) -> str:
    """Who did it: staff read every name, others those of their own side only."""
    if person is None:
        return ""
    same_side = (person.client_id, person.supplier_id) == (viewer.client_id, viewer.supplier_id)
    if viewer.is_staff or (same_side and not person.is_staff):
        return person.full_name
    return STAFF if person.is_staff and viewer.client_id else ""
