"""What suppliers are told of a batch: each rejection once, each retraction once, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from campaigns.models import Agreement, Campaign, Disposition, Source
from leads import notices
from leads.models import Delivery, Lead
from leads.sql import undo
from leads.sql.adjust import adjust
from leads.sql.move import Moving, move
from leads.sql.notices import LEADS_PER_NOTICE, cancel_unsent
from leads.statuses import Cause, Status
from tests import make
from tests.make import NOW

BATCH = 7
REJECTIONS, RETRACTIONS = "rejections", "retractions"

pytestmark = pytest.mark.django_db


def rejected(*leads: Lead, batch_id: int = BATCH, reason: str = "Duplicate Lead") -> None:
    code = Disposition.objects.get(code="CLIENT_DUPLICATE").pk
    moving = [Moving(lead.pk, n, code, reason) for n, lead in enumerate(leads, start=2)]
    move(Cause.CLIENT_REJECTED, Status.CLIENT_REJECTED, moving, at=NOW, actor_id=None, batch_id=batch_id)


def taken_back(*leads: Lead) -> None:
    undo.take_back(BATCH, [lead.pk for lead in leads], at=NOW, actor_id=None)


def tell() -> dict[str, int]:
    """Bring the suppliers up to date, in the order in which a batch does it."""
    written = notices.write(REJECTIONS, BATCH, NOW)
    cancelled = cancel_unsent(BATCH)
    return {REJECTIONS: written, "cancelled": cancelled, RETRACTIONS: notices.write(RETRACTIONS, BATCH, NOW)}


def told(kind: str, *, standing: bool = True) -> list[int]:
    """Leads named by the notices of this kind, in their order."""
    deliveries = Delivery.objects.filter(kind=kind)
    if standing:
        deliveries = deliveries.exclude(status="cancelled")
    return [lead["lead_id"] for delivery in deliveries for lead in delivery.payload["leads"]]


def by_webhook(campaign: Campaign) -> Source:
    """A source whose supplier is told by webhook: notices wait to be sent."""
    source = make.source(campaign)
    Agreement.objects.filter(campaign=campaign, supplier=source.supplier).update(channel="webhook")
    return source


def test_a_supplier_is_told_of_its_own_leads_and_of_no_others() -> None:
    campaign = make.campaign()
    mine, theirs = make.source(campaign), make.source(campaign)
    one, two, three = (make.lead(campaign, source=source) for source in (mine, theirs, mine))
    rejected(one, two, three)
    tell()
    by_supplier = {
        delivery.supplier_id: [lead["lead_id"] for lead in delivery.payload["leads"]]
        for delivery in Delivery.objects.all()
    }
    assert by_supplier == {mine.supplier_id: [one.pk, three.pk], theirs.supplier_id: [two.pk]}


def test_a_notice_says_ids_and_reasons_and_nothing_of_the_client() -> None:
    lead = make.lead(make.campaign(), uid="7F-0", email="ana@example.org", price="99.75")
    rejected(lead, reason="Gibt's doppelt")
    tell()
    (notice,) = Delivery.objects.get().payload["leads"]
    assert notice == {
        "lead_id": lead.pk,
        "uid": "7F-0",
        "code": "CLIENT_DUPLICATE",
        "label": "Duplicate",
        "reason": "Gibt's doppelt",
    }
    assert Delivery.objects.get().payload["campaign"] == lead.campaign.public_name


def test_a_batch_that_ends_twice_tells_nothing_twice() -> None:
    lead = make.lead(make.campaign())
    rejected(lead)
    assert tell() == {REJECTIONS: 1, "cancelled": 0, RETRACTIONS: 0}
    assert tell() == {REJECTIONS: 0, "cancelled": 0, RETRACTIONS: 0}
    assert told(REJECTIONS) == [lead.pk]


def test_a_batch_that_goes_on_tells_only_what_is_new() -> None:
    campaign = make.campaign()
    before, after = make.lead(campaign), make.lead(campaign)
    rejected(before)
    tell()
    rejected(after)
    assert tell()[REJECTIONS] == 1
    assert told(REJECTIONS) == [before.pk, after.pk]


def test_five_hundred_leads_fill_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LEADS_PER_NOTICE == 500
    monkeypatch.setattr("leads.sql.notices.LEADS_PER_NOTICE", 3)
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(7)]
    rejected(*leads)
    assert tell()[REJECTIONS] == 3
    assert [len(delivery.payload["leads"]) for delivery in Delivery.objects.order_by("pk")] == [3, 3, 1]
    assert sorted(told(REJECTIONS)) == [lead.pk for lead in leads]


def test_a_portal_notice_has_arrived_and_a_webhook_waits_to_be_sent() -> None:
    campaign = make.campaign()
    portal, webhook = make.source(campaign), by_webhook(campaign)
    rejected(*(make.lead(campaign, source=source) for source in (portal, webhook)))
    tell()
    fields = ("channel", "status", "next_attempt_at", "batch_id", "created_at")
    assert sorted(Delivery.objects.values_list(*fields)) == [
        ("portal", "sent", None, BATCH, NOW),
        ("webhook", "pending", NOW, BATCH, NOW),
    ]


@pytest.mark.parametrize(("days", "channel"), [(0, "email"), (1, "portal")])
def test_the_channel_is_that_of_the_agreement_in_force(days: int, channel: str) -> None:
    campaign = make.campaign()
    source = make.source(campaign)
    Agreement.objects.create(
        campaign=campaign,
        supplier=source.supplier,
        starts_on=(NOW + timedelta(days=days)).date(),
        price=1,
        payout=1,
        channel="email",
    )
    rejected(make.lead(campaign, source=source))
    tell()
    assert Delivery.objects.get().channel == channel


def test_a_supplier_without_an_agreement_is_told_on_the_portal() -> None:
    lead = make.lead(make.campaign())
    Agreement.objects.all().delete()
    rejected(lead)
    tell()
    assert Delivery.objects.get().channel == "portal"


def test_a_credited_lead_is_told_like_a_rejected_one() -> None:
    lead = make.lead(make.campaign(), Status.ACCEPTED, is_final=True)
    adjust(Cause.ADJUSTED, [Moving(lead.pk, 2, None, "why")], at=NOW, actor_id=None, batch_id=BATCH)
    tell()
    assert told(REJECTIONS) == [lead.pk]
    assert Delivery.objects.get().payload["leads"][0]["code"] is None


@pytest.mark.parametrize("cause", [Cause.ACCEPTED_OLDER, Cause.ACCEPTED_REMAINING, Cause.ACCEPTED_CLOSE_OUT])
def test_of_accepted_leads_nobody_is_told(cause: Cause) -> None:
    lead = make.lead(make.campaign())
    move(cause, Status.ACCEPTED, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=BATCH)
    assert tell() == {REJECTIONS: 0, "cancelled": 0, RETRACTIONS: 0}


def test_the_terms_are_those_of_the_campaigns_own_day() -> None:
    """At noon in London it is already the 23rd in Auckland."""
    campaign = make.campaign(time_zone="Pacific/Auckland")
    source = make.source(campaign)
    Agreement.objects.create(
        campaign=campaign,
        supplier=source.supplier,
        starts_on=date(2026, 11, 23),
        price=1,
        payout=1,
        channel="email",
    )
    rejected(make.lead(campaign, source=source))
    tell()
    assert Delivery.objects.get().channel == "email"


@pytest.mark.parametrize(
    ("tells", "kinds"),
    [
        ([], []),
        (["rejections"], [REJECTIONS]),
        (["retractions"], []),
        (["rejections", "retractions"], [REJECTIONS, RETRACTIONS]),
        (["recoveries"], []),
    ],
)
def test_a_supplier_is_told_what_was_agreed_and_no_retraction_of_what_it_never_heard(
    tells: list[str], kinds: list[str]
) -> None:
    lead = make.lead(make.campaign())
    Agreement.objects.update(tells=tells)
    rejected(lead)
    tell()
    taken_back(lead)
    tell()
    assert list(Delivery.objects.order_by("pk").values_list("kind", flat=True)) == kinds


def test_what_was_not_to_be_told_then_is_not_told_later() -> None:
    """An agreement that begins tomorrow says nothing of what was rejected today."""
    campaign = make.campaign()
    source = make.source(campaign)
    Agreement.objects.update(tells=[])
    Agreement.objects.create(
        campaign=campaign, supplier=source.supplier, starts_on=date(2026, 11, 23), price=1, payout=1
    )
    rejected(make.lead(campaign, source=source))
    assert notices.write(REJECTIONS, BATCH, NOW + timedelta(days=3)) == 0


# Retractions.


def test_a_notice_that_was_sent_gets_a_retraction() -> None:
    campaign = make.campaign()
    back, stays = make.lead(campaign), make.lead(campaign)
    rejected(back, stays)
    tell()
    taken_back(back)
    assert tell() == {REJECTIONS: 0, "cancelled": 0, RETRACTIONS: 1}
    assert told(RETRACTIONS) == [back.pk]
    assert tell()[RETRACTIONS] == 0, "once"


def test_an_unsent_notice_is_cancelled_when_all_of_it_was_taken_back() -> None:
    campaign = make.campaign()
    source = by_webhook(campaign)
    leads = [make.lead(campaign, source=source) for _ in range(2)]
    rejected(*leads)
    tell()
    taken_back(*leads)
    assert tell() == {REJECTIONS: 0, "cancelled": 1, RETRACTIONS: 0}
    notice = Delivery.objects.get()
    assert (notice.status, notice.next_attempt_at) == ("cancelled", None)


def test_of_an_unsent_notice_taken_back_in_part_the_supplier_hears_both() -> None:
    campaign = make.campaign()
    source = by_webhook(campaign)
    back, stays = (make.lead(campaign, source=source) for _ in range(2))
    rejected(back, stays)
    tell()
    taken_back(back)
    assert tell() == {REJECTIONS: 0, "cancelled": 0, RETRACTIONS: 1}
    assert (told(REJECTIONS), told(RETRACTIONS)) == ([back.pk, stays.pk], [back.pk])


def test_what_was_taken_back_before_anybody_was_told_is_never_told() -> None:
    campaign = make.campaign()
    back, stays = make.lead(campaign), make.lead(campaign)
    rejected(back, stays)
    taken_back(back)
    assert tell() == {REJECTIONS: 1, "cancelled": 0, RETRACTIONS: 0}
    assert told(REJECTIONS) == [stays.pk]


def test_a_second_undo_retracts_what_the_first_left() -> None:
    campaign = make.campaign()
    one, two = make.lead(campaign), make.lead(campaign)
    rejected(one, two)
    tell()
    taken_back(two)
    tell()
    taken_back(one)
    tell()
    assert told(RETRACTIONS) == [two.pk, one.pk]


def test_nothing_is_told_of_another_batch() -> None:
    campaign = make.campaign()
    mine, other = make.lead(campaign), make.lead(campaign)
    rejected(mine)
    rejected(other, batch_id=BATCH + 1)
    tell()
    assert told(REJECTIONS) == [mine.pk]


def test_events_and_notices_are_seen_by_their_own_side_only() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    rejected(lead)
    tell()

    def seen(person: Any) -> int:
        return Delivery.objects.visible_to(person).count()

    assert seen(make.operator()) == seen(make.supplier_user(lead.supplier)) == 1
    assert seen(make.supplier_user(make.supplier())) == seen(make.client_user(campaign.client)) == 0
    assert seen(make.operator(is_active=False)) == 0


def test_of_many_only_those_that_were_told_are_retracted() -> None:
    """The one in the middle was put back before anybody was told: its number lies between those that were told."""
    campaign = make.campaign()
    first, middle, last = (make.lead(campaign) for _ in range(3))
    rejected(first, middle, last)
    taken_back(middle)
    tell()
    taken_back(first, last)
    tell()
    assert (told(REJECTIONS), sorted(told(RETRACTIONS))) == ([first.pk, last.pk], [first.pk, last.pk])


def test_what_was_tried_may_have_arrived_and_is_taken_back_not_cancelled() -> None:
    campaign = make.campaign()
    source = by_webhook(campaign)
    lead = make.lead(campaign, source=source)
    rejected(lead)
    tell()
    Delivery.objects.get().attempts.create(at=NOW, succeeded=False, answer="No answer within 10 seconds")
    taken_back(lead)
    assert tell() == {REJECTIONS: 0, "cancelled": 0, RETRACTIONS: 1}
