"""Who may call what: keys and sessions, rights and roles; what one may not see answers like what never was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from campaigns import tokens
from campaigns.models import ApiKey, Right
from leads.models import Lead
from tests import make
from tests.api.calling import ALL, Caller, problem
from tests.flows.world import PAYOUT, PRICE, World, world

pytestmark = pytest.mark.django_db

ROLES = "admin operator client reader rival supplier competitor inactive nobody".split()

#: Calls by role. Keys hand on all rights of their owner; `batch` is the client's own, `other` one the operator made.
TABLE = """
get leads/                  200 200 200 200 200 200 200 401 401
get leads/LEAD/             200 200 200 200 404 200 404 401 401
get leads/OTHER/            200 200 200 200 404 404 404 401 401
post leads/                 201 201 403 403 403 201 404 401 401
post rejections/            200 200 200 403 404 403 403 401 401
get batches/                200 200 200 200 200 200 200 401 401
post batches/               202 202 202 403 404 403 403 401 401
get batches/BATCH/          200 200 200 200 404 404 404 401 401
get batches/BATCH/rows/     200 200 200 200 404 404 404 401 401
get batches/BATCH/result/   200 200 200 200 404 404 404 401 401
post batches/BATCH/undo/    202 202 202 403 404 404 404 401 401
post batches/BY/undo/       202 202 403 403 404 404 404 401 401
post batches/CHECKED/start/ 202 202 202 403 404 404 404 401 401
post batches/CHECKED/stop/  409 409 409 403 404 404 404 401 401
post batches/CHECKED/review/ 200 200 200 403 404 404 404 401 401
get campaigns/              200 200 200 200 200 200 200 401 401
get sources/                200 200 200 200 200 200 200 401 401
get suppliers/              200 200 200 200 200 200 200 401 401
"""


def sent(w: World, path: str) -> dict[str, Any]:
    """What the call sends."""
    lead = w.leads["pending"].pk
    through = (w.at - timedelta(days=1)).date().isoformat()
    return {
        "leads/": {
            "source": w.campaign.sources.get(supplier=w.lumen).code,
            "data": {"email": "a@example.org"},
        },
        "rejections/": {"campaign": w.campaign.code, "rows": [{"id": lead, "reason": "Duplicate Lead"}]},
        "batches/": {"kind": "close_out", "campaign": w.campaign.code, "options": {"through": through}},
    }.get(path, {})


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1], ids=lambda line: line[:27].strip())
def test_every_role_gets_what_is_due(line: str) -> None:
    method, path, *due = line.split()
    w = world()
    named = {"LEAD": w.leads["pending"], "OTHER": w.other_lead, "BATCH": w.finished, "BY": w.by_operator}
    address = path
    for name, thing in (named | {"CHECKED": w.checked}).items():
        address = address.replace(f"{name}/", f"{thing.pk}/")
    got = []
    for role in ROLES:
        caller = Caller(w.people[role])
        with transaction.atomic():
            answer = caller.get(address) if method == "get" else caller.post(address, sent(w, path))
            transaction.set_rollback(True)
        got.append(str(answer.status_code))
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"
    assert got == due


OBJECTS = [
    ("get", "leads/{lead}/"),
    ("get", "batches/{batch}/"),
    ("get", "batches/{batch}/rows/"),
    ("get", "batches/{batch}/result/"),
    ("post", "batches/{batch}/start/"),
    ("post", "batches/{batch}/stop/"),
    ("post", "batches/{batch}/undo/"),
    ("post", "batches/{batch}/review/"),
]


@pytest.mark.parametrize(("method", "path"), OBJECTS, ids=[f"{m} {p}" for m, p in OBJECTS])
def test_a_foreign_object_answers_like_one_that_never_was(method: str, path: str) -> None:
    w = world()
    there = path.format(lead=w.foreign_lead.pk, batch=w.foreign_batch.pk)
    for role in ("client", "supplier", "competitor" if "batch" in path else "reader"):
        caller = Caller(w.people[role])
        answers = []
        for address in (there, path.format(lead=10**9, batch=10**9), path.format(lead=10**30, batch=10**30)):
            answer = getattr(caller, method)(address)
            answers.append((answer.status_code, answer.content, dict(answer.headers)))
        assert answers[0][0] == 404
        assert answers[0] == answers[1] == answers[2], role


def test_lists_and_filters_tell_nothing_of_what_is_not_ones_own() -> None:
    w = world()
    kestrel = w.campaign.sources.get(supplier=w.kestrel)
    by_role = {role: Caller(w.people[role]) for role in ("operator", "client", "supplier", "rival")}

    def ids(role: str, **query: Any) -> set[int]:
        return {lead["id"] for lead in by_role[role].get("leads/", page_size=1000, **query).json()["results"]}

    assert ids("client") == set(Lead.objects.filter(campaign=w.campaign).values_list("pk", flat=True))
    assert w.other_lead.pk not in ids("supplier")
    assert ids("supplier") == set(Lead.objects.filter(supplier=w.lumen).values_list("pk", flat=True))
    assert ids("operator", supplier=w.kestrel.code) == {w.other_lead.pk}
    assert ids("client", supplier=w.kestrel.code) == ids("client", source=kestrel.code) == set()
    assert ids("client", campaign=w.foreign.code) == ids("supplier", campaign=w.campaign.code) == set()
    assert ids("supplier", campaign=w.campaign.public_name) == ids("supplier")
    for role in ("client", "supplier", "rival"):
        text = b"".join(
            by_role[role].get(path).content for path in ("campaigns/", "sources/", "suppliers/", "leads/")
        )
        hidden = {
            "client": [PAYOUT, "Lumen", "Kestrel", "Nimbus", kestrel.code, w.lumen.code],
            "supplier": [
                PRICE,
                "Brightwater",
                "Rooftops Internal",
                w.campaign.code,
                "Kestrel",
                w.kestrel.code,
            ],
            "rival": ["Brightwater", w.campaign.code, "Home offer", w.lumen.code],
        }[role]
        for secret in hidden:
            assert secret.encode() not in text, (role, secret)
    w.campaign.show_suppliers_to_client = True
    w.campaign.save()
    assert ids("client", supplier=w.kestrel.code) == {w.other_lead.pk}


def test_a_key_does_no_more_than_its_rights_and_its_owner_may() -> None:
    w = world()
    one = {"campaign": w.campaign.code, "rows": [{"id": w.leads["pending"].pk, "reason": "x"}], "check": True}
    reads = Caller(w.people["client"], ["read"])
    assert reads.get("leads/").status_code == 200
    problem(reads.post("rejections/", one), 403, "right_missing")
    problem(reads.post(f"batches/{w.finished.pk}/undo/"), 403, "right_missing")
    problem(Caller(w.people["client"], ["reject"]).get("leads/"), 403, "right_missing")
    assert Caller(w.people["client"], ["reject"]).post("rejections/", one).status_code == 200
    assert ApiKey.objects.filter(owner=w.people["reader"]).count() == 0
    asked_for_all = Caller(w.people["reader"])
    assert ApiKey.objects.get(owner=w.people["reader"]).rights == ["read"]
    problem(asked_for_all.post("rejections/", one), 403, "right_missing")
    rejects = Caller(w.people["client"], ["reject"])
    w.people["client"].user_permissions.clear()  # the owner loses it, and so does its key
    problem(rejects.post("rejections/", one), 403, "not_permitted")


def test_a_key_is_kept_as_its_hash_and_ends_when_it_should() -> None:
    w = world()
    now = timezone.now()
    key, secret = tokens.make_key(w.people["client"], "CRM", ALL, expires_at=now + timedelta(days=1), at=now)
    assert secret not in str(ApiKey.objects.filter(pk=key.pk).values())
    assert secret.startswith(key.prefix)
    assert len(secret) > 45
    assert tokens.key_of(secret, now).pk == key.pk
    assert ApiKey.objects.get(pk=key.pk).last_used_at == now
    assert tokens.key_of(secret, now + timedelta(seconds=59)) is not None
    assert ApiKey.objects.get(pk=key.pk).last_used_at == now
    assert tokens.key_of(secret, now + timedelta(days=1)) is None
    for change in ({"revoked_at": now}, {}):
        ApiKey.objects.filter(pk=key.pk).update(**change, expires_at=None)
        if not change:
            w.people["client"].is_active = False
            w.people["client"].save()
            ApiKey.objects.filter(pk=key.pk).update(revoked_at=None)
        told = Client().get("/api/v1/leads/", headers={"Authorization": f"Bearer {secret}"})
        problem(told, 401, "not_authenticated")
        assert told.headers["WWW-Authenticate"].startswith("Bearer")
    for wrong in ("Bearer", "Bearer x y", "Bearer \xe4", "bearer lr_key_x"):
        assert Client().get("/api/v1/leads/", headers={"Authorization": wrong}).status_code == 401


def test_a_session_calls_too_and_needs_its_csrf_token() -> None:
    w = world()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(w.people["client"])
    assert browser.get("/api/v1/leads/").status_code == 200
    answer = browser.post(f"/api/v1/batches/{w.finished.pk}/undo/", {}, content_type="application/json")
    assert "CSRF" in problem(answer, 403, "not_permitted")["detail"]


def test_each_caller_has_so_many_calls_a_minute(settings: Any) -> None:
    w = world()
    settings.API_CALLS_PER_MINUTE = 3
    caller, other = Caller(w.people["client"]), Caller(w.people["client"])
    answers = [caller.get("campaigns/") for _ in range(5)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses[3:]  # a minute may begin between two calls
    last = next(answer for answer in answers if answer.status_code == 429)
    assert "not carried out" in problem(last, 429, "throttled")["detail"]
    assert 1 <= int(last.headers["Retry-After"]) <= 60
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("3", "0")
    assert other.get("campaigns/").headers["RateLimit-Remaining"] == "2"


def test_a_person_with_many_keys_has_no_more_calls_for_it_and_strangers_are_counted_too(
    settings: Any,
) -> None:
    w = world()
    settings.API_CALLS_PER_MINUTE, settings.API_CALLS_PER_MINUTE_OF_A_PERSON = 4, 6
    callers = [Caller(w.people["client"]) for _ in range(4)]
    answers = [caller.get("campaigns/") for _ in range(4) for caller in callers]  # of two minutes at most
    assert [answer.status_code for answer in answers[:6]] == [200] * 6
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 4
    assert refused[-1].headers["RateLimit-Limit"] == "6"
    assert Caller(w.people["reader"]).get("campaigns/").status_code == 200
    guesses = [Client().get("/api/v1/leads/", headers={"Authorization": f"Bearer {n}"}) for n in range(10)]
    assert 429 in {answer.status_code for answer in guesses} <= {401, 429}


def test_a_key_that_runs_wild_takes_no_calls_from_the_others_of_its_person(settings: Any) -> None:
    w = world()
    settings.API_CALLS_PER_MINUTE, settings.API_CALLS_PER_MINUTE_OF_A_PERSON = 2, 4
    wild, calm = Caller(w.people["client"]), Caller(w.people["client"])
    assert 429 in {wild.get("campaigns/").status_code for _ in range(12)}
    assert calm.get("campaigns/").status_code == 200


def test_nothing_is_told_again_to_who_has_it() -> None:
    w = world()
    picklist = w.campaign.client.picklists.create(name="Countries")
    caller, path = Caller(w.people["admin"]), f"picklists/{picklist.pk}/"
    tag = caller.get(path).headers["ETag"]

    def again(known: str) -> Any:
        return caller.browser.get(f"/api/v1/{path}", headers={**caller.headers, "If-None-Match": known})

    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = again(known)
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)
        assert "RateLimit-Remaining" in answer.headers
    assert again('"x"').status_code == 200
    assert (
        caller.send("patch", path, {"add": ["Wales"]}, **{"If-Match": tag, "If-None-Match": tag}).status_code
        == 200
    )
    assert again(tag).json()["values"] == ["Wales"]
    assert Caller(w.people["rival"]).browser.get(
        f"/api/v1/{path}", headers={**Caller(w.people["rival"]).headers, "If-None-Match": "*"}
    ).status_code == 404  # fmt: skip


def test_nothing_is_counted_while_the_cache_is_away(settings: Any) -> None:
    w = world()
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert Caller(w.people["client"]).get("campaigns/").status_code == 200


def test_whatever_goes_wrong_is_a_problem_in_json() -> None:
    w = world()
    caller = Caller(w.people["operator"])
    problem(caller.get("no-such-thing/"), 404, "not_found")
    problem(caller.get("leads/abc/"), 404, "not_found")
    problem(caller.send("put", "leads/", {}), 405, "method_not_allowed")
    problem(caller.get("leads/", statsu="rejected"), 400, "invalid")
    problem(caller.get("leads/", status="nonsense"), 400, "invalid")
    problem(caller.get("leads/", page_size="0"), 400, "invalid")
    problem(caller.get("leads/", uid=["a", "b"]), 400, "invalid")
    problem(caller.get("leads/", uid=""), 400, "invalid")
    problem(caller.get("leads/a\nb/"), 404, "not_found")

    def raw(content: bytes, kind: str = "application/json") -> Any:
        return caller.browser.post("/api/v1/rejections/", content, content_type=kind, headers=caller.headers)

    problem(raw(b"{", "application/json"), 400, "malformed")
    problem(raw(b"\xff\xfe", "application/json"), 400, "malformed")
    problem(raw(b"[" * 100_000, "application/json"), 400, "malformed")
    problem(raw(b'{"rows": NaN}', "application/json"), 400, "malformed")
    problem(raw(b'{"campaign": "x", "rows": [{"id": 1e999}]}'), 400, "invalid")
    problem(raw(b'"text"', "application/json"), 400, "invalid")
    problem(raw(b"<xml/>", "text/xml"), 415, "unsupported_media_type")
    problem(raw(b" " * 10_000_001, "application/json"), 413, "too_large")


def test_a_bug_is_told_without_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()

    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("secret")

    monkeypatch.setattr("leads.api.leads._matching", broken)
    caller = Caller(w.people["operator"])
    caller.browser.raise_request_exception = False
    answer = caller.get("leads/")
    assert b"secret" not in answer.content
    problem(answer, 500, "internal_error")


def test_rights_are_those_of_the_side() -> None:
    client, supplier = make.client(), make.supplier()
    rights = {
        "admin": make.admin(),
        "client": make.client_user(client),
        "reader": make.client_user(client, may_reject=False),
        "supplier": make.supplier_user(supplier),
    }
    assert {role: [str(right) for right in tokens.grantable(person)] for role, person in rights.items()} == {
        "admin": [str(right) for right in Right],
        "client": ["read", "reject"],
        "reader": ["read"],
        "supplier": ["read", "intake"],
    }


def test_affiliate_events_are_reported_by_staff_and_read_on_ones_own_leads() -> None:
    w = world()
    lead, at = w.leads["pending"].pk, "2026-11-20T09:30:00Z"
    one = {"lead": lead, "reference": "click-1", "status": "pending", "payout": "2.50", "occurred_at": at}
    operator = Caller(w.people["operator"])

    def report(*events: dict[str, Any]) -> list[str]:
        answer = operator.post("affiliate-events/", {"events": list(events)})
        assert answer.status_code == 200, answer.content
        return [told["result"] for told in answer.json()["results"]]

    assert report(one, one | {"lead": 10**9}, one | {"payout": "3.00"}) == [
        "recorded",
        "not_found",
        "changed",
    ]
    assert report(one | {"payout": "3.00"}) == ["unchanged"]
    for role, payout in (("operator", "3.00"), ("client", None), ("supplier", None)):
        told = Caller(w.people[role]).get("affiliate-events/", lead=lead).json()["results"]
        assert [event["payout"] for event in told] == [payout]
    assert Caller(w.people["rival"]).get("affiliate-events/").json()["results"] == []
    problem(Caller(w.people["client"]).post("affiliate-events/", {"events": [one]}), 403, "right_missing")
    problem(Caller(w.people["supplier"]).post("affiliate-events/", {"events": [one]}), 403, "not_permitted")
    problem(operator.post("affiliate-events/", {"events": [one | {"payout": 2.5}]}), 400, "invalid")
