"""What a batch has done, or would do, in the one shape that the page, the command line and the API give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from leads.statuses import Cause, Status
from rejections.effects import close_out_effect, effects
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.sql import receipt as statements
from rejections.sql import rows
from rejections.sql.receipt import Moved
from rejections.states import State
from rejections.terms import opening

#: States in which a batch has only been decided: its receipt says what it would do.
BEFORE_START = (State.UPLOADED, State.MAPPING, State.CHECKING, State.CHECKED, State.CANCELLED)


@dataclass(frozen=True)
class Receipt:
    """Numbers of one batch. Money in its campaign's currency; `outcomes` are non-zero only.

    It says what was done; `given_back` is what of the credits was taken back since.
    """

    outcomes: dict[str, int]
    rejected: int = 0
    accepted_older: int = 0
    accepted_remaining: int = 0
    accepted_close_out: int = 0
    held_back: int = 0
    affiliate_events_rejected: int = 0
    cap_slots_freed: int = 0
    quarantine_released: int = 0
    not_billed: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
    given_back: Decimal = Decimal(0)
    restored: int = 0

    @property
    def accepted(self) -> int:
        """Leads accepted in all, named by the file or not."""
        return self.accepted_older + self.accepted_remaining + self.accepted_close_out


def receipt(batch: Batch, at: datetime) -> Receipt:
    """What the batch has done; before its start, what it would do."""
    if batch.state in BEFORE_START:
        return _predicted(batch, at)
    moved = statements.moved(batch.pk)
    options = Options.from_json(batch.options)
    credited = _price(
        m for m in moved if m.cause == Cause.ADJUSTED or _is(m, Cause.CLIENT_REJECTED, Status.ACCEPTED)
    )
    return Receipt(
        outcomes=_outcomes(batch, options),
        rejected=_leads(moved, Cause.CLIENT_REJECTED),
        accepted_older=_leads(moved, Cause.ACCEPTED_OLDER),
        accepted_remaining=_leads(moved, Cause.ACCEPTED_REMAINING),
        accepted_close_out=_leads(moved, Cause.ACCEPTED_CLOSE_OUT),
        held_back=batch.held_back,
        affiliate_events_rejected=batch.affiliate_events,
        cap_slots_freed=sum(m.slots for m in moved if m.cause == Cause.CLIENT_REJECTED)
        if options.free_cap
        else 0,
        quarantine_released=_leads(moved, Cause.QUARANTINE_RELEASED),
        not_billed=_price(m for m in moved if _is(m, Cause.CLIENT_REJECTED, Status.PENDING)),
        credited=credited,
        given_back=statements.given_back(batch.pk) if credited else Decimal(0),
        billed=_price(m for m in moved if m.cause.startswith("accepted_")),
        restored=statements.restored(batch.pk),
    )


def _predicted(batch: Batch, at: datetime) -> Receipt:
    if batch.state != State.CHECKED:
        return Receipt(outcomes={})
    options = Options.from_json(batch.options)
    if batch.kind == Kind.CLOSE_OUT:
        accepting, held = close_out_effect(batch)
        return Receipt({}, accepted_close_out=accepting.leads, held_back=held, billed=accepting.billed)
    if batch.kind == Kind.CORRECTION:
        return Receipt(rows.counts(batch.pk, None))
    would = effects(batch, options, at)
    return Receipt(
        outcomes=would.counts,
        rejected=would.rejected,
        accepted_older=would.older.leads if options.accept_older else 0,
        accepted_remaining=would.remaining.leads if options.accept_remaining else 0,
        held_back=would.held_back if options.accept_remaining else 0,
        affiliate_events_rejected=would.affiliate_events if options.reject_affiliate_events else 0,
        cap_slots_freed=would.slots if options.free_cap else 0,
        not_billed=would.not_billed,
        credited=would.credited,
        billed=would.billed,
    )


def _outcomes(batch: Batch, options: Options) -> dict[str, int]:
    """Rows by outcome; of a batch that stopped on its way, those it has settled."""
    if batch.kind == Kind.CLOSE_OUT:
        return {}
    settled = None if batch.settled_all else batch.settled_line
    return rows.counts(batch.pk, opening(batch, options), up_to=settled)


def _is(moved: Moved, cause: Cause, status: Status) -> bool:
    return moved.cause == cause and moved.from_status == status


def _leads(moved: Iterable[Moved], cause: Cause) -> int:
    return sum(m.leads for m in moved if m.cause == cause)


def _price(moved: Iterable[Moved]) -> Decimal:
    return sum((m.price for m in moved), Decimal(0))


def as_json(batch: Batch, numbers: Receipt) -> dict[str, Any]:
    """The object that the command line prints and the API answers with (PRODUCT.md, section 9)."""
    return {
        "batch": batch.pk,
        "kind": batch.kind,
        "state": batch.state,
        "rows": batch.rows,
        "outcomes": numbers.outcomes,
        "accepted_older": numbers.accepted_older,
        "accepted_remaining": numbers.accepted_remaining + numbers.accepted_close_out,
        "held_back": numbers.held_back,
        "affiliate_events_rejected": numbers.affiliate_events_rejected,
        "cap_slots_freed": numbers.cap_slots_freed,
        "quarantine_released": numbers.quarantine_released,
        "money": {
            "not_billed": f"{numbers.not_billed:.2f}",
            "credited": f"{numbers.credited:.2f}",
            "billed": f"{numbers.billed:.2f}",
        },
    }
