"""A real worker, cut off from the database or the broker: nothing is lost, and it goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from leadrej.celery import app
from leadrej.embedded.ports import LOOPBACK, remembered
from leadrej.embedded.valkey import Valkey
from rejections import tasks
from tests.faults.scene import scene
from tests.faults.working import (
    SMALL,
    Start,
    idle,
    let_a_minute_pass,
    queued,
    ring_when_the_lease_is_over,
    started,
    undisturbed,
)
from tests.sessions import locked, wait_for_blocked, wait_until
from tests.worker import CHECKOUT, Worker

pytestmark = pytest.mark.django_db(transaction=True)


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
