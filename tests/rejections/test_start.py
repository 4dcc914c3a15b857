"""Start: which options may be, and what moves when the facts are read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leads.models import Adjustment, Lead, LeadEvent
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status
from rejections import control, uploads
from rejections.models import Batch, BatchRow
from rejections.options import Options
from tests import make
from tests.batches import (
    checked,
    holdings,
    imported,
    numbers,
    outcomes,
    received,
    refused,
    started,
    statuses,
    work,
)
from tests.make import NOW

P, A, R, Q, C = Status.PENDING, Status.ACCEPTED, Status.REJECTED, Status.QUARANTINED, Status.CLIENT_REJECTED
TODAY = NOW.date()

pytestmark = pytest.mark.django_db


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
    assert [(str(a.client_amount), str(a.supplier_amount)) for a in Adjustment.objects.all()] == [
        ("-21.00", "-11.00")
    ]
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
