"""What a supplier reads of its leads: shares beside the average, weeks, what was rejected and until when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from leads.models import Lead
from rejections import portal
from rejections.portal import Share
from rejections.sql import portal as statements
from rejections.sql.portal import Asked
from tests import make
from tests.batches import imported
from tests.make import NOW


@pytest.mark.parametrize(
    ("share", "words", "high"),
    [
        (Share(5, 100), "", False),
        (Share(0, 0, 5, 100), "", False),
        (Share(5, 100, 0, 0), "", False),
        (Share(5, 100, 50, 1000), "usual", False),
        (Share(2, 100, 50, 1000), "below the usual", False),
        (Share(7, 100, 50, 1000), "above the usual", True),
        (Share(10, 100, 50, 1000), "twice the usual", True),
        (Share(21, 100, 50, 1000), "4 times the usual", True),
        (Share(1, 100, 0, 1000), "unusual", True),
        (Share(0, 100, 0, 1000), "usual", False),
    ],
)
def test_a_share_is_put_beside_the_average_in_words(share: Share, words: str, high: bool) -> None:
    assert (share.against, share.is_high) == (words, high)


@pytest.mark.django_db
def test_weeks_begin_on_the_monday_of_the_campaigns_zone() -> None:
    campaign = make.campaign(time_zone="Asia/Tokyo")
    source = make.source(campaign)
    # Sunday 22 November 16:00 UTC is Monday in Tokyo already.
    for status, at in (("pending", NOW), ("client_rejected", NOW + timedelta(hours=4)), ("rejected", NOW)):
        make.lead(campaign, status, at=at, source=source)
    found = statements.weeks(source.supplier_id, [campaign.pk], NOW - timedelta(weeks=2))
    assert found == [(date(2026, 11, 16), 1, 0), (date(2026, 11, 23), 1, 1)]


@pytest.mark.django_db
def test_rejected_leads_come_last_first_each_with_its_last_day() -> None:
    campaign = make.campaign()
    source = make.source(campaign)
    leads = [make.lead(campaign, source=source, uid=f"ref_{n}%") for n in range(3)]
    for lead in leads:
        imported(campaign, [lead])
    person = make.supplier_user(source.supplier)

    def found(**asked: object) -> list[int]:
        these = Asked(source.supplier_id, **asked)  # type: ignore[arg-type]
        shown = portal.rejected(these, person, NOW + timedelta(days=8), offset=0, limit=10)
        assert len(shown) == statements.count_rejected(these)
        assert {(row.until, row.able, row.too_late) for row in shown} <= {(date(2026, 11, 29), False, True)}
        return [row.found.lead_id for row in shown]

    assert found() == [lead.pk for lead in reversed(leads)]
    assert found(named="REF_1%") == found(named=str(leads[1].pk)) == [leads[1].pk]
    assert found(named="_%_") == []
    assert found(campaign_id=campaign.pk + 1) == found(disposition_id=0) == []
    Lead.objects.filter(pk=leads[0].pk).update(supplier=make.supplier())
    assert found() == [leads[2].pk, leads[1].pk]
