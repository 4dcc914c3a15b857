"""Each night, where the campaign says so: what no client can reject any more is accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.models import Campaign
from leads.statuses import Status
from rejections import sweeping
from rejections.models import Batch
from tests import make
from tests.batches import checked, outcomes, started, statuses, undone, work

NIGHT = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
#: Maximum rejection days are seven: on the 22nd, the window opens with the 15th.
OPENS = datetime(2026, 11, 15, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)

pytestmark = pytest.mark.django_db


def closing_campaign(**values: object) -> Campaign:
    return make.campaign(accept_when_window_closes=True, **values)


def night(at: datetime = NIGHT) -> list[Batch]:
    batches = [Batch.objects.get(pk=pk) for pk in sweeping.close_windows(at)]
    return [work(batch, at) for batch in batches]


def test_leads_whose_window_is_closed_are_accepted_to_the_last_instant() -> None:
    campaign = closing_campaign()
    out, inside, quarantined = (
        make.lead(campaign, at=OPENS - MOMENT),
        make.lead(campaign, at=OPENS),
        make.lead(campaign, Status.QUARANTINED, at=OPENS - MOMENT),
    )
    (batch,) = night()
    assert (batch.kind, batch.state, batch.created_by, batch.via) == ("close_out", "finished", None, "night")
    assert statuses([out, inside, quarantined]) == ["accepted", "pending", "quarantined"]
    assert outcomes(started(checked(campaign, [inside], at=NIGHT), at=NIGHT)) == ["rejected"], (
        "still in the window"
    )


def test_time_alone_accepts_nothing_elsewhere() -> None:
    leads = [
        make.lead(make.campaign(), at=OPENS - MOMENT),
        make.lead(closing_campaign(return_window_days=None), at=OPENS - MOMENT),
    ]
    assert night() == []
    assert statuses(leads) == ["pending", "pending"]


def test_once_a_night_and_again_the_next() -> None:
    campaign = closing_campaign()
    first, second = make.lead(campaign, at=OPENS - MOMENT), make.lead(campaign, at=OPENS)
    assert len(night()) == 1
    make.lead(campaign, at=OPENS - MOMENT)
    assert night(NIGHT + timedelta(hours=2)) == []
    assert len(night(NIGHT + timedelta(days=1))) == 1
    assert statuses([first, second]) == ["accepted", "accepted"]


def test_a_night_without_leads_leaves_no_batch() -> None:
    make.lead(closing_campaign(), at=OPENS)
    assert night() == []
    assert not Batch.objects.exists()


def test_the_night_falls_in_the_campaigns_zone() -> None:
    campaign = closing_campaign(time_zone="America/New_York")  # there, it is still the 21st
    opens = datetime(2026, 11, 14, 5, tzinfo=UTC)
    out, inside = make.lead(campaign, at=opens - MOMENT), make.lead(campaign, at=opens)
    night()
    assert statuses([out, inside]) == ["accepted", "pending"]


def test_it_can_be_undone_like_any_close_out() -> None:
    lead = make.lead(closing_campaign(), at=OPENS - MOMENT)
    (batch,) = night()
    assert undone(batch, at=NIGHT).state == "undone"
    assert statuses([lead]) == ["pending"]
