"""Disputes and the supplier's pages over HTTP: who sees what, who may do what, what each act answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Disposition, User
from leads.models import Lead
from leads.sql.adjust import adjust
from leads.sql.move import Moving
from leads.statuses import Cause
from rejections import disputes, evidence
from rejections.models import Batch, Dispute, DisputedLead
from tests import batches, make
from tests.flows.world import PAYOUT, PRICE, World, world
from tests.rejections import corrections

pytestmark = pytest.mark.django_db

SECRET = "Nothing but her own words: KL-4711"


def signed_in(person: User | None) -> Browser:
    browser = Browser()
    if person:
        browser.force_login(person)
    return browser


def rejected(w: World) -> Lead:
    """The supplier's lead that the client's own import rejected."""
    return Lead.objects.get(events__batch_id=w.finished.pk, events__cause="client_rejected")


def opened(w: World, *leads: Lead) -> Dispute:
    file = evidence.keep([b"call"], "Gespräch.mp3")
    ids = [lead.pk for lead in leads or [rejected(w)]]
    [dispute] = disputes.contest(
        ids, person=w.people["supplier"], note="They answered.", proof=SECRET, file=file, at=w.at
    )
    return dispute


def text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8-sig").replace("\xa0", " ")


def test_a_supplier_disputes_what_an_operator_grants_and_both_sides_and_the_client_see_it() -> None:
    w = world()
    lead = rejected(w)
    supplier = signed_in(w.people["supplier"])
    assert "Dispute this rejection" in text(supplier.get(reverse("lead", args=[lead.pk])))
    file = SimpleUploadedFile("../call.mp3", b"RIFF")
    sent = {"lead": lead.pk, "note": "They answered.", "evidence": SECRET, "file": file}
    answer = supplier.post(reverse("dispute_new"), sent)
    dispute = Dispute.objects.get()
    assert answer.url == reverse("dispute", args=[dispute.pk])
    assert SECRET in text(supplier.get(answer.url))

    operator = signed_in(w.people["operator"])
    page = text(operator.get(reverse("disputes")))
    assert all(words in page for words in ("They answered.", SECRET, "call.mp3", "Choose for each lead"))
    one = dispute.leads.get()
    chosen = {f"decision-{one.pk}": "grant", "answer": "We heard it.\0"}
    assert "Grant 1" in text(operator.post(reverse("dispute_effect", args=[dispute.pk]), chosen))
    assert batches.statuses([lead]) == ["client_rejected"], "looking at the effect answers nothing"
    operator.post(reverse("dispute_answer", args=[dispute.pk]), chosen)
    assert batches.statuses([lead]) == ["pending"]
    again = operator.post(reverse("dispute_answer", args=[dispute.pk]), {"all": "refuse"})
    assert (again.status_code, "has been answered" in text(again)) == (409, True)

    assert "Granted" in text(supplier.get(reverse("disputes")))
    for who, told in {
        "supplier": "You disputed it",
        "client": "Contested by its supplier",
        "operator": SECRET,
    }.items():
        page = text(signed_in(w.people[who]).get(reverse("lead", args=[lead.pk])))
        assert ("We heard it." in page, "Dispute granted" in page) == (True, True), who
        assert told in page if who != "operator" else "They answered." in page


def test_disputed_leads_are_a_filter_of_the_list_for_every_side_that_knows_of_them() -> None:
    w = world()
    lead = rejected(w)
    dispute = opened(w)

    def listed(who: str, state: str) -> list[int]:
        context = signed_in(w.people[who]).get(reverse("leads"), {"disputed": state}).context
        return [row["lead"].pk for row in context["rows"]]

    for state, answer in (("open", None), ("refused", {"all": "refuse"})):
        if answer:
            signed_in(w.people["operator"]).post(reverse("dispute_answer", args=[dispute.pk]), answer)
        found = {who: listed(who, state) for who in ("operator", "client", "supplier", "rival")}
        assert found == {"operator": [lead.pk], "client": [lead.pk], "supplier": [lead.pk], "rival": []}, (
            state
        )
    assert listed("operator", "open") == listed("operator", "granted") == []


def test_nothing_is_decided_by_default_and_what_was_chosen_is_kept() -> None:
    w = world()
    leads = [make.lead(w.campaign, at=w.at, source=rejected(w).source) for _ in range(2)]
    batches.started(batches.checked(w.campaign, leads, person=None, at=w.at), at=w.at)
    dispute = opened(w, *leads)
    first, second = dispute.leads.order_by("pk")
    operator, answer = signed_in(w.people["operator"]), reverse("dispute_answer", args=[dispute.pk])
    page = text(operator.get(reverse("dispute", args=[dispute.pk])))
    assert (page.count("selected>Grant"), page.count("selected>Refuse")) == (0, 0)
    for odd in ({}, {"all": "nonsense"}, {f"decision-{second.pk}": "", "all": ""}):
        refused = operator.post(answer, odd)
        assert (refused.status_code, "2 leads have no decision yet" in text(refused)) == (422, True)
    half = operator.post(answer, {f"decision-{first.pk}": "grant", "answer": "We heard it."})
    assert half.status_code == 422
    page = text(half)
    assert all(words in page for words in ("1 lead has no decision yet", "We heard it."))
    assert (page.count("selected>Grant"), page.count("selected>Refuse")) == (1, 0)
    assert set(dispute.leads.values_list("state", flat=True)) == {"open"}
    operator.post(answer, {f"decision-{first.pk}": "grant", f"decision-{second.pk}": "refuse"})
    assert list(dispute.leads.order_by("pk").values_list("state", flat=True)) == ["granted", "refused"]


def test_the_client_reads_that_a_rejection_is_contested_and_nothing_that_was_sent() -> None:
    w = world()
    dispute = opened(w)
    page = text(signed_in(w.people["client"]).get(reverse("lead", args=[rejected(w).pk])))
    assert "The supplier contests this rejection" in page
    for hidden in (SECRET, "They answered.", "Lumen", PAYOUT, str(dispute)):
        assert hidden not in page, hidden


def test_a_supplier_reads_no_price_no_client_and_nobody_elses_name() -> None:
    w = world()
    opened(w)
    pages = [reverse(name) for name in ("home", "rejected", "disputes", "to_fix")]
    pages += [
        reverse("dispute", args=[Dispute.objects.get().pk]),
        f"{reverse('dispute_new')}?lead={rejected(w).pk}",
    ]
    pages += [reverse("rejected_download", args=["csv"]), reverse("disputes_download", args=["csv"])]
    browser = signed_in(w.people["supplier"])
    for address in pages:
        page = text(browser.get(address))
        for hidden in (PRICE, "Brightwater", "Rooftops Internal", "Kestrel", "Nordlys", "Olga", "Carla"):
            assert hidden not in page, (address, hidden)


def others(w: World) -> dict[str, list[User | None]]:
    return {"404": [w.people["competitor"], w.people["client"], w.people["rival"]], "login": [None]}


@pytest.mark.parametrize(
    "name", ["dispute", "dispute_evidence", "dispute_answer", "dispute_effect", "dispute_withdraw"]
)
def test_a_dispute_one_may_not_see_is_not_there_byte_for_byte(name: str) -> None:
    w = world()
    dispute = opened(w)
    method = "get" if name in ("dispute", "dispute_evidence") else "post"
    for person in others(w)["404"]:
        browser = signed_in(person)
        there, never = (getattr(browser, method)(reverse(name, args=[pk])) for pk in (dispute.pk, 987654))
        assert (there.status_code, there.content) == (404, never.content), person
    assert getattr(signed_in(None), method)(reverse(name, args=[dispute.pk])).status_code == 302


def test_leads_of_others_cannot_be_disputed_nor_told_from_leads_that_never_were() -> None:
    w = world()
    lead = rejected(w)
    browser = signed_in(w.people["competitor"])
    for ids in ([lead.pk], [987654], [w.foreign_lead.pk, lead.pk]):
        for answer in (
            browser.get(reverse("dispute_new"), {"lead": ids}),
            browser.post(reverse("dispute_new"), {"lead": ids, "note": "x"}),
        ):
            assert answer.status_code == 404, ids
    assert signed_in(w.people["client"]).get(reverse("dispute_new"), {"lead": lead.pk}).status_code == 404
    assert not Dispute.objects.exists()


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("disputes", {"admin": 200, "operator": 200, "supplier": 200, "competitor": 200, "client": 404, "reader": 404}),
        ("rejected", {"admin": 404, "operator": 404, "supplier": 200, "competitor": 200, "client": 404, "reader": 404}),
        ("to_fix", {"admin": 404, "operator": 404, "supplier": 200, "competitor": 200, "client": 404, "reader": 404}),
    ],
)  # fmt: skip
def test_each_page_is_there_for_its_side(name: str, seen: dict[str, int]) -> None:
    w = world()
    opened(w)
    assert {who: signed_in(w.people[who]).get(reverse(name)).status_code for who in seen} == seen
    page = text(signed_in(w.people["competitor"]).get(reverse(name)))
    assert "They answered." not in page
    assert str(rejected(w).pk) + "<" not in page


def test_a_supplier_sees_its_dispute_and_may_not_answer_it() -> None:
    w = world()
    dispute = opened(w)
    browser = signed_in(w.people["supplier"])
    for name in ("dispute_answer", "dispute_effect"):
        assert browser.post(reverse(name, args=[dispute.pk]), {"all": "grant"}).status_code == 403
    answer = browser.post(reverse("disputes_answer"), {"dispute": dispute.pk, "do": "grant"})
    assert answer.status_code == 404
    assert (
        signed_in(w.people["operator"]).post(reverse("dispute_withdraw", args=[dispute.pk])).status_code
        == 403
    )
    assert DisputedLead.objects.get().state == "open"
    browser.post(reverse("dispute_withdraw", args=[dispute.pk]))
    assert DisputedLead.objects.get().state == "withdrawn"


def test_evidence_is_handed_out_as_it_came_and_never_shown() -> None:
    w = world()
    answer = signed_in(w.people["operator"]).get(reverse("dispute_evidence", args=[opened(w).pk]))
    assert b"".join(answer.streaming_content) == b"call"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''Gespr%C3%A4ch.mp3"
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")


def test_a_dispute_that_cannot_be_sent_says_why_and_keeps_what_was_written() -> None:
    w = world()
    lead = rejected(w)
    browser = signed_in(w.people["supplier"])
    blank = browser.post(reverse("dispute_new"), {"lead": lead.pk, "note": " ", "evidence": SECRET})
    assert (blank.status_code, SECRET in text(blank)) == (422, True)
    assert "Nothing was sent" in text(blank)
    Batch.objects.filter(pk=w.finished.pk).update(finished_at=w.at - timedelta(days=9))
    late = browser.post(reverse("dispute_new"), {"lead": lead.pk, "note": "They answered."})
    assert late.status_code == 422
    assert "The time to dispute it is over" in text(late)
    assert "The time to dispute this rejection ended" in text(browser.get(reverse("lead", args=[lead.pk])))
    assert not Dispute.objects.exists()


def test_selected_disputes_are_answered_alike() -> None:
    w = world()
    first = opened(w)
    other = Lead.objects.get(events__batch_id=w.by_operator.pk, events__cause="client_rejected")
    second = opened(w, other)
    browser = signed_in(w.people["operator"])
    answer = browser.post(
        reverse("disputes_answer"), {"dispute": [first.pk, second.pk], "do": "grant"}, follow=True
    )
    assert "2 rejections taken back" in text(answer)
    assert batches.statuses([rejected(w), other]) == ["pending", "pending"]
    again = browser.post(reverse("disputes_answer"), {"dispute": [first.pk], "do": "refuse"}, follow=True)
    assert "had been answered before" in text(again)


def test_the_inbox_is_found_by_tab_supplier_and_campaign_and_asks_no_more_for_more() -> None:
    w = world()
    leads = [make.lead(w.campaign, at=w.at, source=rejected(w).source) for _ in range(4)]
    batches.started(batches.checked(w.campaign, leads, person=None, at=w.at), at=w.at)
    browser = signed_in(w.people["operator"])

    def listed(**sent: str) -> list[str]:
        return [line.title for line in browser.get(reverse("disputes"), sent).context["lines"]]

    opened(w, *leads[:2])
    browser.get(reverse("disputes"))
    with CaptureQueriesContext(connection) as few:
        assert len(listed()) == 1
    for lead in leads[2:]:
        opened(w, lead)
    with CaptureQueriesContext(connection) as many:
        assert len(listed()) == 3
    assert len(many) <= len(few) + 1  # the name of a lead that is disputed alone
    assert len(listed(supplier=w.lumen.code, campaign=w.campaign.code, order="money")) == 3
    assert listed(supplier=w.kestrel.code) == listed(tab="answered") == listed(tab="silence") == []
    assert len(listed(tab="all")) == 3


def test_rejected_leads_are_found_and_downloaded_as_shown() -> None:
    w = world()
    browser = signed_in(w.people["supplier"])
    lead = rejected(w)
    page = browser.get(reverse("rejected"), {"q": str(lead.pk)})
    assert [line.found.lead_id for line in page.context["lines"]] == [lead.pk]
    assert page.context["lines"][0].able
    rows = text(browser.get(reverse("rejected_download", args=["csv"]))).splitlines()
    assert len(rows) == 1 + 2
    assert any(row.startswith(f"{lead.pk},") and "Home offer" in row and PAYOUT in row for row in rows)
    sheet = browser.get(reverse("rejected_download", args=["xlsx"]))
    assert b"".join(sheet.streaming_content)[:2] == b"PK"


def test_what_the_crm_refused_after_its_month_was_closed_is_not_among_the_clients_rejections() -> None:
    w = world()
    browser, refused = signed_in(w.people["supplier"]), w.leads["accepted"]
    before = browser.get(reverse("rejected")).context
    Lead.objects.filter(pk=refused.pk).update(is_final=True)
    code = Disposition.objects.get(code="REJECT_LEAD_BY_CRM")
    moving = [Moving(refused.pk, None, code.pk, SECRET)]
    adjust(Cause.ADJUSTED, moving, at=w.at, actor_id=None, batch_id=None)
    after = browser.get(reverse("rejected")).context
    assert after["pager"].total == before["pager"].total
    assert [line.found.lead_id for line in after["lines"]] == [line.found.lead_id for line in before["lines"]]


def test_what_to_fix_names_the_value_and_the_closest_allowed_one() -> None:
    source = corrections.source()
    corrections.receive(source, {"country": "Germny"}, {"country": "Germny"})
    [line] = signed_in(make.supplier_user(source.supplier)).get(reverse("to_fix")).context["lines"]
    assert (line.value, line.field, line.leads, line.closest[:1]) == ("Germny", "Country", 2, ["Germany"])


def test_an_average_is_shown_only_where_no_other_supplier_can_be_worked_out_from_it() -> None:
    w = world()
    browser = signed_in(w.people["supplier"])
    assert not browser.get(reverse("home")).context["overview"].compared, "one other supplier"
    make.lead(w.campaign, "client_rejected", at=w.at, source=make.source(w.campaign))
    overview = browser.get(reverse("home")).context["overview"]
    assert overview.compared
    assert overview.returned.all_whole == overview.returned.whole + 2


def test_the_home_page_of_staff_says_what_waits() -> None:
    w = world()
    browser = signed_in(w.people["operator"])
    assert "Answer" not in [item["action"] for item in browser.get(reverse("home")).context["items"]]
    opened(w)
    [item] = [item for item in browser.get(reverse("home")).context["items"] if item["action"] == "Answer"]
    assert item["title"] == "1\xa0dispute waits for your answer"
