"""Undo of a batch, or of some of its rows: what goes back, what is kept and named, who is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Agreement
from leads.models import Delivery, Lead, LeadEvent
from leads.statuses import Status
from rejections import control, undo
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql import state
from tests import make
from tests.batches import checked, holdings, imported, numbers, outcomes, started, statuses, undone, work
from tests.make import NOW

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED
TODAY = NOW.date()

pytestmark = pytest.mark.django_db


def everything(campaign: Any) -> dict[str, Any]:
    """One of each, and an import that moves them under every option."""
    leads = {
        "pending": make.lead(campaign),
        "accepted": make.lead(campaign, A, days_ago=2),
        "final": make.lead(campaign, A, is_final=True),
        "older": make.lead(campaign, days_ago=40),
        "remaining": make.lead(campaign, days_ago=3),
    }
    for lead in leads.values():
        make.affiliate_event(lead, "approved")
    return leads


OPTIONS: dict[str, Any] = {
    "accept_older": True,
    "accept_remaining": True,
    "through": TODAY,
    "reject_affiliate_events": True,
    "free_cap": True,
}


def test_everything_goes_back_to_exactly_what_it_was() -> None:
    campaign = make.campaign()
    leads = everything(campaign)
    before = holdings()
    batch = imported(campaign, [leads["pending"], leads["accepted"], leads["final"]], **OPTIONS)
    assert statuses(list(leads.values())) == [C, C, A, A, A]
    assert undone(batch).state == "undone"
    assert holdings() == before
    assert (batch.kept, batch.done) == ({}, 5)


def test_undo_twice_is_once_and_the_second_is_told() -> None:
    campaign = make.campaign()
    batch = imported(campaign, [make.lead(campaign) for _ in range(5)])
    undone(batch)
    after, events = holdings(), LeadEvent.objects.count()
    for lines in (None, [1]):
        with pytest.raises(Refused) as refused:
            control.undo(batch, person=None, lines=lines, at=NOW)
        assert (refused.value.code, "Undone now" in refused.value.title) == ("wrong_state", True)
    assert work(batch).state == "undone"
    assert (holdings(), LeadEvent.objects.count()) == (after, events)


@pytest.mark.parametrize(
    ("asked", "lines", "put_back"),
    [
        pytest.param([[2], None], None, [1, 2, 3, 4], id="all while some"),
        pytest.param([[2, 3], [4, 2]], [2, 3, 4], [2, 3, 4], id="more rows"),
        pytest.param([[2, 3], [2]], [2, 3], [2, 3], id="rows that are asked for already"),
        pytest.param([None, [2]], None, [1, 2, 3, 4], id="some while all"),
    ],
)
@pytest.mark.parametrize("chunks", [0, 1])
def test_what_is_asked_while_it_is_taken_back_is_taken_back_too(
    asked: list[list[int] | None],
    lines: list[int] | None,
    put_back: list[int],
    chunks: int,
    settings: Any,
) -> None:
    settings.CHUNK_ROWS = 2
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(5)]
    batch = imported(campaign, leads)
    Lead.objects.filter(pk=leads[4].pk).update(is_final=True)
    control.undo(batch, person=None, lines=asked[0], at=NOW)
    for _ in range(chunks):
        assert state.claim(batch.pk, "one")
        undo.chunk(batch.pk, "one", NOW)
        state.release(batch.pk, "one")
    control.undo(batch, person=None, lines=asked[1], at=NOW)
    assert (batch.state, batch.undo_lines) == ("undoing", lines)
    work(batch)
    assert batch.state == ("undone" if lines is None else "finished")
    assert [at for at, status in enumerate(statuses(leads), start=1) if status == P] == put_back
    assert batch.kept == ({"month_closed": 1} if lines is None else {})
    assert LeadEvent.objects.filter(cause="undone").count() == len(put_back)


def test_rows_that_moved_nothing_are_refused_while_others_are_taken_back() -> None:
    campaign = make.campaign()
    batch = imported(campaign, [make.lead(campaign), "x", make.lead(campaign)])
    control.undo(batch, person=None, lines=[1], at=NOW)
    for lines in ([2], [1, 77], []):
        with pytest.raises(Refused, match="None of these rows"):
            control.undo(batch, person=None, lines=lines, at=NOW)
    assert (work(batch).state, batch.kept) == ("finished", {})


def test_selected_rows_go_back_and_the_batch_stays_what_it_was() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(5)]
    batch = imported(campaign, [*leads, "x"])
    undone(batch, lines=[2, 4, 6])
    assert (batch.state, batch.undo_lines) == ("finished", None)
    assert statuses(leads) == [C, P, C, P, C]
    assert batch.done == batch.rows == 6, "progress counts its rows"
    assert undone(batch).state == "undone"
    assert statuses(leads) == [P] * 5


def test_rows_whose_undo_failed_go_along_with_those_asked_for_next() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(4)]
    batch = imported(campaign, leads)
    control.undo(batch, person=None, lines=[1, 2], at=NOW)
    Batch.objects.update(state="failed", failed_in="undoing", error_code="x", error="y")
    batch.refresh_from_db()
    assert control.unfinished_undo(batch) == [1, 2]
    undone(batch, lines=[4])
    assert statuses(leads) == [P, P, C, P]
    assert (batch.state, batch.undo_lines) == ("finished", None), "as it ended before the undo that failed"
    assert control.unfinished_undo(batch) == []


@pytest.mark.parametrize("again", [control.resume, lambda batch: undone(batch, lines=[1])])
def test_a_run_that_failed_goes_on_where_it_failed_after_an_undo_that_failed_too(
    again: Callable[[Batch], object], settings: Any
) -> None:
    settings.CHUNK_ROWS = 2
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(4)]
    batch = imported(campaign, leads[:2])
    Batch.objects.update(state="failed", failed_in="applying", step="rows")
    batch.refresh_from_db()
    control.undo(batch, person=None, lines=[1], at=NOW)
    Batch.objects.update(state="failed", failed_in="undoing", error_code="x", error="y")
    batch.refresh_from_db()
    again(batch)
    work(batch)
    assert statuses(leads) == [P, C, P, P]
    assert (batch.state, batch.failed_in) == ("failed", "applying")
    control.resume(batch)
    work(batch)
    assert (batch.state, statuses(leads)) == ("finished", [P, C, P, P]), (
        "the rest is done, and nothing read anew"
    )


def test_rows_that_moved_nothing_cannot_be_undone() -> None:
    campaign = make.campaign()
    batch = imported(campaign, [make.lead(campaign), "x"])
    for lines in ([2], [], [77]):
        with pytest.raises(Refused) as refused:
            control.undo(batch, person=None, lines=lines, at=NOW)
        assert refused.value.code == "nothing_to_undo"
    batch.refresh_from_db()
    assert batch.state == "finished"


def test_a_stopped_batch_is_undone_as_far_as_it_came_and_can_go_on_after_some_rows() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(8)]
    batch = imported(campaign, leads[:6])
    # Two more rows than were settled: as if it had been stopped after the sixth.
    batch.lines.model.objects.bulk_create(
        [batch.lines.model(batch=batch, line=line, cells=[str(lead.pk), "x"], key=str(lead.pk), lead_id=lead.pk,
                           valid_at=lead.valid_at, outcome="rejected") for line, lead in ((7, leads[6]), (8, leads[7]))]
    )  # fmt: skip
    Batch.objects.update(state="stopped", step="rows", rows=8)
    undone(batch, lines=[1, 2])
    assert (batch.state, batch.done) == ("stopped", 6), "six of eight rows are settled"
    control.resume(batch)
    work(batch)
    assert (batch.state, batch.done) == ("finished", 8)
    assert statuses(leads) == [P, P, C, C, C, C, C, C], "what was put back stays put back"


def test_what_is_kept_is_named_with_who_changed_it_since() -> None:
    campaign, person = make.campaign(), make.operator()
    lead, final = make.lead(campaign, days_ago=9), make.lead(campaign, A)
    batch = imported(campaign, [final], accept_older=True)
    Lead.objects.filter(pk=final.pk).update(is_final=True)
    later = checked(campaign, [lead])
    Batch.objects.filter(pk=later.pk).update(created_by=person)
    later.refresh_from_db()
    started(later, person=person, reject_from=TODAY - timedelta(days=5))
    undone(batch)
    assert (batch.state, batch.kept) == ("undone", {"changed_since": 1, "month_closed": 1})
    assert statuses([lead, final]) == [C, C]
    told = {kept.lead_id: kept.words for kept in undo.kept_leads(batch, 10, person)}
    assert f"by {person.full_name}, import {later.pk}" in told[lead.pk]
    assert told[final.pk] == "its month is closed"
    client = make.client_user(campaign.client)
    said = {kept.lead_id: kept.words for kept in undo.kept_leads(batch, 10, client)}[lead.pk]
    assert f"by an operator, import {later.pk}" in said
    assert person.username not in said, "another side's people are not named"


def test_later_batches_that_found_them_already_rejected_are_named() -> None:
    campaign = make.campaign()
    lead, other = make.lead(campaign), make.lead(campaign)
    batch = imported(campaign, [lead])
    later, unrelated = imported(campaign, [lead]), imported(campaign, [other])
    assert outcomes(later) == ["already_rejected"]
    undone(batch)
    assert undo.naming_later(batch) == [later]
    assert undo.naming_later(unrelated) == []


def test_the_forecast_is_what_undo_then_does() -> None:
    campaign = make.campaign()
    leads = everything(campaign)
    batch = imported(campaign, [leads["pending"], leads["accepted"], leads["final"]], **OPTIONS)
    Lead.objects.filter(pk=leads["accepted"].pk).update(is_final=True)
    imported(campaign, [leads["remaining"]])
    forecast = undo.forecast(batch, None)
    assert (forecast.restored, forecast.told) == (3, True)
    assert dict(forecast.kept) == {"its month is closed": 1, "moved or edited since": 1}
    undone(batch)
    assert sum(batch.kept.values()) == 2
    assert LeadEvent.objects.filter(batch_id=batch.pk, cause="undone").count() == forecast.restored
    assert undo.forecast(batch, None).restored == 0


def test_an_undone_import_can_be_done_again() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    undone(imported(campaign, [lead]))
    again = imported(campaign, [lead])
    assert outcomes(again) == ["rejected"]
    undone(again)
    assert statuses([lead]) == [P]


def test_who_undid_it_stands_in_the_history() -> None:
    campaign, person = make.campaign(), make.operator()
    batch = imported(campaign, [make.lead(campaign)])
    undone(batch, person=person)
    assert LeadEvent.objects.latest("id").actor == batch.undone_by == person


def test_suppliers_hear_of_the_undo_of_what_they_were_told() -> None:
    campaign = make.campaign()
    portal, webhook = make.source(campaign), make.source(campaign)
    Agreement.objects.filter(supplier=webhook.supplier).update(channel="webhook")
    leads = [make.lead(campaign, source=source) for source in (portal, webhook)]
    batch = imported(campaign, leads)
    undone(batch)
    notices = Delivery.objects.order_by("id").values_list("kind", "channel", "status")
    assert sorted(notices) == [
        ("rejections", "portal", "sent"),
        ("rejections", "webhook", "cancelled"),
        ("retractions", "portal", "sent"),
    ]


def test_a_released_lead_is_not_sent_back_to_quarantine() -> None:
    campaign = make.campaign()
    cap = make.cap(campaign, 1)
    lead, waiting = make.lead(campaign), make.lead(campaign, Q)
    batch = imported(campaign, [lead], free_cap=True)
    undone(batch)
    assert statuses([lead, waiting]) == [P, P]
    assert Lead.objects.filter(in_cap=True).count() == 2 > cap.limit
    another = make.lead(campaign, Q)
    rejected = make.lead(campaign)
    imported(campaign, [rejected], free_cap=True)
    assert statuses([another]) == [Q], "nothing enters until the cap is below its limit"


def test_two_overlapping_imports_undone_in_reverse_order_leave_no_trace() -> None:
    campaign = make.campaign()
    leads = everything(campaign)
    before = holdings()
    first = imported(campaign, [leads["pending"], leads["final"]], **OPTIONS)
    between = holdings()
    second = imported(campaign, list(leads.values()), reject_affiliate_events=True, free_cap=True)
    undone(second)
    assert holdings() == between
    undone(first)
    assert holdings() == before


def test_in_the_other_order_what_overlaps_is_kept_until_the_later_one_is_undone() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, days_ago=3)
    before = holdings()
    first = imported(campaign, ["1"], accept_remaining=True, through=TODAY)
    second = imported(campaign, [lead])
    undone(first)
    assert (statuses([lead]), first.kept) == ([C], {"changed_since": 1})
    undone(second)
    assert statuses([lead]) == [A]
    assert numbers(first)["state"] == "undone"
    assert holdings() != before, "the first was asked once, and kept it"


def test_a_batch_that_never_started_is_undone_without_a_move() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    Batch.objects.update(state="failed", failed_in="checking")
    assert undone(batch).state == "undone"
    assert statuses([lead]) == [P]
    assert not LeadEvent.objects.exists()
