"""A real worker on a real broker does what this process does, once, however often it is rung for."""

from __future__ import annotations

import time

import pytest
from django.utils import timezone

from leads.models import Lead, LeadEvent
from rejections import control, tasks, uploads
from rejections.columns import ColumnMap
from rejections.options import Options
from tests import make
from tests.batches import numbers, statuses
from tests.faults.scene import scene
from tests.faults.working import (
    SMALL,
    Start,
    checked,
    idle,
    queued,
    started,
    undisturbed,
)
from tests.sessions import locked, wait_for_blocked, wait_until
from tests.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


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
