"""Taking a batch's moves back: exactly as it was, where nothing happened since, and only once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns.models import Disposition
from leads.models import Adjustment, AffiliateEvent, Lead, LeadEvent
from leads.sql import find, undo
from leads.sql.adjust import adjust
from leads.sql.move import Moving, move
from leads.sql.undo import Taken
from leads.statuses import Cause, Status
from tests import make
from tests.make import NOW

LATER = NOW + timedelta(days=1)
P, A, C, Q = Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED, Status.QUARANTINED
TARGETS = {Cause.CLIENT_REJECTED: C, Cause.QUARANTINE_RELEASED: P}

pytestmark = pytest.mark.django_db


def state_of(lead: Lead) -> dict[str, Any]:
    return Lead.objects.filter(pk=lead.pk).values().get()


def moved(batch_id: int, *leads: Lead, cause: Cause = Cause.CLIENT_REJECTED, **options: Any) -> None:
    """The batch moves these leads, on lines 1, 2, …; options accept without a line."""
    other = Disposition.objects.get(code="CLIENT_OTHER").pk
    named = cause == Cause.CLIENT_REJECTED
    moving = [Moving(lead.pk, n if named else None, other, "why") for n, lead in enumerate(leads, start=1)]
    target = TARGETS.get(cause, A)
    done = move(cause, target, moving, at=NOW, actor_id=None, batch_id=batch_id, **options)
    assert sorted(done) == sorted(lead.pk for lead in leads)


def take_back(
    batch_id: int, *, lines: list[int] | None = None, actor_id: int | None = None
) -> dict[int, Any]:
    """Undo in chunks of two, as the workflow does: lead id → None, or why it was kept."""
    taken: list[Taken] = []
    after = 0
    while chunk := undo.undoable_leads(batch_id, after=after, limit=2, lines=lines):
        find.lock(chunk)
        taken += undo.take_back(batch_id, chunk, at=LATER, actor_id=actor_id)
        after = chunk[-1]
    return dict(taken)


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (Cause.CLIENT_REJECTED, P),
        (Cause.CLIENT_REJECTED, A),
        (Cause.ACCEPTED_OLDER, P),
        (Cause.ACCEPTED_REMAINING, P),
        (Cause.ACCEPTED_CLOSE_OUT, P),
    ],
)
def test_a_lead_goes_back_to_exactly_what_it_was(cause: Cause, status: Status) -> None:
    doubt = Disposition.objects.get(code="CLIENT_TEST")
    lead = make.lead(make.campaign(), status, days_ago=4, disposition=doubt, reason="as it was")
    before = state_of(lead)
    moved(1, lead, cause=cause, **({"frees_slot": True} if cause == Cause.CLIENT_REJECTED else {}))
    assert state_of(lead) != before
    assert take_back(1) == {lead.pk: None}
    assert state_of(lead) == before


def test_the_undo_is_told_by_an_event_that_names_the_one_taken_back() -> None:
    lead, person = make.lead(make.campaign(), A), make.operator()
    moved(5, lead)
    first = LeadEvent.objects.get()
    take_back(5, actor_id=person.pk)
    back = LeadEvent.objects.latest("id")
    assert (back.cause, back.from_status, back.to_status, back.undoes) == ("undone", C, A, first)
    assert (back.actor, back.at, back.batch_id, back.line) == (person, LATER, 5, 1)
    assert (back.was_reason, back.was_disposition) == ("why", first.disposition)
    assert LeadEvent.objects.get(pk=first.pk).to_status == C, "history is appended to, never rewritten"


def test_undo_twice_is_once() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(5)]
    moved(1, *leads)
    assert take_back(1) == {lead.pk: None for lead in leads}
    after, events = [state_of(lead) for lead in leads], LeadEvent.objects.count()
    assert take_back(1) == {}
    find.lock([lead.pk for lead in leads])
    assert undo.take_back(1, [lead.pk for lead in leads], at=LATER, actor_id=None) == []
    assert [state_of(lead) for lead in leads] == after
    assert LeadEvent.objects.count() == events == 10


def test_undo_takes_back_its_own_batch_only() -> None:
    campaign = make.campaign()
    mine, theirs = make.lead(campaign), make.lead(campaign)
    moved(1, mine)
    moved(2, theirs)
    assert take_back(1) == {mine.pk: None}
    assert state_of(theirs)["status"] == C


def test_selected_rows_alone_go_back_and_the_rest_can_follow() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(4)]
    moved(1, *leads)
    unnamed = make.lead(campaign, days_ago=30)
    moved(1, unnamed, cause=Cause.ACCEPTED_OLDER)
    assert undo.count_undoable(1, [2, 4, 99]) == 2
    assert take_back(1, lines=[2, 4, 99]) == {leads[1].pk: None, leads[3].pk: None}
    assert [state_of(lead)["status"] for lead in [*leads, unnamed]] == [C, P, C, P, A]
    assert undo.count_undoable(1) == 3
    assert take_back(1) == {leads[0].pk: None, leads[2].pk: None, unnamed.pk: None}


def test_no_rows_are_not_all_rows() -> None:
    lead = make.lead(make.campaign())
    moved(1, lead)
    assert undo.count_undoable(1, []) == 0
    assert take_back(1, lines=[]) == {}


def test_a_lead_changed_since_is_kept() -> None:
    lead = make.lead(make.campaign(), days_ago=30)
    moved(1, lead, cause=Cause.ACCEPTED_OLDER)
    moved(2, lead)
    after, events = state_of(lead), LeadEvent.objects.count()
    assert take_back(1) == {lead.pk: "changed_since"}
    assert state_of(lead) == after
    assert LeadEvent.objects.count() == events


def test_later_events_that_were_taken_back_themselves_do_not_keep_it() -> None:
    lead = make.lead(make.campaign(), days_ago=30)
    before = state_of(lead)
    moved(1, lead, cause=Cause.ACCEPTED_OLDER)
    for batch_id in (2, 3):
        moved(batch_id, lead)
        assert take_back(batch_id) == {lead.pk: None}
    assert take_back(1) == {lead.pk: None}
    assert state_of(lead) == before


def test_overlapping_batches_go_back_in_reverse_order_whatever_was_tried_before() -> None:
    lead = make.lead(make.campaign(), days_ago=30)
    before = state_of(lead)
    moved(1, lead, cause=Cause.ACCEPTED_REMAINING)
    moved(2, lead, frees_slot=True)
    assert take_back(1) == {lead.pk: "changed_since"}
    assert take_back(2) == {lead.pk: None}
    assert take_back(1) == {lead.pk: None}
    assert state_of(lead) == before


def test_a_lead_whose_month_was_closed_since_is_kept() -> None:
    lead = make.lead(make.campaign(), A)
    moved(1, lead)
    Lead.objects.filter(pk=lead.pk).update(is_final=True)
    assert take_back(1) == {lead.pk: "month_closed"}
    assert state_of(lead)["status"] == C


def test_what_is_kept_for_its_month_is_named_so_even_when_it_changed_too() -> None:
    lead = make.lead(make.campaign(), days_ago=30)
    moved(1, lead, cause=Cause.ACCEPTED_OLDER)
    moved(2, lead)
    Lead.objects.filter(pk=lead.pk).update(is_final=True)
    assert take_back(1) == {lead.pk: "month_closed"}


def test_an_open_credit_goes_back_and_can_be_given_again() -> None:
    lead = make.lead(make.campaign(), A, is_final=True)
    before = state_of(lead)
    adjust(Cause.ADJUSTED, [Moving(lead.pk, 1)], at=NOW, actor_id=None, batch_id=1)
    assert take_back(1) == {lead.pk: None}
    assert not Adjustment.objects.exists()
    assert state_of(lead) == before
    assert adjust(Cause.ADJUSTED, [Moving(lead.pk, 1)], at=NOW, actor_id=None, batch_id=2) == [lead.pk]


def test_a_credit_in_a_month_closed_since_is_kept() -> None:
    lead = make.lead(make.campaign(), A, is_final=True)
    adjust(Cause.ADJUSTED, [Moving(lead.pk, 1)], at=NOW, actor_id=None, batch_id=1)
    Adjustment.objects.update(is_final=True)
    assert take_back(1) == {lead.pk: "month_closed"}
    assert Adjustment.objects.count() == 1


def test_nothing_goes_back_into_quarantine() -> None:
    campaign = make.campaign()
    released, rejected = make.lead(campaign, Q), make.lead(campaign)
    moved(1, rejected, frees_slot=True)
    moved(1, released, cause=Cause.QUARANTINE_RELEASED)
    assert take_back(1) == {rejected.pk: None}
    assert state_of(released)["status"] == P
    assert state_of(released)["in_cap"] is state_of(rejected)["in_cap"] is True, (
        "the cap may stand above its limit"
    )


# Affiliate events.


def rejected_with(lead: Lead, batch_id: int, **values: Any) -> AffiliateEvent:
    return make.affiliate_event(lead, "rejected", was_status="approved", batch_id=batch_id, **values)


def test_affiliate_events_of_the_batch_go_back_with_their_lead() -> None:
    lead = make.lead(make.campaign())
    moved(1, lead)
    mine, before = rejected_with(lead, 1), make.affiliate_event(lead, "rejected")
    others = rejected_with(lead, 2)
    take_back(1)
    values = AffiliateEvent.objects.order_by("id").values_list("pk", "status", "was_status", "batch_id")
    assert list(values) == [
        (mine.pk, "approved", "", None),
        (before.pk, "rejected", "", None),
        (others.pk, "rejected", "approved", 2),
    ]


def test_affiliate_events_of_a_kept_lead_or_a_closed_month_stay() -> None:
    campaign = make.campaign()
    kept, restored = make.lead(campaign, A), make.lead(campaign, A)
    moved(1, kept, restored)
    Lead.objects.filter(pk=kept.pk).update(is_final=True)
    rejected_with(kept, 1)
    rejected_with(restored, 1, is_final=True)
    take_back(1)
    assert set(AffiliateEvent.objects.values_list("status", flat=True)) == {"rejected"}


def test_an_affiliate_event_that_somebody_decided_since_stays_decided() -> None:
    lead = make.lead(make.campaign())
    moved(1, lead)
    event = rejected_with(lead, 1)
    AffiliateEvent.objects.filter(pk=event.pk).update(status="pending")
    take_back(1)
    assert AffiliateEvent.objects.get(pk=event.pk).status == "pending"


# Which leads Undo looks at.


def test_leads_come_in_id_order_above_the_last_one() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(5)]
    moved(1, *reversed(leads))
    ids = [lead.pk for lead in leads]
    assert undo.undoable_leads(1, after=0, limit=3, lines=None) == ids[:3]
    assert undo.undoable_leads(1, after=ids[2], limit=3, lines=None) == ids[3:]
    assert undo.undoable_leads(1, after=ids[4], limit=3, lines=None) == []
