"""What every page stands on: what a person prefers, what it is told of its batches, messages as toasts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import User
from leads.models import Delivery
from rejections import closing
from rejections.models import Batch
from rejections.states import State
from tests import make
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def signed_in(w: World, role: str) -> tuple[Client, User]:
    person = w.people[role]
    assert person
    browser = Client()
    browser.force_login(person)
    return browser, person


def test_every_page_comes_as_the_person_prefers_it() -> None:
    w = world()
    browser, person = signed_in(w, "operator")
    assert '<html lang="en-GB" data-bs-theme="system" data-density="dense">' in text(browser, "/imports/")
    chosen = {"theme": "dark", "density": "comfortable", "mails": ["batch_ended"]}
    assert browser.post(reverse("profile"), chosen).status_code == 302
    expected = '<html lang="en-GB" data-bs-theme="dark" data-density="comfortable" data-keys="off">'
    for address in ("/", "/imports/", "/no-such-page/"):
        assert expected in text(browser, address)
    assert browser.post(reverse("profile"), chosen | {"theme": "neon"}).status_code == 422
    person.refresh_from_db()
    assert (person.theme, person.single_keys, person.mails) == ("dark", False, ["batch_ended"])


def text(browser: Client, address: str) -> str:
    return browser.get(address).content.decode()


def test_the_button_for_light_and_dark_leads_back_and_nowhere_else() -> None:
    w = world()
    browser, person = signed_in(w, "supplier")
    there = {"theme": "dark", "next": "/find/?q=7"}
    assert browser.post(reverse("profile_theme"), there).url == "/find/?q=7"  # type: ignore[attr-defined]
    away = {"theme": "purple", "next": "https://elsewhere.example/"}
    assert browser.post(reverse("profile_theme"), away).url == "/"  # type: ignore[attr-defined]
    for view in ("admin:index", "a\0b"):  # an address, and never the name of a page
        answer = browser.post(reverse("profile_theme"), {"theme": "purple", "next": view})
        assert answer.status_code == 302
        assert "admin/" not in answer.headers["Location"]
    person.refresh_from_db()
    assert person.theme == "dark"


@pytest.mark.parametrize(("mails", "written"), [(["batch_ended"], 1), ([], 0)])
def test_the_end_of_a_batch_is_told_by_mail_to_those_who_want_it(mails: list[str], written: int) -> None:
    w = world()
    person = w.people["operator"]
    assert person
    User.objects.filter(pk=person.pk).update(mails=mails, email="olga@example.org")
    Batch.objects.filter(pk=w.checked.pk).update(state=State.APPLYING, created_by=person, via="page")
    closing.end(Batch.objects.get(pk=w.checked.pk), State.STOPPED, w.at)
    assert Delivery.objects.filter(kind="batch_ended", batch_id=w.checked.pk).count() == written


def test_the_bell_counts_what_ended_until_it_was_looked_at() -> None:
    w = world()
    browser, person = signed_in(w, "client")
    User.objects.filter(pk=person.pk).update(date_joined=w.at - timedelta(hours=1))
    Batch.objects.filter(created_by=person).exclude(pk=w.finished.pk).update(ended_at=None)
    Batch.objects.filter(pk=w.finished.pk).update(created_by=person)
    assert "Your batches: 1 ended since you last looked" in text(browser, "/imports/")
    listed = text(browser, reverse("told"))
    assert f"IMP-{w.finished.pk}" in listed
    assert f"IMP-{w.by_operator.pk}" not in listed
    assert "ended since you last looked" not in text(browser, "/imports/")


def test_the_bell_asks_again_only_while_a_batch_of_the_person_is_at_work() -> None:
    w = world()
    browser, person = signed_in(w, "operator")
    Batch.objects.filter(pk=w.checked.pk).update(state=State.APPLYING, created_by=person)
    assert f"/told/bell/?watch={w.checked.pk}" in text(browser, "/campaigns/")
    others, _ = signed_in(w, "admin")
    assert "/told/bell/" not in text(others, "/campaigns/")
    Batch.objects.filter(pk=w.checked.pk).update(state=State.FAILED, ended_at=w.at)
    assert "/told/bell/" not in text(browser, "/campaigns/")


def test_a_batch_that_ended_elsewhere_is_told_of_once_and_not_on_its_own_page() -> None:
    w = world()
    browser, person = signed_in(w, "operator")
    Batch.objects.filter(pk=w.checked.pk).update(state=State.FAILED, ended_at=w.at, created_by=person)
    watched = {"watch": f"{w.checked.pk},{w.finished.pk},x"}
    elsewhere = {**HTMX, "HTTP_HX_CURRENT_URL": "http://testserver/campaigns/"}
    told = browser.get(reverse("told_bell"), watched, **elsewhere).content.decode()  # type: ignore[arg-type]
    assert f"IMP-{w.checked.pk} has failed" in told
    assert f"IMP-{w.finished.pk}" not in told  # somebody else started it
    assert "hx-trigger" not in told
    there = {**HTMX, "HTTP_HX_CURRENT_URL": f"http://testserver/imports/{w.checked.pk}/result/"}
    assert "has failed" not in browser.get(reverse("told_bell"), watched, **there).content.decode()  # type: ignore[arg-type]
    Batch.objects.filter(pk=w.checked.pk).update(mapping={"fix": {}})
    queue = {**HTMX, "HTTP_HX_CURRENT_URL": f"http://testserver{reverse('fix_queue')}?source=A"}
    assert "has failed" not in browser.get(reverse("told_bell"), watched, **queue).content.decode()  # type: ignore[arg-type]


def test_what_was_done_is_a_toast_and_the_menu_counts_open_imports() -> None:
    w = world()
    browser, _ = signed_in(w, "operator")
    assert '<span class="n" id="open-count">1<span class="sr"> open</span></span>' in text(browser, "/")
    browser.post(reverse("batch_cancel", args=[w.checked.pk]))
    after = text(browser, "/")
    assert 'class="toast-x c-accepted"' in after
    assert f"IMP-{w.checked.pk} was cancelled. Nothing was changed." in after
    assert '<span class="n" id="open-count"></span>' in after
    anew = browser.get(reverse("told_bell"), **HTMX).content.decode()  # type: ignore[arg-type]
    assert '<span class="n" id="open-count" hx-swap-oob="true"></span>' in anew


def test_a_new_password_ends_other_sessions_and_not_this_one() -> None:
    person = make.operator()
    person.set_password("first-and-long-7")
    person.save()
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        assert browser.login(username=person.username, password="first-and-long-7")
    wrong = {"old_password": "no", "new_password1": "second-and-long-8", "new_password2": "second-and-long-8"}
    assert "old password was entered incorrectly" in here.post(reverse("password"), wrong).content.decode()
    assert here.post(reverse("password"), wrong | {"old_password": "first-and-long-7"}).status_code == 302
    assert here.get(reverse("home")).status_code == 200
    assert elsewhere.get(reverse("home")).status_code == 302
