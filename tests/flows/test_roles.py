"""Who may open what, door by door: what a person may not see answers like what never existed, byte for byte."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from campaigns.models import Picklist
from leads.models import Lead, LeadValues
from tests.flows.world import MARGIN, PAYOUT, PRICE, World, correction, lead_file, uploaded, workbook, world

pytestmark = pytest.mark.django_db

ROLES = "admin operator client reader rival supplier competitor inactive nobody".split()

#: `client` may reject leads, `reader` is its colleague without the permission, `rival` is another client's,
#: `competitor` another supplier's. 302 is where the page leads on; for the last two it is the log-in.
TABLE = """
home                  200 200 200 200 200 200 200 302 302
open_batches          200 200 404 404 404 404 404 302 302
imports               200 200 200 200 200 404 404 302 302
campaigns             200 200 200 200 200 404 404 302 302
campaign              200 200 200 200 404 404 404 302 302
accept_leads          200 200 200 200 404 404 404 302 302
post accept_leads     302 302 302 403 404 404 404 302 302
find                  200 200 200 200 200 200 200 302 302
find_lead             302 302 302 302 200 302 200 302 302
find_batch            302 302 302 302 200 200 200 302 302
leads                 200 200 200 200 200 200 200 302 302
leads_download        200 200 200 200 200 200 200 302 302
analytics             200 200 200 200 200 404 404 302 302
lead                  200 200 200 200 404 200 404 302 302
lead_of_another       200 200 200 200 404 404 404 302 302
post lead_fix         422 422 403 403 404 403 404 302 302
post lead_reject      302 302 302 403 404 403 404 302 302
post lead_accept      302 302 302 403 404 403 404 302 302
lead_reject           405 405 405 405 405 405 405 302 302
import_new            200 200 200 200 200 404 404 302 302
post import_new       422 422 422 403 422 404 404 302 302
batch                 302 302 302 302 404 404 404 302 302
batch_result          200 200 200 200 404 404 404 302 302
batch_map             200 200 200 200 404 404 404 302 302
batch_check           200 200 200 200 404 404 404 302 302
batch_progress        200 200 200 200 404 404 404 302 302
batch_download        200 200 200 200 404 404 404 302 302
batch_undo            200 200 200 403 404 404 404 302 302
undo_of_operators     200 200 403 403 404 404 404 302 302
post batch_undo       302 302 302 403 404 404 404 302 302
post batch_start      302 302 302 403 404 404 404 302 302
post batch_stop       302 302 302 403 404 404 404 302 302
post batch_continue   302 302 302 403 404 404 404 302 302
post batch_review     302 302 302 403 404 404 404 302 302
post batch_cancel     302 302 302 403 404 404 404 302 302
profile               200 200 200 200 200 200 200 302 302
password              200 200 200 200 200 200 200 302 302
keys                  200 200 200 200 200 200 200 302 302
post keys             422 422 422 422 422 422 422 302 302
source_tokens         200 200 404 404 404 404 404 302 302
post source_tokens    200 403 404 404 404 404 404 302 302
post profile_theme    302 302 302 302 302 302 302 302 302
told                  200 200 200 200 200 200 200 302 302
reasons               200 200 404 404 404 404 404 302 302
told_bell             200 200 200 200 200 404 404 302 302
sources               200 200 404 404 404 404 404 302 302
source                200 200 404 404 404 404 404 302 302
source_download       200 200 404 404 404 404 404 302 302
post source_download  422 422 404 404 404 404 404 302 302
source_upload         200 200 404 404 404 404 404 302 302
post source_upload    422 422 404 404 404 404 404 302 302
source_import         200 200 404 404 404 404 404 302 302
post source_import    422 422 404 404 404 404 404 302 302
lead_file             200 200 404 404 404 404 404 302 302
post lead_file        200 200 404 404 404 404 404 302 302
post source_resume    302 302 404 404 404 404 404 302 302
corr_check            200 200 404 404 404 404 404 302 302
post corr_start       302 302 404 404 404 404 404 302 302
post corr_cells       302 302 404 404 404 404 404 302 302
corr_download         200 200 404 404 404 404 404 302 302
download              404 200 404 404 404 404 404 302 302
download_file         404 404 404 404 404 404 404 302 302
picklists             200 200 404 404 404 404 404 302 302
picklist              200 200 404 404 404 404 404 302 302
picklist_versions     200 200 404 404 404 404 404 302 302
picklist_retire       200 403 404 404 404 404 404 302 302
post picklist_judge   302 302 404 404 404 404 404 302 302
fix_queue             200 200 404 404 404 404 404 302 302
fix_work              200 200 404 404 404 404 404 302 302
fix_several           302 302 404 404 404 404 404 302 302
fix_decisions         200 200 404 404 404 404 404 302 302
fix_group             200 200 404 404 404 404 404 302 302
post fix_group        422 422 404 404 404 404 404 302 302
affiliate_events      200 200 404 404 404 404 404 302 302
affiliate_events_csv  200 200 404 404 404 404 404 302 302
month_close           200 200 404 404 404 404 404 302 302
post month_close      422 422 404 404 404 404 404 302 302
admin                 200 200 302 302 302 302 302 302 302
admin_login           302 302 404 404 404 404 404 302 302
api_lead              200 200 200 200 404 200 404 401 401
api_batch             200 200 200 200 404 404 404 401 401
"""


def address(w: World, page: str) -> str:
    """The page's address, with what it shows of this world."""
    code, lead = w.campaign.code, w.leads["pending"]
    checked = {"batch_check", "batch_start", "batch_review", "batch_cancel"}
    special = {
        "source_tokens": reverse("source_tokens", args=[w.campaign.sources.all()[0].code]),
        "campaign": reverse("campaign", args=[code]),
        "accept_leads": reverse("accept_leads", args=[code]),
        "find_lead": f"{reverse('find')}?q={lead.pk}",
        "find_batch": f"{reverse('find')}?q=imp-{w.finished.pk}",
        "lead_of_another": reverse("lead", args=[w.other_lead.pk]),
        "batch_download": reverse("batch_download", args=[w.finished.pk, "csv"]),
        "undo_of_operators": reverse("batch_undo", args=[w.by_operator.pk]),
        "admin": reverse("admin:index"),
        "admin_login": reverse("admin:login"),
        "sources": reverse("sources"),
        "month_close": reverse("month_close", args=[code, w.at.date().replace(day=1)]),
        "api_lead": f"/api/v1/leads/{lead.pk}/",
        "api_batch": f"/api/v1/batches/{w.finished.pk}/",
    }
    if page in special:
        return special[page]
    if page.startswith("picklist_") or page == "picklist":
        picklist, _ = Picklist.objects.get_or_create(client=w.campaign.client, name="Countries")
        retire = page == "picklist_retire"
        change = reverse("picklist_change" if retire else page, args=[picklist.pk])
        return f"{change}?do=retire&text=x" if retire else change
    if page == "fix_group":
        return reverse(page, args=[blocked(w).pk])
    if page.startswith("source"):
        return reverse(page, args=[w.leads["pending"].source.code])
    if page.startswith("download"):
        return reverse(page, args=[workbook(w).pk])
    if page == "lead_file":
        return reverse(page, args=[lead_file(w).pk])
    if page.startswith("corr_"):
        made, name = correction(w).pk, page.replace("corr", "batch")
        return reverse(name, args=[made, "csv"] if name == "batch_download" else [made])
    if page == "batch_map":
        return reverse(page, args=[uploaded(w).pk])
    if page in checked:
        return reverse(page, args=[w.checked.pk])
    if page.startswith("batch"):
        return reverse(page, args=[w.finished.pk])
    return reverse(page, args=[lead.pk] if re.match(r"lead\b|lead_", page) else [])


