"""What a check says of suppliers: what goes back, what is owed all the same, and when it is too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Agreement
from leads.models import LeadEvent
from leads.statuses import Status
from rejections.effects import effects
from rejections.options import Options
from tests import make
from tests.batches import checked, started
from tests.make import NOW

P, A = Status.PENDING, Status.ACCEPTED
pytestmark = pytest.mark.django_db


def shown(batch: Any) -> dict[int, tuple[int, str, int, int, str]]:
    return {
        one.supplier_id: (
            one.leads, str(one.payout), one.beyond, one.beyond_credited, str(one.beyond_payout),
        )
        for one in effects(batch, Options(), NOW).by_supplier
    }  # fmt: skip


def test_the_check_says_what_start_then_settles() -> None:
    campaign = make.campaign(return_window_days=30)
    strict, easy, paid = (make.source(campaign) for _ in range(3))
    Agreement.objects.filter(supplier=paid.supplier).update(reverses_payout=False)
    Agreement.objects.create(
        campaign=campaign, supplier=strict.supplier, starts_on=(NOW - timedelta(days=20)).date(),
        price=18, payout=11, supplier_return_days=5,
    )  # fmt: skip
    leads = [
        *(make.lead(campaign, status, days_ago=12, source=strict) for status in (P, A, A)),
        make.lead(campaign, A, days_ago=4, source=strict),
        make.lead(campaign, A, days_ago=25, source=strict),  # came in under the terms before
        make.lead(campaign, A, days_ago=25, source=easy),
        make.lead(campaign, A, days_ago=25, source=paid),
    ]
    batch = checked(campaign, leads)
    assert shown(batch) == {
        strict.supplier_id: (5, "22.00", 3, 2, "33.00"),
        easy.supplier_id: (1, "11.00", 0, 0, "0"),
        paid.supplier_id: (1, "0", 0, 0, "0"),
    }
    started(batch)
    owed = LeadEvent.objects.filter(payout_owed=True).values_list("lead__supplier", flat=True)
    assert sorted(owed) == sorted([*[strict.supplier_id] * 3, paid.supplier_id])


def test_credits_of_a_closed_month_are_counted_beside_what_is_rejected() -> None:
    campaign = make.campaign(return_window_days=30)
    leads = [make.lead(campaign, A, days_ago=4), make.lead(campaign, A, days_ago=5, is_final=True)]
    would = effects(checked(campaign, leads), Options(), NOW)
    assert [(one.rejected, one.final) for one in would.by_supplier] == [(would.rejected, 1)] == [(1, 1)]


@pytest.mark.parametrize(("percent", "warned"), [(None, False), (50, False), (49, True), (0, True)])
def test_a_return_cap_warns_when_the_month_would_pass_it(percent: int | None, warned: bool) -> None:
    campaign = make.campaign(return_window_days=30)
    source = make.source(campaign)
    Agreement.objects.update(return_cap_percent=percent)
    leads = [make.lead(campaign, A, days_ago=days) for days in (1, 2, 3, 4)]
    started(checked(campaign, leads[:1]))
    found = effects(checked(campaign, leads[1:2]), Options(), NOW).over_cap
    assert [(one.name, one.percent, one.returned, one.received) for one in found] == (
        [(source.supplier.name, percent, 2, 4)] if warned else []
    )
