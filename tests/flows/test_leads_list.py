"""The list of leads as people use it: columns, files, views, and what is done with leads that were picked."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from leads.models import Lead, LeadValues, SavedView
from leads.statuses import Status
from rejections import control
from rejections.models import Batch, Kind
from rejections.states import State
from tests import batches, make
from tests.flows.test_pages import opened, signed_in
from tests.flows.world import PAYOUT, PRICE, World, world

pytestmark = pytest.mark.django_db


def text_of(w: World, role: str, **query: Any) -> str:
    return signed_in(w.people[role]).get(reverse("leads"), query).content.decode()


def downloaded(w: World, role: str, **query: Any) -> list[dict[str, str]]:
    answer: Any = signed_in(w.people[role]).get(reverse("leads_download"), query)
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content)))


def test_each_side_reads_its_own_columns_and_nothing_else_whatever_it_asks_for() -> None:
    w = world()
    everything = [
        "id",
        "name",
        "client",
        "supplier",
        "source",
        "price",
        "payout",
        "campaign",
        "code",
        "window",
    ]
    hidden = {
        "operator": (),
        "client": (PAYOUT, w.lumen.name, w.kestrel.name),
        "supplier": (PRICE, w.campaign.client.name, w.campaign.name, w.kestrel.name),
    }
    for role, secrets in hidden.items():
        page = text_of(w, role, columns=everything)
        file = str(downloaded(w, role, columns=everything))
        for secret in secrets:
            assert secret not in page, (role, secret)
            assert secret not in file, (role, secret)
    assert (PRICE in text_of(w, "client"), PAYOUT in text_of(w, "supplier")) == (True, True)
    assert {line["Supplier"] for line in downloaded(w, "operator", columns=["supplier"])} > {w.lumen.name}


def test_the_file_holds_what_is_shown_and_no_formula() -> None:
    w = world()
    odd = make.lead(w.campaign, at=w.at, name='=HYPERLINK("https://evil.example")', email="odd@example.org")
    [line] = downloaded(w, "operator", q="odd@example.org", columns=["id", "name", "price", "field:email"])
    assert line == {
        "Lead ID": str(odd.pk),
        "Lead": '\'=HYPERLINK("https://evil.example")',
        "Price": "18.00",
        "Email": "odd@example.org",
        "Currency": "GBP",
    }
    assert len(downloaded(w, "client")) == opened(w.people["client"], "leads")["total"]


def test_a_view_is_kept_for_its_person_and_marks_itself() -> None:
    w = world()
    olga, other = signed_in(w.people["operator"]), signed_in(w.people["admin"])
    save = {"name": "To look at", "query": "status=rejected&sort=received&junk=1"}
    answer = olga.post(reverse("view_save"), save)
    assert answer.headers["Location"] == f"{reverse('leads')}?status=rejected&sort=received"
    views = olga.get(answer.headers["Location"]).context["views"]
    assert [view["name"] for view in views if view["here"]] == ["To look at"]
    assert "To look at" not in other.get(reverse("leads")).content.decode()
    olga.post(reverse("view_save"), save | {"query": "status=pending"})
    view = SavedView.objects.get()
    assert view.query == "status=pending"
    assert other.post(reverse("view_remove", args=[view.pk])).status_code == 404
    olga.post(reverse("view_remove", args=[view.pk]))
    assert not SavedView.objects.exists()
    olga.post(reverse("view_save"), {"name": "", "query": ""})
    assert not SavedView.objects.exists()


def test_a_list_that_finds_nothing_names_each_filter_to_leave_out() -> None:
    w = world()
    drops = opened(w.people["operator"], "leads", q="nobody", campaign=w.campaign.code)["drops"]
    assert [drop["query"] for drop in drops] == [f"campaign={w.campaign.code}", "q=nobody"]


def act(w: World, role: str, what: str, *leads: Lead, **data: str) -> Any:
    picked = {"act": what, "lead": [str(lead.pk) for lead in leads], **data}
    return signed_in(w.people[role]).post(reverse("leads_act"), picked)


def test_leads_picked_from_a_list_are_rejected_after_a_question_and_a_check() -> None:
    w = world()
    pending, accepted, old = w.leads["pending"], w.leads["accepted"], w.leads["old"]
    asked = act(w, "client", "reject", pending, accepted, old, w.foreign_lead)
    assert asked.status_code == 200
    assert {line["lead"].pk: line["why_not"] for line in asked.context["lines"]} == {
        pending.pk: "",
        accepted.pk: "",
        old.pk: "its return window has closed",
    }
    assert act(w, "client", "reject", pending, sure="yes", reason="").status_code == 422
    begun = act(w, "client", "reject", pending, accepted, sure="yes", reason="Wrong person")
    batch = batches.work(Batch.objects.latest("pk"), w.at)
    assert begun.headers["Location"] == reverse("batch", args=[batch.pk])
    assert (batch.state, batch.rows, batches.by_outcome(batch)) == (State.CHECKED, 2, {"rejected": 2})
    assert batches.statuses([pending, accepted]) == ["pending", "accepted"]
    batches.started(batch, person=w.people["client"], at=w.at)
    assert batches.statuses([pending, accepted]) == ["client_rejected"] * 2


def test_many_picked_leads_are_accepted_once_their_number_was_typed(monkeypatch: Any) -> None:
    w = world()
    leads = [w.leads["pending"], make.lead(w.campaign, at=w.at)]
    monkeypatch.setattr(control, "UNNAMED_WITHOUT_TYPING", 1)
    act(w, "operator", "accept", *leads, sure="yes")
    batch = batches.work(Batch.objects.latest("pk"), w.at)
    person = signed_in(w.people["operator"])
    assert 'name="confirm"' in person.get(reverse("batch_check", args=[batch.pk])).content.decode()
    start = reverse("batch_start", args=[batch.pk])
    assert person.post(start).status_code == 422
    assert person.post(start, {"confirm": "2"}).status_code == 302
    batches.work(batch, w.at)
    assert batches.statuses(leads) == ["accepted"] * 2


def test_a_rejection_of_picked_leads_can_be_cancelled_and_has_no_mapping_to_go_back_to() -> None:
    w = world()
    act(w, "operator", "reject", w.leads["pending"], sure="yes", reason="Spam")
    batch = batches.work(Batch.objects.latest("pk"), w.at)
    person = signed_in(w.people["operator"])
    page = person.get(reverse("batch_check", args=[batch.pk])).content.decode()
    assert reverse("batch_cancel", args=[batch.pk]) in page
    assert reverse("batch_map", args=[batch.pk]) not in page
    person.post(reverse("batch_cancel", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == State.CANCELLED


def test_leads_of_two_campaigns_make_two_batches_or_none() -> None:
    w = world()
    leads = (w.leads["pending"], w.foreign_lead)
    before = Batch.objects.count()
    answer = act(w, "operator", "accept", *leads, sure="yes")
    assert answer.headers["Location"] == reverse("imports")
    assert [batch.kind for batch in Batch.objects.order_by("-pk")[:2]] == [Kind.CLOSE_OUT] * 2
    assert "Nothing has moved." in " ".join(map(str, get_messages(answer.wsgi_request)))
    w.foreign.return_window_days = None
    w.foreign.save()
    refused = act(w, "operator", "reject", *leads, sure="yes", reason="Spam")
    assert (refused.status_code, Batch.objects.count()) == (422, before + 2)


def test_all_of_a_list_is_asked_about_by_its_address_and_newcomers_are_not_meant(monkeypatch: Any) -> None:
    w = world()
    query = f"status=pending&status=accepted&campaign={w.campaign.code}"
    here = Lead.objects.filter(campaign=w.campaign, status__in=("pending", "accepted"))
    here = here.filter(pk__in=[row["lead"].pk for row in opened(w.people["client"], "leads")["rows"]])
    asked = act(w, "client", "reject", every="yes", query=query)
    kinds = {(status, why_not): leads for status, why_not, leads in asked.context["kinds"]}
    assert sum(kinds.values()) == here.count() > asked.context["fitting"] > 1
    assert asked.context["lines"] == []
    again = {
        "query": query,
        "every": "yes",
        "sure": "yes",
        "reason": "Wrong person",
        "highest": str(asked.context["every"].highest),
        "told": str(asked.context["fitting"]),
    }
    make.lead(w.campaign, at=w.at)
    answer = act(w, "client", "reject", **again)
    batch = batches.work(Batch.objects.latest("pk"), w.at)
    assert answer.headers["Location"] == reverse("batch", args=[batch.pk])
    assert (batch.state, batches.by_outcome(batch)) == (State.CHECKED, {"rejected": asked.context["fitting"]})
    batches.started(batch, person=w.people["client"], at=w.at)
    changed = act(w, "client", "reject", **again)
    assert (changed.status_code, changed.context["refused"].code) == (422, "list_changed")
    monkeypatch.setattr("leads.views.bulk.EVERY", 1)
    refused = act(w, "client", "reject", every="yes", query=query)
    assert refused.headers["Location"] == f"{reverse('leads')}?{query}"
    assert "More than 1 leads match" in " ".join(map(str, get_messages(refused.wsgi_request)))


def test_a_list_of_more_than_a_page_offers_all_of_it() -> None:
    w = world()
    offer = f"All {50 + 1} leads that match"
    leads = [make.lead(w.campaign, at=w.at, uid="shared") for _ in range(50)]
    assert offer not in text_of(w, "operator", q="shared")
    leads.append(make.lead(w.campaign, at=w.at, uid="shared"))
    assert offer in text_of(w, "operator", q="shared")
    file: Any = act(w, "operator", "download", every="yes", query="q=shared")
    assert len(b"".join(file.streaming_content).decode().splitlines()) == 1 + len(leads)
    asked = act(w, "operator", "keep", every="yes", query="q=shared")
    assert [tuple(kind) for kind in asked.context["kinds"]] == [("pending", "Pending, not Rejected", 51)]


def test_rejected_leads_can_be_kept_so_and_leave_the_fix_queue() -> None:
    w = world()
    rejected = w.leads["rejected"]
    LeadValues.objects.filter(lead=rejected).update(
        failures=[{"field": "name", "sentence": "No", "value": ""}]
    )
    to_fix = [row["lead"].pk for row in opened(w.people["operator"], "leads", only="to_fix")["rows"]]
    assert to_fix == [rejected.pk]
    assert act(w, "operator", "keep", w.leads["pending"], sure="yes").status_code == 422
    act(w, "operator", "keep", rejected, w.leads["pending"], sure="yes")
    batch = batches.work(Batch.objects.latest("pk"), w.at)
    assert (batch.kind, batch.state, batch.rows) == (Kind.CORRECTION, State.FINISHED, 1)
    assert batches.statuses([rejected]) == [Status.REJECTED]
    assert opened(w.people["operator"], "leads", only="to_fix")["rows"] == []
    batches.undone(batch, person=w.people["operator"], at=w.at)
    assert len(opened(w.people["operator"], "leads", only="to_fix")["rows"]) == 1


def test_who_may_not_act_is_told_so_and_who_picks_nothing_too() -> None:
    w = world()
    pending = w.leads["pending"]
    for role, what, status in (
        ("reader", "reject", 403),
        ("supplier", "accept", 403),
        ("client", "keep", 403),
        ("operator", "explode", 404),
    ):
        assert act(w, role, what, pending, sure="yes").status_code == status, (role, what)
    assert act(w, "rival", "reject", pending, sure="yes", reason="x").headers["Location"] == reverse("leads")
    answer: Any = act(w, "supplier", "download", pending, w.other_lead)
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 2
