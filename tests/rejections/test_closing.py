"""No option, and the two that accept leads: older ones, and all that remain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leads.models import AffiliateEvent, Lead, LeadEvent
from leads.statuses import Status
from rejections import control
from rejections.effects import effects
from rejections.options import Options
from tests import make
from tests.batches import (
    checked,
    imported,
    numbers,
    outcomes,
    started,
    statuses,
    stopped_after,
    undelivered,
    undone,
    work,
)
from tests.make import NOW

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED
TODAY = NOW.date()
#: Maximum rejection days are seven and the upload is on the 22nd: the window opens with the 15th.
OPENS = datetime(2026, 11, 15, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


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
        undelivered(lead, status)
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


def test_a_lead_that_a_person_put_back_while_the_batch_was_stopped_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CHUNK_ROWS = 1
    campaign = make.campaign()
    first, second, unnamed = (make.lead(campaign) for _ in range(3))
    batch = checked(campaign, [first, second])
    control.start(batch, Options(accept_remaining=True, through=TODAY), person=None)
    stopped_after(batch, 1, monkeypatch)
    assert statuses([first, second]) == [C, P]
    undone(batch, lines=[1])
    assert batch.state == "stopped"
    control.resume(batch)
    work(batch)
    assert (batch.state, statuses([first, second, unnamed])) == ("finished", [P, C, A])
    assert (numbers(batch)["held_back"], numbers(batch)["accepted_remaining"]) == (1, 1)


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
    undelivered(make.lead(campaign, days_ago=1), "failed")
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


def test_a_lead_that_one_row_leaves_open_and_another_rejects_is_rejected_and_not_held_back() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, uid="447911204418")
    batch = checked(campaign, ["4.47911E+11", "447911204418"], identifier="uid")
    predicted = effects(batch, Options(accept_remaining=True, through=TODAY), NOW)
    started(batch, accept_remaining=True, through=TODAY)
    assert outcomes(batch) == ["needs_review", "rejected"]
    assert statuses([lead]) == [C]
    assert predicted.held_back == numbers(batch)["held_back"] == 0
