"""Two workers on one batch, two batches of one campaign: one at a time, and every row once."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from rejections import control, sweeping, uploads, workflows
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from rejections.sql import state
from rejections.sql.state import LostLease
from rejections.states import State
from tests import make
from tests.batches import checked, work
from tests.faults.scene import ready, run, scene, undisturbed
from tests.make import NOW
from tests.sessions import locked, threads, wait_for_blocked, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = NOW - timedelta(days=1000)


@pytest.fixture(autouse=True)
def small_chunks(settings: Any) -> None:
    settings.CHUNK_ROWS = 3


class Pause:
    """A clock that a worker reads before each chunk, and that stands still there from the n-th time on."""

    def __init__(self, chunks: int) -> None:
        self.left, self.reached, self.go_on = chunks, threading.Event(), threading.Event()

    def __call__(self) -> datetime:
        self.left -= 1
        if self.left < 0:
            self.reached.set()
            assert self.go_on.wait(60)
        return NOW


def lose_lease(batch: Batch) -> None:
    """What a minute without a sign of life does."""
    Batch.objects.filter(pk=batch.pk).update(lease_until=LONG_AGO)


def test_the_second_to_come_leaves_a_batch_alone_that_somebody_holds() -> None:
    world = scene(at=NOW)
    batch, pause = ready(world), Pause(2)
    with threads() as start:
        first = start(run, batch.pk, "first", pause)
        assert pause.reached.wait(60)
        before = world.picture(batch)
        assert run(batch.pk, "second") is False
        assert world.picture(batch) == before
        pause.go_on.set()
        first.result(60)
    assert world.picture(batch) == undisturbed()


def test_nobody_waits_for_a_chunk_that_takes_longer_than_its_lease(settings: Any) -> None:
    """A worker that waited for the row of a busy batch would be missing for the others."""
    settings.LEASE_SECONDS = 0
    world = scene(at=NOW)
    batch = ready(world)
    with threads() as start:
        with locked("leads_lead", world.named[4].pk):
            first = start(run, batch.pk, "first")
            wait_for_blocked()
            assert start(run, batch.pk, "second").result(20) is False
        first.result(60)
    assert world.picture(batch) == undisturbed()


@pytest.mark.parametrize("chunks", [0, 3, 9, 15])
def test_a_worker_whose_lease_was_lost_does_nothing_more(chunks: int) -> None:
    """It woke up after its lease ran out: another is at work, and it must not touch a row."""
    world = scene(at=NOW)
    batch, zombie, heir = ready(world), Pause(chunks), Pause(2)
    with threads() as start:
        old = start(run, batch.pk, "zombie", zombie)
        assert zombie.reached.wait(60)
        lose_lease(batch)
        new = start(run, batch.pk, "heir", heir)
        assert heir.reached.wait(60)
        before = world.picture(batch)
        zombie.go_on.set()
        assert old.result(60) is False
        assert world.picture(batch) == before
        batch.refresh_from_db()
        assert batch.lease_owner == "heir", "nor did it give the other's lease away"
        heir.go_on.set()
        new.result(60)
    assert world.picture(batch) == undisturbed()


def test_a_worker_that_lost_its_lease_cannot_end_the_batch_either() -> None:
    """Its own failure is its own: the batch is another's now."""
    world = scene(at=NOW)
    batch = ready(world)
    assert state.claim(batch.pk, "zombie")
    lose_lease(batch)
    assert state.claim(batch.pk, "heir")
    Batch.objects.filter(pk=batch.pk).update(state=State.APPLYING, step="rows")
    workflows.fail(batch.pk, "zombie", Refused("x", "x", "x"), NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.lease_owner) == ("applying", "heir")
    workflows.fail(batch.pk, "heir", Refused("x", "It broke", "Continue."), NOW)
    batch.refresh_from_db()
    assert (batch.state, batch.error) == ("failed", "It broke. Continue.")


def test_even_two_workers_under_one_lease_settle_every_row_once() -> None:
    """The lock on the batch comes first, and what is left to do is read behind it."""
    world = scene(at=NOW)
    batch = ready(world)
    assert state.claim(batch.pk, "twins")
    gate = threading.Barrier(3)

    def both() -> None:
        gate.wait(60)
        with suppress(LostLease):  # the other has ended it
            workflows._work(batch.pk, "twins", lambda: NOW, time.monotonic() + 60)

    with threads() as start:
        ends = [start(both) for _ in range(3)]
        for end in ends:
            end.result(60)
    found = world.picture(batch)
    assert found["batch"][:2] == ("finished", len(world.rows))
    assert found == undisturbed()


def test_the_check_too_can_be_done_by_two_at_once() -> None:
    world = scene(at=NOW)
    batch = world.received()
    assert state.claim(batch.pk, "twins")
    gate = threading.Barrier(2)

    def both() -> None:
        gate.wait(60)
        with suppress(LostLease):
            workflows._work(batch.pk, "twins", lambda: NOW, time.monotonic() + 60)

    with threads() as start:
        ends = [start(both), start(both)]
        for end in ends:
            end.result(60)
    state.release(batch.pk, "twins")
    batch.refresh_from_db()
    assert batch.state == "checked"
    world.started(batch)
    assert world.picture(work(batch)) == undisturbed()


