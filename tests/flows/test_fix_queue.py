"""The fix queue as an operator works on it: HTTP in, HTTP out."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import ListMapperEntry, PicklistValue, Source, User
from leads.models import Lead, LeadBlock, LeadValues
from rejections import blocked, control
from rejections.models import Batch
from rejections.states import State
from tests import make
from tests.rejections import corrections as given

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> User:
    return make.operator(first_name="Olga", last_name="Operates")


@pytest.fixture
def browser(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def source() -> Source:
    return given.source()


def reject(source: Source, count: int, country: str = "U.S.A.", **values: str) -> list[int]:
    first = Lead.objects.count()
    rows = [
        {"email": f"{first + n}@example.org", "name": f"Ann {n}", "country": country, **values}
        for n in range(count)
    ]
    return given.receive(source, *rows)


def queue(browser: Client, **query: str) -> Any:
    answer = browser.get(reverse("fix_queue"), query)
    assert answer.status_code == 200
    return answer.context


def shown(browser: Client, lead: int, **query: str) -> Any:
    return browser.get(reverse("fix_group", args=[lead]), query).context["panel"]


def do(browser: Client, lead: int, **choice: str) -> Any:
    """Send what the page's button sends."""
    panel = shown(browser, lead, **choice)
    form = {"shown": panel["shown"], "do": panel["chosen"], **choice}
    if panel["chosen"] == "map" and panel["fix"]:
        form["to"] = panel["fix"].value
    return browser.post(reverse("fix_group", args=[lead]), form)


def test_the_queue_shows_the_biggest_group_first_with_a_suggestion_and_what_its_fix_does(
    browser: Client, source: Source
) -> None:
    reject(source, 2, "Narnia")
    reject(source, 5)
    page = queue(browser)
    assert [(card.group.value, card.group.leads) for card in page["cards"]] == [("U.S.A.", 5), ("Narnia", 2)]
    assert (page["leads"], page["groups"], page["worth"]) == (7, 2, [("GBP", 126)])
    assert page["panel"]["card"].group.value == "U.S.A."
    assert page["panel"]["effect"].label == "Map and release 5 leads"
    assert [lead["title"] for lead in page["panel"]["leads"]][:2] == ["Ann 0", "Ann 1"]


def test_one_post_maps_and_releases_and_says_who_did_it(browser: Client, source: Source) -> None:
    lead = reject(source, 3)[0]
    answer = do(browser, lead)
    assert answer["Location"] == f"{reverse('fix_queue')}?"
    batch = Batch.objects.get()
    assert ListMapperEntry.objects.get().text == "U.S.A."
    page = queue(browser)
    assert page["groups"] == 0, "what is being fixed is not offered again"
    assert page["work"]["live"]
    given.work(batch)
    (line,) = queue(browser)["work"]["lines"]
    assert (line["by"], line["came"]) == ("Olga Operates", "3 released")
    undo = reverse("batch_undo", args=[batch.pk])
    decisions = browser.get(reverse("fix_decisions")).content.decode()
    for part in ("Olga Operates", undo, ">Country<"):
        assert part in decisions
    question = browser.get(undo).content.decode()
    assert "The list mapper entry “U.S.A.” goes too" in question
    assert "Keep it<" in question
    assert browser.post(undo)["Location"] == reverse("fix_decisions")
    given.work(batch)
    assert browser.get(reverse("fix_decisions")).context["lines"][0]["came"] == "undone by Olga Operates"
    assert queue(browser)["leads"] == 3
    assert not ListMapperEntry.objects.exists()


def test_the_effect_follows_the_choice(browser: Client, source: Source) -> None:
    make.cap(source.campaign, 2, "week")
    lead = reject(source, 3)[0]
    reject(source, 1, email="broken")
    labels = {
        choice: shown(browser, lead, **query)["effect"].label
        for choice, query in {
            "map": {"do": "map", "to": "Germany"},
            "add": {"do": "add"},
            "change": {"do": "change", "text": "Narnia"},
            "keep": {"do": "keep"},
        }.items()
    }
    assert labels == {
        "map": "Map and release 2 of 3; 1 meets the weekly cap",
        "add": "Add and release 2 of 3; 1 meets the weekly cap",
        "change": "Change 3 leads; none passes yet",
        "keep": "Keep 3 leads rejected",
    }
    assert shown(browser, lead, do="change", text="U.S.A.")["fix"] is None, "the same text changes nothing"
    assert shown(browser, lead, do="map", to="Narnia")["refused"].code == "not_a_value"


def test_other_sources_are_offered_too(browser: Client, source: Source) -> None:
    lead = reject(source, 3)[0]
    reject(given.source(source.campaign), 2)
    assert b"And 2 in 1" in browser.get(reverse("fix_group", args=[lead])).content
    do(browser, lead, also="on")
    assert sorted(Batch.objects.values_list("rows", flat=True)) == [2, 3]


def test_a_click_on_what_has_changed_meanwhile_changes_nothing(browser: Client, source: Source) -> None:
    lead = reject(source, 2)[0]
    panel = shown(browser, lead)
    here = reverse("fix_group", args=[lead])
    stale = browser.post(here, {"shown": "something else", "do": "map", "to": "Germany"})
    assert stale.status_code == 422
    assert b"changed while you looked" in stale.content
    PicklistValue.objects.filter(value="United States").update(retired_at=given.LATER)
    gone = browser.post(here, {"shown": panel["shown"], "do": "map", "to": "United States"})
    assert gone.status_code == 422
    assert "is not in use" in gone.content.decode()
    assert not Batch.objects.exists()


