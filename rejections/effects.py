"""What a checked batch would do, option by option, before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from campaigns.models import Cap
from campaigns.rules import local_date, period_bounds
from leads.sql import caps
from rejections.columns import ColumnMap
from rejections.decisions import REJECTING, Outcome
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.sql import closing as statements
from rejections.sql import rows
from rejections.sql.closing import Accepting, Rejecting, Span
from rejections.sql.upstream import SupplierEffect
from rejections.states import State
from rejections.terms import identifier_kind, opening
from rejections.upstream import OverCap, by_supplier, over_cap

NOTHING = Accepting(0, Decimal(0), 0)


@dataclass(frozen=True)
class CapEffect:
    """One cap in its running period: used now, and the slots the batch would give back there."""

    cap: Cap
    used: int
    freed: int


@dataclass(frozen=True)
class Effects:
    """What Start would do under these options. Money in the campaign's currency.

    `older` and `remaining` are what each option does or would do; `billed` counts only those that are
    on. `without_reject_from` is the number of rows rejected or credited if the window counted from the upload.
    """

    options: Options
    opens: datetime
    through: date
    counts: dict[str, int]
    rejected: int
    without_reject_from: int
    older: Accepting
    remaining: Accepting
    held_back: int
    rejecting: Rejecting
    billed: Decimal
    caps: tuple[CapEffect, ...]
    by_supplier: tuple[SupplierEffect, ...]
    over_cap: tuple[OverCap, ...]
    unnamed: int
    compared_with: Batch | None
    compared: tuple[int, int, int]

    @property
    def inside(self) -> int:
        """Rows that Start would move or credit, as far as the window goes."""
        return _inside(self.counts)

    @property
    def not_billed(self) -> Decimal:
        """Price of the Pending leads that are rejected."""
        return self.rejecting.not_billed

    @property
    def credited(self) -> Decimal:
        """Price of the Accepted leads that are rejected, or credited in the open month."""
        return self.rejecting.credited

    @property
    def credits_of_closed(self) -> int:
        """Credits that would be written in the open month for leads of a closed one."""
        return max(self.counts.get(Outcome.FINAL, 0) - self.rejecting.credited_before, 0)

    @property
    def slots(self) -> int:
        """Cap slots the rejected leads hold."""
        return self.rejecting.slots

    @property
    def affiliate_events(self) -> int:
        """Open affiliate events of the rejected leads."""
        return self.rejecting.events

    @property
    def accepted(self) -> int:
        """Leads that Start would accept under the options that are on."""
        return (self.older.leads if self.options.accept_older else 0) + (
            self.remaining.leads if self.options.accept_remaining else 0
        )

    @property
    def label(self) -> str:
        """What the start button says."""
        credits = self.credits_of_closed
        if self.rejected and self.accepted:
            moves = f"Reject {self.rejected:,} and accept {_leads(self.accepted)}"
        elif credits and not (self.rejected or self.accepted):
            return f"Credit {_leads(credits)} of closed months"
        else:
            moves = f"Accept {_leads(self.accepted)}" if self.accepted else f"Reject {_leads(self.rejected)}"
        return f"{moves}, credit {credits:,} of closed months" if credits else moves


def _inside(counts: Mapping[str, int]) -> int:
    """Rows that move their lead, or credit it in the open month."""
    return sum(counts.get(outcome, 0) for outcome in REJECTING)


def _leads(count: int) -> str:
    return f"{count:,} lead" if count == 1 else f"{count:,} leads"


def effects(batch: Batch, options: Options, at: datetime) -> Effects:
    """What starting this checked rejection import under `options` would do."""
    opens, unshifted = opening(batch, options), opening(batch, Options())
    counts = rows.counts(batch.pk, opens)
    through = options.through or _suggested_through(batch, options)
    older = statements.would_accept(Span(batch.campaign_id, None, opens), batch.pk, opens=opens)
    remaining, held = _remaining(batch, options, opens, through)
    rejecting = statements.would_reject(batch.pk, opens)
    suppliers = by_supplier(batch, opens)
    on = [a for a, is_on in ((older, options.accept_older), (remaining, options.accept_remaining)) if is_on]
    earlier = last_finished(batch)
    return Effects(
        options=options,
        opens=opens,
        through=through,
        counts=counts,
        rejected=counts.get(Outcome.REJECTED, 0),
        without_reject_from=_inside(rows.counts(batch.pk, unshifted)),
        older=older,
        remaining=remaining,
        held_back=held,
        rejecting=rejecting,
        billed=sum((accepting.billed for accepting in on), Decimal(0)),
        caps=_caps(batch, opens, at),
        by_supplier=suppliers,
        over_cap=over_cap(batch, suppliers, at),
        unnamed=sum(accepting.unnamed for accepting in on),
        compared_with=earlier,
        compared=statements.compared_with(batch.pk, earlier.pk) if earlier else (0, 0, 0),
    )


def close_out_effect(batch: Batch) -> tuple[Accepting, int]:
    """What a checked close-out would accept, and how many Pending leads it holds back."""
    span = _through_span(batch, Options.from_json(batch.options).through, None)
    only = batch.mapping.get("leads")
    accepting = statements.would_accept(span, batch.pk, opens=None, leaves_held=True, only=only)
    return accepting, statements.held_back(span, batch.pk, None, None, only)


def last_finished(batch: Batch) -> Batch | None:
    """The campaign's last finished rejection import before this one."""
    return (
        Batch.objects.filter(
            campaign_id=batch.campaign_id, kind=Kind.REJECTION, state=State.FINISHED, pk__lt=batch.pk
        )
        .exclude(file="")
        .first()
    )


def _suggested_through(batch: Batch, options: Options) -> date:
    """Reject-from, else the day of the newest lead the file names, else the day of the upload."""
    if options.reject_from:
        return options.reject_from
    newest = statements.newest_named(batch.pk)
    return local_date(min(newest or batch.created_at, batch.created_at), batch.time_zone)


def _through_span(batch: Batch, through: date | None, begin: datetime | None) -> Span:
    end = Options(through=through).through_end(batch.time_zone)
    return Span(batch.campaign_id, begin, min(end, batch.created_at) if end else batch.created_at)


def _remaining(batch: Batch, options: Options, opens: datetime, through: date) -> tuple[Accepting, int]:
    """Leads that *Move any remaining leads to accepted* takes (after *older*), and those it holds back."""
    span = _through_span(batch, through, opens if options.accept_older else None)
    if span.begin is not None and span.begin >= span.end:
        return NOTHING, 0
    _, slot = identifier_kind(batch.campaign_id, ColumnMap.from_json(batch.mapping))
    accepting = statements.would_accept(span, batch.pk, opens=opens, held_slot=slot, leaves_held=True)
    return accepting, statements.held_back(span, batch.pk, slot, opens)


def _caps(batch: Batch, opens: datetime, at: datetime) -> tuple[CapEffect, ...]:
    found = []
    for cap in Cap.objects.filter(campaign_id=batch.campaign_id).select_related("supplier"):
        begin, end = period_bounds(cap.period, at, batch.time_zone)
        used = caps.used(batch.campaign_id, cap.supplier_id, begin, end)
        freed = statements.slots_between(batch.pk, opens, cap.supplier_id, begin, end)
        found.append(CapEffect(cap, used, freed))
    return tuple(found)
