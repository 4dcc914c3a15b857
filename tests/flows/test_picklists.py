"""Picklists and their list mapper: what is shown, who may change what, and what a save does."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import ListMapperEntry, Picklist, PicklistValue, PicklistVersion, Source, User
from leads.models import Lead
from rejections import blocked, control, lists
from rejections.models import Batch
from rejections.options import Options
from tests import make
from tests.rejections import corrections as given

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return given.source()


@pytest.fixture
def countries(source: Source) -> Picklist:
    return Picklist.objects.get()


@pytest.fixture
def admin() -> Client:
    return signed_in(make.admin(first_name="Ada", last_name="Admin"))


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def reject(source: Source, count: int, country: str = "U.S.A.") -> list[int]:
    first = Lead.objects.count()
    return given.receive(
        source, *({"email": f"{first + n}@example.org", "country": country} for n in range(count))
    )


def change(browser: Client, picklist: Picklist, **data: str) -> Any:
    return browser.post(reverse("picklist_change", args=[picklist.pk]), data)


def shown(browser: Client, picklist: Picklist, **query: str) -> Any:
    answer = browser.get(reverse("picklist_change", args=[picklist.pk]), query)
    assert answer.status_code == 200
    return answer.context


def test_a_picklist_shows_use_and_what_was_seen_and_is_not_listed(
    admin: Client, source: Source, countries: Picklist
) -> None:
    lists.add_entry(countries, "BRD", PicklistValue.objects.get(value="Germany"), by=None, at=given.LATER)
    given.receive(
        source, {"email": "a@example.org", "country": "Germany"}, {"email": "b@example.org", "country": "BRD"}
    )
    reject(source, 3)
    reject(given.source(source.campaign), 2)
    reject(source, 1, "Quantenphysik")
    page = admin.get(reverse("picklist", args=[countries.pk])).context
    use = {line["value"].value: line["use"] for line in page["lines"]}
    assert use["Germany"] == (2, 1)
    assert use["Austria"] is None
    seen = [
        (line["seen"].text, line["seen"].leads, line["likely"] and line["likely"].value)
        for line in page["seen"]["lines"]
    ]
    assert seen == [("U.S.A.", 5, "United States"), ("Quantenphysik", 1, None)]
    assert page["seen"]["lines"][0]["lead"] == blocked.queue()[0].lead


def test_a_save_works_at_once_is_a_version_by_name_and_releases_what_it_says(
    admin: Client, source: Source, countries: Picklist
) -> None:
    make.cap(source.campaign, 4, "week")
    reject(source, 5)
    asked = {"do": "map", "text": "U.S.A.", "value": "United States"}
    effect = shown(admin, countries, **asked)["releases"]
    assert (effect.released, effect.quarantined, effect.cap_words) == (4, 1, "the weekly cap")
    assert not ListMapperEntry.objects.exists(), "looking changes nothing"
    answer = change(admin, countries, **asked, save="on", again="on")
    assert answer["Location"] == reverse("picklist", args=[countries.pk])
    version = PicklistVersion.objects.get()
    assert (version.number, version.by and version.by.full_name, version.changes) == (
        2,
        "Ada Admin",
        [["map", "U.S.A.", "United States"]],
    )
    batch = Batch.objects.get()
    page = admin.get(answer["Location"])
    assert (
        f'5\N{NO-BREAK SPACE}leads are judged again: <a href="{reverse("batch", args=[batch.pk])}">'
        in page.content.decode()
    )
    assert page.context["again"] is None, "leads under way are offered once"
    assert page.context["seen"]["texts"] == 0
    decisions = admin.get(reverse("fix_decisions"))
    assert decisions.context["lines"][0]["fix"]["text"] == "U.S.A."
    assert "mapped, judged again" in decisions.content.decode()
    given.work(batch)
    assert given.totals(batch) == {"released": 5}
    reject(source, 1)
    assert not blocked.queue(), "later leads pass"
    asked = admin.get(reverse("batch_undo", args=[batch.pk])).content.decode()
    versions = reverse("picklist_versions", args=[countries.pk])
    assert f"{countries.name} stays as it was saved" in asked
    assert f'<a href="{versions}">' in asked
    admin.post(reverse("batch_undo", args=[batch.pk]))
    given.work(batch)
    assert ListMapperEntry.objects.exists(), "judging again is undone, the list is not"
    result = admin.get(reverse("batch_result", args=[batch.pk])).content.decode()
    assert f"{countries.name} is still as it was saved" in result
    assert f'<a href="{versions}">' in result
    assert blocked.queue()[0].leads == 5


def test_a_batch_keeps_the_versions_of_the_picklists_it_ran_under(
    source: Source, countries: Picklist
) -> None:
    """Promise 8."""
    reject(source, 2)
    lists.add_value(countries, "Chad", by=None, at=given.LATER)
    batch = given.upload(source, given.as_file(given.downloaded(source)))
    lists.add_value(countries, "Peru", by=None, at=given.LATER)
    assert Batch.objects.get(pk=batch.pk).mapping["picklists"] == {countries.name: 2}
    control.start(batch, Options(), person=None)
    assert given.work(batch).mapping["picklists"] == {countries.name: 3}, "those it was started under"


def test_what_the_list_knows_by_now_is_offered_whoever_changed_it(
    admin: Client, source: Source, countries: Picklist
) -> None:
    reject(source, 3)
    PicklistValue.objects.create(picklist=countries, value="u.s.a.", folded="u.s.a.")
    page = admin.get(reverse("picklist", args=[countries.pk])).context
    assert page["again"].label == "Release 3 leads"
    assert page["seen"]["texts"] == 0
    admin.post(reverse("picklist_judge", args=[countries.pk]))
    assert given.totals(given.work(Batch.objects.get())) == {"released": 3}
    answer = admin.post(reverse("picklist_judge", args=[countries.pk]), follow=True)
    assert "No lead would pass" in answer.content.decode()


def test_rename_and_retire_say_what_they_mean_for_leads(
    admin: Client, source: Source, countries: Picklist
) -> None:
    given.receive(source, {"email": "a@example.org", "country": "Germany"})
    assert shown(admin, countries, do="retire", text="Germany")["loses"] == 1
    change(admin, countries, do="rename", text="Germany", value="Deutschland", save="on")
    (line,) = [
        one for one in admin.get(reverse("picklist", args=[countries.pk])).context["lines"] if one["use"]
    ]
    assert (line["value"].value, line["use"]) == ("Deutschland", (1, 0)), "it had the old spelling"
    given.receive(source, {"email": "b@example.org", "country": "germany"})
    assert Lead.objects.filter(status="pending").count() == 2
    change(admin, countries, do="retire", text="Deutschland", save="on")
    assert PicklistValue.objects.get(value="Deutschland").retired_at is not None
    given.receive(source, {"email": "c@example.org", "country": "germany"})
    assert Lead.objects.filter(status="rejected").count() == 1
    change(admin, countries, do="add", text="apple", save="on")
    lines = admin.get(reverse("picklist", args=[countries.pk])).context["lines"]
    assert [one["value"].value for one in lines] == ["apple", "Austria", "United States", "Deutschland"]
    versions = admin.get(reverse("picklist_versions", args=[countries.pk])).content.decode()
    assert "Germany is called Deutschland" in versions
    assert "Deutschland retired" in versions


def test_a_paste_says_what_happens_and_leaves_out_what_cannot(admin: Client, countries: Picklist) -> None:
    pasted = {"do": "paste", "paste": "Chad\nGermany = BRD, Austria\nAustria"}
    looked = change(admin, countries, **pasted)
    assert looked.context["counts"] == [
        (1, "new value", "new values"),
        (1, "new list mapper entry", "new list mapper entries"),
        (2, "already listed", "already listed"),
        (1, "left out", "left out"),
    ]
    assert [(words, [edit.text for edit in new], more) for words, new, more in looked.context["new"]] == [
        ("New values", ["Chad"], 0),
        ("New list mapper entries", ["BRD"], 0),
    ]
    many = change(
        admin, countries, do="paste", paste="\n".join(f"City {n}" for n in range(25))
    ).content.decode()
    assert "City 19<" in many
    assert "and 5 more" in many
    doubted = change(admin, countries, do="paste", paste="Peru; Chile\nGERMANY").context["doubtful"]
    assert [text for text, _ in doubted] == ["GERMANY", "Peru; Chile"]
    assert not ListMapperEntry.objects.exists()
    change(admin, countries, **pasted, save="on")
    assert ListMapperEntry.objects.get().text == "BRD"
    assert PicklistVersion.objects.get().number == 2, "one save is one version"


def test_operators_add_one_thing_and_are_told_who_does_the_rest(source: Source, countries: Picklist) -> None:
    make.admin(first_name="Ada", last_name="Admin")
    operator = signed_in(make.operator())
    change(operator, countries, do="add", text="Chad", save="on")
    change(operator, countries, do="map", text="BRD", value="Germany", save="on")
    assert PicklistVersion.objects.count() == 2
    for asked in (
        {"do": "retire", "text": "Chad"},
        {"do": "rename", "text": "Chad", "value": "Tschad"},
        {"do": "unmap", "text": "BRD"},
        {"do": "paste", "paste": "Peru"},
    ):
        answer = change(operator, countries, **asked, save="on")
        assert answer.status_code == 403
        assert "ask Ada Admin" in answer.content.decode()
    assert PicklistVersion.objects.count() == 2


def test_what_cannot_be_saved_says_so_and_changes_nothing(admin: Client, countries: Picklist) -> None:
    answer = change(admin, countries, do="map", text="germany", value="Austria", save="on")
    assert answer.status_code == 422
    assert "is itself a value" in answer.content.decode()
    same = admin.post(
        reverse("picklist_change", args=[countries.pk]),
        {"do": "add", "text": "Austria", "save": "on"},
        follow=True,
    )
    assert "Nothing was changed" in same.content.decode()
    assert admin.get(reverse("picklist_change", args=[countries.pk]), {"do": "nonsense"}).status_code == 404
    assert not PicklistVersion.objects.exists()


def test_an_admin_goes_back_to_a_version_whose_effect_is_shown_first(
    admin: Client, source: Source, countries: Picklist
) -> None:
    given.receive(source, {"email": "a@example.org", "country": "Germany"})
    change(admin, countries, do="add", text="Narnia", save="on")
    change(admin, countries, do="rename", text="Austria", value="Österreich", save="on")
    change(admin, countries, do="retire", text="Germany", save="on")
    reject(source, 2, "Germany")
    page = admin.get(reverse("picklist_versions", args=[countries.pk])).content.decode()
    assert page.count("do=back") == 6, "three versions before this one, each as link and for the dialog"
    effect = shown(admin, countries, do="back", number="1")
    assert effect["labels"]["both"] == "Go back to version 1 and release 2 leads"
    assert not effect["plan"].problems
    countries.refresh_from_db()
    assert countries.version == 4, "nothing is saved yet"
    late = change(admin, countries, do="back", number="1", seen="3", save="on")
    assert late.status_code == 422
    assert "was saved by somebody else meanwhile" in late.content.decode()
    assert change(admin, countries, do="back", number="1", seen="4", save="on").status_code == 302
    values = countries.values.filter(retired_at=None).values_list("value", flat=True)
    assert set(values) == {"Austria", "Germany", "United States"}
    assert not ListMapperEntry.objects.exists()
    assert PicklistVersion.objects.get(number=5).changes


def test_there_is_no_going_back_past_a_save_that_did_not_keep_what_it_replaced(
    admin: Client, countries: Picklist
) -> None:
    for text in ("Chad", "Peru"):
        change(admin, countries, do="add", text=text, save="on")
    PicklistVersion.objects.filter(number=2).update(replaced=None)
    page = admin.get(reverse("picklist_versions", args=[countries.pk])).content.decode()
    assert "number=2" in page
    assert "number=1" not in page
    for number in ("1", "3", "x"):
        query = {"do": "back", "number": number}
        assert admin.get(reverse("picklist_change", args=[countries.pk]), query).status_code == 422
    operator = signed_in(make.operator())
    assert "do=back" not in operator.get(reverse("picklist_versions", args=[countries.pk])).content.decode()
    assert change(operator, countries, do="back", number="2", seen="3", save="on").status_code == 403
