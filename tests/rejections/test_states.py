"""Where a batch stands: what may be asked of it there, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leads.statuses import Status
from rejections import control, uploads
from rejections.models import Batch
from rejections.options import Options
from rejections.sql import state
from rejections.states import EDITABLE, EXCLUSIVE, RUNNABLE, TRANSITIONS, UNDOABLE, State
from tests import make
from tests.batches import checked, imported, refused, started, statuses, work
from tests.make import NOW

P, C = Status.PENDING, Status.CLIENT_REJECTED
TODAY = NOW.date()

pytestmark = pytest.mark.django_db


# States.


def test_a_batch_is_started_once() -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)])
    other_tab = Batch.objects.get(pk=batch.pk)
    control.start(batch, Options(), person=None)
    sentence = refused("wrong_state", control.start, other_tab, Options(free_cap=True), person=None)
    assert "Waiting" in sentence.title
    work(batch)
    refused("wrong_state", control.start, other_tab, Options(), person=None)


ACTIONS: dict[str, tuple[Callable[[Batch], object], set[State]]] = {
    "map": (
        lambda batch: control.map_columns(batch, control.ColumnMap("lead_id", "identifier", "reason")),
        {State.MAPPING, State.CHECKED},
    ),
    "read again": (lambda batch: control.read_again(batch, {}), {State.MAPPING, State.CHECKED}),
    "review": (lambda batch: control.review(batch, accept=[1], skip=[]), {State.CHECKED}),
    "start": (lambda batch: control.start(batch, Options(), person=None), {State.CHECKED}),
    "stop": (lambda batch: control.stop(batch, NOW), {State.WAITING, State.APPLYING}),
    "continue": (control.resume, {State.STOPPED, State.FAILED}),
    "undo": (
        lambda batch: control.undo(batch, person=None, lines=None, at=NOW),
        {State.FINISHED, State.STOPPED, State.FAILED, State.UNDOING},
    ),
    "cancel": (lambda batch: control.cancel(batch, NOW), {State.UPLOADED, State.MAPPING, State.CHECKED}),
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("where", list(State))
def test_what_people_ask_is_refused_where_the_batch_does_not_stand_for_it(action: str, where: State) -> None:
    act, allowed = ACTIONS[action]
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)])
    Batch.objects.update(state=where)
    batch.refresh_from_db()
    if where in allowed:
        act(batch)
    else:
        refused("wrong_state", act, batch)


def test_the_machine_has_the_agreed_ways_and_no_others() -> None:
    ways = {
        "uploaded": "mapping checking failed cancelled",
        "mapping": "checking uploaded cancelled",
        "checking": "checked waiting failed",
        "checked": "checking uploaded waiting cancelled",
        "waiting": "applying stopped",
        "applying": "finished stopped failed",
        "finished": "undoing",
        "undoing": "undone finished stopped failed",
        "undone": "",
        "stopped": "waiting undoing",
        "failed": "uploaded checking waiting undoing",
        "cancelled": "",
    }
    assert {source: set(targets) for source, targets in TRANSITIONS.items()} == {
        State(source): {State(target) for target in targets.split()} for source, targets in ways.items()
    }
    batch = checked(make.campaign(), ["1"])
    for source, targets in TRANSITIONS.items():
        for target in set(State) - targets:
            with pytest.raises(ValueError, match="no way from"):
                state.advance(batch.pk, [source], target)
    assert set(RUNNABLE) | set(EDITABLE) | set(UNDOABLE) | {State.UNDONE, State.CANCELLED} == set(State)
    assert set(EXCLUSIVE) < set(RUNNABLE)


def test_a_cancelled_batch_does_nothing_any_more() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.cancel(batch, NOW)
    assert work(batch).state == "cancelled"
    assert statuses([lead]) == [P]


# Turns.


def test_one_batch_of_a_campaign_runs_at_a_time_and_the_others_wait_oldest_first() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(3)]
    first, second, third = (checked(campaign, [lead]) for lead in leads)
    Batch.objects.filter(pk=first.pk).update(state=State.APPLYING, step="rows")
    assert started(third).state == "waiting"
    assert started(second).state == "waiting"
    assert statuses(leads) == [P, P, P]
    work(first)
    assert work(third).state == "waiting", "the second was uploaded before it"
    assert control.next_waiting(first) == second.pk
    assert work(second).state == "finished"
    assert work(third).state == "finished"
    assert statuses(leads) == [C, C, C]


def test_a_batch_that_looked_for_its_turn_ever_so_often_still_gets_it(settings: Any) -> None:
    """Waiting is no failed attempt, however many times somebody rings."""
    campaign = make.campaign()
    running, waiting = checked(campaign, [make.lead(campaign)]), checked(campaign, [make.lead(campaign)])
    Batch.objects.filter(pk=running.pk).update(state=State.APPLYING, step="rows")
    started(waiting)
    for _ in range(settings.MAX_ATTEMPTS * 3):
        assert work(waiting).state == "waiting"
    work(running)
    assert work(waiting).state == "finished"


def test_those_who_wait_do_not_ring_for_each_other() -> None:
    """Two that wait for a third would keep a worker busy until it ends."""
    campaign = make.campaign()
    running, one, two = (checked(campaign, [make.lead(campaign)]) for _ in range(3))
    Batch.objects.filter(pk=running.pk).update(state=State.APPLYING, step="rows")
    started(one)
    started(two)
    for waiting in (one, two):
        waiting.refresh_from_db()
        assert (waiting.state, control.next_waiting(waiting)) == ("waiting", None)
    running.refresh_from_db()
    assert control.next_waiting(running) is None, "its turn has not ended"
    assert control.next_waiting(work(running)) == one.pk


def test_batches_of_other_campaigns_do_not_wait() -> None:
    busy, free = make.campaign(), make.campaign()
    Batch.objects.filter(pk=checked(busy, ["1"]).pk).update(state=State.APPLYING)
    assert imported(free, [make.lead(free)]).state == "finished"


def test_undo_and_close_out_take_their_turn_too() -> None:
    campaign = make.campaign()
    done = imported(campaign, [make.lead(campaign)])
    running = checked(campaign, [make.lead(campaign)])
    Batch.objects.filter(pk=running.pk).update(state=State.APPLYING, step="rows")
    refused("campaign_busy", control.undo, done, person=None, lines=None, at=NOW)
    options = Options(accept_remaining=True, through=TODAY)
    values: dict[str, Any] = {"person": None, "via": "cli", "at": NOW, "goes_through": True}
    closing = work(uploads.close_out(campaign, options, **values))
    assert closing.state == "waiting"
    work(running)
    control.undo(done, person=None, lines=None, at=NOW)
    assert work(closing).state == "waiting"
    assert work(done).state == "undone"
    assert work(closing).state == "finished"
