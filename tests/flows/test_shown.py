"""What a page says of a batch at work: how far it is, how fast, how long it will take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign
from leads.models import Lead
from rejections import uploads
from rejections.models import Batch
from rejections.options import Options
from rejections.states import State
from rejections.views import shown
from tests import batches, make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make.campaign()


@pytest.fixture
def leads(campaign: Campaign) -> list[Lead]:
    return [make.lead(campaign) for _ in range(4)]


def at_work(batch: Batch, state: State, **columns: Any) -> Batch:
    """The batch as a worker would leave it between two chunks."""
    Batch.objects.filter(pk=batch.pk).update(state=state, **columns)
    batch.refresh_from_db()
    return batch


def progress(batch: Batch, seconds: float = 10) -> dict[str, Any]:
    found = shown.progress(batch, NOW + timedelta(seconds=seconds))
    assert found is not None
    return found


def test_a_running_import_says_rows_rate_and_time_left(campaign: Campaign, leads: list[Lead]) -> None:
    batch = batches.checked(campaign, leads)
    began = {"step": "rows", "started_at": NOW, "run_started_at": NOW, "rows": 4000, "done": 1000}
    found = progress(at_work(batch, State.APPLYING, settled_line=2, **began))
    assert (found["done"], found["total"], found["unit"]) == (1000, 4000, "row")
    assert (found["rate"], found["left"]) == (100, 30)
    assert found["counts"] == {"rejected": 2}
    assert found["said"] == "Running, 25 per cent done"


def test_a_continued_import_says_no_rate_that_counts_its_pause(campaign: Campaign, leads: list[Lead]) -> None:
    batch = batches.checked(campaign, leads)
    went_on = {"step": "rows", "started_at": NOW - timedelta(hours=1), "run_started_at": NOW, "done": 3}
    found = progress(at_work(batch, State.APPLYING, **went_on))
    assert (found["done"], found["total"], found["rate"], found["left"]) == (3, 4, None, None)


def test_after_its_rows_a_batch_names_its_step(campaign: Campaign, leads: list[Lead]) -> None:
    batch = batches.checked(campaign, leads)
    found = progress(at_work(batch, State.APPLYING, step="older", done=4, stop_requested=True))
    assert found["said"] == "Rows are done. Older leads are being accepted"
    assert found["counts"] == {"rejected": 4}
    assert found["stopping"]


def test_reading_and_waiting_have_no_whole(campaign: Campaign, leads: list[Lead]) -> None:
    batch = batches.checked(campaign, leads)
    for state in (State.UPLOADED, State.WAITING):
        found = progress(at_work(batch, state))
        assert (found["done"], found["total"], found["left"]) == (0, None, None)


def test_checking_counts_rows(campaign: Campaign, leads: list[Lead]) -> None:
    found = progress(at_work(batches.received(campaign, leads), State.CHECKING, done=3))
    assert (found["done"], found["total"], found["said"]) == (3, 4, "Checking, 75 per cent done")


def test_an_undo_counts_leads_and_those_it_keeps(campaign: Campaign, leads: list[Lead]) -> None:
    batch = batches.imported(campaign, leads)
    Lead.objects.filter(pk=leads[0].pk).update(is_final=True)
    found = progress(at_work(batch, State.UNDOING, done=0, run_started_at=NOW))
    assert (found["done"], found["total"], found["unit"]) == (0, 4, "lead")
    found = progress(at_work(batch, State.UNDOING, done=1, kept={"month_closed": 1}))
    assert (found["done"], found["total"]) == (1, 4)


def test_a_close_out_counts_the_leads_it_has_accepted(campaign: Campaign, leads: list[Lead]) -> None:
    options = Options(through=NOW.date())
    batch = uploads.close_out(campaign, options, person=None, via="cli", at=NOW)
    found = progress(at_work(batch, State.APPLYING, step="close_out", started_at=NOW, run_started_at=NOW))
    assert (found["done"], found["total"], found["unit"], found["counts"]) == (0, 4, "lead", None)


@pytest.mark.parametrize("state", [State.MAPPING, State.CHECKED, State.FINISHED, State.FAILED])
def test_what_is_not_at_work_has_no_progress(campaign: Campaign, leads: list[Lead], state: State) -> None:
    assert shown.progress(at_work(batches.checked(campaign, leads), state), NOW) is None


@pytest.mark.parametrize(
    ("state", "flags"),
    [
        (State.UPLOADED, {"cancel"}),
        (State.MAPPING, {"cancel", "change"}),
        (State.CHECKED, {"cancel", "change", "start", "review"}),
        (State.WAITING, {"stop"}),
        (State.APPLYING, {"stop"}),
        (State.STOPPED, {"continue", "undo"}),
        (State.FAILED, {"continue", "undo"}),
        (State.FINISHED, {"undo"}),
        (State.UNDONE, set()),
    ],
)
def test_what_may_be_done_follows_the_state(campaign: Campaign, state: State, flags: set[str]) -> None:
    batch = batches.received(campaign, ["1"])
    at_work(batch, state, started_at=NOW)
    operator, reader = make.operator(), make.client_user(campaign.client, may_reject=False)
    sees = {"suppliers", "payout"}
    assert {flag for flag, on in shown.may(operator, batch).items() if on} - sees == flags
    assert not any(shown.may(reader, batch).values())


def test_a_batch_that_failed_before_it_moved_anything_has_nothing_to_undo(campaign: Campaign) -> None:
    batch = at_work(batches.received(campaign, ["1"]), State.FAILED, failed_in=State.CHECKING)
    assert not shown.may(make.operator(), batch)["undo"]


def test_the_running_page_shows_what_the_progress_says(campaign: Campaign, leads: list[Lead]) -> None:
    batch = batches.checked(campaign, leads)
    at_work(batch, State.APPLYING, step="rows", done=1, settled_line=1)
    browser = Client()
    browser.force_login(make.operator())
    text = browser.get(reverse("batch_progress", args=[batch.pk])).content.decode()
    assert 'max="4" value="1"' in text
    assert "Rejected 1" in text
