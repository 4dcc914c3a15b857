"""Every option of a rejection import, exactly; and close-outs without a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Campaign
from leads.models import AffiliateEvent, Delivery, Lead, LeadEvent
from leads.statuses import Status
from rejections import control, uploads
from rejections.effects import effects
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from tests import make
from tests.batches import checked, holdings, imported, numbers, outcomes, started, statuses, undone, work
from tests.make import NOW

P, A, R, Q, C = (
    Status.PENDING,
    Status.ACCEPTED,
    Status.REJECTED,
    Status.QUARANTINED,
    Status.CLIENT_REJECTED,
)
TODAY = NOW.date()
#: Maximum rejection days are seven and the upload is on the 22nd: the window opens with the 15th.
OPENS = datetime(2026, 11, 15, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


def destined(lead: Lead, status: str) -> None:
    """A delivery of the lead to the client's own system."""
    Delivery.objects.create(
        kind="rejections", channel="destination", status=status, lead=lead, created_at=NOW
    )


# No option.


def test_without_options_an_import_moves_nothing_but_its_rows() -> None:
    campaign = make.campaign()
    make.cap(campaign, 5)
    rejected, left_alone = make.lead(campaign), make.lead(campaign, days_ago=30)
    quarantined = make.lead(campaign, Q)
    event = make.affiliate_event(rejected)
    batch = imported(campaign, [rejected])
    assert statuses([rejected, left_alone, quarantined]) == [C, P, Q]
    assert AffiliateEvent.objects.get() == event
    assert AffiliateEvent.objects.get().status == "pending"
    assert Lead.objects.get(pk=rejected.pk).in_cap is True
    assert numbers(batch) == {
        "batch": batch.pk,
        "kind": "rejection",
        "state": "finished",
        "rows": 1,
        "outcomes": {"rejected": 1},
        "accepted_older": 0,
        "accepted_remaining": 0,
        "held_back": 0,
        "affiliate_events_rejected": 0,
        "cap_slots_freed": 0,
        "quarantine_released": 0,
        "money": {"not_billed": "18.00", "credited": "0.00", "billed": "0.00"},
    }


# Move leads older than maximum rejected date to accepted.


def test_older_leads_are_accepted_named_by_the_file_or_not() -> None:
    campaign, other = make.campaign(), make.campaign()
    named, unnamed = make.lead(campaign, days_ago=9), make.lead(campaign, days_ago=90)
    last_out, first_in = make.lead(campaign, at=OPENS - MOMENT), make.lead(campaign, at=OPENS)
    foreign = make.lead(other, days_ago=90)
    quarantined = make.lead(campaign, Q, days_ago=90)
    batch = imported(campaign, [named, first_in], accept_older=True)
    leads = [named, unnamed, last_out, first_in, foreign, quarantined]
    assert statuses(leads) == [A, A, A, C, P, Q]
    assert outcomes(batch) == ["outside_window", "rejected"]
    assert numbers(batch)["accepted_older"] == 3
    assert numbers(batch)["money"] == {"not_billed": "18.00", "credited": "0.00", "billed": "54.00"}
    event = LeadEvent.objects.get(lead=unnamed)
    assert (event.cause, event.line, event.batch_id) == ("accepted_older", None, batch.pk)
    assert Lead.objects.get(pk=unnamed.pk).accepted_at == NOW


def test_older_counts_from_reject_from() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, days_ago=days) for days in (1, 8, 13, 18)]
    imported(campaign, ["1"], accept_older=True, reject_from=TODAY - timedelta(days=7))
    assert statuses(leads) == [P, P, P, A]


def test_older_accepts_what_the_rows_could_not_decide_too() -> None:
    """The window is closed for them: whatever the file says, they can no longer be rejected."""
    campaign = make.campaign()
    blank = make.lead(campaign, days_ago=9)
    one, two = (make.lead(campaign, days_ago=9, uid="7f01") for _ in range(2))
    imported(campaign, [(blank, "")], accept_older=True)
    assert statuses([blank, one, two]) == [A, A, A]


# Move any remaining leads to accepted.


