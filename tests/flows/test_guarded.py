"""What an attacker would try, and finds closed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from campaigns.views import signing
from tests import make
from tests.flows.test_pages import signed_in
from tests.flows.world import world

pytestmark = pytest.mark.django_db


def test_wrong_passwords_for_many_names_and_from_many_addresses_have_to_wait_too(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BEHIND_PROXY = True
    monkeypatch.setattr(signing, "OF_AN_ADDRESS", 4)
    monkeypatch.setattr(signing, "OF_A_NAME", 6)

    def guessed(name: str, address: str) -> int:
        sent = {"username": name, "password": "wrong"}
        # The proxy adds the address that asks behind whatever was claimed.
        return Client().post("/login/", sent, headers={"X-Forwarded-For": f"10.0.0.1, {address}"}).status_code

    here, name = str(uuid.uuid4()), uuid.uuid4().hex  # the cache outlives a test
    assert [guessed(uuid.uuid4().hex, here) for _ in range(6)] == [200] * 4 + [429] * 2
    assert [guessed(name, str(uuid.uuid4())) for _ in range(8)] == [200] * 6 + [429] * 2
    assert guessed(uuid.uuid4().hex, str(uuid.uuid4())) == 200
    assert [guessed(uuid.uuid4().hex, "") for _ in range(6)] == [200] * 6, (
        "a proxy that adds nothing shuts nobody out"
    )


def test_who_finds_a_session_open_does_not_guess_its_password(settings: Any) -> None:
    person = make.operator()
    person.set_password("right-and-long-7")
    person.save()
    browser = signed_in(person)
    new = {"new_password1": "another-long-8", "new_password2": "another-long-8"}
    for _ in range(signing.TRIES):
        assert browser.post("/profile/password/", {"old_password": "wrong", **new}).status_code == 200
    answer = browser.post("/profile/password/", {"old_password": "right-and-long-7", **new})
    assert answer.status_code == 429
    person.refresh_from_db()
    assert person.check_password("right-and-long-7")


def test_no_cache_between_keeps_what_is_shown_to_a_person() -> None:
    w = world()
    for role in ("operator", "client", "supplier"):
        browser = signed_in(w.people[role])
        for page in (
            "/",
            "/leads/",
            f"/leads/{w.leads['pending'].pk}/",
            "/leads/leads.csv",
            "/api/v1/leads/",
            "/no/",
        ):
            said = browser.get(page).headers["Cache-Control"]
            assert "no-store" in said or {"private", "no-cache"} <= set(said.split(", ")), (role, page, said)


def test_a_client_that_asks_for_correction_uploads_gets_its_own_imports() -> None:
    w = world()
    for role, tabs in (("operator", 4), ("client", 3)):
        shown = signed_in(w.people[role]).get("/imports/?kind=correction")
        assert (shown.status_code, len(shown.context["tabs"])) == (200, tabs)
        assert shown.context["form"]["kind"] == ("correction" if tabs == 4 else "")
