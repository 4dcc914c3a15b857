"""A call that is sent again gets the first answer, also from fifty at once, and after the first one died."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from campaigns import calls
from campaigns.api import idempotency
from campaigns.models import ApiCall, ApiKey, Campaign
from leads.models import Lead, LeadEvent
from leads.sql import leaving
from leads.sql.leaving import Leaving
from leads.statuses import Cause
from rejections import sweeping
from rejections.models import Batch
from tests import make
from tests.api.calling import Caller, problem
from tests.flows.world import World, world
from tests.sessions import threads

pytestmark = pytest.mark.django_db


def asked(w: World, *leads: Lead) -> dict[str, Any]:
    return {
        "campaign": w.campaign.code,
        "rows": [{"id": lead.pk, "reason": "Duplicate Lead"} for lead in leads],
    }


def test_the_same_call_gets_the_same_answer_to_the_byte() -> None:
    w = world()
    caller = Caller(w.people["client"])
    sent = asked(w, w.leads["pending"])
    first = caller.post("rejections/", sent, key="a")
    again = caller.post(
        "rejections/", dict(reversed(sent.items())), key="a"
    )  # the order of names says nothing
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json()["outcomes"] == {"rejected": 1}
    other_key = caller.post("rejections/", sent, key="b").json()
    assert other_key["outcomes"] == {"already_rejected": 1}
    assert Batch.objects.filter(via="api").count() == 2


def test_a_key_belongs_to_one_request_of_one_caller_at_one_endpoint() -> None:
    w = world()
    caller, colleague = Caller(w.people["client"]), Caller(w.people["client"])
    one, other = asked(w, w.leads["pending"]), asked(w, w.leads["accepted"])
    assert caller.post("rejections/", one, key="a").status_code == 200
    problem(caller.post("rejections/", other, key="a"), 409, "idempotency_mismatch")
    problem(caller.post("rejections/?x=1", one, key="a"), 409, "idempotency_mismatch")
    assert colleague.post("rejections/", other, key="a").json()["outcomes"] == {"rejected": 1}
    assert caller.post(f"batches/{w.finished.pk}/undo/", key="a").status_code == 202
    problem(caller.post(f"batches/{w.by_operator.pk}/undo/", key="a"), 409, "idempotency_mismatch")
    problem(caller.post("rejections/", one, key="ä"), 400, "bad_idempotency_key")
    problem(caller.post("rejections/", one, key="a" * 256), 400, "bad_idempotency_key")


def test_files_are_told_apart_by_what_is_in_them() -> None:
    w = world()
    caller = Caller(w.people["client"])

    def upload(name: str, reason: str) -> Any:
        content = make.csv_bytes([(w.leads["pending"].pk, reason)])
        file = SimpleUploadedFile(name, content)
        return caller.upload({"kind": "rejection", "campaign": w.campaign.code, "file": file}, key="f")

    first, again = upload("one.csv", "Duplicate Lead"), upload("two.csv", "Duplicate Lead")
    assert (first.status_code, again.content) == (202, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    problem(upload("one.csv", "Wrong person"), 409, "idempotency_mismatch")
    assert Batch.objects.filter(via="api").count() == 1


def test_refusals_are_answers_too_and_breakdowns_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()
    caller = Caller(w.people["client"])
    w.campaign.return_window_days = None
    w.campaign.save()
    problem(caller.post("rejections/", asked(w, w.leads["pending"]), key="a"), 422, "no_window")
    w.campaign.return_window_days = 7
    w.campaign.save()
    problem(caller.post("rejections/", asked(w, w.leads["pending"]), key="a"), 422, "no_window")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    caller.browser.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("rejections.api.shapes.batch_shown", broken)  # after the batch was made and run
        problem(caller.post("rejections/", asked(w, w.leads["pending"]), key="b"), 500, "internal_error")
    retried = caller.post("rejections/", asked(w, w.leads["pending"]), key="b")
    assert retried.json()["outcomes"] == {"rejected": 1}, "it goes on with the batch that was made"
    assert Batch.objects.filter(via="api").count() == 1


def test_what_one_may_not_do_yet_can_be_sent_again_with_the_same_key() -> None:
    w = world()
    caller = Caller(w.people["reader"], ["read"])
    sent = asked(w, w.leads["pending"])

    def granted(rights: list[str], client: Any = w.campaign.client) -> Any:
        ApiKey.objects.filter(owner=w.people["reader"]).update(rights=rights)
        Campaign.objects.filter(pk=w.campaign.pk).update(client=client)
        return caller.post("rejections/", sent, key="a")

    problem(granted(["read"]), 403, "right_missing")
    problem(granted(["read", "reject"]), 403, "not_permitted")
    permission = Permission.objects.get(codename="reject_as_client")
    person = w.people["reader"]
    assert person is not None
    person.user_permissions.add(permission)
    problem(granted(["read", "reject"], w.foreign.client), 404, "no_such_campaign")
    done = granted(["read", "reject"])
    assert done.json()["outcomes"] == {"rejected": 1}
    ApiKey.objects.filter(owner=person).update(rights=["read"])
    assert caller.post("rejections/", sent, key="a").content == done.content, "what was done is told again"
    problem(caller.post("rejections/", asked(w, w.leads["accepted"]), key="a"), 409, "idempotency_mismatch")


def test_leads_of_a_call_that_died_are_not_stored_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()
    caller = Caller(w.people["operator"])
    source = w.campaign.sources.get(supplier=w.lumen)
    sent = [{"source": source.code, "data": {"email": f"{n}@example.org"}} for n in range(3)]

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    before = Lead.objects.count()
    caller.browser.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("leads.intake.judge", broken)
        problem(caller.post("leads/", sent, key="a"), 500, "internal_error")
    assert Lead.objects.count() == before + 3
    told = caller.post("leads/", sent, key="a").json()
    assert [lead["status"] for lead in told] == ["pending"] * 3
    assert Lead.objects.count() == before + 3


def test_a_supplier_that_sends_again_reads_nothing_of_what_the_clients_crm_said_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    w = world()
    caller = Caller(w.people["supplier"])
    sent = {"source": w.campaign.sources.get(supplier=w.lumen).code, "data": {"email": "ann@example.org"}}
    caller.browser.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("leads.api.shapes.received", lambda *_: 1 / 0)  # judged, and then it dies
        problem(caller.post("leads/", sent, key="a"), 500, "internal_error")
    lead = Lead.objects.latest("pk")
    leaving.turn_away(Cause.REFUSED_BY_CRM, [Leaving(lead.pk, "Brightwater has it")], at=w.at)
    told = caller.post("leads/", sent, key="a").json()
    assert (told["id"], told["disposition"]) == (lead.pk, "REJECT_LEAD_BY_CRM")
    assert "CRM refused it" in told["reason"]
    assert "Brightwater" not in json.dumps(told)


def test_a_call_at_work_is_waited_for_and_taken_over_when_it_died(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 0.2)
    w = world()
    caller = Caller(w.people["client"])
    ours = calls.begin("key:1", "POST x", "k", "print", now)
    assert isinstance(ours, calls.Call)
    assert calls.begin("key:1", "POST x", "k", "print", now) is None
    with pytest.raises(calls.OtherContent):
        calls.begin("key:1", "POST x", "k", "other", now)
    assert ours.once("made", lambda: 17) == 17
    later = now + calls.LEASE
    taken = calls.begin("key:1", "POST x", "k", "print", later)
    assert isinstance(taken, calls.Call)
    assert taken.once("made", lambda: 18) == 17, "what was done is not done again"
    with pytest.raises(calls.LostCall):
        ours.once("more", lambda: 1)
    ours.answer(calls.Answer(500, {}, "late"))
    taken.answer(calls.Answer(200, {"ETag": "x"}, "{}"))
    assert calls.begin("key:1", "POST x", "k", "print", later) == calls.Answer(200, {"ETag": "x"}, "{}")

    assert caller.post("rejections/", asked(w, w.leads["pending"]), key="mine").status_code == 200
    ApiCall.objects.filter(key="mine").update(status=None, lease_until=now + timedelta(minutes=9))
    answer = caller.post("rejections/", asked(w, w.leads["pending"]), key="mine")
    problem(answer, 409, "idempotency_in_flight")
    assert answer.headers["Retry-After"]


def test_answers_are_kept_for_a_day() -> None:
    now = timezone.now()
    for key, age in (("old", calls.KEPT), ("new", calls.KEPT - timedelta(seconds=1))):
        begun = calls.begin("key:1", "POST x", key, "print", now - age)
        assert isinstance(begun, calls.Call)
        begun.answer(calls.Answer(200, {}, ""))
    assert isinstance(calls.begin("key:1", "POST x", "old", "other", now), calls.Call), (
        "a key may be used again"
    )
    ApiCall.objects.filter(key="old").update(created_at=now - calls.KEPT)
    sweeping.sweep(now)
    assert list(ApiCall.objects.values_list("key", flat=True)) == ["new"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_fifty_at_once_reject_each_lead_once_and_read_the_same_answer(live_server: Any, broker: Any) -> None:
    """50 clients send the same 200 rejections, in 4 calls with a key each, over HTTP, all at the same time."""
    w = world()
    leads = [make.lead(w.campaign, at=w.at - timedelta(days=1)) for _ in range(200)]
    caller = Caller(w.people["client"])
    parts = [asked(w, *leads[start : start + 50]) for start in range(0, 200, 50)]

    def send_all(first: int) -> list[bytes]:
        answers = {}
        with httpx.Client(base_url=live_server.url, headers=caller.headers, timeout=120) as http:
            for at in [(first + step) % 4 for step in range(4)]:
                while at not in answers:
                    answer = http.post(
                        "/api/v1/rejections/", json=parts[at], headers={"Idempotency-Key": f"part-{at}"}
                    )
                    if answer.status_code != 409:  # idempotency_in_flight: asked for again
                        assert answer.status_code == 200, answer.text
                        answers[at] = answer.content
        return [answers[at] for at in range(4)]

    with threads(50) as start:
        results = [future.result() for future in [start(send_all, n) for n in range(50)]]
    assert len({tuple(answers) for answers in results}) == 1, "everybody read the same"
    told = [json.loads(answer) for answer in results[0]]
    assert [part["outcomes"] for part in told] == [{"rejected": 50}] * 4
    moves = LeadEvent.objects.filter(cause=Cause.CLIENT_REJECTED, lead__in=leads)
    assert (moves.count(), moves.values("lead").distinct().count()) == (200, 200)
    assert Batch.objects.filter(via="api").count() == 4