def test_remaining_leads_are_accepted_up_to_the_last_instant_of_the_through_date() -> None:
    campaign, other = make.campaign(), make.campaign()
    end = datetime(2026, 11, 21, tzinfo=UTC)
    inside, outside = make.lead(campaign, at=end - MOMENT), make.lead(campaign, at=end)
    rejected, old = make.lead(campaign, at=end - MOMENT), make.lead(campaign, days_ago=300)
    foreign = make.lead(other, at=end - MOMENT)
    batch = imported(campaign, [rejected], accept_remaining=True, through=end.date() - timedelta(days=1))
    assert statuses([inside, outside, rejected, old, foreign]) == [A, P, C, A, P]
    assert (numbers(batch)["accepted_remaining"], numbers(batch)["accepted_older"]) == (2, 0)


def test_the_through_date_ends_in_the_campaigns_zone() -> None:
    campaign = make.campaign(time_zone="America/New_York")
    end = datetime(2026, 11, 21, 5, tzinfo=UTC)
    inside, outside = make.lead(campaign, at=end - MOMENT), make.lead(campaign, at=end)
    imported(campaign, ["1"], accept_remaining=True, through=TODAY - timedelta(days=2))
    assert statuses([inside, outside]) == [A, P]


def test_a_lead_that_became_valid_after_the_upload_stays_pending() -> None:
    campaign = make.campaign()
    before, after = make.lead(campaign, at=NOW - MOMENT), make.lead(campaign, at=NOW)
    batch = checked(campaign, ["1"])
    started(batch, at=NOW + timedelta(hours=2), accept_remaining=True, through=TODAY)
    assert statuses([before, after]) == [A, P]


def test_remaining_accepts_leads_the_file_names_and_does_not_reject() -> None:
    campaign = make.campaign()
    make.phrase(campaign.client, "No contact", "CLIENT_NO_CONTACT")
    outside, no_ground = make.lead(campaign, days_ago=9), make.lead(campaign)
    batch = imported(campaign, [outside, (no_ground, "No contact")], accept_remaining=True, through=TODAY)
    assert outcomes(batch) == ["outside_window", "reason_not_returnable"]
    assert statuses([outside, no_ground]) == [A, A]
    assert (numbers(batch)["accepted_remaining"], numbers(batch)["held_back"]) == (2, 0)


def test_what_the_file_left_open_is_held_back() -> None:
    """Nobody is billed for a lead whose row has not said its last word."""
    campaign = make.campaign()
    blank = make.lead(campaign, uid="blank")
    one, two = (make.lead(campaign, uid="twice") for _ in range(2))
    suggested = make.lead(campaign, uid="447911204418")
    waiting, failed, sent, cancelled = (make.lead(campaign) for _ in range(4))
    for lead, status in ((waiting, "pending"), (failed, "failed"), (sent, "sent"), (cancelled, "cancelled")):
        destined(lead, status)
    late = make.lead(campaign, uid="late", valid_at=NOW - timedelta(days=9))
    rows = [("blank", ""), ("twice", "x"), ("4.47911E+11", "x"), ("late", "x")]
    batch = checked(campaign, rows, identifier="uid")
    Lead.objects.filter(pk=late.pk).update(valid_at=NOW - timedelta(days=1))
    predicted = effects(batch, Options(accept_remaining=True, through=TODAY), NOW)
    started(batch, accept_remaining=True, through=TODAY)
    assert outcomes(batch) == ["blank_reason", "ambiguous", "needs_review", "changed_meanwhile"]
    held = [blank, one, two, suggested, waiting, failed, late]
    assert statuses([*held, sent, cancelled]) == [P] * len(held) + [A, A]
    assert numbers(batch)["held_back"] == len(held)
    assert predicted.held_back == len(held) - 1, "only what changed after the check could not be known"


def test_a_blank_reason_outside_the_window_holds_nothing_back() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, days_ago=9)
    batch = imported(campaign, [(lead, "")], accept_remaining=True, through=TODAY)
    assert outcomes(batch) == ["outside_window"]
    assert statuses([lead]) == [A]
    assert numbers(batch)["held_back"] == 0


