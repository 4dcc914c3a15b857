"""Whatever statement a worker dies before: the next one goes on, and the end is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection

from rejections import control, rejecting, workflows
from rejections.models import Batch
from rejections.sql import state
from rejections.terms import Terms
from tests.faults.scene import Scene, scene
from tests.make import NOW

#: Each crash comes so many statements later than the one before, in as many rounds.
STRIDE = 3

pytestmark = pytest.mark.django_db(transaction=True)


class PowerCut(BaseException):
    """The process is gone: nothing catches it, nothing tidies up."""


@contextmanager
def power_cut_before(statement: int) -> Iterator[None]:
    """The connection's n-th statement from here on is never sent."""
    sent = 0

    def cutting(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == statement:
            raise PowerCut
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cutting):
        yield


@pytest.fixture(autouse=True)
def small_chunks(settings: Any) -> None:
    settings.CHUNK_ROWS = 8
    settings.MAX_ATTEMPTS = 3


def run(batch: Batch, owner: str) -> None:
    while workflows.run(batch.pk, owner=owner, clock=lambda: NOW, seconds=60):
        pass


def walk(world: Scene, work: Callable[[Batch], None]) -> dict[str, Any]:
    """The import from its rows to its end, and Undo of some rows and of all; what `work` makes of it."""
    batch = world.received()
    work(batch)
    batch.refresh_from_db()
    world.started(batch)
    work(batch)
    finished = world.picture(batch)
    control.undo(batch, person=None, lines=[1, 4, 9], at=NOW)
    work(batch)
    partly = world.picture(batch)
    control.undo(batch, person=None, lines=None, at=NOW)
    work(batch)
    return {"finished": finished, "partly undone": partly, "undone": world.picture(batch)}


def crashing(first: int) -> tuple[Callable[[Batch], None], list[int]]:
    """Works on a batch and dies before its `first` statement, next time STRIDE statements later, and so on."""
    crashes: list[int] = []

    def work(batch: Batch) -> None:
        at = first
        while True:
            try:
                with power_cut_before(at):
                    run(batch, f"worker-{len(crashes)}")
                return
            except PowerCut:
                crashes.append(at)
                at += STRIDE
                # The lease runs out; a worker that made no progress three times in a row ends the batch.
                Batch.objects.filter(pk=batch.pk).update(lease_until=NOW - timedelta(days=1000), attempts=0)

    return work, crashes


@pytest.mark.parametrize("first", range(1, STRIDE + 1))
def test_the_end_is_the_same_whatever_statement_the_worker_died_before(first: int) -> None:
    expected = walk(scene(at=NOW), lambda batch: run(batch, "undisturbed"))
    work, crashes = crashing(first)
    assert walk(scene(at=NOW), work) == expected
    assert len(crashes) > 20, "it did die again and again"


def test_a_chunk_that_died_leaves_nothing_behind() -> None:
    """One transaction: what it moved, recorded and counted stands together or not at all."""
    world = scene(at=NOW)
    batch = world.received()
    run(batch, "undisturbed")
    batch.refresh_from_db()
    world.started(batch)
    assert state.claim(batch.pk, "one")
    assert workflows._begin(Batch.objects.select_related("campaign").get(pk=batch.pk), NOW)
    before = world.picture(batch)
    memory = rejecting.Memory(Terms.of(Batch.objects.select_related("campaign").get(pk=batch.pk)))

    for statement in count(1):
        try:
            with power_cut_before(statement):
                workflows._apply_chunk(batch.pk, "one", memory, NOW)
        except PowerCut:
            assert world.picture(batch) == before
        else:
            break
    assert statement > 6, "it died before each of its statements"
    assert world.picture(batch) != before