def blocked(w: World) -> Lead:
    """A lead that the door turned away for its country."""
    lead = w.leads["rejected"]
    failure = {
        "field": "country",
        "code": "REJECT_LEAD_INVALID_LIST_VALUE",
        "value": "U.S.A.",
        "sentence": "No",
    }
    LeadValues.objects.filter(lead=lead).update(failures=[failure])
    return lead


def sent(w: World, page: str) -> dict[str, str]:
    """What the page's form sends."""
    forms = {
        "accept_leads": {"through": (w.at - timedelta(days=1)).date().isoformat()},
        "lead_reject": {"reason": "Wrong person"},
        "import_new": {"campaign": ""},
    }
    return forms.get(page, {})


def ask(w: World, role: str, method: str, url: str, data: dict[str, str] | None = None) -> HttpResponse:
    """The answer to this person; nothing that it does stays."""
    browser = Client()
    if person := w.people[role]:
        browser.force_login(person)
    with transaction.atomic():
        answer: Any = getattr(browser, method)(url, data or {})
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1], ids=lambda line: line[:20].strip())
def test_every_role_gets_what_is_due(line: str) -> None:
    method, page = ("post", line[5:20].strip()) if line.startswith("post ") else ("get", line[:20].strip())
    due = dict(zip(ROLES, map(int, line[20:].split()), strict=True))
    w = world()
    url = address(w, page)
    got = {role: ask(w, role, method, url, sent(w, page)) for role in ROLES}
    assert {role: answer.status_code for role, answer in got.items()} == due
    for role in ("inactive", "nobody"):
        assert got[role].status_code != 302 or "login" in got[role].headers["Location"]


