"""What a final lead gets in the open month instead of a move: once, for both sides, to the cent."""

from __future__ import annotations

import pytest

from leads.models import Adjustment, Lead, LeadEvent
from leads.sql import undo
from leads.sql.adjust import adjust
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status
from tests import make
from tests.make import NOW

A, C = Status.ACCEPTED, Status.CLIENT_REJECTED
pytestmark = pytest.mark.django_db


def final(status: Status = A) -> Lead:
    return make.lead(make.campaign(), status, is_final=True, price="31.50", payout="20.10")


def closed_after_rejection(*, owed: bool) -> Lead:
    """A lead that was rejected after it was billed, and whose month is closed since."""
    lead = make.lead(make.campaign(), A, price="31.50", payout="20.10")
    moving = [Moving(lead.pk, 1, payout_owed=owed)]
    move(Cause.CLIENT_REJECTED, C, moving, at=NOW, actor_id=None, batch_id=1)
    Lead.objects.filter(pk=lead.pk).update(is_final=True)
    return lead


def reject(lead: Lead, *, owed: bool = False) -> list[int]:
    moving = [Moving(lead.pk, 2, payout_owed=owed)]
    return adjust(Cause.ADJUSTED, moving, at=NOW, actor_id=None, batch_id=2)


def grant(lead: Lead) -> list[int]:
    return adjust(Cause.CHARGED_BACK, [Moving(lead.pk)], at=NOW, actor_id=None, batch_id=None)


def amounts() -> list[tuple[str, str]]:
    return [(str(a.client_amount), str(a.supplier_amount)) for a in Adjustment.objects.all()]


@pytest.mark.parametrize(("owed", "payout"), [(False, "-20.10"), (True, "0.00")])
def test_a_rejection_credits_the_client_and_reverses_the_payout_unless_it_is_owed(
    owed: bool, payout: str
) -> None:
    lead = final()
    assert reject(lead, owed=owed) == [lead.pk]
    assert amounts() == [("-31.50", payout)]
    assert LeadEvent.objects.get().payout_owed is owed


@pytest.mark.parametrize(("owed", "payout"), [(False, "20.10"), (True, "0.00")])
def test_a_granted_dispute_charges_the_client_and_pays_what_was_not_paid(owed: bool, payout: str) -> None:
    lead = closed_after_rejection(owed=owed)
    assert grant(lead) == [lead.pk]
    assert amounts() == [("31.50", payout)]
    lead.refresh_from_db()
    assert (lead.status, lead.decided_for_supplier) == (C, True)
    event = LeadEvent.objects.latest("pk")
    assert (event.cause, event.from_status, event.to_status) == ("charged_back", C, C)


def test_a_granted_dispute_withdraws_a_credit_that_the_open_month_holds() -> None:
    lead = final()
    reject(lead)
    assert grant(lead) == [lead.pk]
    assert amounts() == []
    lead.refresh_from_db()
    assert (lead.status, lead.decided_for_supplier) == (A, True)
    taken, credit = LeadEvent.objects.latest("pk"), LeadEvent.objects.earliest("pk")
    assert (taken.cause, taken.undoes_id) == ("undone", credit.pk)
    assert undo.undoable_leads(2, after=0, limit=9, lines=None) == [], "Undo has nothing left to take back"


def test_a_lead_is_adjusted_once_whoever_asks() -> None:
    credited, charged = final(), closed_after_rejection(owed=False)
    reject(credited)
    Adjustment.objects.update(is_final=True)
    assert grant(credited) == reject(credited) == [], "its one adjustment stands in a closed month"
    assert grant(charged) == [charged.pk]
    assert grant(charged) == reject(charged) == []
    assert amounts() == [("-31.50", "-20.10"), ("31.50", "20.10")]
    credited.refresh_from_db()
    assert not credited.decided_for_supplier


@pytest.mark.parametrize("status", [A, C, Status.PENDING])
def test_a_lead_of_an_open_month_gets_none(status: Status) -> None:
    lead = make.lead(make.campaign(), status)
    assert grant(lead) == reject(lead) == []
    assert not Adjustment.objects.exists()
    assert not LeadEvent.objects.exists()
