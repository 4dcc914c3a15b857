"""The only writers of `Batch.state`, and the lease by which one worker at a time holds a batch.

All times are the database's clock, so that workers with wrong clocks cannot steal from each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from rejections.models import Batch
from rejections.states import EXCLUSIVE, RUNNABLE, TRANSITIONS, State


class LostLease(Exception):
    """Another worker holds the batch, or a person took it out of work: leave it alone."""


def claim(batch_id: int, owner: str) -> bool:
    """Take the batch's lease if nobody holds it and there is work; counts an attempt (waiting is none).

    A batch that a chunk has locked is not waited for: somebody is at work on it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE rejections_batch
            SET lease_owner = %s, lease_until = clock_timestamp() + make_interval(secs => %s),
                attempts = CASE state WHEN %s THEN 0 ELSE attempts + 1 END
            WHERE id = (SELECT id FROM rejections_batch WHERE id = %s FOR UPDATE SKIP LOCKED)
              AND state = ANY(%s) AND (lease_until IS NULL OR lease_until < clock_timestamp())
            """,
            [owner, settings.LEASE_SECONDS, State.WAITING, batch_id, list(RUNNABLE)],
        )
        return cursor.rowcount == 1


def fence(batch_id: int, owner: str, *states: State) -> Batch:
    """Lock the batch row inside a chunk's transaction; raises LostLease unless it is still ours.

    The lease is renewed; everything the chunk reads comes after this lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE rejections_batch SET lease_until = clock_timestamp() + make_interval(secs => %s)
            WHERE id = %s AND lease_owner = %s AND state = ANY(%s)
            """,
            [settings.LEASE_SECONDS, batch_id, owner, list(states)],
        )
        if cursor.rowcount != 1:
            raise LostLease(batch_id)
    return Batch.objects.select_related("campaign").get(pk=batch_id)


def progress(batch_id: int, *, cursor_at: int, done: int, **columns: Any) -> None:
    """Commit how far the chunk came; progress clears the attempts."""
    Batch.objects.filter(pk=batch_id).update(cursor=cursor_at, done=done, attempts=0, **columns)


def seen(batch_id: int, at: datetime) -> None:
    """Note that its maker looks at the progress; while a chunk holds the batch, not: a look never waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE rejections_batch SET seen_at = %s
            WHERE id = (SELECT id FROM rejections_batch WHERE id = %s FOR UPDATE SKIP LOCKED)
            """,
            [at, batch_id],
        )


def release(batch_id: int, owner: str) -> None:
    """Give the lease back, if it is still ours."""
    Batch.objects.filter(pk=batch_id, lease_owner=owner).update(lease_owner="", lease_until=None)


def advance(batch_id: int, sources: Iterable[State], target: State, **columns: Any) -> bool:
    """Move the batch to `target` if it stands in one of `sources`; False when it does not.

    Where no worker goes on, the lease ends with the state, so that who asks for the next work is not
    turned away by the last. Compare and set: two who try at once succeed once. Raises ValueError on a
    move the machine has not.
    """
    sources = tuple(sources)
    if any(target not in TRANSITIONS[source] for source in sources):
        raise ValueError(f"no way from {sources} to {target}")
    if target not in RUNNABLE:
        columns |= {"lease_owner": "", "lease_until": None}
    return Batch.objects.filter(pk=batch_id, state__in=sources).update(state=target, **columns) == 1


def take_turn(batch: Batch, sources: Iterable[State], target: State, **columns: Any) -> bool:
    """Advance into an exclusive state if the campaign (corrections: the source) is free; else False.

    Of waiting batches the oldest goes first; the partial unique constraint settles a race.
    """
    rivals = rivals_of(batch)
    if rivals.filter(state__in=EXCLUSIVE).exists():
        return False
    if rivals.filter(state=State.WAITING, pk__lt=batch.pk).exists():
        return False
    try:
        with transaction.atomic():
            return advance(batch.pk, sources, target, **columns)
    except IntegrityError:
        return False


def rivals_of(batch: Batch) -> Any:
    """Other batches that may not run at the same time as this one."""
    others = Batch.objects.exclude(pk=batch.pk)
    if batch.source_id and batch.kind == "correction":
        return others.filter(source_id=batch.source_id, kind="correction")
    return others.filter(campaign_id=batch.campaign_id, kind__in=["rejection", "close_out"])


def unattended(seconds: int) -> list[int]:
    """Batches with work to do that nobody holds: their doorbell was lost, or their worker died."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM rejections_batch
            WHERE state = ANY(%s) AND (lease_until < clock_timestamp()
                OR (lease_until IS NULL AND coalesce(run_started_at, created_at)
                    < clock_timestamp() - make_interval(secs => %s)))
            ORDER BY id
            """,
            [list(RUNNABLE), seconds],
        )
        return [row[0] for row in cursor.fetchall()]
