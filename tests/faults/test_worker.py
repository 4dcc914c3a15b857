"""A real worker on a real broker: killed, doubled, cut off from either server, and the end is the same."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection
from django.utils import timezone

from leadrej.celery import app
from leadrej.embedded.ports import LOOPBACK, remembered
from leadrej.embedded.valkey import Valkey
from leads.models import Delivery, Lead, LeadEvent
from rejections import control, sweeping, tasks, uploads
from rejections.columns import ColumnMap
from rejections.models import Batch
from rejections.options import Options
from tests import make
from tests.batches import numbers, statuses, work
from tests.faults.scene import Scene, scene
from tests.sessions import blocked, free, locked, wait_for_blocked, wait_until
from tests.worker import CHECKOUT, Worker

pytestmark = pytest.mark.django_db(transaction=True)

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


# End to end.


def test_a_file_goes_all_the_way_through_a_worker(worker: Worker) -> None:
    campaign = make.campaign()
    lead, other = make.lead(campaign), make.lead(campaign, days_ago=-1)
    Lead.objects.update(valid_at=timezone.now())
    content = make.csv_bytes([[lead.pk, " Duplicate Lead"], ["0", "x"]])
    at = timezone.now()
    batch = uploads.receive(campaign, [content], "leads.csv", person=None, via="page", at=at)
    tasks.ring(batch.pk)
    idle(batch, "mapping")
    control.map_columns(batch, ColumnMap.from_json(batch.mapping))
    tasks.ring(batch.pk)
    idle(batch, "checked")
    control.start(batch, Options(), person=None)
    tasks.ring(batch.pk)
    idle(batch, "finished")
    assert statuses([lead, other]) == ["client_rejected", "pending"]
    assert numbers(batch)["outcomes"] == {"not_found": 1, "rejected": 1}
    control.undo(batch, person=None, lines=None, at=at)
    tasks.ring(batch.pk)
    idle(batch, "undone")
    assert statuses([lead, other]) == ["pending", "pending"]


def test_a_worker_does_what_this_process_does(worker: Worker) -> None:
    world = scene()
    batch = world.received()
    tasks.ring(batch.pk)
    idle(batch, "checked")
    world.started(batch)
    tasks.ring(batch.pk)
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]


def test_work_longer_than_a_task_is_done_by_several(start_worker: Start) -> None:
    """Each works for a second and no longer, then rings for what is left."""
    log = start_worker(WORK_SECONDS="1", **SMALL).log
    world = scene()
    batch = started(world)
    with locked("leads_lead", world.named[4].pk):
        tasks.ring(batch.pk)
        wait_for_blocked()
        over = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > over, "the second to be over")
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]
    wait_until(lambda: log.read_text().count("succeeded in") >= 2, "two tasks")


def test_the_next_waiting_batch_goes_on_without_anybody_ringing(start_worker: Start) -> None:
    world = scene()
    batches = [checked(world) for _ in range(3)]
    for batch in batches:
        control.start(batch, Options(accept_older=True), person=None)
    start_worker(2, **SMALL)
    for batch in reversed(batches):
        tasks.ring(batch.pk)
    for batch in batches:
        idle(batch, "finished")
    rejected = LeadEvent.objects.filter(cause="client_rejected")
    assert rejected.count() == rejected.values("lead_id").distinct().count() > 0
    assert {event.batch_id for event in rejected} == {batches[0].pk}, "the oldest was first"
    assert LeadEvent.objects.filter(cause="accepted_older").count() == len(world.older)
    starts = [batch.run_started_at for batch in batches]
    assert starts == sorted(starts)


def test_the_same_message_delivered_many_times_is_done_once(start_worker: Start) -> None:
    start_worker(2, **SMALL)
    world = scene()
    batch = started(world)
    for _ in range(12):
        tasks.ring(batch.pk)
    idle(batch, "finished")
    wait_until(lambda: not queued(), "the messages to be used up")
    assert world.picture(batch) == undisturbed()["finished"]


# Killed.


def kill_while_it_holds(worker: Worker, lead: Lead, batch: Batch) -> None:
    """SIGKILL the whole worker in the middle of the chunk that wants this lead."""
    with locked("leads_lead", lead.pk):
        tasks.ring(batch.pk)
        wait_for_blocked()
        worker.kill()


def test_a_worker_killed_again_and_again_leaves_what_an_undisturbed_run_leaves(start_worker: Start) -> None:
    """In the middle of rejecting, accepting older, accepting remaining, releasing, and undoing."""
    world = scene()
    batch = started(world)
    victims = {
        "rows": world.named[7],
        "older": world.older[4],
        "remaining": world.remaining[4],
        "quarantine": world.waiting[1],
    }
    for step, victim in victims.items():
        kill_while_it_holds(start_worker(**SMALL), victim, batch)
        batch.refresh_from_db()
        assert (batch.state, batch.step) == ("applying", step)
        ring_when_the_lease_is_over(batch)
    worker = start_worker(**SMALL)
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]

    # Those that the killed ones had in hand come back after minutes only.
    wait_until(lambda: queued() == len(victims), "the other messages to be used up")
    control.undo(batch, person=None, lines=None, at=world.at)
    kill_while_it_holds(worker, world.named[8], batch)
    ring_when_the_lease_is_over(batch)
    start_worker(**SMALL)
    assert world.picture(idle(batch, "undone")) == undisturbed()["undone"]


def test_a_worker_killed_while_it_checks_is_followed_by_another(start_worker: Start) -> None:
    world = scene()
    rows = [*world.rows, *((f"nobody {n}", "x") for n in range(400))]
    batch = uploads.receive_rows(
        world.campaign, rows, identifier="lead_id", person=None, via="page", at=world.at
    )
    killed = start_worker(CHUNK_ROWS="1")
    tasks.ring(batch.pk)
    wait_until(lambda: Batch.objects.get(pk=batch.pk).done > 20, "twenty rows")
    killed.kill()
    batch.refresh_from_db()
    assert batch.state == "checking"
    assert 20 < batch.done < len(rows)
    ring_when_the_lease_is_over(batch)
    start_worker()
    idle(batch, "checked")
    found = numbers(batch)["outcomes"]
    assert sum(found.values()) == len(rows)
    assert found["not_found"] == 400 + sum(row == ("nobody", "x") for row in world.rows)


def test_a_batch_that_kills_every_worker_fails_with_a_sentence_and_goes_on_when_continued(
    start_worker: Start,
) -> None:
    """Only the child dies each time, as of too much memory; its parent starts another."""
    worker = start_worker(MAX_ATTEMPTS="1", **SMALL)
    world = scene()
    batch = started(world)

    def has_failed() -> bool:
        return Batch.objects.filter(pk=batch.pk, state="failed").exists()

    for _ in range(5):
        with locked("leads_lead", world.named[4].pk):
            tasks.ring(batch.pk)
            wait_until(lambda: blocked() or has_failed(), "the worker to come to the bad place")
            if has_failed():
                break
            children = psutil.Process(worker.process.pid).children()  # type: ignore[union-attr]
            for child in children:
                child.kill()
            psutil.wait_procs(children, 10)
        wait_until(lambda: free("rejections_batch", batch.pk), "the database to miss the child")
        wait_until(lambda: not queued(), "the message that came back to be used up")
        let_a_minute_pass(batch)
    idle(batch, "failed")
    assert (batch.error_code, batch.failed_in, batch.step) == ("no_progress", "applying", "rows")
    assert "Continue" in batch.error
    told = sum(len(d.payload["leads"]) for d in Delivery.objects.filter(batch_id=batch.pk))
    assert told == LeadEvent.objects.filter(batch_id=batch.pk).count() > 0, "of what did move, suppliers know"
    control.resume(batch)
    tasks.ring(batch.pk)
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]


# Cut off.


def test_a_lost_database_connection_is_a_worker_that_died(worker: Worker) -> None:
    """As when the database restarts: the task ends, and the same worker goes on with a new connection."""
    world = scene()
    batch = started(world)
    with locked("leads_lead", world.named[4].pk):
        tasks.ring(batch.pk)
        wait_for_blocked()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND cardinality(pg_blocking_pids(pid)) > 0"
            )
            assert cursor.fetchall() == [(True,)]
    wait_until(lambda: not queued(), "the task to end")
    batch.refresh_from_db()
    assert batch.state == "applying"
    ring_when_the_lease_is_over(batch)
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Valkey]:
    """A broker for one test, to be taken away and brought back on the same port."""
    broker = Valkey(tmp_path, "secret")
    broker.ensure()
    yield broker
    broker.stop()


@pytest.fixture
def address(own_broker: Valkey) -> dict[str, str]:
    return {"REDIS_URL": f"redis://:secret@{LOOPBACK}:{remembered(own_broker.conf)}/0"}


@pytest.fixture
def in_a_web_process(environment: dict[str, str], address: dict[str, str]) -> Callable[[str], str]:
    """Runs a line in a process on that broker; what it logged."""

    def run(line: str) -> str:
        program = f"import django; django.setup(); from rejections import tasks; {line}"
        variables = {**environment, **address, "DJANGO_SETTINGS_MODULE": "leadrej.settings"}
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=variables, capture_output=True, timeout=60, check=True
        )
        return done.stderr.decode()

    return run


def test_start_pressed_while_the_broker_is_away_is_healed_when_it_is_back(
    own_broker: Valkey,
    address: dict[str, str],
    start_worker: Start,
    in_a_web_process: Callable[[str], str],
) -> None:
    world = scene()
    batch = started(world)
    start_worker(**SMALL, **address)
    own_broker.stop()
    assert "the broker is away" in in_a_web_process(f"tasks.ring({batch.pk})"), "and no traceback"
    batch.refresh_from_db()
    assert batch.state == "waiting"
    own_broker.ensure()
    let_a_minute_pass(batch)
    in_a_web_process("tasks.sweep()")
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]


def test_a_worker_outlives_a_broker_that_restarts_under_its_task(
    own_broker: Valkey,
    address: dict[str, str],
    start_worker: Start,
    in_a_web_process: Callable[[str], str],
) -> None:
    """Celery 5.7.0 does not: its main process ends, which is why requirements.txt holds an older one."""
    first, second = scene(), scene()
    batch, next_batch = started(first), started(second)
    worker = start_worker(**SMALL, **address)
    with locked("leads_lead", first.named[4].pk):
        in_a_web_process(f"tasks.ring({batch.pk})")
        wait_for_blocked()
        own_broker.stop()
        own_broker.ensure()
    assert first.picture(idle(batch, "finished")) == undisturbed()["finished"]
    in_a_web_process(f"tasks.ring({next_batch.pk})")
    assert second.picture(idle(next_batch, "finished")) == undisturbed()["finished"]
    assert worker.alive


def test_a_broker_that_comes_back_empty_loses_nothing(worker: Worker, broker: Any) -> None:
    """PostgreSQL knows all that is left to do."""
    world = scene()
    batch = started(world)
    broker.flushdb()
    ring_when_the_lease_is_over(batch)
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]


def test_the_clock_rings_for_tasks_that_exist() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
