"""Start: what may begin, in which turn, and what moves when the facts are read again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Campaign
from leads.models import Adjustment, Delivery, Lead, LeadEvent
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status
from rejections import control, sweeping, tasks, uploads
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.refusals import Refused
from rejections.sql import state
from rejections.states import EDITABLE, EXCLUSIVE, RUNNABLE, TRANSITIONS, UNDOABLE, State
from tests import make
from tests.batches import checked, holdings, imported, numbers, outcomes, received, started, statuses, work
from tests.make import NOW

P, A, R, Q, C = (
    Status.PENDING,
    Status.ACCEPTED,
    Status.REJECTED,
    Status.QUARANTINED,
    Status.CLIENT_REJECTED,
)
TODAY = NOW.date()

pytestmark = pytest.mark.django_db


def refused(code: str, action: Callable[..., Any], *arguments: Any, **options: Any) -> Refused:
    before = holdings(), list(Batch.objects.order_by("id").values())
    with pytest.raises(Refused) as refusal:
        action(*arguments, **options)
    assert refusal.value.code == code
    assert (holdings(), list(Batch.objects.order_by("id").values())) == before, "nothing was changed"
    return refusal.value


# What moves.


def test_rejected_leads_have_their_reason_and_history() -> None:
    campaign, person = make.campaign(), make.operator()
    make.phrase(campaign.client, "Duplicate Lead", "CLIENT_DUPLICATE")
    pending, accepted = make.lead(campaign), make.lead(campaign, A)
    batch = work(received(campaign, [pending, accepted], person=person))
    started(batch, person=person)
    for lead, line, was in ((pending, 1, P), (accepted, 2, A)):
        lead.refresh_from_db()
        assert (lead.status, lead.reason, lead.disposition.code) == (C, "Duplicate Lead", "CLIENT_DUPLICATE")
        event = LeadEvent.objects.get(lead=lead)
        assert (event.batch_id, event.line, event.actor, event.from_status) == (batch.pk, line, person, was)


def test_a_final_lead_gets_one_adjustment_ever() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, A, is_final=True, price="21.00")
    for _ in range(2):
        batch = imported(campaign, [lead])
        assert outcomes(batch) == ["final"]
    assert [str(amount) for amount in Adjustment.objects.values_list("amount", flat=True)] == ["21.00"]
    assert LeadEvent.objects.count() == 1
    assert statuses([lead]) == [A]


def test_a_second_import_of_the_same_leads_changes_nothing() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign), make.lead(campaign, A), make.lead(campaign, A, is_final=True)]
    imported(campaign, leads)
    before = holdings()
    again = imported(campaign, leads)
    assert outcomes(again) == ["already_rejected", "already_rejected", "final"]
    assert holdings() == before
    assert not LeadEvent.objects.filter(batch_id=again.pk).exists()


# Facts are read again.


def settle(batch: Batch) -> list[tuple[str | None, str | None]]:
    """Outcome after Start, and what the check had said where it differs."""
    started(batch)
    return list(BatchRow.objects.filter(batch=batch).order_by("line").values_list("outcome", "checked"))


def test_a_lead_that_another_import_rejected_since_the_check_stays_that_imports() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    batch = checked(campaign, [lead])
    other = imported(campaign, [lead])
    assert settle(batch) == [("already_rejected", "rejected")]
    assert LeadEvent.objects.get().batch_id == other.pk


def test_a_lead_billed_since_the_check_is_rejected_all_the_same() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    move(Cause.ACCEPTED_CLOSE_OUT, A, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=None)
    assert settle(batch) == [("rejected", None)]
    assert numbers(batch)["money"]["credited"] == "18.00"


def test_a_lead_whose_month_was_closed_since_the_check_is_credited() -> None:
    lead = make.lead(make.campaign(), A)
    batch = checked(lead.campaign, [lead])
    Lead.objects.update(is_final=True)
    assert settle(batch) == [("final", "rejected")]
    assert Adjustment.objects.count() == 1


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        pytest.param({"status": Q, "valid_at": None}, {"status": P, "valid_at": NOW}, "not_rejectable", id="released"),
        pytest.param({"decided_for_supplier": True}, {"decided_for_supplier": False}, "not_rejectable", id="reopened"),
        pytest.param({"valid_at": NOW - timedelta(days=9)}, {"valid_at": NOW}, "outside_window", id="valid anew"),
        pytest.param({"status": C}, {"status": P}, "already_rejected", id="its rejection was undone"),
    ],
)  # fmt: skip
def test_a_lead_that_became_rejectable_since_the_check_does_not_move(
    then: dict[str, Any], now: dict[str, Any], said: str
) -> None:
    """Nobody saw it in the check: both outcomes are shown, and a person imports it again."""
    lead = make.lead(make.campaign())
    Lead.objects.update(**then)
    batch = checked(lead.campaign, [lead])
    Lead.objects.update(**now)
    assert settle(batch) == [("changed_meanwhile", said)]
    assert statuses([lead]) == [P]


def test_a_lead_that_came_after_the_check_does_not_move() -> None:
    campaign = make.campaign()
    batch = checked(campaign, ["7f01"], identifier="uid")
    lead = make.lead(campaign, uid="7f01")
    assert settle(batch) == [("changed_meanwhile", "not_found")]
    assert statuses([lead]) == [P]


def test_an_identifier_that_names_another_lead_since_the_check_moves_neither() -> None:
    """The lead the check showed was refused by the CRM, and another came in under the same UID."""
    campaign = make.campaign()
    shown = make.lead(campaign, uid="7f01")
    batch = checked(campaign, ["7f01"], identifier="uid")
    Lead.objects.filter(pk=shown.pk).update(status=R)
    other = make.lead(campaign, uid="7f01")
    assert settle(batch) == [("changed_meanwhile", "rejected")]
    assert statuses([shown, other]) == [R, P]


def test_an_identifier_that_became_ambiguous_since_the_check_moves_nothing() -> None:
    campaign = make.campaign()
    shown = make.lead(campaign, uid="7f01")
    batch = checked(campaign, ["7f01"], identifier="uid")
    other = make.lead(campaign, uid="7f01")
    assert settle(batch) == [("ambiguous", "rejected")]
    assert statuses([shown, other]) == [P, P]


def test_a_phrase_that_lost_its_ground_since_the_check_rejects_nothing() -> None:
    campaign = make.campaign()
    phrase = make.phrase(campaign.client, "No contact", "CLIENT_DUPLICATE")
    lead = make.lead(campaign)
    batch = checked(campaign, [(lead, "No contact")])
    phrase.disposition = make.phrase(campaign.client, "x", "CLIENT_NO_CONTACT").disposition
    phrase.save()
    assert settle(batch) == [("reason_not_returnable", "rejected")]
    assert statuses([lead]) == [P]


# Options that may not be.


def test_options_that_a_campaign_withdrew_are_kept_from_its_client_users_only() -> None:
    campaign = make.campaign(withdrawn_options=["accept_older", "reject_from"])
    lead, client = make.lead(campaign), make.client_user(campaign.client)
    batch = checked(campaign, [lead])
    refused("option_withdrawn", control.start, batch, Options(accept_older=True), person=client)
    refused("option_withdrawn", control.start, batch, Options(reject_from=TODAY), person=client)
    refused("option_withdrawn", received, campaign, [lead], options=Options(accept_older=True), person=client)
    control.start(batch, Options(free_cap=True), person=client)
    for person in (make.operator(), None):
        control.start(checked(campaign, [lead]), Options(accept_older=True, reject_from=TODAY), person=person)


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("reject_from_in_future", Options(reject_from=TODAY + timedelta(days=1))),
        ("through_in_future", Options(accept_remaining=True, through=TODAY + timedelta(days=1))),
        ("through_missing", Options(accept_remaining=True)),
    ],
)
def test_dates_that_may_not_be_are_refused_at_every_door(code: str, options: Options) -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    batch = checked(campaign, [lead])
    refused(code, control.start, batch, options, person=None)
    refused(code, received, campaign, [lead], options=options, goes_through=True)
    content = [make.csv_bytes([[lead.pk, "x"]])]
    values: dict[str, Any] = {
        "person": None,
        "via": "cli",
        "at": NOW,
        "options": options,
        "goes_through": True,
    }
    refused(code, uploads.receive, campaign, content, "a.csv", **values)


def test_the_day_of_the_upload_is_that_of_the_campaigns_zone() -> None:
    """At noon in London it is already tomorrow in Kiribati."""
    campaign = make.campaign(time_zone="Pacific/Kiritimati")
    batch = checked(campaign, [make.lead(campaign)])
    tomorrow = TODAY + timedelta(days=1)
    started(batch, reject_from=tomorrow, accept_remaining=True, through=tomorrow)
    assert batch.state == "finished"


@pytest.mark.parametrize(
    ("unnamed", "typed", "starts"),
    [(0, None, True), (100, None, True), (101, None, False), (101, 100, False), (101, 101, True)],
)
def test_more_than_a_hundred_leads_that_the_file_does_not_name_want_their_number_typed(
    unnamed: int, typed: int | None, starts: bool
) -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)])
    values: dict[str, Any] = {"person": None, "unnamed": unnamed, "typed": typed}
    if starts:
        control.start(batch, Options(accept_older=True), **values)
        assert batch.state == "waiting"
    else:
        sentence = refused("number_not_typed", control.start, batch, Options(accept_older=True), **values)
        assert "101" in sentence.detail


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
        {State.FINISHED, State.STOPPED, State.FAILED, State.UNDOING, State.UNDONE},
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


# Stop and continue.


def stopped_after(batch: Batch, chunks: int, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Press Stop while that many chunks are done."""
    from rejections import workflows

    real, seen = workflows._apply_chunk, []

    def counting(*arguments: Any) -> None:
        seen.append(1)
        if len(seen) == chunks + 1:
            control.stop(batch, NOW)
        real(*arguments)

    monkeypatch.setattr(workflows, "_apply_chunk", counting)
    work(batch)
    monkeypatch.undo()
    return batch


