"""Caps: their use is a query over leads; who waits in quarantine moves up when all that bind have room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from campaigns.models import Campaign, Cap, Disposition, Supplier
from leads import quarantine
from leads.models import Lead, LeadEvent
from leads.quarantine import admit
from leads.sql import caps
from leads.sql.caps import CapFacts, Waiting
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status
from tests import make
from tests.make import NOW
from tests.sessions import free, locked, threads, wait_for_blocked

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED
ONE, TWO = 1, 2  # suppliers


# Who fits. Pure.


@pytest.mark.parametrize(
    ("room", "waiting", "admitted"),
    [
        pytest.param([], [ONE, TWO], [0, 1], id="no cap binds: all move up"),
        pytest.param([(None, 2)], [ONE, TWO, ONE], [0, 1], id="the campaign's cap binds everybody, in their order"),
        pytest.param([(ONE, 1)], [ONE, ONE, TWO, TWO], [0, 2, 3], id="a supplier's cap binds its own leads only"),
        pytest.param([(None, 2), (ONE, 1)], [ONE, ONE, ONE, TWO], [0, 3], id="all caps that bind must have room"),
        pytest.param([(None, 2), (ONE, 0)], [ONE, TWO, TWO], [1, 2], id="who is blocked takes nobody's place"),
        pytest.param([(None, 0), (ONE, 5)], [ONE], [], id="a full campaign admits nobody"),
        pytest.param([(None, -3)], [ONE], [], id="a cap above its limit admits nobody"),
        pytest.param([(ONE, 3), (ONE, 1)], [ONE, ONE], [0], id="two caps of one supplier: day and month"),
    ],
)  # fmt: skip
def test_who_moves_up(room: list[tuple[int | None, int]], waiting: list[int], admitted: list[int]) -> None:
    rooms = {CapFacts(n, supplier, "day", 99): left for n, (supplier, left) in enumerate(room)}
    queue = [Waiting(n, supplier) for n, supplier in enumerate(waiting)]
    assert admit(queue, rooms) == [queue[n] for n in admitted]


# Use.


@pytest.mark.django_db
class TestUse:
    BEGIN, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

    def used(self, campaign: Campaign, supplier: Supplier | None = None) -> int:
        return caps.used(campaign.pk, supplier and supplier.pk, self.BEGIN, self.END)

    def test_leads_valid_in_the_period_count_from_its_first_instant_to_before_its_end(self) -> None:
        campaign = make.campaign()
        moment = timedelta(microseconds=1)
        for at in (self.BEGIN - moment, self.BEGIN, self.END - moment, self.END):
            make.lead(campaign, at=at)
        assert self.used(campaign) == 2

    @pytest.mark.parametrize(("status", "count"), [(P, 1), (A, 1), (C, 1), (Q, 0), (Status.REJECTED, 0)])
    def test_a_slot_is_kept_until_a_rejection_gives_it_back(self, status: Status, count: int) -> None:
        campaign = make.campaign()
        make.lead(campaign, status)
        assert self.used(campaign) == count

    def test_a_slot_given_back_is_free(self) -> None:
        campaign = make.campaign()
        lead = make.lead(campaign)
        move(Cause.CLIENT_REJECTED, C, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1, frees_slot=True)
        assert self.used(campaign) == 0

    def test_a_suppliers_use_is_its_own(self) -> None:
        campaign, other = make.campaign(), make.campaign()
        mine, theirs = make.source(campaign), make.source(campaign)
        make.lead(campaign, source=mine)
        make.lead(campaign, source=theirs)
        make.lead(other, source=make.source(other, mine.supplier))
        assert self.used(campaign) == 2
        assert self.used(campaign, mine.supplier) == 1


# Moving up.


def waiting(campaign: Campaign, *hours_ago: float, **values: Any) -> list[Lead]:
    reached = Disposition.objects.get(code="CAP_REACHED")
    return [
        make.lead(campaign, Q, at=NOW - timedelta(hours=ago), disposition=reached, **values)
        for ago in hours_ago
    ]


def release(campaign: Campaign, at: datetime = NOW) -> int:
    with transaction.atomic():
        return quarantine.release(campaign, at=at, actor_id=None, batch_id=9)


def released(leads: Iterable[Lead]) -> list[bool]:
    statuses = Lead.objects.in_bulk([lead.pk for lead in leads])
    return [statuses[lead.pk].status != Q for lead in leads]


@pytest.mark.django_db
def test_the_oldest_received_move_up_first_then_the_lowest_id() -> None:
    campaign = make.campaign()
    make.cap(campaign, 3)
    leads = waiting(campaign, 1, 5, 3, 3, 3)
    assert release(campaign) == 3
    assert released(leads) == [False, True, True, True, False]


@pytest.mark.django_db
def test_a_released_lead_is_pending_valid_now_in_the_cap_and_told() -> None:
    campaign = make.campaign()
    make.cap(campaign, 1)
    (lead,) = waiting(campaign, 50)
    release(campaign)
    lead.refresh_from_db()
    assert (lead.status, lead.valid_at, lead.in_cap, lead.disposition) == (P, NOW, True, None)
    event = LeadEvent.objects.get()
    assert (event.cause, event.from_status, event.batch_id, event.line) == ("quarantine_released", Q, 9, None)


@pytest.mark.django_db
def test_where_leads_cannot_be_rejected_a_released_one_is_billed_at_once() -> None:
    campaign = make.campaign(return_window_days=None)
    (lead,) = waiting(campaign, 1)
    release(campaign)
    lead.refresh_from_db()
    assert (lead.status, lead.accepted_at) == (A, NOW)


@pytest.mark.django_db
def test_a_full_cap_admits_nobody_until_use_is_below_its_limit() -> None:
    campaign = make.campaign()
    cap = make.cap(campaign, 2, "day")
    taken = [make.lead(campaign, at=NOW) for _ in range(3)]
    leads = waiting(campaign, 1)
    assert release(campaign) == 0
    for lead, moved_up in zip(taken, [0, 1, 0], strict=True):
        Lead.objects.filter(pk=lead.pk).update(in_cap=False)
        assert release(campaign) == moved_up
    assert released(leads) == [True]
    assert cap.limit == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("period", "valid_at", "room"),
    [
        ("day", datetime(2026, 11, 21, 23, 59, tzinfo=UTC), True),
        ("day", datetime(2026, 11, 22, 0, 0, tzinfo=UTC), False),
        ("week", datetime(2026, 11, 15, 23, 59, tzinfo=UTC), True),
        ("week", datetime(2026, 11, 16, 0, 0, tzinfo=UTC), False),
        ("month", datetime(2026, 10, 31, 23, 59, tzinfo=UTC), True),
        ("month", datetime(2026, 11, 1, 0, 0, tzinfo=UTC), False),
        ("total", datetime(2019, 1, 1, 0, 0, tzinfo=UTC), False),
    ],
)
def test_only_slots_of_the_running_period_make_or_take_room(
    period: str, valid_at: datetime, room: bool
) -> None:
    """A slot freed in a past period is that period's: it lets nobody in today."""
    campaign = make.campaign()
    make.cap(campaign, 1, period)
    make.lead(campaign, at=valid_at)
    leads = waiting(campaign, 1)
    release(campaign)
    assert released(leads) == [room]


