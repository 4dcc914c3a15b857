"""API keys of people and addresses of forms: made, told once, used, revoked; by whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import ApiKey, IntakeToken
from leads.models import Lead
from tests.api.calling import problem
from tests.flows.test_pages import signed_in
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db


def made(w: World, role: str, **data: Any) -> Any:
    sent = {"name": "CRM", "rights": ["read"], **data}
    return signed_in(w.people[role]).post(reverse("keys"), sent)


def test_a_key_is_shown_once_and_works_until_it_is_revoked() -> None:
    w = world()
    browser = signed_in(w.people["client"])
    answer = made(
        w, "client", rights=["read", "reject"], expires_on=timezone.localdate() + timedelta(days=30)
    )
    secret = answer.context["made"]["secret"]
    assert secret in answer.content.decode()
    assert answer.headers["Cache-Control"].count("no-store") == 1
    assert secret not in browser.get(reverse("keys")).content.decode()
    call = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/leads/", headers=call).status_code == 200
    key = ApiKey.objects.get()
    assert key.rights == ["read", "reject"]
    assert signed_in(w.people["reader"]).post(reverse("key_revoke", args=[key.pk])).status_code == 404
    assert "CRM" not in signed_in(w.people["reader"]).get(reverse("keys")).content.decode()
    browser.post(reverse("key_revoke", args=[key.pk]))
    problem(Client().get("/api/v1/leads/", headers=call), 401, "not_authenticated")
    assert "revoked" in browser.get(reverse("keys")).content.decode()


def test_nobody_hands_on_a_right_it_has_not() -> None:
    w = world()
    assert made(w, "reader", rights=["read", "reject"]).status_code == 422
    assert made(w, "supplier", rights=["lists"]).status_code == 422
    assert made(w, "client", rights=[]).status_code == 422
    assert made(w, "client", name="").status_code == 422
    assert made(w, "client", expires_on="2020-01-01").status_code == 422
    assert not ApiKey.objects.exists()


def test_an_admin_sees_and_revokes_all_keys() -> None:
    w = world()
    made(w, "client")
    admin = signed_in(w.people["admin"])
    assert "Carla Buys" in admin.get(reverse("keys")).content.decode()
    admin.post(reverse("key_revoke", args=[ApiKey.objects.get().pk]))
    assert ApiKey.objects.get().revoked_at is not None


# Forms


def door(w: World, honeypot: str = "") -> str:
    """The address of a new form of Lumen's source."""
    source = w.campaign.sources.get(supplier=w.lumen)
    source.field_map = {"your-mail": "email"}
    source.save()
    answer = signed_in(w.people["admin"]).post(
        reverse("source_tokens", args=[source.code]), {"honeypot": honeypot}
    )
    address: str = answer.context["made"]
    return address


def newest() -> Lead:
    return Lead.objects.select_related("values", "source").order_by("-pk")[0]


def test_a_form_sends_leads_into_its_source_and_learns_nothing() -> None:
    w = world()
    address, before = door(w), Lead.objects.count()
    for content, kind in (
        ("your-mail=eve%40example.org&name=Eve&note=&likes=a&likes=b", "application/x-www-form-urlencoded"),
        ('{"your-mail": "ed@example.org", "age": 41, "spam": false, "x": null}', "application/json"),
        ('{"your-mail": "no address"}', "application/json"),
    ):
        answer = Client(enforce_csrf_checks=True).post(address, content, content_type=kind)
        assert (answer.status_code, answer.json()) == (201, {"received": True})
    assert Lead.objects.count() == before + 3
    first = Lead.objects.select_related("values", "source").get(values__received__email="eve@example.org")
    assert (first.source.supplier_id, first.status) == (w.lumen.pk, "pending")
    assert first.values.received["likes"] == "a, b"
    assert newest().status == "rejected"
    assert newest().source_id == first.source_id


def test_what_fills_the_hidden_field_is_answered_alike_and_not_kept() -> None:
    w = world()
    address = door(w, honeypot="website")
    before = Lead.objects.count()
    filled = Client().post(address, {"your-mail": "bot@example.org", "website": "http://spam"})
    empty = Client().post(
        address, {"your-mail": "eve@example.org", "website": ""}, content_type="application/json"
    )
    assert (filled.status_code, filled.content) == (empty.status_code, empty.content)
    assert Lead.objects.count() == before + 1
    assert "website" not in newest().values.received


def test_a_form_is_bounded_in_size_and_rate(settings: Any) -> None:
    w = world()
    address, before = door(w), Lead.objects.count()
    kind = "application/x-www-form-urlencoded"
    problem(Client().post(address, "a=" + "x" * 100_000, content_type=kind), 413, "too_large")
    problem(Client().post(address, "&".join("abcdefg" * 5000), content_type=kind), 400, "malformed")
    problem(Client().post(address, "a=", content_type=kind), 400, "invalid")
    problem(Client().post(address, "[1]", content_type="application/json"), 400, "invalid")
    problem(Client().get(address), 405, "method_not_allowed")
    settings.FORM_CALLS_PER_MINUTE = 0
    answer = Client().post(address, "a=b", content_type=kind)
    problem(answer, 429, "throttled")
    assert answer.headers["Retry-After"]
    assert Lead.objects.count() == before


def test_an_address_is_not_kept_and_ends_when_it_is_revoked() -> None:
    w = world()
    address = door(w)
    token = IntakeToken.objects.get()
    assert address.split("/")[-2] not in str(IntakeToken.objects.values())
    page = reverse("source_tokens", args=[token.source.code])
    revoke = reverse("token_revoke", args=[token.source.code, token.pk])
    assert address not in signed_in(w.people["operator"]).get(page).content.decode()
    for role, status in (("operator", 403), ("client", 404), ("supplier", 404)):
        assert signed_in(w.people[role]).post(revoke).status_code == status
        assert signed_in(w.people[role]).post(page, {}).status_code == status
    signed_in(w.people["admin"]).post(revoke)
    gone, never = Client().post(address, {"a": "b"}), Client().post("/in/lr_in_never/", {"a": "b"})
    assert (gone.status_code, gone.content, gone.headers) == (never.status_code, never.content, never.headers)
    assert gone.status_code == 404
