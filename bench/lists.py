"""Lists of leads as people ask for them, how long each takes, and which large tables its plans read from end to end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from bench import dataset
from campaigns.models import User
from leads import listing
from leads.filters import Disputed, Filters, Only, Sort
from leads.listing import Page, Place
from leads.statuses import Status

#: Tables that no list may read from end to end.
LARGE = {"leads_lead", "leads_leadvalues", "leads_leadkey", "leads_leadevent"}
#: What the data set has a lead in (none is being judged).
STATUSES = [status for status in Status if status != Status.PROCESSING]


class Answer(NamedTuple):
    """How a list was answered: seconds of its first page, leads found, large tables read from end to end."""

    seconds: float
    leads: int
    whole: tuple[str, ...]


def fill_values() -> None:
    """Give the leads of the data set their values."""
    with connection.cursor() as cursor:
        for statement in dataset.statements("values.sql"):
            cursor.execute(statement, {})


def questions(leads: int, now: datetime) -> Iterator[tuple[str, Filters]]:
    """Every filter, order and kind of search, alone and as they are used together."""
    today, last = now.date(), str(leads)
    for sort in Sort:
        yield f"all, {sort}", Filters(sort=sort)
    for status in STATUSES:
        yield f"status {status}", Filters(status=(status.value,))
        yield f"status {status} in a campaign", Filters(status=(status.value,), campaign="BENCH-2")
    for only in Only:
        yield f"only {only}", Filters(only=only.value)
    yield "the largest campaign", Filters(campaign="BENCH-1")
    yield "a campaign by Lead ID", Filters(campaign="BENCH-2", sort=Sort.HIGHEST_ID)
    yield "a source", Filters(source="BENCH-3-s1")
    yield "a supplier", Filters(supplier="s2")
    yield "a disposition", Filters(disposition="REJECT_LEAD_INVALID_EMAIL")
    yield "received this week", Filters(received_from=today - timedelta(days=7))
    yield (
        "received two months ago",
        Filters(received_from=today - timedelta(days=63), received_to=today - timedelta(days=60)),
    )
    yield (
        "valid two months ago",
        Filters(valid_from=today - timedelta(days=61), valid_to=today - timedelta(days=60)),
    )
    yield "a rare value", Filters(field="company", value="Company 77")
    yield "a common value", Filters(field="country", value="Japan")
    yield "a field that is blank", Filters(field="company", blank="yes")
    for state in Disputed:
        yield f"disputed, {state}", Filters(disputed=state.value)
    yield "search: Lead ID", Filters(q=last)
    yield "search: UID", Filters(q=f"{dataset.uid(leads // 2)}")
    yield "search: e-mail", Filters(q=dataset.email(leads // 3))
    yield "search: e-mail of an international domain", Filters(q="harriet_turner@bücher.example")
    yield "search: phone", Filters(q=f"+44{7400000000 + leads // 4}")
    yield "search: end of a phone number", Filters(q=f"{7400000000 + leads // 4}"[-4:])
    yield "search: a domain that all have", Filters(q="@postbox.example")
    yield "search: a domain that nobody has", Filters(q="nowhere.example")
    yield "search: beginning of an e-mail", Filters(q=dataset.email(leads // 3)[:15])
    yield "search: name", Filters(q="hel")
    yield "search: two names", Filters(q="chloe a1b")
    yield "search: nobody", Filters(q="zzyzx")


def people() -> dict[str, User]:
    """One of each side."""
    from campaigns.models import Client, Supplier

    return {
        "staff": User.objects.get(username="bench"),
        "client": User(client=Client.objects.get(code="bench"), is_active=True),
        "supplier": User(supplier=Supplier.objects.get(code="s1"), is_active=True),
    }


def measure(leads: int, now: datetime) -> list[tuple[str, float, int, tuple[str, ...]]]:
    """Every list as staff ask for it: words, seconds (the better of two), leads found, tables read whole."""
    fill_values()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) leads_leadvalues")
    person, answers = people()["staff"], []
    for words, filters in questions(leads, now):
        first, again = (answer(person, filters, now) for _ in range(2))
        answers.append((words, min(first.seconds, again.seconds), first.leads, first.whole))
    return answers


def answer(person: User, filters: Filters, now: datetime) -> Answer:
    """The list's first page, timed, and what its plans read from end to end."""
    began = time.perf_counter()
    page = _page(person, filters, now)
    return Answer(time.perf_counter() - began, page.total, plans(person, filters, now))


def plans(person: User, filters: Filters, now: datetime) -> tuple[str, ...]:
    """The large tables that the list's first page and the one after it read from end to end."""
    whole: set[str] = set()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "WITH")):
            whole.update(read_whole(sql, params))
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(look):
        page = _page(person, filters, now)
        if page.next:
            _page(person, filters, now, page.next)
        transaction.set_rollback(True)  # and with it how the planner was told to plan
    return tuple(sorted(whole))


def _page(person: User, filters: Filters, now: datetime, after: Place | None = None) -> Page:
    offered = listing.choices(person)
    return listing.page(listing.found(person, filters, offered, now), filters.sort, after=after)


def read_whole(sql: str, params: Any) -> set[str]:
    """The large tables that the plan of a statement reads from end to end, as things are set now."""
    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan = json.loads(found) if isinstance(found, str) else found
    whole = (node for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan")
    return LARGE & {node.get("Relation Name", "") for node in whole}


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's node and all below it."""
    yield node
    for child in node.get("Plans", []):
        yield from nodes(child)