def test_staging_happens_once_although_two_read_the_file() -> None:
    """The first lost its lease while it read; whoever comes second finds the rows there."""
    campaign = make.campaign()
    content = make.csv_bytes([[n, "x"] for n in range(50)])
    values: dict[str, Any] = {"person": None, "via": "page", "at": NOW}
    batch = uploads.receive(campaign, [content], "a.csv", **values)
    pause = Pause(0)
    with threads() as start:
        old = start(run, batch.pk, "zombie", pause)
        assert pause.reached.wait(60)
        lose_lease(batch)
        assert run(batch.pk, "heir") is False
        pause.go_on.set()
        old.result(60)
    batch.refresh_from_db()
    assert (batch.state, batch.rows, batch.lines.count()) == ("mapping", 50, 50)


def test_a_stop_pressed_while_a_chunk_runs_stops_before_the_end() -> None:
    world = scene(at=NOW)
    batch = ready(world)
    with threads() as start:
        with locked("leads_lead", world.named[4].pk):
            running = start(run, batch.pk, "worker")
            wait_for_blocked()
            stopping = start(control.stop, batch, NOW)
            wait_for_blocked(2)  # the button waits for the chunk
        stopping.result(60)
        running.result(60)
    wait_until(lambda: Batch.objects.get(pk=batch.pk).state == "stopped", "the stop")
    batch.refresh_from_db()
    assert batch.settled_line > 0  # how far it came: the worker may be quicker at the lock once more
    control.resume(batch)
    assert world.picture(work(batch)) == undisturbed()


def test_of_two_that_want_the_campaign_at_once_one_runs_and_the_other_waits() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(2)]
    one, two = (checked(campaign, [lead]) for lead in leads)
    for batch in (one, two):
        control.start(batch, Options(), person=None)
    gate = threading.Barrier(2)

    def begin(batch: Batch) -> bool:
        found = Batch.objects.select_related("campaign").get(pk=batch.pk)
        gate.wait(60)
        return state.take_turn(found, [State.WAITING], State.APPLYING, step="rows")

    for _ in range(10):
        with threads() as start:
            assert sorted(turn.result(60) for turn in [start(begin, one), start(begin, two)]) == [False, True]
        assert Batch.objects.filter(state=State.APPLYING).count() == 1
        Batch.objects.update(state=State.WAITING)


def test_the_database_itself_lets_only_one_batch_of_a_campaign_run() -> None:
    """Whoever looked before the other began is stopped by the constraint, and told to wait."""
    campaign = make.campaign()
    running, late = checked(campaign, ["1"]), checked(campaign, ["2"])
    Batch.objects.filter(pk=late.pk).update(state=State.WAITING)
    late.refresh_from_db()
    with threads() as start:
        with locked("rejections_batch", late.pk):
            turn = start(state.take_turn, late, [State.WAITING], State.APPLYING)
            wait_for_blocked()  # it has looked, and found the campaign free
            Batch.objects.filter(pk=running.pk).update(state=State.APPLYING)
        assert turn.result(60) is False
    late.refresh_from_db()
    assert late.state == "waiting"


def test_corrections_take_turns_by_source_and_leave_the_campaigns_imports_alone() -> None:
    campaign = make.campaign()
    one, other = make.source(campaign), make.source(campaign)

    def running(kind: str, **values: Any) -> None:
        with transaction.atomic():
            Batch.objects.create(
                kind=kind, state=State.APPLYING, campaign=campaign, created_at=NOW, time_zone="UTC", **values
            )

    running("rejection")
    running("correction", source=one)
    running("correction", source=other)
    with pytest.raises(IntegrityError, match="one_running_correction_per_source"):
        running("correction", source=one)
    with pytest.raises(IntegrityError, match="one_running_batch_per_campaign"):
        running("close_out")


def test_an_old_upload_that_somebody_starts_at_this_moment_is_not_cleared_away() -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)])
    after = NOW + timedelta(days=15)
    with threads() as start, transaction.atomic():
        control.start(batch, Options(), person=None)
        start(sweeping.sweep, after).result(30)
    assert Batch.objects.get(pk=batch.pk).state == State.WAITING
    sweeping.sweep(after)
    assert Batch.objects.get(pk=batch.pk).lines.count() == 1


def test_a_night_that_is_closed_by_two_at_once_is_closed_once() -> None:
    campaign = make.campaign(accept_when_window_closes=True)
    make.lead(campaign, days_ago=60)
    with threads() as start:
        with locked("campaigns_campaign", campaign.pk):
            both = [start(sweeping.close_windows, NOW) for _ in range(2)]
            wait_for_blocked(2)
        assert sum(len(one.result(30)) for one in both) == 1
    assert Batch.objects.get().via == "night"