@pytest.mark.parametrize("chunks", [0, 1, 2, 3, 4, 5, 6, 7, 8])
def test_a_stopped_batch_goes_on_where_it_stopped(
    chunks: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make.campaign()
    make.cap(campaign, 7)
    leads = [make.lead(campaign) for _ in range(7)]
    older = [make.lead(campaign, days_ago=20 + n) for n in range(4)]
    quarantined = [make.lead(campaign, Q) for _ in range(2)]
    batch = checked(campaign, leads)
    control.start(batch, Options(accept_older=True, free_cap=True), person=None)
    stopped_after(batch, chunks, monkeypatch)
    assert (batch.state, batch.stop_requested) == ("stopped", False)
    rejected = statuses(leads).count(C)
    assert rejected == min(3 * chunks, 7), "rows that were settled stay settled"
    assert sum(numbers(batch)["outcomes"].values()) == rejected
    assert sum(len(d.payload["leads"]) for d in Delivery.objects.all()) == rejected, "suppliers know of them"

    settings.CHUNK_ROWS = 3
    control.resume(batch)
    work(batch)
    assert batch.state == "finished"
    assert statuses(leads + older + quarantined) == [C] * 7 + [A] * 4 + [P] * 2
    assert LeadEvent.objects.count() == 13
    assert sum(len(d.payload["leads"]) for d in Delivery.objects.all()) == 7, "and of none twice"
    assert batch.done == 7


def test_a_waiting_batch_stops_at_once_and_goes_on_when_it_is_continued() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.start(batch, Options(), person=None)
    control.stop(batch, NOW)
    assert work(batch).state == "stopped"
    control.resume(batch)
    assert work(batch).state == "finished"
    assert statuses([lead]) == [C]


def test_stop_pressed_twice_is_pressed_once() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.start(batch, Options(), person=None)
    Batch.objects.update(state=State.APPLYING, step="rows")
    control.stop(batch, NOW)
    control.stop(batch, NOW)
    assert work(batch).state == "stopped"
    refused("wrong_state", control.stop, batch, NOW)


# Failed, and continued.


def test_a_batch_that_stops_its_worker_again_and_again_fails_with_a_sentence_and_can_be_continued(
    settings: Any,
) -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.start(batch, Options(), person=None)
    Batch.objects.update(state=State.APPLYING, step="rows", started_at=NOW)
    for n in range(settings.MAX_ATTEMPTS):
        assert state.claim(batch.pk, f"killed-{n}")
        Batch.objects.update(lease_until=NOW - timedelta(days=1))
    assert work(batch).state == "failed"
    assert (batch.error_code, batch.failed_in) == ("no_progress", "applying")
    assert "Continue" in batch.error
    assert statuses([lead]) == [P]
    control.resume(batch)
    assert (work(batch).state, batch.error, batch.error_code) == ("finished", "", "")
    assert statuses([lead]) == [C]


def test_progress_clears_the_attempts(settings: Any) -> None:
    campaign = make.campaign()
    batch = received(campaign, [make.lead(campaign) for _ in range(20)])
    assert settings.CHUNK_ROWS == 3
    for n in range(5):
        assert state.claim(batch.pk, f"slow-{n}")
        found = state.fence(batch.pk, f"slow-{n}", State.CHECKING)
        state.progress(batch.pk, cursor_at=found.cursor, done=found.done)
        Batch.objects.update(lease_until=NOW - timedelta(days=1))
    assert work(batch).state == "checked"


@pytest.mark.parametrize("failed_in", ["uploaded", "checking", "applying", "undoing"])
def test_continue_goes_on_in_the_state_it_failed_in_whatever_the_page_still_shows(failed_in: str) -> None:
    campaign = make.campaign()
    batch = imported(campaign, [make.lead(campaign)])
    on_the_page = Batch.objects.get(pk=batch.pk)
    Batch.objects.update(state=State.FAILED, failed_in=failed_in, error_code="x", error="y")
    control.resume(on_the_page)
    on_the_page.refresh_from_db()
    assert on_the_page.state == ("waiting" if failed_in == "applying" else failed_in)
    assert on_the_page.failed_in == on_the_page.error == ""


# The sweeper.


def test_the_sweeper_rings_for_what_nobody_works_on() -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)], at=NOW - timedelta(days=400))
    assert sweeping.sweep(NOW - timedelta(days=400)) == [], "checked: it is a person's turn"
    control.start(batch, Options(), person=None)
    assert sweeping.sweep(NOW) == [batch.pk], "its bell was lost"
    assert state.claim(batch.pk, "alive")
    assert sweeping.sweep(NOW) == [], "somebody works on it"
    Batch.objects.update(lease_until=NOW - timedelta(days=400))
    assert sweeping.sweep(NOW) == [batch.pk], "its worker died"