def test_a_suggestion_that_a_person_skipped_holds_nothing_back() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, uid="447911204418")
    batch = checked(campaign, ["4.47911E+11"], identifier="uid")
    control.review(batch, accept=[], skip=[1])
    started(batch, accept_remaining=True, through=TODAY)
    assert statuses([lead]) == [A]


def test_a_lead_held_back_after_the_through_date_is_not_counted() -> None:
    campaign = make.campaign()
    destined(make.lead(campaign, days_ago=1), "failed")
    batch = imported(campaign, ["1"], accept_remaining=True, through=TODAY - timedelta(days=3))
    assert numbers(batch)["held_back"] == 0


def test_older_and_remaining_count_a_lead_once() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, days_ago=days) for days in (1, 3, 9, 30)]
    batch = checked(campaign, ["1"])
    predicted = effects(batch, Options(accept_older=True, accept_remaining=True, through=TODAY), NOW)
    started(batch, accept_older=True, accept_remaining=True, through=TODAY)
    assert statuses(leads) == [A] * 4
    found = numbers(batch)
    assert (found["accepted_older"], found["accepted_remaining"]) == (2, 2)
    assert (predicted.older.leads, predicted.remaining.leads, predicted.accepted) == (2, 2, 4)
    assert found["money"]["billed"] == str(predicted.billed) == "72.00"


def test_the_page_suggests_through_which_date() -> None:
    campaign = make.campaign()
    newest = make.lead(campaign, days_ago=3)
    batch = checked(campaign, [newest, make.lead(campaign, days_ago=5), "1"])
    assert effects(batch, Options(), NOW).through == (NOW - timedelta(days=3)).date()
    assert effects(batch, Options(reject_from=TODAY - timedelta(days=9)), NOW).through == TODAY - timedelta(
        days=9
    )
    assert effects(checked(campaign, ["1"]), Options(), NOW).through == TODAY


def test_leads_that_the_file_does_not_name_are_counted_apart() -> None:
    campaign = make.campaign()
    named, rejected = make.lead(campaign, days_ago=9), make.lead(campaign)
    for days in (2, 30):
        make.lead(campaign, days_ago=days)
    batch = checked(campaign, [named, rejected])
    assert effects(batch, Options(), NOW).unnamed == 0, "no option is on"
    assert effects(batch, Options(accept_older=True), NOW).unnamed == 1
    both = effects(batch, Options(accept_older=True, accept_remaining=True, through=TODAY), NOW)
    assert (both.older.unnamed, both.remaining.unnamed, both.unnamed) == (1, 1, 2)


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


# Accept leads: a close-out without a file.


def close_out(campaign: Campaign, through: Any, *, goes_through: bool = True, **values: Any) -> Batch:
    options = Options(accept_remaining=True, through=through)
    values = {"person": None, "via": "page", "at": NOW, **values}
    return work(uploads.close_out(campaign, options, goes_through=goes_through, **values))


def test_a_close_out_accepts_pending_leads_through_its_date_and_tells_no_supplier() -> None:
    campaign, other = make.campaign(), make.campaign()
    end = datetime(2026, 11, 20, tzinfo=UTC)
    inside, outside = make.lead(campaign, at=end - MOMENT), make.lead(campaign, at=end)
    old, foreign = make.lead(campaign, days_ago=300), make.lead(other, days_ago=300)
    failed, quarantined = make.lead(campaign, days_ago=9), make.lead(campaign, Q, days_ago=9)
    destined(failed, "failed")
    batch = close_out(campaign, end.date() - timedelta(days=1))
    assert (batch.state, batch.kind) == ("finished", Kind.CLOSE_OUT)
    assert statuses([inside, outside, old, foreign, failed, quarantined]) == [A, P, A, P, P, Q]
    found = numbers(batch)
    assert (found["accepted_remaining"], found["held_back"], found["rows"], found["outcomes"]) == (
        2,
        1,
        0,
        {},
    )
    assert found["money"] == {"not_billed": "0.00", "credited": "0.00", "billed": "36.00"}
    assert {event.cause for event in LeadEvent.objects.all()} == {"accepted_close_out"}
    assert not Delivery.objects.exclude(channel="destination").exists()


