"""Reasons: phrases that wait are mapped one by one or many at once, and hold from the next check on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Disposition, Phrase
from leads.models import LeadEvent
from tests import batches, make
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db


def page(w: World, role: str = "operator") -> Client:
    browser, person = Client(), w.people[role]
    assert person
    browser.force_login(person)
    return browser


def rejected(w: World, *reasons: str) -> list[Phrase]:
    """The client rejects a lead in each of these words; the phrases in the order of the words."""
    leads = [(make.lead(w.campaign, at=w.at), reason) for reason in reasons]
    batches.imported(w.campaign, leads, at=w.at)
    Phrase.objects.exclude(text__in=reasons).delete()
    return [
        Phrase.objects.get(folded=" ".join(reason.split()).casefold()) for reason in dict.fromkeys(reasons)
    ]


def post(w: World, **data: Any) -> Any:
    return page(w).post(reverse("reasons"), data)


def codes() -> dict[str, str | None]:
    return dict(Phrase.objects.values_list("text", "disposition__code"))


def test_phrases_that_wait_are_counted_and_have_a_suggestion_with_its_why() -> None:
    w = world()
    make.phrase(w.foreign.client, "Wrong number", "CLIENT_INVALID_PHONE")
    leads = [
        (make.lead(w.campaign, at=w.at), reason) for reason in ("wrong  NUMBER", "Wrong number", "Xyzzy")
    ]
    done = batches.imported(w.campaign, leads, at=w.at)
    context = page(w).get(reverse("reasons"), {"client": w.campaign.client.code}).context
    lines = {line.phrase.folded: line for line in context["waiting"]}
    assert (lines["wrong number"].leads, lines["wrong number"].code) == (2, "CLIENT_INVALID_PHONE")
    assert lines["wrong number"].why.startswith("Suggested: the same words")
    assert (lines["xyzzy"].leads, lines["xyzzy"].code) == (1, "")
    batches.undone(done, at=w.at)
    again = page(w).get(reverse("reasons"), {"client": w.campaign.client.code}).context
    assert {line.leads for line in again["waiting"] if line.phrase.folded in ("wrong number", "xyzzy")} == {0}


def test_one_phrase_several_or_all_to_one_code() -> None:
    w = world()
    first, second, third, fourth = rejected(w, "Alpha", "Beta", "Gamma", "Delta")
    post(w, one=first.pk, **{f"code-{first.pk}": "CLIENT_FRAUD", f"code-{second.pk}": "CLIENT_TEST"})
    assert codes() == {"Alpha": "CLIENT_FRAUD", "Beta": None, "Gamma": None, "Delta": None}
    post(w, do="each", phrase=[second.pk], **{f"code-{second.pk}": "CLIENT_TEST"})
    post(w, do="same", phrase=[third.pk], code="CLIENT_DUPLICATE")
    post(w, do="other", phrase=[fourth.pk])
    assert codes() == {
        "Alpha": "CLIENT_FRAUD",
        "Beta": "CLIENT_TEST",
        "Gamma": "CLIENT_DUPLICATE",
        "Delta": "CLIENT_OTHER",
    }
    assert page(w).get(reverse("reasons")).context["waits"] == 0
    memory = page(w).get(reverse("reasons"), {"client": w.campaign.client.code}).context["memory"]
    assert {(line.phrase.text, line.leads) for line in memory} == {(text, 1) for text in codes()}
    batches.imported(w.campaign, [(make.lead(w.campaign, at=w.at), "ALPHA")], at=w.at)
    assert str(LeadEvent.objects.latest("id").disposition) == "CLIENT_FRAUD"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"do": "each"}, "Nothing was changed. Tick the phrases to map first."),
        ({"do": "each", "phrase": True}, "Nothing was changed. Choose a code for “Alpha” first."),
        ({"do": "same", "phrase": True, "code": "CAP_REACHED"}, "Nothing was changed. Choose a code"),
    ],
)
def test_what_cannot_be_mapped_is_said_and_changes_nothing(data: dict[str, Any], sentence: str) -> None:
    w = world()
    (phrase,) = rejected(w, "Alpha")
    if "phrase" in data:
        data = {**data, "phrase": [phrase.pk]}
    answer = post(w, **data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    marked = 'aria-label="Code for Alpha" aria-invalid="true"' in answer.content.decode()
    assert marked == (data.get("do") == "each" and "phrase" in data), "the row that lacks one is marked"
    assert codes() == {"Alpha": None}


def test_codes_stand_by_family_with_their_use_and_only_admins_change_them() -> None:
    w = world()
    rejected(w, "Alpha", "Beta")
    families = dict(page(w).get(reverse("reasons")).context["families"])
    used = {line["code"].code: line["leads"] for line in families["Rejected by the client"]}
    assert used["CLIENT_OTHER"] >= 2
    assert {line["code"].family for line in families["Refused at the door"]} == {"door"}
    link = reverse(
        "admin:campaigns_disposition_change", args=[Disposition.objects.get(code="CLIENT_TEST").pk]
    )
    assert link in page(w, "admin").get(reverse("reasons")).content.decode()
    assert link not in page(w).get(reverse("reasons")).content.decode()