def test_the_second_of_two_clicks_is_told_of_the_first(browser: Client, source: Source) -> None:
    lead = reject(source, 2)[0]
    do(browser, lead, do="keep")
    again = do(browser, lead, do="keep")
    assert "Olga Operates started a fix of these leads" in again.content.decode()
    assert Batch.objects.count() == 1


def several(browser: Client, *leads: int, do: str = "likely") -> Any:
    """The page before several groups are fixed, and what its button sends."""
    context = browser.get(reverse("fix_several"), {"g": leads, "do": do}).context
    form = {"do": do, "g": leads, "shown": [line["told"] for line in context["lines"] if line["fix"]]}
    return context, form


def test_several_groups_are_fixed_as_suggested_each_as_a_batch(browser: Client, source: Source) -> None:
    make.cap(source.campaign, 4, "day")
    ticked = [reject(source, 3)[0], reject(source, 2, "Austira")[0], reject(source, 1, "Quantenphysik")[0]]
    reject(source, 1, "Germny")
    context, form = several(browser, *ticked)
    assert [line["fix"] and line["fix"].value for line in context["lines"]] == [
        "United States",
        "Austria",
        None,
    ]
    assert context["effect"].label == "Release 4 of 5; 1 meets the daily cap"
    browser.post(reverse("fix_several"), form)
    batches = Batch.objects.order_by("pk")
    assert [batch.rows for batch in batches] == [3, 2]
    for batch in batches:
        given.work(batch)
    assert {card.group.value for card in queue(browser)["cards"]} == {"Quantenphysik", "Germny"}


def test_several_groups_are_kept_and_one_that_changed_is_left_as_it_is(
    browser: Client, source: Source
) -> None:
    ticked = [reject(source, 2)[0], reject(source, 1, "Narnia")[0]]
    context, form = several(browser, *ticked, do="keep")
    assert context["effect"].label == "Keep 3 leads rejected"
    answer = browser.post(reverse("fix_several"), {**form, "shown": form["shown"][:1]}, follow=True)
    assert [batch.rows for batch in Batch.objects.all()] == [2]
    assert "“Narnia” changed meanwhile" in answer.content.decode()
    nothing = browser.get(reverse("fix_several"), {"g": ["x", "9" * 30]}, follow=True)
    assert "No group was ticked" in nothing.content.decode()


def test_a_lead_that_left_the_queue_leads_back_to_it(browser: Client, source: Source) -> None:
    lead = reject(source, 1)[0]
    do(browser, lead)
    given.work(Batch.objects.get())
    answer = browser.get(reverse("fix_group", args=[lead]), {"q": "usa"}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('fix_queue')}?q=usa", 302)]
    assert f"Lead {lead} is not in the fix queue any more" in answer.content.decode()


def test_what_the_list_knows_by_now_needs_judging_only(browser: Client, source: Source) -> None:
    lead = reject(source, 2)[0]
    PicklistValue.objects.create(
        picklist=source.campaign.fields.get(name="country").picklist, value="U.S.A.", folded="u.s.a."
    )
    panel = shown(browser, lead)
    assert panel["effect"].label == "Release 2 leads"
    do(browser, lead)
    assert given.totals(given.work(Batch.objects.get())) == {"released": 2}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"U.S.A.", "Narnia", "broken"}),
        ({"q": "nar"}, {"Narnia"}),
        ({"q": "coun"}, {"U.S.A.", "Narnia"}),
        ({"q": "invalid_email"}, {"broken"}),
        ({"q": "100%"}, set()),
        ({"code": "REJECT_LEAD_INVALID_EMAIL"}, {"broken"}),
        ({"source": "no-such"}, set()),
    ],
)
def test_filters(browser: Client, source: Source, query: dict[str, str], found: set[str]) -> None:
    reject(source, 2)
    reject(source, 1, "Narnia")
    reject(source, 1, "Germany", email="broken")
    page = queue(browser, **query)
    assert {card.group.value for card in page["cards"]} == found
    assert page["groups"] == len(found)


def test_the_queue_asks_no_more_of_the_database_for_more_groups(browser: Client, source: Source) -> None:
    reject(source, 1)
    with CaptureQueriesContext(connection) as few:
        queue(browser)
    other = given.source()
    for n in range(12):
        reject(source, 1, f"Land {n}")
        reject(other, 1, f"Land {n}")
    with CaptureQueriesContext(connection) as many:
        queue(browser)
    assert len(many) <= len(few)


def test_what_blocks_a_lead_is_what_its_values_say(source: Source) -> None:
    """The narrow table agrees with the leads' values after all that can happen to them."""
    reject(source, 4)
    reject(source, 1, "Germany")
    reject(source, 1, email="broken")

    def agree(blocked_now: int) -> None:
        failing = LeadValues.objects.exclude(failures=[]).exclude(kept_rejected=True)
        assert set(LeadBlock.objects.values_list("lead_id", flat=True)) == set(
            failing.values_list("pk", flat=True)
        )
        assert LeadBlock.objects.count() == blocked_now
        assert sum(group.leads for group in blocked.queue()) == blocked_now
        for group in blocked.queue():
            first = LeadValues.objects.get(pk=group.lead).failures[0]
            assert (first["field"], first["value"], first["code"]) == (group.field, group.value, group.code)

    agree(5)
    rows = given.downloaded(source)
    rows[0]["country"], rows[1]["country"] = "Germany", "Narnia"
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    agree(4)
    control.undo(batch, person=None, lines=None, at=given.LATER)
    given.work(batch)
    assert Batch.objects.get().state == State.UNDONE
    agree(5)