def test_a_close_out_is_checked_before_it_is_started() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, days_ago=days) for days in (1, 5, 9)]
    destined(leads[2], "pending")
    before = holdings()
    batch = close_out(campaign, TODAY - timedelta(days=2), goes_through=False)
    assert (batch.state, holdings()) == ("checked", before)
    predicted = numbers(batch)
    control.start(batch, Options.from_json(batch.options), person=None)
    work(batch)
    assert statuses(leads) == [P, A, P]
    assert numbers(batch) == predicted | {"state": "finished"}


def test_a_close_out_never_goes_past_its_through_date_whoever_starts_it_how() -> None:
    """A through date that got lost on the way would bill every lead there is."""
    campaign = make.campaign()
    leads = [make.lead(campaign, days_ago=days) for days in (1, 9)]
    through = TODAY - timedelta(days=5)
    values: dict[str, Any] = {"person": None, "via": "page", "at": NOW}
    batch = uploads.close_out(campaign, Options(through=through), **values)
    control.start(batch, Options(through=through), person=None)
    work(batch)
    assert statuses(leads) == [P, A]


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("through_missing", Options()),
        ("through_missing", Options(accept_remaining=True)),
        ("through_in_future", Options(accept_remaining=True, through=TODAY + timedelta(days=1))),
    ],
)
def test_a_close_out_without_a_sensible_through_date_is_refused(code: str, options: Options) -> None:
    with pytest.raises(Refused) as refused:
        uploads.close_out(make.campaign(), options, person=None, via="cli", at=NOW)
    assert refused.value.code == code
    assert not Batch.objects.exists()


def test_a_close_out_goes_back_like_any_batch() -> None:
    campaign = make.campaign()
    for days in (1, 2, 9, 20, 30):
        make.lead(campaign, days_ago=days)
    before = holdings()
    batch = close_out(campaign, TODAY)
    assert holdings() != before
    assert undone(batch).state == "undone"
    assert holdings() == before


# One lead on its page: a batch of one row, the same rules.


def test_one_lead_is_rejected_by_the_same_rules() -> None:
    campaign = make.campaign()
    old, young = make.lead(campaign, days_ago=9), make.lead(campaign)
    for lead, outcome in ((old, "outside_window"), (young, "rejected")):
        values: dict[str, Any] = {"person": None, "via": "page", "at": NOW, "goes_through": True}
        rows = [(str(lead.pk), "Says they never enquired")]
        batch = work(uploads.receive_rows(campaign, rows, identifier="lead_id", **values))
        assert (batch.state, outcomes(batch)) == ("finished", [outcome])
    assert statuses([old, young]) == [P, C]


def test_one_lead_is_accepted_alone() -> None:
    campaign = make.campaign()
    mine, other, quarantined = make.lead(campaign), make.lead(campaign), make.lead(campaign, Q)
    batch = close_out(campaign, TODAY, only=[mine.pk, quarantined.pk])
    assert statuses([mine, other, quarantined]) == [A, P, Q]
    assert numbers(batch)["accepted_remaining"] == 1
    undone(batch)
    assert statuses([mine]) == [P]


def test_of_one_lead_alone_only_that_one_is_held_back() -> None:
    campaign = make.campaign()
    mine, other = make.lead(campaign), make.lead(campaign)
    for lead in (mine, other):
        destined(lead, "failed")
    batch = close_out(campaign, TODAY, only=[mine.pk], goes_through=False)
    predicted = numbers(batch)
    assert (predicted["accepted_remaining"], predicted["held_back"]) == (0, 1)
    control.start(batch, Options.from_json(batch.options), person=None)
    work(batch)
    assert numbers(batch) == predicted | {"state": "finished"}


def test_a_lead_that_one_row_leaves_open_and_another_rejects_is_rejected_and_not_held_back() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, uid="447911204418")
    batch = checked(campaign, ["4.47911E+11", "447911204418"], identifier="uid")
    predicted = effects(batch, Options(accept_remaining=True, through=TODAY), NOW)
    started(batch, accept_remaining=True, through=TODAY)
    assert outcomes(batch) == ["needs_review", "rejected"]
    assert statuses([lead]) == [C]
    assert predicted.held_back == numbers(batch)["held_back"] == 0
