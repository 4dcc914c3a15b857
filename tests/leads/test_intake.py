"""Leads come in: mapped, stored, judged, deduped, capped; and whatever happens, none is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaigns.models import Agreement, Campaign, Destination, Field, Picklist, PicklistValue, Source
from leads import intake, quarantine, search
from leads.intake import Incoming
from leads.models import Delivery, Lead, LeadEvent, LeadKey, LeadValues
from leads.statuses import Status
from tests import make
from tests.make import NOW
from tests.sessions import threads


@pytest.fixture
def source(db: None) -> Source:
    campaign = make.campaign()
    made = make.source(campaign)
    return Source.objects.select_related("campaign", "supplier").get(pk=made.pk)


def receive(source: Source, *leads: dict[str, str], **given: Any) -> list[intake.Result]:
    return intake.receive(source, [Incoming(values) for values in leads], at=NOW, **given)


GOOD = {"email": "ann@example.org", "phone": "07911 120400", "name": "Ann"}


def test_a_valid_lead_becomes_pending_with_values_keys_and_two_events(source: Source) -> None:
    (result,) = receive(source, GOOD)
    lead = Lead.objects.get(pk=result.lead_id)
    assert (lead.status, lead.valid_at, lead.in_cap, lead.disposition) == ("pending", NOW, True, None)
    assert lead.uid, "a lead without a UID gets one"
    values = lead.values
    assert values.received == GOOD
    assert values.judged["phone"] == "+447911120400"
    assert values.version == 1
    keys = dict(LeadKey.objects.filter(lead=lead).exclude(slot=0).values_list("key", "held"))
    assert keys == {"ann@example.org": True, "+447911120400": True}
    events = LeadEvent.objects.filter(lead=lead).values_list(
        "cause", "from_status", "to_status", "was_values"
    )
    assert list(events) == [("received", "", "processing", None), ("judged", "processing", "pending", None)]


@pytest.mark.parametrize("field", ["email", "name"])
def test_a_value_that_grows_when_it_is_composed_keeps_no_lead_out(source: Source, field: str) -> None:
    grows = "\ufdfa"  # eighteen letters as a word to search by
    values = (f"{grows * 120}@example.org", f"a@ß.{grows * 80}", "😀" * 240 + "@example.org")
    results = receive(source, *({**GOOD, field: value} for value in values), GOOD)
    assert Lead.objects.filter(pk__in=[one.lead_id for one in results], status="processing").count() == 0
    staff = make.operator()
    for value in values:
        list(Lead.objects.filter(search.named(value, staff)))  # nor is asking for it an error


def test_an_invalid_lead_is_stored_rejected_with_every_failure(source: Source) -> None:
    (result,) = receive(source, {**GOOD, "email": "not an address", "phone": "12"})
    lead = Lead.objects.select_related("disposition").get(pk=result.lead_id)
    assert (lead.status, lead.disposition.code) == ("rejected", "REJECT_LEAD_INVALID_EMAIL")
    assert [failure["field"] for failure in lead.values.failures] == ["email", "phone"]
    assert (lead.valid_at, lead.in_cap) == (None, False)
    assert not LeadKey.objects.filter(lead=lead, held=True).exists()


def test_of_two_with_one_key_the_first_wins_in_the_file_and_in_the_house(source: Source) -> None:
    first, second = receive(source, GOOD, {**GOOD, "phone": "07911 120401", "name": "Ann too"})
    (third,) = receive(source, {**GOOD, "email": "other@example.org"})
    assert first.status == Status.PENDING
    assert (second.status, second.code) == (Status.REJECTED, "REJECT_LEAD_DUPLICATE")
    assert (third.status, third.code) == (Status.REJECTED, "REJECT_LEAD_DUPLICATE")


def test_the_key_of_a_rejected_lead_is_free(source: Source) -> None:
    receive(source, {**GOOD, "phone": "12"})
    (result,) = receive(source, GOOD)
    assert result.status == Status.PENDING


def test_without_a_return_window_a_valid_lead_is_accepted_at_once(source: Source) -> None:
    Campaign.objects.update(return_window_days=None)
    source.campaign.refresh_from_db()
    (result,) = receive(source, GOOD)
    assert Lead.objects.get(pk=result.lead_id).accepted_at == NOW


def test_a_full_cap_sends_the_rest_to_quarantine_which_hold_their_keys(source: Source) -> None:
    make.cap(source.campaign, 1, supplier=source.supplier)
    first, second = receive(source, GOOD, {"email": "b@example.org"})
    assert [first.status, second.status] == [Status.PENDING, Status.QUARANTINED]
    assert second.code == "CAP_REACHED"
    (again,) = receive(source, {"email": "b@example.org"})
    assert again.code == "REJECT_LEAD_DUPLICATE"


def test_a_lead_of_last_month_takes_last_months_place(source: Source) -> None:
    make.cap(source.campaign, 1)
    old = Incoming({"email": "old@example.org"}, received_at=NOW - timedelta(days=31))
    results = intake.receive(source, [old, Incoming(GOOD)], at=NOW)
    assert [one.status for one in results] == [Status.PENDING, Status.PENDING]


def test_price_and_payout_are_those_agreed_when_the_lead_came_in(source: Source) -> None:
    Agreement.objects.create(
        campaign=source.campaign,
        supplier=source.supplier,
        starts_on=NOW.date() - timedelta(days=2),
        price="20.00",
        payout="12.00",
    )
    old = Incoming({"email": "old@example.org"}, received_at=NOW - timedelta(days=3))
    oldest = Incoming({"email": "oldest@example.org"}, received_at=NOW - timedelta(days=4000))
    ids = [one.lead_id for one in intake.receive(source, [Incoming(GOOD), old, oldest], at=NOW)]
    prices = [Lead.objects.get(pk=pk).price for pk in ids]
    assert prices == [Decimal("20.00"), Decimal("18.00"), Decimal("18.00")]


def test_without_an_agreement_nothing_is_received(source: Source) -> None:
    Agreement.objects.all().delete()
    with pytest.raises(intake.NotAgreed):
        receive(source, GOOD)
    assert not Lead.objects.exists()


def test_a_lead_that_crashes_the_judge_is_kept_as_system_error(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leads import door

    real = door.judge

    def crash(spec: Any, values: Any) -> Any:
        if values["name"] == "Boom":
            raise RuntimeError("boom")
        return real(spec, values)

    monkeypatch.setattr(door, "judge", crash)
    bad, good = receive(source, {"email": "x@example.org", "name": "Boom"}, GOOD)
    assert (bad.status, bad.code) == (Status.REJECTED, "REJECT_LEAD_SYSTEM_ERROR")
    assert LeadValues.objects.get(lead=bad.lead_id).received["name"] == "Boom"
    assert good.status == Status.PENDING


def test_a_lead_that_cannot_be_settled_does_not_take_the_others_along(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leads import door

    real = door.keys_of

    def crash(agreed: Any, verdict: Any) -> Any:
        if verdict.judged["name"] == "Boom":
            raise RuntimeError("boom")
        return real(agreed, verdict)

    monkeypatch.setattr(door, "keys_of", crash)
    bad, good = receive(source, {"email": "x@example.org", "name": "Boom"}, GOOD)
    assert (bad.status, bad.code) == (Status.REJECTED, "REJECT_LEAD_SYSTEM_ERROR")
    assert good.status == Status.PENDING


def test_a_lead_that_cannot_even_be_given_up_waits_and_holds_up_no_other(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake.statements.settle

    def crash(cause: Any, found: Any, **given: Any) -> Any:
        if any(one.received["name"] == "Boom" for one in found):
            raise RuntimeError("boom")
        return real(cause, found, **given)

    with monkeypatch.context() as broken:
        broken.setattr(intake.statements, "settle", crash)
        bad, good = receive(source, {"email": "x@example.org", "name": "Boom"}, GOOD)
        assert (bad.status, good.status) == (Status.PROCESSING, Status.PENDING)
    assert intake.judge_stuck(NOW + timedelta(minutes=16)) == 1
    assert Lead.objects.get(pk=bad.lead_id).status == Status.PENDING


def test_what_was_received_and_never_judged_is_judged_later(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(intake, "judge", lambda *given, **named: [])
        (result,) = receive(source, GOOD)
    assert result.status == Status.PROCESSING
    assert intake.judge_stuck(NOW + timedelta(minutes=14)) == 0
    assert intake.judge_stuck(NOW + timedelta(minutes=16)) == 1
    assert Lead.objects.get().status == Status.PENDING
    assert Lead.objects.get().valid_at == NOW, "a lead becomes valid when it was received"
    assert intake.judge_stuck(NOW + timedelta(minutes=17)) == 0


def test_hostile_texts_are_stored(source: Source) -> None:
    (result,) = receive(source, {"name": "a\x00b\ud800" + "x" * 200_000, "weird\x00": "=1+1"})
    stored = LeadValues.objects.get(lead=result.lead_id).received
    assert stored["name"].startswith("a\ufffdb\ufffd")
    assert stored["weird\ufffd"] == "=1+1"


def test_a_picklist_of_the_campaign_is_looked_into(source: Source) -> None:
    picklist = Picklist.objects.create(client=source.campaign.client, name="Countries")
    PicklistValue.objects.create(picklist=picklist, value="United States", folded="united states")
    Field.objects.create(
        campaign=source.campaign, name="land", label="Land", kind="picklist", picklist=picklist, position=9
    )
    fine, bad = receive(source, {"land": "UNITED  STATES"}, {"land": "U.S.A."})
    assert LeadValues.objects.get(lead=fine.lead_id).judged["land"] == "United States"
    assert bad.code == "REJECT_LEAD_INVALID_LIST_VALUE"


def test_a_valid_lead_waits_for_the_push_to_the_destination(source: Source) -> None:
    Destination.objects.create(campaign=source.campaign, url="https://crm.example.org/leads")
    good, _ = receive(source, GOOD, {"email": "broken"})
    pushed = Delivery.objects.get()
    assert (pushed.lead_id, pushed.channel, pushed.status) == (good.lead_id, "destination", "pending")


def test_a_new_period_and_a_raised_cap_release_the_quarantine(source: Source) -> None:
    cap = make.cap(source.campaign, 1, "day")
    receive(source, *({"email": f"n{n}@example.org"} for n in range(4)))
    assert quarantine.tend(NOW) == 0
    cap.limit = 2
    cap.save()
    assert quarantine.tend(NOW) == 1
    assert quarantine.tend(NOW + timedelta(days=1)) == 2


def test_leads_kept_in_quarantine_too_long_are_rejected_and_let_go_of_their_keys(source: Source) -> None:
    make.cap(source.campaign, 0, "total")
    (result,) = receive(source, GOOD)
    assert quarantine.tend(NOW + timedelta(days=30)) == 0
    assert quarantine.tend(NOW + timedelta(days=30, seconds=1)) == 1
    lead = Lead.objects.select_related("disposition").get(pk=result.lead_id)
    assert (lead.status, lead.disposition.code) == ("rejected", "CAP_EXPIRED")
    assert lead.reason == "Kept in quarantine for 30 days: the cap had no room"
    assert lead.values.failures[0]["code"] == "CAP_EXPIRED"
    assert not LeadKey.objects.filter(held=True).exists()


@pytest.mark.django_db(transaction=True)
def test_twenty_intakes_race_for_the_last_five_places_and_the_same_key() -> None:
    campaign = make.campaign()
    made = make.source(campaign)
    source = Source.objects.select_related("campaign", "supplier").get(pk=made.pk)
    make.cap(campaign, 5)
    make.cap(campaign, 100, "day", source.supplier)
    with threads(20) as start:
        racing = [
            start(receive, source, {"email": f"n{n}@example.org"}, {"email": "same@example.org"})
            for n in range(20)
        ]
        results = [result for one in racing for result in one.result()]
    statuses = [result.status for result in results]
    assert statuses.count(Status.PENDING) == 5
    assert statuses.count(Status.QUARANTINED) == 16
    assert statuses.count(Status.REJECTED) == 19
    assert Lead.objects.filter(in_cap=True).count() == 5
