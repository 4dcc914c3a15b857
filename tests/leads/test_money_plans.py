"""On 200,000 leads money is added up from narrow tables and indexes, and what takes long comes after its page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client as Browser
from django.utils import timezone

from bench import dataset, lists
from campaigns.models import Campaign, Client, User
from campaigns.rules import local_date
from leads import monthgrid, statements
from leads.sql import money
from leads.sql import months as month_statements
from leads.sql.standing import are_many
from leads.statements import CLIENTS, SUPPLIERS
from rejections import months, worklist
from tests import make

LEADS = 200_000

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module")
def now(django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime]:
    """The moment as of which the leads are there, all billed and some sent back; they are gone after this module."""
    assert connection.settings_dict["NAME"].startswith("test_")
    with django_db_blocker.unblock(), transaction.atomic():
        moment = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            dataset.fill(LEADS, dataset.agree(moment), moment)
            cursor.execute(
                "UPDATE leads_lead SET status = 'accepted', accepted_at = valid_at + interval '1 hour'"
                " WHERE status = 'pending'"
            )
            cursor.execute(
                """
                INSERT INTO leads_leadevent (lead_id, cause, from_status, to_status, reason, at, was_reason, was_in_cap)
                SELECT id, 'client_rejected', 'pending', 'client_rejected', '', valid_at + interval '1 day', '', true
                FROM leads_lead WHERE status = 'client_rejected'
                """
            )
            cursor.execute("SET LOCAL session_replication_role = origin")
            cursor.execute(
                """
                INSERT INTO leads_unclosedlead
                    (lead_id, campaign_id, supplier_id, accepted_at, valid_at, price, payout)
                SELECT id, campaign_id, supplier_id, accepted_at, valid_at, price, payout
                FROM leads_lead WHERE accepted_at IS NOT NULL
                """
            )
            cursor.execute("ANALYZE leads_lead, leads_leadevent, leads_statementline, leads_unclosedlead")
        yield moment
        transaction.set_rollback(True)


def plans(ask: Callable[[], Any]) -> list[tuple[str, str, str]]:
    """(how, table, index) of every reading of a large table in the plans of what is asked."""
    found: list[tuple[str, str, str]] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "leads_" in sql and sql.lstrip().startswith(("SELECT", "WITH")):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                plan = cursor.fetchone()[0]
            plan = json.loads(plan) if isinstance(plan, str) else plan
            for node in lists.nodes(plan[0]["Plan"]):
                if node.get("Relation Name", "") in {*lists.LARGE, "leads_unclosedlead"}:
                    found.append((node["Node Type"], node["Relation Name"], node.get("Index Name", "")))
        return execute(sql, params, many, context)

    with transaction.atomic():
        with connection.execute_wrapper(look):
            ask()
        transaction.set_rollback(True)  # and with it how the planner was told to plan
    return found


@pytest.mark.parametrize(
    "asked", ["statement", "supplier", "grid", "close", "undo", "due", "credits", "windows"]
)
def test_open_months_are_added_up_without_reading_a_large_table_whole(now: datetime, asked: str) -> None:
    staff = User.objects.get(username="bench")
    campaigns = list(Campaign.objects.select_related("client"))
    month = local_date(now, campaigns[0].time_zone).replace(day=1)
    side = SUPPLIERS if asked == "supplier" else CLIENTS
    party = statements.parties(staff, side)[0]
    asks: dict[str, Callable[[], Any]] = {
        "statement": lambda: statements.statement(staff, party, month, "GBP", now, checked=False),
        "supplier": lambda: statements.statement(staff, party, month, "GBP", now, checked=False),
        "grid": lambda: monthgrid.grid(staff, CLIENTS, now),
        "close": lambda: months.effect(campaigns[0], month, now),
        "undo": lambda: months.lost(campaigns[0], month),
        "due": lambda: month_statements.oldest_over([statements.span_of(one, month) for one in campaigns]),
        "credits": lambda: worklist.this_month(campaigns, now),
        "windows": lambda: worklist.closing_days(campaigns, now),
    }
    read = plans(asks[asked])
    assert read
    assert [line for line in read if line[0] == "Seq Scan"] == []
    if asked in ("statement", "supplier", "grid"):
        assert ("Index Only Scan", "leads_unclosedlead", "unclosed_of_a_month") in read


def test_a_single_line_is_found_without_its_whole_month(now: datetime) -> None:
    staff = User.objects.get(username="bench")
    campaign = Campaign.objects.get(code="BENCH-1")
    month = local_date(now - timedelta(days=3), campaign.time_zone).replace(day=1)  # one that has lines
    party = statements.parties(staff, CLIENTS)[0]
    found = statements.statement(staff, party, month, "GBP", now, checked=False)
    group = next(one for sheet in found.sheets for one in sheet.groups)
    read = plans(lambda: money.lines(found.scope, group, offset=50, limit=50))
    assert [line for line in read if line[0] == "Seq Scan"] == []


def test_costly_parts_come_after_their_page(now: datetime) -> None:
    """The page says what it adds up; htmx asks for it, and a link does where there is no JavaScript."""
    assert are_many()
    client = Client.objects.get(code="bench")
    supplier = make.supplier_user(Campaign.objects.get(code="BENCH-1").sources.all()[0].supplier)
    month = f"{local_date(now, 'Europe/London'):%Y-%m}"
    pages = [
        (make.operator(), "/", "all", "Needs attention"),
        (make.operator(), "/statements/", "grid", "Clients by month"),
        (make.operator(), "/sources/", "all", "Newest lead"),
        (make.operator(), f"/statements/clients/{client.pk}/{month}/GBP/", "check", "No difference"),
        (make.operator(), f"/statements/clients/{client.pk}/{month}/GBP/", "earned", "Where it goes"),
        (make.operator(), f"/campaigns/BENCH-1/months/{month}/close/", "lost", ""),
        (make.client_user(client), "/", "credits", "Credits in"),
        (make.client_user(client), "/", "windows", ""),
        (supplier, "/", "all", "Why leads came back"),
    ]  # fmt: skip
    for person, address, part, words in pages:
        browser = Browser()
        browser.force_login(person)
        page = browser.get(address).content.decode()
        assert f'hx-get="{address}?part={part}"' in page, address
        assert f'href="{address}?whole=1"' in page, address
        assert not words or words not in page, address
        later = browser.get(f"{address}?part={part}")
        assert later.status_code == 200
        assert "<html" not in later.content.decode()
        whole = browser.get(f"{address}?whole=1").content.decode()
        assert 'hx-trigger="load"' not in whole, address
        for answer in (later.content.decode(), whole):
            assert words in answer, address
