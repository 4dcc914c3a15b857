"""What every page stands on: what a person prefers, what it is told of its batches, messages as toasts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import sessions
from campaigns.models import Session, User
from leads.models import Delivery
from rejections import closing
from rejections.models import Batch
from rejections.states import State
from rejections.sweeping import sweep
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


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"
)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", ""),
    ],
)
def test_a_device_is_called_as_people_call_it(agent: str, words: str) -> None:
    assert sessions.device(agent) == words


def test_the_profile_says_where_one_is_signed_in_and_signs_out_elsewhere() -> None:
    person = make.operator()
    person.set_password("first-and-long-7")
    person.save()
    browsers = [Client(headers={"user-agent": agent}) for agent in (FIREFOX, IPHONE)]
    for browser in browsers:
        signing = {"username": person.username, "password": "first-and-long-7"}
        assert browser.post(reverse("login"), signing).status_code == 302
    here, elsewhere = browsers
    other = make.operator()
    stranger = Client()
    stranger.force_login(other)
    for device, hours in (("Safari on iPhone", 3), ("Firefox on Windows", 9)):
        Session.objects.filter(device=device).update(seen_at=timezone.now() - timedelta(hours=hours))
    page = text(here, reverse("profile"))
    assert (
        page.index("Firefox on Windows") < page.index("this one, in use now") < page.index("Safari on iPhone")
    )
    elsewhere.get(reverse("home"))
    used = Session.objects.get(device="Safari on iPhone").seen_at
    assert timezone.now() - used < timedelta(minutes=1), "its use is noted"
    assert (
        "signed out in 1\N{NO-BREAK SPACE}other place"
        in here.post(reverse("sign_out_elsewhere"), follow=True).content.decode()
    )
    assert here.get(reverse("home")).status_code == 200
    assert elsewhere.get(reverse("home")).status_code == 302
    assert stranger.get(reverse("home")).status_code == 200
    assert "Sign out elsewhere" not in text(here, reverse("profile"))


def test_sessions_that_ended_are_forgotten() -> None:
    here, person = signed_in(world(), "client")
    Session.objects.filter(user=person).update(expire_date=timezone.now() - timedelta(days=1))
    sweep(timezone.now())
    assert not Session.objects.exists()
    assert here.get(reverse("home")).status_code == 302


def test_the_address_of_a_button_is_no_dead_end() -> None:
    w = world()
    browser, _ = signed_in(w, "operator")
    answer = browser.get(reverse("batch_stop", args=[w.finished.pk]))
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert f'href="{reverse("batch", args=[w.finished.pk])}"' in answer.content.decode()
    assert "Nothing was changed" in answer.content.decode()
