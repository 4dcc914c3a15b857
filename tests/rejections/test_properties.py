"""What holds of every import, whatever the leads, the file, the options and the size of a chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from campaigns.models import Campaign, Cap, Source
from campaigns.rules import period_bounds
from leads.models import LeadEvent
from leads.sql import caps
from leads.statuses import RETURNABLE, Status
from rejections import control
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.sql import rows as statements
from rejections.terms import opening
from tests import make
from tests.batches import checked, holdings, numbers, started, undone
from tests.make import NOW
from tests.rejections.worlds import World, build, texts, worlds

pytestmark = pytest.mark.django_db

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED


def examples(count: int) -> Any:
    """Each example is built and rolled back inside the test's own transaction."""
    unhealthy = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=count, deadline=None, suppress_health_check=unhealthy)


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    before, configured.CHUNK_ROWS = configured.CHUNK_ROWS, size
    try:
        yield
    finally:
        configured.CHUNK_ROWS = before


@pytest.fixture
def ground(db: None) -> tuple[Campaign, list[Source]]:
    """What all worlds of a test stand on: a campaign of two suppliers, and phrases of its client."""
    campaign = make.campaign()
    make.phrase(campaign.client, "Duplicate Lead", "CLIENT_DUPLICATE")
    make.phrase(campaign.client, "No contact", "CLIENT_NO_CONTACT")
    return campaign, [make.source(campaign), make.source(campaign)]


def imported(campaign: Campaign, world: World, rows: list[tuple[str, str]], options: Options) -> Batch:
    batch = prepared(campaign, world, rows)
    return started(batch, **vars(options))


def prepared(campaign: Campaign, world: World, rows: list[tuple[str, str]]) -> Batch:
    batch = checked(campaign, rows, identifier=world.identifier)
    decided = {n: said for n, said in world.reviews.items() if n <= len(rows)}
    accept = [n for n, said in decided.items() if said == "accept"]
    control.review(batch, accept=accept, skip=[n for n in decided if n not in accept])
    return batch


def released(batch: Batch) -> set[int]:
    events = LeadEvent.objects.filter(batch_id=batch.pk, cause="quarantine_released")
    return set(events.values_list("lead_id", flat=True))


def without(held: dict[str, list[dict[str, Any]]], lead_ids: set[int]) -> dict[str, list[dict[str, Any]]]:
    """Holdings without the leads that moved up from quarantine: those never go back."""
    return held | {"leads": [lead for lead in held["leads"] if lead["id"] not in lead_ids]}


@given(world=worlds)
@examples(40)
def test_counts_add_up_and_tell_what_happened_and_the_check_had_told_it(ground: Any, world: World) -> None:
    with rolled_back(), chunks_of(world.chunk):
        campaign, made = build(world, ground)
        rows = texts(world, made, world.rows)
        before = {lead["id"]: lead for lead in holdings()["leads"]}
        used_before = {cap: use_of(cap) for cap in Cap.objects.all()}
        batch = prepared(campaign, world, rows)
        for shown in (Options(), world.options, world.options_again):
            assert sum(statements.counts(batch.pk, opening(batch, shown)).values()) == len(rows)
        Batch.objects.filter(pk=batch.pk).update(options=world.options.to_json())
        foretold = numbers(batch)
        Batch.objects.filter(pk=batch.pk).update(options=Options().to_json())
        started(batch, **vars(world.options))
        found = numbers(batch)
        assert sum(found["outcomes"].values()) == batch.rows == batch.done == len(rows)
        assert not BatchRow.objects.filter(batch=batch, outcome=None).exists()
        changing = {"state": "finished", "quarantine_released": found["quarantine_released"]}
        assert found == foretold | changing, "Start does what the check said"

        after = {lead["id"]: lead for lead in holdings()["leads"]}
        moves = Counter[tuple[str, str]]()
        money = Counter[tuple[str, str]]()
        for lead_id, was in before.items():
            move = (was["status"], after[lead_id]["status"])
            moves[move] += 1
            money[move] += was["price"]
        credits = {credit["lead_id"]: -credit["client_amount"] for credit in holdings()["credits"]}
        rejected = moves[P, C] + moves[A, C]
        assert found["outcomes"].get("rejected", 0) == rejected
        assert len(credits) == len(set(credits)) == final_leads(batch)
        assert found["accepted_older"] + found["accepted_remaining"] == moves[P, A]
        assert found["quarantine_released"] == moves[Q, P]
        assert sum(n for (was, now), n in moves.items() if was != now) == rejected + moves[P, A] + moves[Q, P]
        assert Decimal(found["money"]["not_billed"]) == money[P, C]
        assert Decimal(found["money"]["credited"]) == money[A, C] + sum(credits.values())
        assert Decimal(found["money"]["billed"]) == money[P, A]

        assert history_agrees(before, after)
        for cap, was_used in used_before.items():
            assert use_of(cap) <= max(cap.limit, was_used), "nothing enters a full cap"
        opens = opening(batch, world.options)
        for event in LeadEvent.objects.filter(batch_id=batch.pk, cause="client_rejected"):
            assert event.from_status in RETURNABLE
            assert event.was_valid_at >= opens
            assert not before[event.lead_id]["is_final"]
            assert not before[event.lead_id]["decided_for_supplier"]


def final_leads(batch: Batch) -> int:
    return BatchRow.objects.filter(batch=batch, outcome="final").values("lead_id").distinct().count()


def use_of(cap: Cap) -> int:
    begin, end = period_bounds(cap.period, NOW, cap.campaign.time_zone)
    return caps.used(cap.campaign_id, cap.supplier_id, begin, end)


