"""The notices pages: who may see and do what, and what becomes of it, at a real receiver."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Agreement, Disposition, Endpoint, User
from campaigns.templatetags.figures import recent
from leads import deliver, noticeboard, telling
from leads.models import Delivery, Lead
from leads.sql import leaving
from leads.sql.leaving import Leaving
from leads.statuses import Cause
from tests import batches, make
from tests.flows.world import PRICE, World, world
from tests.receiver import Receiver, receiver

pytestmark = pytest.mark.django_db

ROLES = "admin operator client reader rival supplier competitor inactive nobody".split()
TABLE = """
notices              200 200 404 404 404 200 200 302 302
notices_csv          200 200 404 404 404 200 200 302 302
opened               200 200 404 404 404 200 404 302 302
endpoint_resume      200 200 404 404 404 200 404 302 302
post endpoint_resume 302 302 404 404 404 302 404 302 302
post endpoint_test   302 302 404 404 404 302 404 302 302
post notice_again    302 302 404 404 404 302 404 302 302
post notices_hurry   302 302 404 404 404 302 302 302 302
post webhook_save    404 404 404 404 404 302 200 302 302
post webhook_secret  404 404 404 404 404 200 404 302 302
post email_save      404 404 404 404 404 302 302 302 302
"""


#: What stands beside the menu's link when one notice waits.
NOT_DELIVERED = '<span class="n">1<span class="sr"> not delivered yet</span>'


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def w(hook: Receiver) -> World:
    """A world in which Lumen is told by webhook, and has just been told of a lead; the receiver has not answered."""
    made = world()
    Agreement.objects.filter(supplier=made.lumen).update(channel="webhook")
    telling.set_webhook(made.lumen, hook.url, made.at)
    lead = make.lead(made.campaign, at=made.at, source=made.leads["pending"].source)
    batches.imported(made.campaign, [(lead, "Gibt's doppelt")], at=made.at)
    return made


def notice() -> Delivery:
    return Delivery.objects.get(channel="webhook", kind="rejections")


def endpoint() -> Endpoint:
    return Endpoint.objects.get(channel="webhook")


def signed_in(person: User | None) -> Client:
    browser = Client()
    if person:
        browser.force_login(person)
    return browser


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1], ids=lambda line: line[:20].strip())
def test_every_role_gets_what_is_due(line: str, w: World, hook: Receiver) -> None:
    method, page = ("post", line[5:21].strip()) if line.startswith("post ") else ("get", line[:21].strip())
    about = {
        "notice_again": [notice().pk],
        "endpoint_test": [endpoint().pk],
        "endpoint_resume": [endpoint().pk],
    }
    address = (
        f"{reverse('notices')}?notice={notice().pk}"
        if page == "opened"
        else reverse(page, args=about.get(page, []))
    )
    sent = {"webhook_save": {"url": hook.url}, "email_save": {"recipients": "a@lumen.example"}}.get(page, {})
    got = {}
    for role in ROLES:
        if page == "endpoint_resume":
            Endpoint.objects.update(paused_at=w.at, paused_why="It answered “410 gone”.")
        got[role] = getattr(signed_in(w.people[role]), method)(address, sent).status_code
    assert got == dict(zip(ROLES, map(int, line[21:].split()), strict=True))


def test_what_is_not_ones_own_answers_like_what_never_was(w: World) -> None:
    browser = signed_in(w.people["competitor"])
    for here, nowhere in (
        (f"/notices/?notice={notice().pk}", "/notices/?notice=999999"),
        (f"/notices/endpoints/{endpoint().pk}/resume/", "/notices/endpoints/999999/resume/"),
    ):
        assert browser.get(here).content == browser.get(nowhere).content
    assert (
        browser.get("/notices/?supplier=" + w.lumen.code).content.decode().count("rejected by the client")
        == 0
    )


def test_a_supplier_reads_of_its_leads_and_of_nobody_else(w: World) -> None:
    browser = signed_in(w.people["supplier"])
    deliver.deliver_due(w.at)
    page = text(browser.get(f"/notices/?notice={notice().pk}"))
    log = text(browser.get("/notices/notices.csv"))
    assert "1 lead was rejected by the client" in page.replace("\xa0", " ")
    assert w.campaign.public_name in page
    for private in (
        w.campaign.client.name,
        w.campaign.name,
        w.campaign.code,
        PRICE,
        w.kestrel.name,
        endpoint().secret,
    ):
        assert private not in page + log
    (row,) = [row for row in csv.DictReader(io.StringIO(log.lstrip("\ufeff"))) if row["told_by"] == "webhook"]
    assert (row["notice"], row["status"], row["answer"]) == (str(notice().pk), "sent", "200 thanks")


def test_send_again_is_the_same_notice(w: World, hook: Receiver) -> None:
    deliver.deliver_due(w.at)
    answer = signed_in(w.people["operator"]).post(f"/notices/{notice().pk}/again/", follow=True)
    assert "sent again" in text(answer)
    deliver.deliver_due(timezone.now())
    assert len(hook.got) == 2
    assert hook.got[0].headers["webhook-id"] == hook.got[1].headers["webhook-id"]
    assert hook.got[0].body == hook.got[1].body


def test_a_test_says_what_came_back(w: World, hook: Receiver) -> None:
    browser = signed_in(w.people["supplier"])
    hook.answers = [(500, "<b>oops</b>"), (200, "fine")]
    address = f"/notices/endpoints/{endpoint().pk}/test/"
    failed = text(browser.post(address, follow=True))
    assert "did not arrive" in failed
    assert "<b>oops" not in failed
    assert "The test arrived" in text(browser.post(address, follow=True))


def test_a_paused_endpoint_is_resumed_once_a_test_arrives(w: World, hook: Receiver) -> None:
    Endpoint.objects.update(paused_at=w.at, paused_why="It answered “410 gone”.")
    operator = signed_in(w.people["operator"])
    assert NOT_DELIVERED in text(operator.get("/notices/")), "the menu says that one is not delivered"
    address = f"/notices/endpoints/{endpoint().pk}/resume/"
    assert "1 notice about 1 lead was held back" in text(operator.get(address)).replace("\xa0", " ")
    hook.answers = [(410, "still gone"), (200, "back")]
    refused = operator.post(address)
    assert (refused.status_code, endpoint().paused_at) == (422, w.at)
    assert "410 still gone" in text(refused)
    assert "Resumed" in text(operator.post(address, follow=True))
    assert endpoint().paused_at is None
    assert NOT_DELIVERED not in text(operator.get("/notices/"))


def test_a_secret_is_shown_once_and_never_again(w: World, hook: Receiver) -> None:
    browser, before = signed_in(w.people["supplier"]), endpoint().secret
    answer = browser.post("/notices/webhook/secret/")
    assert endpoint().secret != before
    assert endpoint().secret in text(answer)
    assert before not in text(answer)
    assert answer["Cache-Control"] == "no-store"
    page = text(browser.get("/notices/"))
    assert endpoint().secret not in page
    assert "Old secret until" in page
    first = signed_in(w.people["competitor"]).post("/notices/webhook/", {"url": hook.url})
    assert Endpoint.objects.get(supplier=w.nordlys).secret in text(first)


@pytest.mark.parametrize(
    ("page", "name", "value", "said"),
    [
        ("webhook", "url", "", "Write the address of your webhook"),
        ("webhook", "url", "not an address", "That is not an address"),
        ("webhook", "url", "https://user:pw@hooks.example/", "user name or password"),
        ("webhook", "url", "https://127.0.0.1/x", "not an address on the public internet"),
        ("webhook", "url", "http://hooks.example/", "must begin with https"),
        ("email", "recipients", "ana@lumen.example, nobody", "“nobody” is not an e-mail address"),
        ("email", "recipients", ",".join(f"a{n}@lumen.example" for n in range(11)), "at most 10 addresses"),
    ],
)
def test_what_cannot_be_an_address_is_not_saved(
    page: str, name: str, value: str, said: str, w: World, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    before = list(Endpoint.objects.values())
    answer = signed_in(w.people["supplier"]).post(f"/notices/{page}/", {name: value})
    assert answer.status_code == 422
    assert said in text(answer)
    assert list(Endpoint.objects.values()) == before


def test_the_number_of_questions_to_the_database_does_not_grow(w: World, hook: Receiver) -> None:
    def asked(role: str) -> int:
        browser = signed_in(w.people[role])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get("/notices/").status_code == 200
        return len(queries)

    roles = ("operator", "supplier")
    before = [asked(role) for role in roles]
    for _ in range(12):
        batches.imported(
            w.campaign, [make.lead(w.campaign, at=w.at, source=w.leads["pending"].source)], at=w.at
        )
    for supplier in (w.kestrel, w.nordlys):
        telling.set_webhook(supplier, hook.url, w.at)
    assert [asked(role) for role in roles] == before
    assert max(before) < 30


def test_of_a_way_that_fails_only_the_first_notice_has_a_time(w: World, hook: Receiver) -> None:
    hook.answers = [(500, "down")]
    deliver.deliver_due(timezone.now())
    batches.imported(w.campaign, [make.lead(w.campaign, at=w.at, source=w.leads["pending"].source)], at=w.at)
    first, second = Delivery.objects.filter(channel="webhook", kind="rejections").order_by("pk")
    lines = {
        line.notice.pk: line.next for line in noticeboard.lines(noticeboard.notices(w.people["operator"]))
    }
    assert lines[second.pk] == "after the one before"
    assert lines[first.pk] == recent(first.next_attempt_at)


def test_suppliers_never_read_what_the_clients_crm_said(w: World) -> None:
    """It may name the client: clients and staff read it word for word, suppliers read ours."""
    said, lead = "Already with Brightwater since 2019", w.leads["pending"]
    leaving.turn_away(Cause.REFUSED_BY_CRM, [Leaving(lead.pk, said)], at=w.at)
    assert (
        Disposition.objects.get(pk=Lead.objects.get(pk=lead.pk).disposition_id).code == "REJECT_LEAD_BY_CRM"
    )
    pages = (
        f"/leads/{lead.pk}/",
        "/leads/",
        "/leads/?status=rejected",
        "/find/?q=" + str(lead.pk),
        f"/api/v1/leads/{lead.pk}/",
        "/api/v1/leads/",
    )
    for role, sees in (("operator", True), ("client", True), ("supplier", False)):
        browser = signed_in(w.people[role])
        found = [said in text(browser.get(page, follow=True)) for page in pages]
        assert any(found) if sees else not any(found), (role, dict(zip(pages, found, strict=True)))
    page = text(signed_in(w.people["supplier"]).get(f"/leads/{lead.pk}/"))
    assert "CRM refused it" in page
