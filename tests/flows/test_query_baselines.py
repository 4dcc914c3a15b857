"""How many queries each page makes: the number is checked in, and more leads or batches do not raise it.

To add a page: one line. A page that needs fewer than its line says: lower the line.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from leads.models import LeadValues
from leads.statuses import Status
from tests import batches, make
from tests.flows.test_pages import signed_in
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db

#: Queries at most · who asks · what for. “{lead}”, “{rejected}”, “{campaign}” and “{batch}” are filled in.
BASELINES = """
14 operator  /leads/
15 client    /leads/
15 supplier  /leads/
17 operator  /leads/?q=ann
13 operator  /leads/?status=pending&campaign={campaign}&only=closing
19 operator  /leads/{lead}/?in=all
13 operator  /leads/{rejected}/
12 client    /leads/{lead}/
12 supplier  /leads/{lead}/
18 operator  /find/?q=a
18 client    /find/?q=a
16 operator  /analytics/
16 client    /analytics/?campaign={campaign}
30 operator  /
24 client    /
11 operator  /imports/
17 operator  /reasons/
6 operator   /profile/
7 client     /profile/
12 operator  /told/
"""


def queries(w: World, role: str, path: str) -> int:
    """How many queries the page makes; savepoints of the test are none."""
    browser = signed_in(w.people[role])
    browser.get(reverse("login"))
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(path).status_code == 200, path
    return sum("SAVEPOINT" not in query["sql"] for query in asked.captured_queries)


def more(w: World) -> None:
    """More of everything that a page might ask about one by one."""
    leads = [make.lead(w.campaign, at=w.at, name=f"Ann {n}", email=f"ann{n}@example.org") for n in range(12)]
    for lead in (*leads[:4], w.leads["rejected"]):
        LeadValues.objects.filter(lead=lead).update(
            failures=[{"field": "name", "sentence": "No", "value": ""}]
        )
    for _ in range(3):
        make.lead(make.campaign(client=w.campaign.client), Status.REJECTED, at=w.at, name="Ann")
        batches.imported(w.campaign, [leads.pop(), leads.pop()], at=timezone.now())


@pytest.mark.parametrize("line", BASELINES.strip().split("\n"))
def test_a_page_makes_no_more_queries_than_its_baseline_however_much_there_is(line: str) -> None:
    most, role, pattern = line.split(maxsplit=2)
    w = world()
    path = pattern.format(
        lead=w.leads["pending"].pk,
        rejected=w.leads["rejected"].pk,
        campaign=w.campaign.code,
        batch=w.finished.pk,
    )
    few = queries(w, role, path)
    more(w)
    many = queries(w, role, path)
    assert max(few, many) <= int(most), f"{few} and {many} queries"