def test_what_was_never_started_goes_after_fourteen_days_with_its_file(settings: Any) -> None:
    campaign = make.campaign()
    old = NOW - timedelta(days=14, seconds=1)

    def upload(at: Any) -> Batch:
        values: dict[str, Any] = {"person": None, "via": "page", "at": at}
        return work(uploads.receive(campaign, [make.csv_bytes([[1, "x"]])], "a.csv", **values))

    forgotten, young = upload(old), upload(NOW - timedelta(days=13))
    started_then = imported(campaign, [make.lead(campaign)], at=old)
    files = {batch.pk: settings.UPLOAD_DIR / batch.file for batch in (forgotten, young)}
    assert all(path.exists() for path in files.values())
    sweeping.sweep(NOW)
    assert set(Batch.objects.values_list("pk", flat=True)) == {young.pk, started_then.pk}
    assert not files[forgotten.pk].exists()
    assert files[young.pk].exists()
    assert not BatchRow.objects.filter(batch_id=forgotten.pk).exists()


# E-mail to who started it.


@pytest.mark.parametrize(
    ("via", "seconds_ago", "told"),
    [
        ("page", None, True),
        ("page", 60, True),
        ("page", 5, False),
        ("cli", None, False),
        ("api", None, False),
    ],
)
def test_who_left_the_page_is_told_by_email_when_it_ended(
    via: str, seconds_ago: int | None, told: bool
) -> None:
    campaign, person = make.campaign(), make.operator()
    batch = work(received(campaign, [make.lead(campaign)], person=person, via=via))
    if seconds_ago is not None:
        Batch.objects.update(seen_at=NOW - timedelta(seconds=seconds_ago))
    started(batch, person=person)
    emails = Delivery.objects.filter(kind="batch_ended")
    assert [(email.person, email.payload["state"]) for email in emails] == (
        [(person, "finished")] if told else []
    )


def test_the_worker_door_takes_a_batch_id_and_no_more() -> None:
    """An old message, of a batch that is no more, is no error."""
    tasks.run_batch(987_654)


def test_campaigns_are_seen_by_their_own_people(db: None) -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)])

    def seen(person: Any) -> bool:
        return Batch.objects.visible_to(person).filter(pk=batch.pk).exists()

    assert seen(make.operator())
    assert seen(make.client_user(campaign.client))
    assert not seen(make.client_user(make.client()))
    assert not seen(make.supplier_user(Lead.objects.get().supplier))
    assert not seen(make.operator(is_active=False))
    assert Campaign.objects.visible_to(make.client_user(campaign.client)).get() == campaign
