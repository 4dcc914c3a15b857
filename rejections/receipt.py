"""What a batch has done, or would do, in the one shape that the page, the command line and the API give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from leads.statuses import Cause, Status
from rejections.decisions import Outcome
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
class Sums:
    """Three sums that are never made one net, and the leads accepted."""

    not_billed: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
    accepted: int = 0


@dataclass(frozen=True)
class Receipt:
    """Numbers of one batch. Money in its campaign's currency; `outcomes` are non-zero only.

    They say what it did. `back` is what of its outcomes was put back since, `taken_back` the sums of that;
    `given_back` is what of its credits nobody owes any more, by Undo or by a dispute that was granted.
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
    back: dict[str, int] = field(default_factory=dict)
    taken_back: Sums = Sums()

    @property
    def holds(self) -> Sums:
        """The sums of what has not been put back."""
        back = self.taken_back
        return Sums(
            self.not_billed - back.not_billed,
            self.credited - self.given_back,
            self.billed - back.billed,
            self.accepted - back.accepted,
        )

    @property
    def accepted(self) -> int:
        """Leads accepted in all, named by the file or not."""
        return self.accepted_older + self.accepted_remaining + self.accepted_close_out


def receipt(batch: Batch, at: datetime) -> Receipt:
    """What the batch has done; before its start, what it would do."""
    if batch.state in BEFORE_START:
        return _predicted(batch, at)
    moved, back = statements.moved(batch.pk), statements.taken_back(batch.pk)
    sums = _sums(moved)
    options = Options.from_json(batch.options)
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
        not_billed=sums.not_billed,
        credited=sums.credited,
        billed=sums.billed,
        given_back=statements.given_back(batch.pk) if sums.credited else Decimal(0),
        restored=sum(m.leads for m in back),
        back=_by_outcome(back),
        taken_back=_sums(back),
    )


def _sums(moved: list[Moved]) -> Sums:
    accepted = [m for m in moved if m.cause.startswith("accepted_")]
    return Sums(
        not_billed=_price(m for m in moved if _is(m, Cause.CLIENT_REJECTED, Status.PENDING)),
        credited=_price(
            m for m in moved if m.cause == Cause.ADJUSTED or _is(m, Cause.CLIENT_REJECTED, Status.ACCEPTED)
        ),
        billed=_price(accepted),
        accepted=sum(m.leads for m in accepted),
    )


def _by_outcome(moved: Iterable[Moved]) -> dict[str, int]:
    """Leads by the outcome of the row that moved them; of moves without a row, nothing."""
    found: Counter[str] = Counter()
    for m in moved:
        outcome = {Cause.CLIENT_REJECTED: Outcome.REJECTED, Cause.ADJUSTED: Outcome.FINAL}.get(Cause(m.cause))
        if m.cause in (Cause.CORRECTED, Cause.KEPT_REJECTED):
            outcome = Outcome.STILL_REJECTED if m.to_status == Status.REJECTED else Outcome.RELEASED
        if outcome:
            found[str(outcome)] += m.leads
    return dict(found)


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
    """The object that the command line prints and the API answers with (PRODUCT.md, section 9).

    Counts are what it did; money is what holds now, without what was put back since.
    """
    holds = numbers.holds
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
            "not_billed": f"{holds.not_billed:.2f}",
            "credited": f"{holds.credited:.2f}",
            "billed": f"{holds.billed:.2f}",
        },
    }
