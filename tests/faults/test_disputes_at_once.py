"""Disputes that two people, or a person and a worker, touch at once: one answer, one way back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from campaigns.models import User
from leads.models import Lead, LeadEvent
from rejections import control, disputes
from rejections.models import Batch, Dispute, DisputedLead
from rejections.refusals import Refused
from tests import make
from tests.batches import imported, statuses, work
from tests.faults.scene import run
from tests.make import NOW
from tests.sessions import locked, threads, wait_for_blocked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small_chunks(settings: Any) -> None:
    settings.CHUNK_ROWS = 3


class Case:
    """Five rejected leads of one supplier; what each press of a button is answered."""

    def __init__(self) -> None:
        campaign = make.campaign()
        self.leads = [make.lead(campaign) for _ in range(5)]
        self.person: User = make.supplier_user(self.leads[0].supplier)
        self.batch: Batch = imported(campaign, self.leads)

    def contest(self, *leads: Lead) -> Dispute:
        ids = [lead.pk for lead in leads or self.leads]
        return disputes.contest(ids, person=self.person, note="They answered.", at=NOW)[0]

    def answer(self, dispute: Dispute, *, grants: bool) -> None:
        open_ones = list(dispute.leads.values_list("pk", flat=True))
        grant, refuse = (open_ones, []) if grants else ([], open_ones)
        disputes.answer(dispute, grant=grant, refuse=refuse, answer="", person=None, at=NOW)

    def undo(self) -> None:
        control.undo(Batch.objects.get(pk=self.batch.pk), person=None, lines=None, at=NOW)


def pressed_at_once(*buttons: Callable[[], object]) -> list[str]:
    gate = threading.Barrier(len(buttons))

    def press(button: Callable[[], object]) -> str:
        gate.wait(60)
        try:
            button()
        except Refused as refused:
            return refused.code
        return "done"

    with threads(len(buttons)) as start:
        return sorted(answer.result(60) for answer in [start(press, button) for button in buttons])


def test_a_dispute_that_two_people_answer_is_answered_once() -> None:
    case = Case()
    dispute = case.contest()
    answers = pressed_at_once(
        lambda: case.answer(dispute, grants=True),
        lambda: case.answer(dispute, grants=True),
        lambda: case.answer(dispute, grants=False),
    )
    assert answers == ["already_answered", "already_answered", "done"]
    granted = dispute.leads.filter(state="granted").count()
    assert granted in (0, 5)
    assert LeadEvent.objects.filter(cause="dispute_granted").count() == granted
    assert statuses(case.leads) == ["pending" if granted else "client_rejected"] * 5


def test_a_rejection_that_two_people_dispute_is_disputed_once() -> None:
    case = Case()
    answers = pressed_at_once(case.contest, case.contest)
    assert answers == ["already_disputed", "done"]
    assert DisputedLead.objects.count() == 5


def test_a_grant_that_waits_for_an_undo_finds_it_withdrawn() -> None:
    case = Case()
    dispute = case.contest()
    case.undo()
    with threads() as start:
        with locked("leads_lead", case.leads[0].pk):
            undoing = start(run, case.batch.pk, "worker")
            wait_for_blocked()  # its first chunk holds the batch and waits for the lead
            granting = start(pressed_at_once, lambda: case.answer(dispute, grants=True))
            wait_for_blocked(2)
        undoing.result(60)
        assert granting.result(60) in (["done"], ["already_answered"])
    work(case.batch)
    ways_back = LeadEvent.objects.filter(undoes__isnull=False)
    assert sorted(ways_back.values_list("lead_id", flat=True)) == [lead.pk for lead in case.leads]
    assert statuses(case.leads) == ["pending"] * 5
    first = dispute.leads.filter(lead__in=case.leads[:3])
    assert set(first.values_list("state", flat=True)) == {"withdrawn"}
    granted = set(dispute.leads.filter(state="granted").values_list("lead_id", flat=True))
    assert granted == set(ways_back.filter(cause="dispute_granted").values_list("lead_id", flat=True))


def test_an_undo_that_waits_for_a_grant_leaves_its_leads_alone() -> None:
    case = Case()
    dispute = case.contest(*case.leads[:2])
    with threads() as start:
        with locked("leads_lead", case.leads[0].pk):
            granting = start(lambda: case.answer(dispute, grants=True))
            wait_for_blocked()
            undoing = start(case.undo)
            wait_for_blocked(2)
        granting.result(60)
        undoing.result(60)
    work(case.batch)
    causes = (
        LeadEvent.objects.filter(undoes__isnull=False).order_by("lead_id").values_list("cause", flat=True)
    )
    assert list(causes) == ["dispute_granted"] * 2 + ["undone"] * 3
    assert set(dispute.leads.values_list("state", flat=True)) == {"granted"}


def test_a_dispute_that_waits_for_an_undo_is_refused() -> None:
    case = Case()
    with threads() as start:
        with locked("rejections_batch", case.batch.pk):
            undoing = start(case.undo)
            wait_for_blocked()
            contesting = start(pressed_at_once, case.contest)
            wait_for_blocked(2)
        undoing.result(60)
        assert contesting.result(60) == ["being_undone"]
    work(case.batch)
    assert DisputedLead.objects.count() == 0
