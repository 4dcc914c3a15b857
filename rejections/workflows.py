"""What a worker does with a batch: read, check, apply, close, undo; one chunk, one transaction.

`run` may be called twice, at once, or after a crash: the lease admits one worker, every chunk locks
the batch row first and reads what is left to do inside, and progress is committed with the chunk.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from rejections import closing, correcting, meaning, reading, rejecting, undo
from rejections.models import Batch, Kind
from rejections.refusals import Refused
from rejections.sql import rows, state
from rejections.sql.state import LostLease
from rejections.states import State
from rejections.terms import Terms

#: What a run remembers, of either story.
Memory = rejecting.Memory | meaning.Memory

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def run(batch_id: int, *, owner: str, clock: Clock, seconds: float) -> bool:
    """Work on a batch for about `seconds`; True while there is more to do now.

    Expected failures end the batch with their sentence; a bug is logged, and ends it when the batch
    was claimed MAX_ATTEMPTS times without progress.
    """
    if not state.claim(batch_id, owner):
        return False
    deadline = time.monotonic() + seconds
    try:
        if Batch.objects.get(pk=batch_id).attempts > settings.MAX_ATTEMPTS:
            raise Refused(
                "no_progress",
                "The work stopped three times at the same place",
                "Rows that were done stay done. Continue, or undo; if it stops again, tell an admin.",
            )
        return _work(batch_id, owner, clock, deadline)
    except LostLease:
        return False
    except Refused as refusal:
        fail(batch_id, owner, refusal, clock())
        return False
    finally:
        state.release(batch_id, owner)


def _work(batch_id: int, owner: str, clock: Clock, deadline: float) -> bool:
    """Chunk after chunk until nothing is left, the turn is another's, or time is up."""
    memory: Memory | None = None
    while time.monotonic() < deadline:
        batch = Batch.objects.select_related("campaign").get(pk=batch_id)
        match State(batch.state):
            case State.UPLOADED:
                reading.read(batch, owner, clock())
            case State.CHECKING:
                memory = memory or _remember(batch)
                _check_chunk(batch_id, owner, memory, clock())
            case State.WAITING:
                if not _begin(batch, clock()):
                    return False
                memory = None
            case State.APPLYING:
                if batch.kind != Kind.CLOSE_OUT:
                    memory = memory or _remember(batch)
                _apply_chunk(batch_id, owner, memory, clock())
            case State.UNDOING:
                undo.chunk(batch_id, owner, clock())
            case _:
                return False
    return True


def _remember(batch: Batch) -> Memory:
    return meaning.Memory(batch) if batch.kind == Kind.CORRECTION else rejecting.Memory(Terms.of(batch))


def _begin(batch: Batch, at: datetime) -> bool:
    """From WAITING to APPLYING when the campaign is free; False while it is not."""
    step = batch.step or closing.steps(batch)[0]
    started = {} if batch.started_at else {"started_at": at}
    return state.take_turn(batch, [State.WAITING], State.APPLYING, step=step, run_started_at=at, **started)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage that refers to itself: rows do not, and looking through them takes a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def _check_chunk(batch_id: int, owner: str, memory: Memory, at: datetime) -> None:
    with transaction.atomic():
        batch = state.fence(batch_id, owner, State.CHECKING)
        if batch.cursor == 0:
            rows.clear_first_lines(batch_id)
            Batch.objects.filter(pk=batch_id).update(run_started_at=at, **_kept_rules(batch, memory))
        if settled := _check_rows(batch, memory, at):
            state.progress(batch_id, cursor_at=settled[-1], done=batch.done + len(settled))
        else:
            _checked(batch, at)
    _forget(memory)


def _kept_rules(batch: Batch, memory: Memory) -> dict[str, Any]:
    """The versions of the picklists a correction is judged by, kept with it."""
    if not isinstance(memory, meaning.Memory):
        return {}
    return {"mapping": {**batch.mapping, "picklists": dict(memory.terms.versions)}}


def _check_rows(batch: Batch, memory: Memory, at: datetime) -> list[int]:
    """Decide the next rows; their lines, none after the last."""
    if isinstance(memory, meaning.Memory):
        corrected = correcting.take(memory, after=batch.cursor)
        correcting.check_rows(batch.pk, memory, corrected, at)
        return [raw.line for raw in corrected]
    raws = rejecting.take(batch.pk, memory, after=batch.cursor)
    rejecting.check_rows(batch.pk, memory, raws)
    return [raw.line for raw in raws]


def _checked(batch: Batch, at: datetime) -> None:
    """The whole file is decided: name the duplicates, keep new phrases, and stop or go through."""
    rows.mark_duplicates(batch.pk)
    if batch.kind == Kind.REJECTION:
        reading.keep_phrases(batch)
    target = State.WAITING if batch.goes_through else State.CHECKED
    state.advance(batch.pk, [State.CHECKING], target, cursor=0, done=0, step="", attempts=0, ended_at=None)


@_uncollected()
def _apply_chunk(batch_id: int, owner: str, memory: Memory | None, at: datetime) -> None:
    with transaction.atomic():
        batch = state.fence(batch_id, owner, State.APPLYING)
        if batch.stop_requested:
            closing.end(batch, State.STOPPED, at)
        elif batch.step == "rows" and memory is not None:
            _apply_rows(batch, memory, at)
        else:
            closing.chunk(batch, at)
    _forget(memory)


def _forget(memory: Memory | None) -> None:
    """Keep memory flat: called between chunks."""
    if isinstance(memory, rejecting.Memory):
        memory.forget()


def _apply_rows(batch: Batch, memory: Memory, at: datetime) -> None:
    """Settle the next rows, or go on to the next step after the last."""
    if isinstance(memory, meaning.Memory):
        if not batch.settled_line:
            Batch.objects.filter(pk=batch.pk).update(**_kept_rules(batch, memory))
        corrected = correcting.take(memory, after=batch.settled_line)
        correcting.apply_rows(batch, memory, corrected, at)
        lines = [raw.line for raw in corrected]
    else:
        raws = rejecting.take(batch.pk, memory, after=batch.settled_line)
        rejecting.apply_rows(batch, memory, raws, at)
        lines = [raw.line for raw in raws]
    if not lines:
        closing.next_step(batch, at)
        return
    line, done = lines[-1], batch.done + len(lines)
    state.progress(batch.pk, cursor_at=line, done=done, settled_line=line)


def fail(batch_id: int, owner: str, refusal: Refused, at: datetime) -> None:
    """End the batch, if it is still ours, as FAILED with the refusal's sentence; what moved is told of."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().select_related("campaign").get(pk=batch_id)
        failing = batch.state in (State.UPLOADED, State.CHECKING, State.APPLYING, State.UNDOING)
        if not failing or batch.lease_owner != owner:
            return
        error = {"error_code": refusal.code, "error": f"{refusal.title}. {refusal.detail}"}
        closing.end(batch, State.FAILED, at, failed_in=batch.state, **error)
    log.warning("batch %s failed: %s", batch_id, refusal.code)