@pytest.mark.django_db
def test_the_period_begins_in_the_campaigns_zone() -> None:
    campaign = make.campaign(time_zone="America/New_York")
    make.cap(campaign, 1, "day")
    make.lead(campaign, at=datetime(2026, 11, 22, 4, 59, tzinfo=UTC))  # 23:59 of the day before, there
    leads = waiting(campaign, 1)
    assert release(campaign) == 1
    assert released(leads) == [True]


@pytest.mark.django_db
def test_a_suppliers_full_cap_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when more leads of that supplier wait than are looked at in one go."""
    monkeypatch.setattr(quarantine, "CHUNK", 3)
    campaign = make.campaign()
    full, other = make.source(campaign), make.source(campaign)
    make.cap(campaign, 0, supplier=full.supplier)
    make.cap(campaign, 4)
    blocked = waiting(campaign, *range(20, 30), source=full)
    leads = waiting(campaign, *range(1, 7), source=other)
    while release(campaign):
        pass
    assert not any(released(blocked))
    assert released(leads) == [False, False, True, True, True, True]


@pytest.mark.django_db
def test_leads_move_up_alike_however_many_are_looked_at_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = []
    for chunk in (1, 2, 1000):
        monkeypatch.setattr(quarantine, "CHUNK", chunk)
        campaign = make.campaign()
        one, two = make.source(campaign), make.source(campaign)
        make.cap(campaign, 5, "day")
        make.cap(campaign, 3, "month", supplier=one.supplier)
        make.cap(campaign, 2, "week", supplier=one.supplier)
        leads = [
            lead
            for n, ago in enumerate([9, 3, 8, 1, 7, 2, 6, 4])
            for lead in waiting(campaign, ago, source=two if n % 3 == 2 else one)
        ]
        while release(campaign):
            pass
        outcomes.append(released(leads))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0] == [True, False, True, False, True, True, False, False]


@pytest.mark.django_db
def test_only_leads_in_quarantine_of_this_campaign_move_up() -> None:
    campaign, other = make.campaign(), make.campaign()
    leads = [make.lead(campaign, status) for status in Status if status != Q] + waiting(other, 1)
    before = list(Lead.objects.order_by("id").values())
    assert release(campaign) == 0
    assert list(Lead.objects.order_by("id").values()) == before
    assert len(before) == len(leads)


# Locks.


@pytest.mark.django_db(transaction=True)
def test_caps_are_locked_by_id_before_any_lead() -> None:
    campaign = make.campaign()
    first, second, third = (make.cap(campaign, 5, period).pk for period in ("day", "week", "month"))
    with connection.cursor() as cursor:  # the lowest id is no longer the first on the page
        cursor.execute('UPDATE campaigns_cap SET "limit" = 6 WHERE id = %s', [first])
    (lead,) = waiting(campaign, 1)
    with threads() as start:
        with locked("campaigns_cap", second):
            going = start(release, campaign)
            wait_for_blocked()
            assert not free("campaigns_cap", first)
            assert free("campaigns_cap", third)
            assert free("leads_lead", lead.pk)
        assert going.result(20) == 1
    assert Cap.objects.get(pk=first).limit == 6


@pytest.mark.django_db(transaction=True)
def test_leads_are_locked_by_id_although_the_oldest_moves_up_first() -> None:
    campaign = make.campaign()
    leads = waiting(campaign, 1, 2, 3)
    with threads() as start:
        with locked("leads_lead", leads[1].pk):
            going = start(release, campaign)
            wait_for_blocked()
            assert not free("leads_lead", leads[0].pk)
            assert free("leads_lead", leads[2].pk)
        assert going.result(20) == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_release_at_once_do_not_exceed_the_cap() -> None:
    campaign = make.campaign()
    cap = make.cap(campaign, 2)
    leads = waiting(campaign, 1, 2, 3, 4)
    with threads() as start:
        with locked("campaigns_cap", cap.pk):
            both = [start(release, campaign), start(release, campaign)]
            wait_for_blocked(2)
        assert sorted(moved_up.result(20) for moved_up in both) == [0, 2]
    assert released(leads) == [False, False, True, True]
