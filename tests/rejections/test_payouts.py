"""Whether a rejection takes the payout back is settled when it happens, by the terms the lead came in under."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Agreement, Campaign, Disposition
from leads.models import Adjustment, LeadEvent
from leads.statuses import Status
from tests import make
from tests.batches import imported, numbers, undone
from tests.make import NOW

A = Status.ACCEPTED
TODAY = NOW.date()
pytestmark = pytest.mark.django_db


def agreed(campaign: Campaign, days_ago: int, **terms: Any) -> None:
    """What holds from so many days ago on, with the supplier of the campaign's one source."""
    supplier = campaign.sources.get().supplier
    Agreement.objects.create(
        campaign=campaign, supplier=supplier, starts_on=TODAY - timedelta(days=days_ago), price=18, payout=11,
        **terms,
    )  # fmt: skip


def owed() -> list[bool]:
    return list(LeadEvent.objects.order_by("lead_id").values_list("payout_owed", flat=True))


def test_the_terms_are_those_of_the_day_on_which_the_lead_came_in() -> None:
    campaign = make.campaign(return_window_days=30)
    make.source(campaign)
    agreed(campaign, 10, supplier_return_days=3)
    agreed(campaign, 4, reverses_payout=False)
    leads = [make.lead(campaign, A, days_ago=days) for days in (12, 9, 2)]
    late = make.lead(campaign, A, days_ago=1, received_at=NOW - timedelta(days=20))
    imported(campaign, [*leads, late])
    assert owed() == [False, True, True, False]
    agreed(campaign, 300, reverses_payout=False)  # whatever is agreed later
    assert owed() == [False, True, True, False]


def test_supplier_days_count_back_from_the_upload_whatever_the_client_counts_from() -> None:
    campaign = make.campaign(return_window_days=7)
    make.source(campaign)
    agreed(campaign, 100, supplier_return_days=7)
    young, old = make.lead(campaign, A, days_ago=6), make.lead(campaign, A, days_ago=12)
    imported(campaign, [young, old], reject_from=TODAY - timedelta(days=6))
    assert owed() == [False, True]


def test_a_disposition_may_keep_the_payout_and_a_final_lead_knows_it_too() -> None:
    campaign = make.campaign()
    Disposition.objects.filter(code="CLIENT_TEST").update(keeps_payout=True)
    make.phrase(campaign.client, "Ours", "CLIENT_TEST")
    leads = [make.lead(campaign, A), make.lead(campaign, A, is_final=True)]
    imported(campaign, [(lead, "ours") for lead in leads])
    assert owed() == [True, True]
    assert str(Adjustment.objects.get().supplier_amount) == "0.00"


def test_the_receipt_still_tells_of_affiliate_events_after_undo() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, A)
    make.affiliate_event(lead)
    batch = imported(campaign, [lead], reject_affiliate_events=True)
    assert numbers(undone(batch))["affiliate_events_rejected"] == 1
