"""A real worker, killed in the middle of its work: the next one leaves what an undisturbed run leaves."""

from __future__ import annotations

import psutil
import pytest

from leads.models import Delivery, Lead, LeadEvent
from rejections import control, tasks, uploads
from rejections.models import Batch
from tests.batches import numbers
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
from tests.sessions import blocked, free, locked, wait_for_blocked, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def kill_while_it_holds(worker: Start, lead: Lead, batch: Batch) -> None:
    """SIGKILL the whole worker in the middle of the chunk that wants this lead.

    It starts when the lead is locked: one that finds a message would be past the lead before.
    """
    with locked("leads_lead", lead.pk):
        started_now = worker(**SMALL)
        tasks.ring(batch.pk)
        wait_for_blocked()
        started_now.kill()


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
        kill_while_it_holds(start_worker, victim, batch)
        batch.refresh_from_db()
        assert (batch.state, batch.step) == ("applying", step)
        ring_when_the_lease_is_over(batch)
    worker = start_worker(**SMALL)
    assert world.picture(idle(batch, "finished")) == undisturbed()["finished"]

    # Those that the killed ones had in hand come back after minutes only.
    wait_until(lambda: queued() == len(victims), "the other messages to be used up")
    worker.stop()
    control.undo(batch, person=None, lines=None, at=world.at)
    kill_while_it_holds(start_worker, world.named[8], batch)
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
