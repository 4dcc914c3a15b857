"""What a batch does when its rows are settled, step by step, in the order that is agreed.

rows → affiliate events → older → remaining → quarantine → notices. Cap slots are given back in the
same statement as the rejection itself, so a slot and its lead can never disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F

from campaigns.models import User
from leads import notices, quarantine
from leads.models import Delivery
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status
from rejections.columns import ColumnMap
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.sql import closing as statements
from rejections.sql import state
from rejections.sql.closing import Span
from rejections.states import State
from rejections.terms import identifier_kind, opening

#: A person who has not had the progress on screen for this long is told by e-mail (seconds).
AWAY_SECONDS = 20


def steps(batch: Batch) -> list[str]:
    """The steps this batch goes through, in order."""
    if batch.kind == Kind.CLOSE_OUT:
        return ["close_out", "notices"]
    if batch.kind == Kind.CORRECTION:
        return ["rows", "notices"]
    options = Options.from_json(batch.options)
    wanted = {
        "rows": True,
        "affiliate": options.reject_affiliate_events,
        "older": options.accept_older,
        "remaining": options.accept_remaining,
        "quarantine": options.free_cap,
        "notices": True,
    }
    return [name for name, on in wanted.items() if on]


def chunk(batch: Batch, at: datetime) -> None:
    """One chunk of the batch's present step, in the caller's transaction."""
    cursor = _STEPS[batch.step](batch, at)
    if cursor is None:
        next_step(batch, at)
    else:
        state.progress(batch.pk, cursor_at=cursor, done=batch.done)


def next_step(batch: Batch, at: datetime) -> None:
    """Go on to the step after the present one, or finish."""
    order = steps(batch)
    after = order[order.index(batch.step) + 1 :]
    if not after:
        end(batch, State.FINISHED, at)
        return
    Batch.objects.filter(pk=batch.pk).update(step=after[0], cursor=0, attempts=0)


def end(batch: Batch, target: State, at: datetime, **columns: Any) -> None:
    """End the batch as finished, stopped or failed: tell suppliers of what moved, and who started it."""
    if target != State.FINISHED:  # its last step has told them
        notices.tell(batch.pk, at)
    if batch.state == State.APPLYING:
        columns["finished_at"] = at
    state.advance(
        batch.pk,
        [State(batch.state)],
        target,
        ended_at=at,
        stop_requested=False,
        attempts=0,
        **columns,
    )
    _tell_starter(batch, target, at)


def _tell_starter(batch: Batch, target: State, at: datetime) -> None:
    """An e-mail to the person who started it, if it wants one, unless the page is open before them."""
    person = batch.created_by
    away = batch.seen_at is None or (at - batch.seen_at).total_seconds() > AWAY_SECONDS
    if batch.via != "page" or person is None or not away or not person.email:
        return
    if User.Mail.BATCH_ENDED not in person.mails:
        return
    Delivery.objects.create(
        kind=Delivery.Kind.BATCH_ENDED,
        channel=Delivery.Channel.EMAIL,
        person=person,
        batch_id=batch.pk,
        payload={"state": target.value},
        created_at=at,
        next_attempt_at=at,
    )


def _affiliate(batch: Batch, at: datetime) -> int | None:
    last, events = statements.reject_affiliate_events(batch.pk, after=batch.cursor, limit=settings.CHUNK_ROWS)
    Batch.objects.filter(pk=batch.pk).update(affiliate_events=F("affiliate_events") + events)
    return last


def _older(batch: Batch, at: datetime) -> int | None:
    leads = statements.pending_leads(older_span(batch), after=batch.cursor, limit=settings.CHUNK_ROWS)
    return _accept(batch, Cause.ACCEPTED_OLDER, leads, at)


def _remaining(batch: Batch, at: datetime) -> int | None:
    """*Remaining* and close-outs: all of the span, bar what is held back, which is counted first."""
    held, only = _held(batch), batch.mapping.get("leads")
    if not batch.cursor:
        count = statements.held_back(remaining_span(batch), *held, only)
        Batch.objects.filter(pk=batch.pk).update(held_back=count)
    leads = statements.pending_leads(
        remaining_span(batch), after=batch.cursor, limit=settings.CHUNK_ROWS, held=held, only=only
    )
    cause = Cause.ACCEPTED_CLOSE_OUT if batch.kind == Kind.CLOSE_OUT else Cause.ACCEPTED_REMAINING
    return _accept(batch, cause, leads, at)


def _accept(batch: Batch, cause: Cause, leads: list[int], at: datetime) -> int | None:
    if not leads:
        return None
    moving = [Moving(lead_id) for lead_id in leads]
    move(cause, Status.ACCEPTED, moving, at=at, actor_id=batch.created_by_id, batch_id=batch.pk)
    return leads[-1]


def _quarantine(batch: Batch, at: datetime) -> int | None:
    moved = quarantine.release(batch.campaign, at=at, actor_id=batch.created_by_id, batch_id=batch.pk)
    return batch.cursor + moved if moved else None


def _notices(batch: Batch, at: datetime) -> int | None:
    notices.tell(batch.pk, at)
    return None


_STEPS: dict[str, Callable[[Batch, datetime], int | None]] = {
    "affiliate": _affiliate,
    "older": _older,
    "remaining": _remaining,
    "close_out": _remaining,
    "quarantine": _quarantine,
    "notices": _notices,
}


def older_span(batch: Batch) -> Span:
    """Pending leads from before the window opened."""
    return Span(batch.campaign_id, None, opening(batch, Options.from_json(batch.options)))


def remaining_span(batch: Batch) -> Span:
    """Pending leads up to and including the through date, from before the upload."""
    options = Options.from_json(batch.options)
    through = options.through_end(batch.time_zone)
    return Span(batch.campaign_id, None, min(through, batch.created_at) if through else batch.created_at)


def _held(batch: Batch) -> tuple[int, int | None, datetime | None]:
    if batch.kind == Kind.CLOSE_OUT:
        return batch.pk, None, None
    _, slot = identifier_kind(batch.campaign_id, ColumnMap.from_json(batch.mapping))
    return batch.pk, slot, opening(batch, Options.from_json(batch.options))