OBJECTS = [
    ("get", "lead", "foreign_lead"),
    ("post", "lead_reject", "foreign_lead"),
    ("post", "lead_accept", "foreign_lead"),
    ("get", "batch", "foreign_batch"),
    ("get", "batch_map", "foreign_batch"),
    ("get", "batch_check", "foreign_batch"),
    ("get", "batch_result", "foreign_batch"),
    ("get", "batch_progress", "foreign_batch"),
    ("get", "batch_undo", "foreign_batch"),
    ("post", "batch_undo", "foreign_batch"),
    ("post", "batch_start", "foreign_batch"),
    ("post", "batch_stop", "foreign_batch"),
    ("post", "batch_continue", "foreign_batch"),
    ("post", "batch_review", "foreign_batch"),
    ("post", "batch_cancel", "foreign_batch"),
    ("post", "batch_map", "foreign_batch"),
    ("post", "batch_cells", "foreign_batch"),
]


@pytest.mark.parametrize(("method", "page", "which"), OBJECTS, ids=[f"{m} {p}" for m, p, _ in OBJECTS])
def test_a_foreign_object_answers_like_one_that_never_was(method: str, page: str, which: str) -> None:
    w = world()
    foreign, missing = reverse(page, args=[getattr(w, which).pk]), reverse(page, args=[10**9])
    same_answer(w, method, foreign, missing)


def test_a_foreign_campaign_download_and_api_object_too() -> None:
    w = world()
    for page in ("campaign", "accept_leads"):
        for method in ("get", "post") if page == "accept_leads" else ("get",):
            same_answer(w, method, reverse(page, args=[w.foreign.code]), reverse(page, args=["NO-SUCH-CODE"]))
    source = w.foreign_lead.source.code
    for page in ("source", "source_download", "source_upload"):
        same_answer(w, "get", reverse(page, args=[source]), reverse(page, args=["NO-SUCH-CODE"]))
    for kind in ("csv", "xlsx"):
        there, gone = (reverse("batch_download", args=[pk, kind]) for pk in (w.foreign_batch.pk, 10**9))
        same_answer(w, "get", there, gone)
    same_answer(w, "get", f"/api/v1/leads/{w.foreign_lead.pk}/", "/api/v1/leads/1000000000/")
    same_answer(w, "get", f"/api/v1/batches/{w.foreign_batch.pk}/", "/api/v1/batches/1000000000/")


