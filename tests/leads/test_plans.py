"""On 200,000 leads no list, filter or search reads a large table from end to end, and counts stop where they should."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from bench import dataset, lists
from leads import listing
from leads.filters import Filters

LEADS = 200_000

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module")
def now(django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime]:
    """The moment as of which the leads are there; they are gone after this module."""
    # Only the mark on the tests makes pytest-django set up a database of theirs.
    assert connection.settings_dict["NAME"].startswith("test_")
    with django_db_blocker.unblock(), transaction.atomic():
        moment = timezone.now()
        _set("session_replication_role = replica")  # the data set keeps its foreign keys without being asked
        dataset.fill(LEADS, dataset.agree(moment), moment)
        lists.fill_values()
        _set("session_replication_role = origin")
        with connection.cursor() as cursor:
            for index in ("values_words", "values_judged"):
                cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
            cursor.execute("ANALYZE leads_lead, leads_leadkey, leads_leadevent, leads_leadvalues")
        yield moment
        transaction.set_rollback(True)


def _set(what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {what}")


def test_no_list_reads_a_large_table_from_end_to_end(now: datetime) -> None:
    person = lists.people()["staff"]
    whole = {words: lists.plans(person, asked, now) for words, asked in lists.questions(LEADS, now)}
    assert {words: tables for words, tables in whole.items() if tables} == {}


@pytest.mark.parametrize("side", ["client", "supplier"])
def test_neither_does_a_list_of_one_side(now: datetime, side: str) -> None:
    person = lists.people()[side]
    for asked in (Filters(), Filters(q="hel"), Filters(status=("quarantined",)), Filters(only="closed")):
        assert lists.plans(person, asked, now) == (), asked


def test_a_plan_that_reads_a_table_whole_is_noticed(now: datetime) -> None:
    assert lists.read_whole("SELECT sum(price) FROM leads_lead", None) == {"leads_lead"}


def test_counts_are_exact_up_to_ten_thousand(now: datetime) -> None:
    person = lists.people()["staff"]
    for asked, exact in ((Filters(field="company", value="Company 77"), True), (Filters(), False)):
        offered = listing.choices(person)
        leads = listing.found(person, asked, offered, now)
        assert listing.page(leads, asked.sort).total == (leads.count() if exact else listing.COUNTED + 1)
