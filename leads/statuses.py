"""Where a lead stands, and every move it may make (PRODUCT.md, section 4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Where a lead stands."""

    PROCESSING = "processing"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    PENDING = "pending"
    ACCEPTED = "accepted"
    CLIENT_REJECTED = "client_rejected"

    @property
    def label(self) -> str:
        """The words on screen, with the field's capitals."""
        return self.value.replace("_", " ").title()


#: Statuses whose leads an identifier can name as a candidate.
NAMEABLE = frozenset(Status) - {Status.REJECTED, Status.PROCESSING}
#: Statuses a client can reject from.
RETURNABLE = frozenset({Status.PENDING, Status.ACCEPTED})
#: Statuses whose leads hold their deduped keys.
HOLDING = frozenset({Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED})


class Cause(StrEnum):
    """Why a lead event was written."""

    RECEIVED = "received"
    JUDGED = "judged"
    CLIENT_REJECTED = "client_rejected"
    ACCEPTED_OLDER = "accepted_older"
    ACCEPTED_REMAINING = "accepted_remaining"
    ACCEPTED_CLOSE_OUT = "accepted_close_out"
    QUARANTINE_RELEASED = "quarantine_released"
    CORRECTED = "corrected"
    KEPT_REJECTED = "kept_rejected"
    REFUSED_BY_CRM = "refused_by_crm"
    CAP_EXPIRED = "cap_expired"
    ADJUSTED = "adjusted"
    CHARGED_BACK = "charged_back"
    UNDONE = "undone"
    DISPUTE_GRANTED = "dispute_granted"


@dataclass(frozen=True)
class Move:
    """From which statuses a cause may take a lead, and where to."""

    sources: frozenset[Status]
    targets: frozenset[Status]


#: What a batch may do to a lead that is already in the house. `leads.sql.move` obeys this table.
_PENDING = frozenset({Status.PENDING})
_ACCEPTED = frozenset({Status.ACCEPTED})
MOVES: dict[Cause, Move] = {
    Cause.CLIENT_REJECTED: Move(RETURNABLE, frozenset({Status.CLIENT_REJECTED})),
    Cause.ACCEPTED_OLDER: Move(_PENDING, _ACCEPTED),
    Cause.ACCEPTED_REMAINING: Move(_PENDING, _ACCEPTED),
    Cause.ACCEPTED_CLOSE_OUT: Move(_PENDING, _ACCEPTED),
    Cause.QUARANTINE_RELEASED: Move(frozenset({Status.QUARANTINED}), _PENDING | _ACCEPTED),
}
#: What the door may do, which judges values: `leads.sql.door` obeys this one.
_REJECTED = frozenset({Status.REJECTED})
_QUARANTINED = frozenset({Status.QUARANTINED})
DOOR_MOVES: dict[Cause, Move] = {
    Cause.JUDGED: Move(frozenset({Status.PROCESSING}), _REJECTED | _QUARANTINED | _PENDING | _ACCEPTED),
    Cause.CORRECTED: Move(_REJECTED, _REJECTED | _QUARANTINED | _PENDING | _ACCEPTED),
    Cause.KEPT_REJECTED: Move(_REJECTED, _REJECTED),
    Cause.REFUSED_BY_CRM: Move(RETURNABLE, _REJECTED),
    Cause.CAP_EXPIRED: Move(_QUARANTINED, _REJECTED),
}

#: Causes that Undo takes back: what batches do. A released quarantine is not: nothing goes back into it.
UNDOABLE = frozenset(
    {
        Cause.CLIENT_REJECTED,
        Cause.ACCEPTED_OLDER,
        Cause.ACCEPTED_REMAINING,
        Cause.ACCEPTED_CLOSE_OUT,
        Cause.ADJUSTED,
        Cause.CORRECTED,
        Cause.KEPT_REJECTED,
    }
)
#: Causes that a supplier can dispute: the client's rejection, or the credit in its place.
CONTESTABLE = frozenset({Cause.CLIENT_REJECTED, Cause.ADJUSTED})