def same_answer(w: World, method: str, foreign: str, missing: str) -> None:
    """Neither a client user nor a supplier user can tell the one from the other."""
    for role in ("client", "supplier"):
        there, gone = (ask(w, role, method, url) for url in (foreign, missing))
        assert there.status_code == gone.status_code == 404, role
        assert there.content == gone.content, role
        assert there.headers == gone.headers, role


def test_a_supplier_cannot_tell_another_suppliers_lead_from_none() -> None:
    w = world()
    there, gone = (ask(w, "supplier", "get", reverse("lead", args=[pk])) for pk in (w.other_lead.pk, 10**9))
    assert there.status_code == 404
    assert there.content == gone.content


def test_a_number_no_database_holds_is_not_found() -> None:
    w = world()
    closing = "/campaigns/%00/months/2026-10/close/"
    for url in (f"/leads/{10**30}/", f"/imports/{10**30}/", "/campaigns/%00/", "/sources/%00/", closing):
        assert ask(w, "operator", "get", url).status_code == 404, url


def text_of(w: World, role: str) -> str:
    """All the HTML this person can get out of the pages."""
    pages = [line[:20].strip() for line in TABLE.split("\n")[1:-1] if not line.startswith("post")]
    urls = [address(w, page) for page in pages]
    urls += [reverse("lead", args=[lead.pk]) for lead in w.leads.values()]
    urls += [reverse("lead", args=[pk]) for pk in lead_ids(w)]
    urls += [reverse("batch_result", args=[w.by_operator.pk]), f"{reverse('imports')}?q=1"]
    answers = [ask(w, role, "get", url) for url in urls]
    assert sum(answer.status_code == 200 for answer in answers) > 8
    return "\n".join(
        b"".join(answer).decode() if answer.streaming else answer.content.decode()
        for answer in answers
        if answer.status_code == 200
    )


def lead_ids(w: World) -> list[int]:
    """The leads that the batches have rejected, with their events."""
    moved = [w.finished.lines.get(), w.by_operator.lines.get()]
    return [row.lead_id for row in moved]


FOREIGN = ["Nimbus", "Cloud Internal", "Cloud offer", "Rita", "Nordlys", "Nora"]


@pytest.mark.parametrize("role", ["client", "reader"])
def test_a_client_user_reads_prices_but_no_payout_margin_or_supplier(role: str) -> None:
    w = world()
    text = text_of(w, role)
    assert PRICE in text
    assert "Rooftops Internal" in text
    sources = [source.name for source in w.campaign.sources.all()]
    for secret in [PAYOUT, MARGIN, "Lumen", "Kestrel", *sources, "Olga", "Sven", *FOREIGN]:
        assert secret not in text, secret


def test_a_client_user_reads_supplier_names_where_the_campaign_says_so() -> None:
    w = world()
    w.campaign.show_suppliers_to_client = True
    w.campaign.save()
    text = text_of(w, "client")
    assert "Lumen" in text
    for secret in [PAYOUT, MARGIN, "Olga", *FOREIGN]:
        assert secret not in text, secret


def test_a_supplier_user_reads_its_payout_and_nothing_of_the_others() -> None:
    w = world()
    text = text_of(w, "supplier")
    assert PAYOUT in text
    assert "Home offer" in text
    assert "Duplicate Lead" in text
    people = ["Ada", "Olga", "Carla", "Rolf"]
    secrets = [
        PRICE,
        MARGIN,
        "Brightwater",
        "Rooftops Internal",
        w.campaign.code,
        "Kestrel",
        *people,
        *FOREIGN,
    ]
    for secret in [*secrets, "IMP-", "/imports/", "/campaigns/"]:
        assert secret not in text, secret


def test_an_operator_reads_all_of_it() -> None:
    text = text_of(world(), "operator")
    for told in [PRICE, PAYOUT, MARGIN, "Lumen", "Kestrel", "Brightwater", "Nimbus", "Carla Buys"]:
        assert told in text, told
