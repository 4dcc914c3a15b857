"""Two people on one button, or one while a worker is at it: it happens once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from leads.models import Lead, LeadEvent
from rejections import control
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import State
from tests import make
from tests.batches import checked, statuses, work
from tests.faults.scene import run
from tests.make import NOW
from tests.sessions import threads, wait_for_blocked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small_chunks(settings: Any) -> None:
    settings.CHUNK_ROWS = 3


def pressed_at_once(batch: Batch, *buttons: Callable[[Batch], object]) -> list[str]:
    """Everybody's page is loaded and every finger on its button; what each is answered."""
    gate = threading.Barrier(len(buttons))

    def press(button: Callable[[Batch], object]) -> str:
        page = Batch.objects.select_related("campaign").get(pk=batch.pk)
        gate.wait(60)
        try:
            button(page)
        except Refused as refused:
            return refused.code
        return "done"

    with threads(len(buttons)) as start:
        pressed = [start(press, button) for button in buttons]
        return sorted(answer.result(60) for answer in pressed)


def press_start(batch: Batch) -> None:
    control.start(batch, Options(), person=None)


def press_undo(batch: Batch) -> None:
    control.undo(batch, person=None, lines=None, at=NOW)


def test_two_people_start_the_same_batch_once() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    assert pressed_at_once(batch, press_start, press_start) == ["done", "wrong_state"]
    work(batch)
    assert LeadEvent.objects.count() == 1


def test_of_start_and_cancel_at_once_one_happens() -> None:
    lead = make.lead(make.campaign())
    for _ in range(5):
        batch = checked(lead.campaign, [lead])
        answers = pressed_at_once(batch, press_start, lambda page: control.cancel(page, NOW))
        assert answers == ["done", "wrong_state"]
        Batch.objects.filter(pk=batch.pk).update(state=State.CANCELLED)
    assert statuses([lead]) == ["pending"]


def test_two_people_undo_the_same_batch_once() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(7)]
    batch = checked(campaign, leads)
    press_start(batch)
    work(batch)
    assert "done" in pressed_at_once(batch, press_undo, press_undo)
    work(batch)
    assert statuses(leads) == ["pending"] * 7
    assert LeadEvent.objects.filter(cause="undone").count() == 7


def test_of_two_undos_in_one_campaign_at_once_one_runs() -> None:
    campaign = make.campaign()
    batches = []
    for _ in range(2):
        batches.append(checked(campaign, [make.lead(campaign)]))
        press_start(batches[-1])
        work(batches[-1])
    gate = threading.Barrier(2)

    def press(batch: Batch) -> str:
        gate.wait(60)
        try:
            press_undo(batch)
        except Refused as refused:
            return refused.code
        return "done"

    with threads() as start:
        answers = sorted(answer.result(60) for answer in [start(press, batch) for batch in batches])
    assert answers == ["campaign_busy", "done"]


def test_undo_sees_the_month_that_was_closed_while_it_waited_for_the_lead() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, "accepted") for _ in range(2)]
    batch = checked(campaign, leads)
    press_start(batch)
    press_undo(work(batch))
    with threads() as start:
        with transaction.atomic():
            Lead.objects.filter(pk=leads[0].pk).update(is_final=True)
            undoing = start(run, batch.pk, "worker")
            wait_for_blocked()
        undoing.result(60)
    batch.refresh_from_db()
    assert (batch.state, batch.kept) == ("undone", {"month_closed": 1})
    assert statuses(leads) == ["client_rejected", "accepted"]
