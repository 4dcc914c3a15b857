"""A batch stops, fails, is forgotten or ends: what goes on, and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Campaign
from leads.models import Delivery, Lead, LeadEvent
from leads.statuses import Status
from rejections import control, sweeping, tasks, uploads
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.sql import state
from rejections.states import State
from tests import make
from tests.batches import (
    checked,
    imported,
    numbers,
    received,
    refused,
    started,
    statuses,
    stopped_after,
    work,
)
from tests.make import NOW

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED

pytestmark = pytest.mark.django_db


# Stop and continue.


@pytest.mark.parametrize("chunks", [0, 1, 2, 3, 4, 5, 6, 7, 8])
def test_a_stopped_batch_goes_on_where_it_stopped(
    chunks: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make.campaign()
    make.cap(campaign, 7)
    leads = [make.lead(campaign) for _ in range(7)]
    older = [make.lead(campaign, days_ago=20 + n) for n in range(4)]
    quarantined = [make.lead(campaign, Q) for _ in range(2)]
    batch = checked(campaign, leads)
    control.start(batch, Options(accept_older=True, free_cap=True), person=None)
    stopped_after(batch, chunks, monkeypatch)
    assert (batch.state, batch.stop_requested) == ("stopped", False)
    rejected = statuses(leads).count(C)
    assert rejected == min(3 * chunks, 7), "rows that were settled stay settled"
    assert sum(numbers(batch)["outcomes"].values()) == rejected
    assert sum(len(d.payload["leads"]) for d in Delivery.objects.all()) == rejected, "suppliers know of them"

    settings.CHUNK_ROWS = 3
    control.resume(batch)
    work(batch)
    assert batch.state == "finished"
    assert statuses(leads + older + quarantined) == [C] * 7 + [A] * 4 + [P] * 2
    assert LeadEvent.objects.count() == 13
    assert sum(len(d.payload["leads"]) for d in Delivery.objects.all()) == 7, "and of none twice"
    assert batch.done == 7


def test_a_waiting_batch_stops_at_once_and_goes_on_when_it_is_continued() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.start(batch, Options(), person=None)
    control.stop(batch, NOW)
    assert work(batch).state == "stopped"
    control.resume(batch)
    assert work(batch).state == "finished"
    assert statuses([lead]) == [C]


def test_stop_pressed_twice_is_pressed_once() -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.start(batch, Options(), person=None)
    Batch.objects.update(state=State.APPLYING, step="rows")
    control.stop(batch, NOW)
    control.stop(batch, NOW)
    assert work(batch).state == "stopped"
    refused("wrong_state", control.stop, batch, NOW)


# Failed, and continued.


def test_a_batch_that_stops_its_worker_again_and_again_fails_with_a_sentence_and_can_be_continued(
    settings: Any,
) -> None:
    lead = make.lead(make.campaign())
    batch = checked(lead.campaign, [lead])
    control.start(batch, Options(), person=None)
    Batch.objects.update(state=State.APPLYING, step="rows", started_at=NOW)
    for n in range(settings.MAX_ATTEMPTS):
        assert state.claim(batch.pk, f"killed-{n}")
        Batch.objects.update(lease_until=NOW - timedelta(days=1))
    assert work(batch).state == "failed"
    assert (batch.error_code, batch.failed_in) == ("no_progress", "applying")
    assert "Continue" in batch.error
    assert statuses([lead]) == [P]
    control.resume(batch)
    assert (work(batch).state, batch.error, batch.error_code) == ("finished", "", "")
    assert statuses([lead]) == [C]


def test_progress_clears_the_attempts(settings: Any) -> None:
    campaign = make.campaign()
    batch = received(campaign, [make.lead(campaign) for _ in range(20)])
    assert settings.CHUNK_ROWS == 3
    for n in range(5):
        assert state.claim(batch.pk, f"slow-{n}")
        found = state.fence(batch.pk, f"slow-{n}", State.CHECKING)
        state.progress(batch.pk, cursor_at=found.cursor, done=found.done)
        Batch.objects.update(lease_until=NOW - timedelta(days=1))
    assert work(batch).state == "checked"


@pytest.mark.parametrize("failed_in", ["uploaded", "checking", "applying", "undoing"])
def test_continue_goes_on_in_the_state_it_failed_in_whatever_the_page_still_shows(failed_in: str) -> None:
    campaign = make.campaign()
    batch = imported(campaign, [make.lead(campaign)])
    on_the_page = Batch.objects.get(pk=batch.pk)
    Batch.objects.update(state=State.FAILED, failed_in=failed_in, error_code="x", error="y")
    control.resume(on_the_page)
    on_the_page.refresh_from_db()
    assert on_the_page.state == ("waiting" if failed_in == "applying" else failed_in)
    assert on_the_page.failed_in == on_the_page.error == ""


# The sweeper.


def test_the_sweeper_rings_for_what_nobody_works_on() -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)], at=NOW - timedelta(days=400))
    assert sweeping.sweep(NOW - timedelta(days=400)) == [], "checked: it is a person's turn"
    control.start(batch, Options(), person=None)
    assert sweeping.sweep(NOW) == [batch.pk], "its bell was lost"
    assert state.claim(batch.pk, "alive")
    assert sweeping.sweep(NOW) == [], "somebody works on it"
    Batch.objects.update(lease_until=NOW - timedelta(days=400))
    assert sweeping.sweep(NOW) == [batch.pk], "its worker died"


def test_what_was_never_started_goes_after_fourteen_days_with_its_file(settings: Any) -> None:
    campaign = make.campaign()
    old = NOW - timedelta(days=14, seconds=1)

    def upload(at: Any) -> Batch:
        values: dict[str, Any] = {"person": None, "via": "page", "at": at}
        return work(uploads.receive(campaign, [make.csv_bytes([[1, "x"]])], "a.csv", **values))

    forgotten, young = upload(old), upload(NOW - timedelta(days=13))
    started_then = imported(campaign, [make.lead(campaign)], at=old)
    files = {batch.pk: settings.UPLOAD_DIR / batch.file for batch in (forgotten, young)}
    assert all(path.exists() for path in files.values())
    sweeping.sweep(NOW)
    assert set(Batch.objects.values_list("pk", flat=True)) == {young.pk, started_then.pk}
    assert not files[forgotten.pk].exists()
    assert files[young.pk].exists()
    assert not BatchRow.objects.filter(batch_id=forgotten.pk).exists()


# E-mail to who started it.


@pytest.mark.parametrize(
    ("via", "seconds_ago", "told"),
    [
        ("page", None, True),
        ("page", 60, True),
        ("page", 5, False),
        ("cli", None, False),
        ("api", None, False),
    ],
)
def test_who_left_the_page_is_told_by_email_when_it_ended(
    via: str, seconds_ago: int | None, told: bool
) -> None:
    campaign, person = make.campaign(), make.operator()
    batch = work(received(campaign, [make.lead(campaign)], person=person, via=via))
    if seconds_ago is not None:
        Batch.objects.update(seen_at=NOW - timedelta(seconds=seconds_ago))
    started(batch, person=person)
    emails = Delivery.objects.filter(kind="batch_ended")
    assert [(email.person, email.payload["state"]) for email in emails] == (
        [(person, "finished")] if told else []
    )


def test_the_worker_door_takes_a_batch_id_and_no_more() -> None:
    """An old message, of a batch that is no more, is no error."""
    tasks.run_batch(987_654)


def test_campaigns_are_seen_by_their_own_people(db: None) -> None:
    campaign = make.campaign()
    batch = checked(campaign, [make.lead(campaign)])

    def seen(person: Any) -> bool:
        return Batch.objects.visible_to(person).filter(pk=batch.pk).exists()

    assert seen(make.operator())
    assert seen(make.client_user(campaign.client))
    assert not seen(make.client_user(make.client()))
    assert not seen(make.supplier_user(Lead.objects.get().supplier))
    assert not seen(make.operator(is_active=False))
    assert Campaign.objects.visible_to(make.client_user(campaign.client)).get() == campaign
