"""A client's system rejects leads by itself: rows in, outcomes out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Lead
from rejections.api import settling
from rejections.models import Batch
from tests import batches, make
from tests.api.calling import Caller, problem
from tests.flows.world import World, world
from tests.sessions import wait_until

pytestmark = pytest.mark.django_db


def rows(*pairs: tuple[Any, str]) -> list[dict[str, Any]]:
    return [{"id": named, "reason": reason} for named, reason in pairs]


def send(w: World, role: str, sent: list[dict[str, Any]], **more: Any) -> Any:
    return Caller(w.people[role]).post("rejections/", {"campaign": w.campaign.code, "rows": sent, **more})


def test_few_rows_are_answered_with_the_outcome_of_each() -> None:
    w = world()
    lead, old = w.leads["pending"], w.leads["old"]
    sent = rows((lead.pk, "Duplicate Lead"), (str(old.pk), "Too late"), ("abc", "?"), (lead.pk, "again"))
    answer = send(w, "client", sent)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert [row["outcome"] for row in told["results"]] == [
        "rejected", "outside_window", "not_found", "duplicate_in_file",
    ]  # fmt: skip
    assert told["results"][0] | {"advice": ""} == {
        "line": 1, "id": str(lead.pk), "reason": "Duplicate Lead", "outcome": "rejected", "checked": None, "advice": "",
        "lead_id": lead.pk, "suggested_lead": None, "status": "client_rejected", "disposition": "CLIENT_OTHER",
    }  # fmt: skip
    assert all(row["advice"] for row in told["results"])
    assert (told["state"], told["kind"], told["rows"]) == ("finished", "rejection", 4)
    assert told["outcomes"] == {"rejected": 1, "outside_window": 1, "not_found": 1, "duplicate_in_file": 1}
    assert told["money"] == {"not_billed": "18.25", "credited": "0.00", "billed": "0.00"}
    assert batches.statuses([lead, old]) == ["client_rejected", "pending"]


def test_a_check_moves_nothing_and_can_be_started_under_other_options() -> None:
    w = world()
    old = w.leads["old"]
    checked = send(w, "client", rows((old.pk, "Late")), check=True)
    assert checked.status_code == 200
    told = checked.json()
    assert (told["state"], told["results"][0]["outcome"]) == ("checked", "outside_window")
    assert batches.statuses([old]) == ["pending"]
    caller = Caller(w.people["client"])
    day = (w.at - timedelta(days=29)).date().isoformat()
    started = caller.post(f"batches/{told['batch']}/start/", {"options": {"reject_from": day}})
    assert started.status_code == 202
    batches.work(Batch.objects.get(pk=told["batch"]), timezone.now())
    assert batches.statuses([old]) == ["client_rejected"]
    assert caller.get(f"batches/{told['batch']}/").json()["state"] == "finished"


def test_many_rows_go_on_in_the_background(worker: Any) -> None:
    w = world()
    named = [lead.pk for lead in w.leads.values()]
    answer = send(w, "operator", rows(*[(named[n % len(named)], "Duplicate Lead") for n in range(501)]))
    assert answer.status_code == 202
    number = answer.json()["batch"]
    assert answer.headers["Location"].endswith(f"/api/v1/batches/{number}/")
    caller = Caller(w.people["operator"])
    wait_until(lambda: caller.get(f"batches/{number}/").json()["state"] == "finished", "the worker")
    told = caller.get(f"batches/{number}/rows/", page_size=400, outcome=["duplicate_in_file"]).json()
    assert len(told["results"]) == 400
    following = caller.browser.get(told["next"], headers=caller.headers).json()
    assert following["next"] is None
    assert following["results"][0]["line"] > told["results"][-1]["line"]


def test_a_call_waits_for_the_batch_that_runs_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world()
    Batch.objects.filter(pk=w.checked.pk).update(state="waiting")  # older, and nobody works on it yet
    lead = w.leads["pending"]
    monkeypatch.setattr(settling, "PATIENCE_SECONDS", 0.3)
    answer = send(w, "client", rows((lead.pk, "Duplicate Lead")))
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    batches.work(w.checked, timezone.now())
    batches.work(Batch.objects.get(pk=answer.json()["batch"]), timezone.now())
    assert batches.statuses([lead]) == ["client_rejected"]


def test_what_is_refused_is_named_and_leaves_nothing_behind() -> None:
    w = world()
    lead = w.leads["pending"]
    one = rows((lead.pk, "Duplicate Lead"))
    before = batches.holdings(), Batch.objects.count()
    told = problem(send(w, "client", [{"id": lead.pk, "raeson": "?"}, {"id": True}]), 400, "invalid")
    assert [error["field"] for error in told["errors"]] == ["rows.0", "rows.1"]
    problem(send(w, "client", one, opshuns={}), 400, "invalid")
    problem(send(w, "client", one, options={"free_caps": True}), 400, "invalid")
    problem(send(w, "client", one, options={"free_cap": "yes"}), 400, "invalid")
    problem(send(w, "client", one, options={"accept_remaining": True}), 422, "through_missing")
    problem(send(w, "client", one, identifier="field:name"), 422, "not_deduped")
    problem(send(w, "client", []), 400, "invalid")
    problem(send(w, "client", rows(*[(1, "")] * 10_001)), 400, "invalid")
    w.campaign.withdrawn_options = ["free_cap"]
    w.campaign.save()
    problem(send(w, "client", one, options={"free_cap": True}), 422, "option_withdrawn")
    foreign = Caller(w.people["client"]).post("rejections/", {"campaign": w.foreign.code, "rows": one})
    missing = Caller(w.people["client"]).post("rejections/", {"campaign": "NO-SUCH", "rows": one})
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    problem(foreign, 404, "no_such_campaign")
    assert (batches.holdings(), Batch.objects.count()) == before


def test_texts_that_no_database_holds_do_no_harm() -> None:
    w = world()
    answer = send(w, "client", rows(("a\0b\ud800", "x\0\udfff"), ("1e999", "\u202e")))
    assert answer.status_code == 200
    assert answer.json()["outcomes"] == {"not_found": 2}


def test_a_damaged_identifier_is_rejected_only_when_it_is_accepted() -> None:
    w = world()
    lead = make.lead(w.campaign, id=447911123456, at=w.at - timedelta(days=1))
    caller = Caller(w.people["client"])
    told = send(w, "client", rows(("4.47911E+11", "Wrong person")), check=True).json()
    assert (told["results"][0]["outcome"], told["results"][0]["suggested_lead"]) == ("needs_review", lead.pk)
    assert told["undecided"] == 1
    problem(caller.post(f"batches/{told['batch']}/review/", {"accept": [1, 2]}), 422, "no_suggestion")
    reviewed = caller.post(f"batches/{told['batch']}/review/", {"accept": [1]}).json()
    assert (reviewed["undecided"], reviewed["outcomes"]) == (0, {"rejected": 1})
    assert Lead.objects.get(pk=lead.pk).status == "pending"
