"""The return window: in the campaign's zone, laid over the check by one comparison."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Campaign
from rejections import uploads
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from tests import make
from tests.batches import by_outcome, checked, numbers, outcomes, received, started
from tests.make import NOW

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "inside", "outside"),
    [
        ("UTC", "2026-11-15 00:00:00", "2026-11-14 23:59:59.999999"),
        ("America/New_York", "2026-11-15 05:00:00", "2026-11-15 04:59:59.999999"),
        ("Pacific/Auckland", "2026-11-15 11:00:00", "2026-11-15 10:59:59.999999"),
    ],
)
def test_day_seven_of_seven_is_in_and_day_eight_is_out_in_the_campaigns_zone(
    zone: str, inside: str, outside: str
) -> None:
    campaign = make.campaign(time_zone=zone)
    rows = [make.lead(campaign, at=at(inside)), make.lead(campaign, at=at(outside))]
    batch = checked(campaign, rows)
    assert by_outcome(batch) == {"outside_window": 1, "rejected": 1}
    assert outcomes(started(batch)) == ["rejected", "outside_window"]


def test_one_check_shows_every_window_and_start_rejects_what_it_showed() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, days_ago=days) for days in (1, 6, 8, 9, 12, 20)]
    batch = checked(campaign, leads)
    assert by_outcome(batch) == {"outside_window": 4, "rejected": 2}
    back = Options(reject_from=(NOW - timedelta(days=5)).date())
    assert by_outcome(batch, back) == {"outside_window": 1, "rejected": 5}
    started(batch, reject_from=back.reject_from)
    assert numbers(batch)["outcomes"] == {"outside_window": 1, "rejected": 5}


def test_the_batch_keeps_the_window_it_was_uploaded_under() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, days_ago=6)
    batch = checked(campaign, [lead])
    Campaign.objects.filter(pk=campaign.pk).update(return_window_days=1, time_zone="Asia/Tokyo")
    assert outcomes(started(batch)) == ["rejected"]


def test_a_campaign_without_maximum_rejection_days_refuses_at_once() -> None:
    campaign = make.campaign(return_window_days=None)
    with pytest.raises(Refused, match="maximum rejection days") as refused:
        received(campaign, ["1"])
    assert refused.value.code == "no_window"
    with pytest.raises(Refused):
        uploads.receive(campaign, [make.csv_bytes([[1, "x"]])], "a.csv", person=None, via="page", at=NOW)
    with pytest.raises(Refused):
        uploads.close_out(campaign, Options(), person=None, via="page", at=NOW)
    assert not Batch.objects.exists()