def history_agrees(before: dict[int, Any], after: dict[int, Any]) -> bool:
    """Played from its beginning, the history of each lead leads to where the lead stands."""
    for lead_id, was in before.items():
        status, in_cap, valid_at, accepted_at = (
            was[n] for n in ("status", "in_cap", "valid_at", "accepted_at")
        )
        for event in LeadEvent.objects.filter(lead_id=lead_id).order_by("id"):
            assert (event.from_status, event.was_in_cap) == (status, in_cap)
            assert (event.was_valid_at, event.was_accepted_at) == (valid_at, accepted_at)
            if event.undoes is not None:
                back = event.undoes
                in_cap, valid_at, accepted_at = back.was_in_cap, back.was_valid_at, back.was_accepted_at
            elif event.cause == "quarantine_released":
                in_cap, valid_at = True, event.at
            elif event.cause.startswith("accepted"):
                accepted_at = event.at
            elif event.cause == "client_rejected" and in_cap:
                in_cap = not Batch.objects.get(pk=event.batch_id).options["free_cap"]
            status = event.to_status
        now = after[lead_id]
        assert (status, in_cap) == (now["status"], now["in_cap"])
        assert (valid_at, accepted_at) == (now["valid_at"], now["accepted_at"])
    return True


@given(world=worlds, lines=st.lists(st.integers(1, 9), max_size=4))
@examples(20)
def test_an_import_undone_leaves_no_trace_but_its_history(
    ground: Any, world: World, lines: list[int]
) -> None:
    with rolled_back(), chunks_of(world.chunk):
        campaign, made = build(world, ground)
        before = holdings()
        batch = imported(campaign, world, texts(world, made, world.rows), world.options)
        moved_up = released(batch)
        moved = BatchRow.objects.filter(batch=batch, outcome__in=["rejected"], line__in=lines)
        if some := list(moved.values_list("line", flat=True)):
            undone(batch, lines=some)
        assert (undone(batch).state, batch.kept) == ("undone", {})
        assert without(holdings(), moved_up) == without(before, moved_up)
        assert history_agrees(
            {lead["id"]: lead for lead in before["leads"]}, {lead["id"]: lead for lead in holdings()["leads"]}
        )


@given(world=worlds)
@examples(20)
def test_two_overlapping_imports_undone_in_reverse_order_leave_no_trace(ground: Any, world: World) -> None:
    with rolled_back(), chunks_of(world.chunk):
        campaign, made = build(world, ground)
        before = holdings()
        first = imported(campaign, world, texts(world, made, world.rows), world.options)
        between = holdings()
        second = imported(campaign, world, texts(world, made, world.again), world.options_again)
        one, two = released(first), released(second)
        undone(second)
        assert second.kept == {}
        assert without(holdings(), two) == without(between, two)
        undone(first)
        kept = one & touched_by(second)
        assert without(holdings(), one | two) == without(before, one | two)
        assert sum(first.kept.values()) <= len(kept)


def touched_by(batch: Batch) -> set[int]:
    return set(LeadEvent.objects.filter(batch_id=batch.pk).values_list("lead_id", flat=True))


@given(world=worlds, sizes=st.lists(st.integers(1, 12), min_size=2, max_size=2, unique=True))
@examples(20)
def test_the_result_does_not_depend_on_the_size_of_a_chunk(
    ground: Any, world: World, sizes: list[int]
) -> None:
    with rolled_back():
        campaign, made = build(world, ground)
        found = []
        for size in sizes:
            with rolled_back(), chunks_of(size):
                batch = imported(campaign, world, texts(world, made, world.rows), world.options)
                found.append((rows_of(batch), held(batch), told(batch)))
        assert found[0] == found[1]


@given(world=worlds, data=st.data())
@examples(20)
def test_the_result_does_not_depend_on_the_order_of_the_rows(
    ground: Any, world: World, data: st.DataObject
) -> None:
    """Bar the one named rule: the first line that names a lead speaks for it; so each is named once here."""
    with rolled_back(), chunks_of(world.chunk):
        campaign, made = build(world, ground)
        rows = list({text: (text, reason) for text, reason in texts(world, made, world.rows)}.values())
        assume(len(rows) > 1)
        shuffled = data.draw(st.permutations(rows))
        found = []
        for order in (rows, shuffled):
            with rolled_back():
                plain = World(**vars(world) | {"reviews": {}})
                batch = imported(campaign, plain, order, world.options)
                found.append((sorted(row[1:] for row in rows_of(batch)), held(batch)))
        assert found[0] == found[1]


def rows_of(batch: Batch) -> list[tuple[Any, ...]]:
    columns = ("line", "cells", "outcome", "lead_id", "valid_at", "checked", "first_line", "review")
    found = BatchRow.objects.filter(batch=batch).order_by("line").values_list(*columns)
    return [tuple(str(value) for value in row) for row in found]


def held(batch: Batch) -> dict[str, Any]:
    """Holdings without the batch's own number, and what its receipt says."""
    found = holdings()
    for event in found["affiliate events"]:
        event["batch_id"] = event["batch_id"] and "it"
    return found | {"receipt": numbers(batch) | {"batch": "it"}}


def told(batch: Batch) -> list[tuple[Any, ...]]:
    events = LeadEvent.objects.filter(batch_id=batch.pk).order_by("lead_id", "id")
    return list(
        events.values_list("lead_id", "cause", "line", "reason", "from_status", "to_status", "was_in_cap")
    )
