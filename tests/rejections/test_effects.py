"""What rejections bring about beside themselves: affiliate events, cap slots, money."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import AffiliateEvent
from leads.statuses import Status
from rejections import control
from rejections.effects import effects
from rejections.models import Batch
from rejections.options import Options
from tests import make
from tests.batches import checked, imported, numbers, started, statuses, undone, work
from tests.make import NOW

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED
TODAY = NOW.date()

pytestmark = pytest.mark.django_db


# Reject affiliate events.


def test_open_affiliate_events_of_rejected_leads_are_rejected_and_no_others() -> None:
    campaign = make.campaign()
    pending, accepted = make.lead(campaign), make.lead(campaign, A)
    final, named, older = (
        make.lead(campaign, A, is_final=True),
        make.lead(campaign),
        make.lead(campaign, days_ago=9),
    )
    rejected = [make.affiliate_event(pending), make.affiliate_event(accepted, "approved")]
    untouched = [
        make.affiliate_event(pending, "rejected"),
        make.affiliate_event(pending, is_final=True),
        make.affiliate_event(final),
        make.affiliate_event(named),
        make.affiliate_event(older),
    ]
    before = list(AffiliateEvent.objects.filter(pk__in=[e.pk for e in untouched]).order_by("pk").values())
    rows = [pending, accepted, final, (named, "")]
    batch = imported(campaign, rows, reject_affiliate_events=True, accept_older=True)
    assert (
        list(AffiliateEvent.objects.filter(pk__in=[e.pk for e in untouched]).order_by("pk").values())
        == before
    )
    fields = ("status", "was_status", "batch_id")
    changed = (
        AffiliateEvent.objects.filter(pk__in=[e.pk for e in rejected]).order_by("pk").values_list(*fields)
    )
    assert list(changed) == [("rejected", "pending", batch.pk), ("rejected", "approved", batch.pk)]
    assert numbers(batch)["affiliate_events_rejected"] == 2


def test_affiliate_events_of_many_leads_are_rejected_across_chunks(settings: Any) -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(settings.CHUNK_ROWS * 2 + 1)]
    for lead in leads:
        make.affiliate_event(lead)
        make.affiliate_event(lead, "approved")
    batch = imported(campaign, leads, reject_affiliate_events=True)
    assert numbers(batch)["affiliate_events_rejected"] == len(leads) * 2


def test_affiliate_events_of_a_lead_put_back_meanwhile_stay_open() -> None:
    """Stopped, one row undone, continued: that lead is not rejected by this batch any more."""
    campaign = make.campaign()
    back, stays = make.lead(campaign), make.lead(campaign)
    for lead in (back, stays):
        make.affiliate_event(lead)
    batch = imported(campaign, [back, stays])
    Batch.objects.update(
        state="stopped", step="rows", options=Options(reject_affiliate_events=True).to_json()
    )
    undone(batch, lines=[1])
    control.resume(batch)
    work(batch)
    found = dict(AffiliateEvent.objects.values_list("lead_id", "status"))
    assert found == {back.pk: "pending", stays.pk: "rejected"}


# Count these rejections towards the cap.


def test_slots_are_given_back_in_the_leads_own_period_and_quarantine_moves_up() -> None:
    campaign = make.campaign(return_window_days=60)
    make.cap(campaign, 3, "month")
    this_month = [make.lead(campaign, days_ago=days) for days in (1, 2, 3)]
    last_month = make.lead(campaign, days_ago=40)
    waiting = [make.lead(campaign, Q, days_ago=days) for days in (1, 5, 3)]
    batch = checked(campaign, [this_month[0], this_month[1], last_month])
    predicted = effects(batch, Options(free_cap=True), NOW)
    started(batch, free_cap=True)
    assert statuses(waiting) == [Q, P, P], "the two oldest: a slot of last month lets nobody in today"
    found = numbers(batch)
    assert (found["cap_slots_freed"], found["quarantine_released"]) == (3, 2)
    (cap,) = predicted.caps
    assert (cap.used, cap.freed, predicted.rejecting.slots) == (3, 2, 3)


def test_without_the_option_the_slots_stay_used_and_nobody_moves_up() -> None:
    campaign = make.campaign()
    make.cap(campaign, 1)
    lead, waiting = make.lead(campaign), make.lead(campaign, Q)
    batch = imported(campaign, [lead])
    assert statuses([waiting]) == [Q]
    assert (numbers(batch)["cap_slots_freed"], numbers(batch)["quarantine_released"]) == (0, 0)


def test_a_lead_that_had_no_slot_gives_none_back() -> None:
    campaign = make.campaign()
    make.cap(campaign, 1)
    lead = make.lead(campaign, in_cap=False)
    assert numbers(imported(campaign, [lead], free_cap=True))["cap_slots_freed"] == 0


def test_quarantined_leads_that_move_up_are_not_accepted_as_remaining() -> None:
    """Closing order: remaining before quarantine. And they became valid after the upload."""
    campaign = make.campaign()
    make.cap(campaign, 1)
    lead, waiting = make.lead(campaign), make.lead(campaign, Q)
    imported(campaign, [lead], free_cap=True, accept_older=True, accept_remaining=True, through=TODAY)
    assert statuses([lead, waiting]) == [C, P]


def test_many_quarantined_leads_move_up_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.quarantine.CHUNK", 2)
    campaign = make.campaign()
    waiting = [make.lead(campaign, Q) for _ in range(5)]
    batch = imported(campaign, [make.lead(campaign)], free_cap=True)
    assert statuses(waiting) == [P] * 5
    assert numbers(batch)["quarantine_released"] == 5


# Money.


def test_three_sums_and_never_one_net() -> None:
    campaign = make.campaign()
    pending = make.lead(campaign, price="10.10")
    accepted = make.lead(campaign, A, price="20.20")
    final = make.lead(campaign, A, is_final=True, price="40.40")
    make.lead(campaign, days_ago=9, price="80.80")
    batch = checked(campaign, [pending, accepted, final])
    expected = {"not_billed": "10.10", "credited": "60.60", "billed": "80.80"}
    before = effects(batch, Options(accept_older=True), NOW)
    assert str(before.rejecting.not_billed) == expected["not_billed"]
    assert str(before.rejecting.credited) == expected["credited"]
    assert str(before.billed) == expected["billed"]
    started(batch, accept_older=True)
    assert numbers(batch)["money"] == expected


def test_a_final_lead_that_was_credited_before_is_not_shown_as_credited_again() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, A, is_final=True)
    imported(campaign, [lead])
    again = checked(campaign, [lead])
    assert effects(again, Options(), NOW).rejecting.credited == 0
    assert numbers(started(again))["money"]["credited"] == "0.00"


def test_suppliers_see_what_each_of_them_loses() -> None:
    campaign = make.campaign()
    one, two = make.source(campaign), make.source(campaign)
    rows = [
        make.lead(campaign, source=one),
        *(make.lead(campaign, source=two, payout="7.50") for _ in range(2)),
    ]
    found = effects(checked(campaign, rows), Options(), NOW).by_supplier
    assert [(effect.supplier_id, effect.leads, str(effect.payout)) for effect in found] == [
        (two.supplier_id, 2, "15.00"),
        (one.supplier_id, 1, "11.00"),
    ]
