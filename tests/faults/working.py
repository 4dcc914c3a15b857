"""Batches in the hands of a real worker: rung for, waited for, and compared with an undisturbed run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from django.utils import timezone

from leadrej.celery import app
from rejections import control, sweeping, tasks
from rejections.models import Batch
from tests.batches import work
from tests.faults.scene import Scene, scene
from tests.sessions import free, wait_until
from tests.worker import Worker

#: What a worker of the test's own is started by, and started with: chunks of three rows.
Start = Callable[..., Worker]
SMALL = {"CHUNK_ROWS": "3"}


def reaches(batch: Batch, *states: str) -> Batch:
    """Wait until the batch is committed in one of these states."""

    def there() -> bool:
        batch.refresh_from_db()
        return batch.state in states

    try:
        wait_until(there, f"batch {batch.pk} to be {' or '.join(states)}", 60)
    except AssertionError as late:
        raise AssertionError(f"{late}; it is {batch.state}: {batch.error}") from None
    return batch


def idle(batch: Batch, *states: str) -> Batch:
    """Wait until it is there and nobody holds it any more."""
    reaches(batch, *states)
    wait_until(lambda: not Batch.objects.get(pk=batch.pk).lease_owner, "the lease to be given back")
    return batch


def ring_when_the_lease_is_over(batch: Batch) -> None:
    """What the sweeper does a minute after a worker has died."""
    wait_until(lambda: free("rejections_batch", batch.pk), "the database to notice that the worker is gone")
    let_a_minute_pass(batch)
    found = sweeping.sweep(timezone.now())
    assert batch.pk in found
    for batch_id in found:
        tasks.ring(batch_id)


def let_a_minute_pass(batch: Batch) -> None:
    past = timezone.now() - timedelta(minutes=1)
    this = Batch.objects.filter(pk=batch.pk)
    this.exclude(lease_until=None).update(lease_until=past)
    this.exclude(run_started_at=None).update(run_started_at=past)


@cache
def undisturbed() -> dict[str, Any]:
    """The import, in this process and in one go; and its Undo."""
    world = scene()
    batch = work(world.received(), world.at)
    world.started(batch)
    finished = world.picture(work(batch, world.at))
    control.undo(batch, person=None, lines=None, at=world.at)
    return {"finished": finished, "undone": world.picture(work(batch, world.at))}


def checked(world: Scene) -> Batch:
    return work(world.received(), world.at)


def started(world: Scene) -> Batch:
    batch = checked(world)
    world.started(batch)
    return batch


def queued() -> int:
    """Messages that no worker has finished with."""
    with app.connection_for_read() as broker:
        client = broker.default_channel.client
        return int(client.llen("celery")) + int(client.hlen("unacked"))
