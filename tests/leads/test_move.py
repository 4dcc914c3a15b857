"""Moving a lead: only from where its cause may take it, never when final, and never without its event."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns.models import Disposition
from leads.models import Adjustment, Lead, LeadEvent
from leads.sql import find
from leads.sql.adjust import adjust
from leads.sql.move import Moving, move
from leads.statuses import MOVES, UNDOABLE, Cause, Status
from tests import make
from tests.make import NOW
from tests.sessions import free, locked, threads, wait_for_blocked

LATER = NOW + timedelta(hours=1)
P, A, R, Q, X, C = (
    Status.PENDING,
    Status.ACCEPTED,
    Status.REJECTED,
    Status.QUARANTINED,
    Status.PROCESSING,
    Status.CLIENT_REJECTED,
)
#: What may happen to a lead in the house, told once more by hand: cause → from where, to where.
ALLOWED = {
    Cause.CLIENT_REJECTED: ({P, A}, {C}),
    Cause.ACCEPTED_OLDER: ({P}, {A}),
    Cause.ACCEPTED_REMAINING: ({P}, {A}),
    Cause.ACCEPTED_CLOSE_OUT: ({P}, {A}),
    Cause.QUARANTINE_RELEASED: ({Q}, {P, A}),
}


def state_of(lead: Lead) -> dict[str, object]:
    return Lead.objects.filter(pk=lead.pk).values().get()


def only_event(lead: Lead) -> LeadEvent:
    return LeadEvent.objects.get(lead=lead)


@pytest.mark.parametrize(("cause", "status"), list(product(ALLOWED, Status)))
def test_a_cause_takes_a_lead_only_from_where_the_agreed_moves_begin(
    db: None, cause: Cause, status: Status
) -> None:
    sources, targets = ALLOWED[cause]
    for target in targets:
        lead = make.lead(make.campaign(), status)
        before = state_of(lead)
        moved = move(cause, target, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1)
        if status in sources:
            assert moved == [lead.pk]
            assert state_of(lead)["status"] == target
            assert only_event(lead).from_status == status
        else:
            assert moved == []
            assert state_of(lead) == before
            assert not LeadEvent.objects.filter(lead=lead).exists()


@pytest.mark.parametrize(("cause", "target"), list(product(ALLOWED, Status)))
def test_no_cause_leads_anywhere_else(db: None, cause: Cause, target: Status) -> None:
    if target in ALLOWED[cause][1]:
        return
    lead = make.lead(make.campaign(), next(iter(ALLOWED[cause][0])))
    with pytest.raises(ValueError, match="does not lead to"):
        move(cause, target, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1)


def test_the_table_of_moves_is_the_agreed_one() -> None:
    assert {cause: (set(m.sources), set(m.targets)) for cause, m in MOVES.items()} == ALLOWED
    assert set(ALLOWED) - UNDOABLE == {Cause.QUARANTINE_RELEASED}, "nothing goes back into quarantine"


def test_the_event_tells_what_happened_and_what_is_needed_to_go_back(db: None) -> None:
    client, doubt = (Disposition.objects.get(code=code) for code in ("CLIENT_DUPLICATE", "CLIENT_OTHER"))
    lead = make.lead(make.campaign(), A, days_ago=3, disposition=doubt, reason="as before")
    person = make.operator()
    moving = [Moving(lead.pk, 17, client.pk, "Duplicate Lead ")]
    move(Cause.CLIENT_REJECTED, C, moving, at=NOW, actor_id=person.pk, batch_id=42)
    event = only_event(lead)
    assert (event.cause, event.from_status, event.to_status) == ("client_rejected", A, C)
    assert (event.disposition, event.reason) == (client, "Duplicate Lead ")
    assert (event.actor, event.at, event.batch_id, event.line) == (person, NOW, 42, 17)
    assert (event.was_disposition, event.was_reason) == (doubt, "as before")
    assert (event.was_valid_at, event.was_accepted_at) == (lead.valid_at, lead.accepted_at)
    assert event.was_in_cap is True
    assert event.undoes is None


def test_a_rejected_lead_keeps_its_dates_and_its_slot(db: None) -> None:
    lead = make.lead(make.campaign(), A, days_ago=3)
    before = state_of(lead)
    move(Cause.CLIENT_REJECTED, C, [Moving(lead.pk, 1, None, "why")], at=NOW, actor_id=None, batch_id=1)
    assert state_of(lead) == before | {"status": C, "reason": "why"}


def test_a_freed_slot_is_given_back_with_the_rejection_itself(db: None) -> None:
    lead = make.lead(make.campaign(), P)
    moving = [Moving(lead.pk)]
    move(Cause.CLIENT_REJECTED, C, moving, at=NOW, actor_id=None, batch_id=1, frees_slot=True)
    assert state_of(lead)["in_cap"] is False
    assert only_event(lead).was_in_cap is True


def test_an_accepted_lead_is_billed_at_that_moment_and_stays_valid_since_before(db: None) -> None:
    lead = make.lead(make.campaign(), P, days_ago=9)
    move(Cause.ACCEPTED_OLDER, A, [Moving(lead.pk)], at=LATER, actor_id=None, batch_id=1)
    after = state_of(lead)
    assert (after["accepted_at"], after["valid_at"], after["in_cap"]) == (LATER, lead.valid_at, True)
    assert only_event(lead).was_accepted_at is None


def test_a_lead_released_from_quarantine_becomes_valid_and_takes_its_slot_at_that_moment(db: None) -> None:
    reached = Disposition.objects.get(code="CAP_REACHED")
    lead = make.lead(make.campaign(), Q, days_ago=9, disposition=reached, reason="full")
    move(Cause.QUARANTINE_RELEASED, P, [Moving(lead.pk)], at=LATER, actor_id=None, batch_id=None)
    after = state_of(lead)
    assert (after["valid_at"], after["in_cap"], after["accepted_at"]) == (LATER, True, None)
    assert (after["disposition_id"], after["reason"]) == (None, "")
    assert only_event(lead).was_disposition == reached


def test_a_final_lead_never_moves(db: None) -> None:
    lead = make.lead(make.campaign(), A, is_final=True)
    assert move(Cause.CLIENT_REJECTED, C, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1) == []
    assert state_of(lead)["status"] == A
    assert not LeadEvent.objects.exists()


def test_a_lead_named_twice_moves_once_with_one_event(db: None) -> None:
    lead = make.lead(make.campaign())
    twice = [Moving(lead.pk, 2), Moving(lead.pk, 3)]
    assert move(Cause.CLIENT_REJECTED, C, twice, at=NOW, actor_id=None, batch_id=1) == [lead.pk]
    assert LeadEvent.objects.filter(lead=lead).count() == 1


def test_many_leads_move_in_one_statement(db: None, django_assert_num_queries: object) -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(20)]
    with django_assert_num_queries(1):  # type: ignore[operator]
        moving = [Moving(lead.pk) for lead in leads]
        moved = move(Cause.CLIENT_REJECTED, C, moving, at=NOW, actor_id=None, batch_id=1)
    assert sorted(moved) == [lead.pk for lead in leads]
    assert LeadEvent.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_no_lead_moves_when_its_event_cannot_be_written() -> None:
    """Outside any transaction: it is one statement that moves and tells."""
    lead = make.lead(make.campaign())
    with pytest.raises(IntegrityError):
        move(Cause.CLIENT_REJECTED, C, [Moving(lead.pk)], at=NOW, actor_id=987_654, batch_id=1)
    assert state_of(lead)["status"] == P


def test_nothing_to_move_asks_the_database_nothing(db: None, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert move(Cause.CLIENT_REJECTED, C, [], at=NOW, actor_id=None, batch_id=1) == []
        assert adjust(Cause.ADJUSTED, [], at=NOW, actor_id=None, batch_id=1) == []


# Adjustments: what a final lead gets instead.


def test_a_final_lead_gets_its_price_as_credit_and_stays_accepted(db: None) -> None:
    other = Disposition.objects.get(code="CLIENT_OTHER")
    lead = make.lead(make.campaign(), A, is_final=True, price="31.50")
    before, person = state_of(lead), make.operator()
    assert adjust(
        Cause.ADJUSTED, [Moving(lead.pk, 3, other.pk, "why")], at=LATER, actor_id=person.pk, batch_id=7
    ) == [lead.pk]
    assert state_of(lead) == before
    adjustment, event = Adjustment.objects.get(), only_event(lead)
    assert (adjustment.lead, adjustment.event) == (lead, event)
    assert (adjustment.client_amount, adjustment.supplier_amount) == (Decimal("-31.50"), Decimal("-11.00"))
    assert (adjustment.created_at, adjustment.is_final) == (LATER, False)
    assert (event.cause, event.from_status, event.to_status) == ("adjusted", A, A)
    assert (event.batch_id, event.line, event.disposition, event.reason) == (7, 3, other, "why")


def test_a_final_lead_is_credited_once_ever(db: None) -> None:
    lead = make.lead(make.campaign(), A, is_final=True)
    assert adjust(Cause.ADJUSTED, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1) == [lead.pk]
    assert adjust(Cause.ADJUSTED, [Moving(lead.pk)], at=LATER, actor_id=None, batch_id=2) == []
    assert Adjustment.objects.count() == LeadEvent.objects.count() == 1


@pytest.mark.parametrize("status", [P, A, C, Q, R])
def test_only_final_accepted_leads_are_credited(db: None, status: Status) -> None:
    lead = make.lead(make.campaign(), status, is_final=status == C)
    assert adjust(Cause.ADJUSTED, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1) == []
    assert not Adjustment.objects.exists()
    assert not LeadEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_credit_the_same_lead_at_once_credit_it_once() -> None:
    lead = make.lead(make.campaign(), A, is_final=True)

    def credit(batch_id: int) -> list[int]:
        with transaction.atomic():
            find.lock([lead.pk])
            return adjust(Cause.ADJUSTED, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=batch_id)

    with threads() as start:
        with locked("leads_lead", lead.pk):
            both = [start(credit, 1), start(credit, 2)]
            wait_for_blocked(2)
        assert sorted(credited.result(20) for credited in both) == [[], [lead.pk]]
    assert Adjustment.objects.count() == 1


# Two writers at once.


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_waited_for_another_sees_what_that_one_did() -> None:
    lead = make.lead(make.campaign())

    def reject(batch_id: int) -> list[int]:
        with transaction.atomic():
            return move(Cause.CLIENT_REJECTED, C, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=batch_id)

    with threads() as start:
        with locked("leads_lead", lead.pk):
            both = [start(reject, 1), start(reject, 2)]
            wait_for_blocked(2)
        assert sorted(moved.result(20) for moved in both) == [[], [lead.pk]]
    assert LeadEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_leads_are_locked_in_the_order_of_their_ids() -> None:
    """Whoever waits for a lead holds only leads before it: two writers can never wait for each other."""
    campaign = make.campaign()
    first, second, third = (make.lead(campaign).pk for _ in range(3))

    def lock() -> list[int]:
        with transaction.atomic():
            return sorted(find.lock([third, first, second]))

    with threads() as start:
        with locked("leads_lead", second):
            waiting = start(lock)
            wait_for_blocked()
            assert not free("leads_lead", first)
            assert free("leads_lead", third)
        assert waiting.result(20) == [first, second, third]


@pytest.mark.django_db(transaction=True)
def test_the_facts_read_with_the_lock_are_those_after_the_wait() -> None:
    lead = make.lead(make.campaign())

    def facts() -> str:
        with transaction.atomic():
            return find.lock([lead.pk])[lead.pk].status

    with threads() as start:
        with locked("leads_lead", lead.pk):
            waiting = start(facts)
            wait_for_blocked()
            move(Cause.CLIENT_REJECTED, C, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=1)
        assert waiting.result(20) == C


def test_a_move_touches_no_index(db: None) -> None:
    """The row that moves stays narrow, and no index mentions what a batch changes: heap-only updates."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
            " AND a.attnum = ANY(i.indkey) WHERE i.indrelid = 'leads_lead'::regclass"
        )
        indexed = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'leads_lead'::regclass"
        )
        assert not [definition for (definition,) in cursor.fetchall() if " WHERE " in definition]
    moved = {"status", "disposition_id", "reason", "in_cap", "accepted_at"}
    assert not indexed & moved
