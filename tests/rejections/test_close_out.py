"""Accept leads: a close-out without a file, and one lead on its page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.models import Campaign
from leads.models import Delivery, LeadEvent
from leads.statuses import Status
from rejections import control, uploads
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from tests import make
from tests.batches import holdings, numbers, outcomes, statuses, undelivered, undone, work
from tests.make import NOW

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED
TODAY = NOW.date()
MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


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
    undelivered(failed, "failed")
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
    undelivered(leads[2], "pending")
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
        undelivered(lead, "failed")
    batch = close_out(campaign, TODAY, only=[mine.pk], goes_through=False)
    predicted = numbers(batch)
    assert (predicted["accepted_remaining"], predicted["held_back"]) == (0, 1)
    control.start(batch, Options.from_json(batch.options), person=None)
    work(batch)
    assert numbers(batch) == predicted | {"state": "finished"}
