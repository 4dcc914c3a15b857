"""Closing a month while others are at work on its leads, and what a closed month does to what comes after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from leads import monthgrid, statements
from leads.models import ClosedMonth, Lead, Statement, StatementLine
from leads.sql import find, undo
from leads.statuses import Status
from rejections import months
from rejections.refusals import Refused
from tests import make
from tests.batches import imported, undone
from tests.make import NOW
from tests.sessions import locked, threads, wait_for_blocked

A = Status.ACCEPTED
OCTOBER = date(2026, 10, 1)
pytestmark = pytest.mark.django_db


def close(campaign: Any, month: date = OCTOBER) -> ClosedMonth:
    return months.close(campaign, month, person=None, typed=months.word(month), at=NOW)


def in_october(campaign: Any, **values: Any) -> Lead:
    return make.lead(campaign, A, at=datetime(2026, 10, 5, tzinfo=UTC), **values)


@pytest.mark.django_db(transaction=True)
def test_two_people_close_a_month_once() -> None:
    campaign = make.campaign()
    in_october(campaign)

    def try_it() -> str:
        try:
            close(campaign)
        except Refused as refused:
            return refused.code
        return "closed"

    with threads() as start:
        with locked("campaigns_campaign", campaign.pk):
            both = [start(try_it), start(try_it)]
            wait_for_blocked(2)
        assert sorted(one.result(30) for one in both) == ["closed", "month_closed"]
    assert StatementLine.objects.count() == ClosedMonth.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_move_that_was_first_stands_on_the_statement_and_one_that_comes_later_finds_a_final_lead() -> None:
    campaign = make.campaign(return_window_days=60)
    lead = in_october(campaign)
    batch = imported(campaign, [lead], at=datetime(2026, 10, 20, tzinfo=UTC))

    def take_back() -> None:
        with transaction.atomic():
            find.lock([lead.pk])
            undo.take_back(batch.pk, [lead.pk], at=NOW, actor_id=None)

    with threads() as start:
        with locked("leads_lead", lead.pk):
            first = start(take_back)
            wait_for_blocked()
            closing = start(close, campaign)
            wait_for_blocked(2)
        first.result(30)
        closing.result(30)
    assert list(StatementLine.objects.values_list("kind", "lead")) == [("accepted", lead.pk)]
    again = imported(campaign, [lead])
    assert undone(again).kept == {}
    assert undone(batch).kept == {}
    assert Lead.objects.get() == Lead.objects.get(status=A, is_final=True)


def test_a_month_ends_at_midnight_where_the_campaign_is() -> None:
    tokyo = make.campaign(time_zone="Asia/Tokyo", currency="JPY")
    end = datetime(2026, 10, 31, 15, tzinfo=UTC)
    inside, outside = (make.lead(tokyo, A, at=at) for at in (end - timedelta(seconds=1), end))
    close(tokyo)
    assert list(Lead.objects.filter(is_final=True)) == [inside]
    assert months.oldest_open(tokyo) == date(2026, 11, 1)
    assert outside.pk not in StatementLine.objects.values_list("lead", flat=True)


def test_a_line_that_comes_too_late_for_its_month_stands_in_the_first_open_one() -> None:
    campaign = make.campaign()
    in_october(campaign)
    close(campaign)
    in_october(campaign, price="7.00")  # committed after its month was closed
    operator, client = make.operator(), campaign.client
    party = next(one for one in statements.parties(operator, statements.CLIENTS) if one.pk == client.pk)
    totals = [
        statements.statement(operator, party, month, "GBP", NOW).figures.total
        for month in (OCTOBER, date(2026, 11, 1))
    ]
    assert [str(total) for total in totals] == ["18.00", "7.00"]


def test_statements_keep_what_was_counted_when_the_month_was_closed() -> None:
    campaign = make.campaign(return_window_days=60)
    one, two = make.source(campaign), make.source(campaign)
    leads = [
        in_october(campaign, source=one),
        in_october(campaign, source=one),
        in_october(campaign, source=two),
    ]
    make.lead(campaign, at=datetime(2026, 10, 6, tzinfo=UTC), source=two)
    imported(campaign, [leads[0]], at=datetime(2026, 10, 20, tzinfo=UTC))
    close(campaign)
    counted = Statement.objects.order_by("supplier").values_list(
        "supplier", "received", "rejected", "lines", "total"
    )
    assert [(*row[:4], str(row[4])) for row in counted] == [
        (one.supplier_id, 2, 1, 3, "11.00"),
        (two.supplier_id, 2, 0, 1, "11.00"),
        (None, 4, 1, 4, "36.00"),
    ]


@pytest.mark.parametrize("suppliers", [1, 12])
def test_a_statement_and_the_grid_ask_a_bounded_number_of_questions(
    suppliers: int, django_assert_max_num_queries: Any
) -> None:
    client, operator = make.client(), make.operator()
    for _ in range(suppliers):
        campaign = make.campaign(client=client)
        in_october(campaign)
        close(campaign)
        make.lead(campaign, A)
    party = next(one for one in statements.parties(operator, statements.CLIENTS) if one.pk == client.pk)
    with django_assert_max_num_queries(17):  # with those that say how to plan
        statements.statement(operator, party, OCTOBER, "GBP", NOW)
    with django_assert_max_num_queries(14):
        monthgrid.grid(operator, statements.CLIENTS, NOW)
