"""Disputes: who may contest what until when, what each answer does to lead and money, who is told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from campaigns.models import Agreement, Campaign, User
from leads.models import Adjustment, Delivery, Lead, LeadEvent
from leads.statuses import Status
from rejections import disputes, evidence
from rejections.models import Batch, Dispute, DisputedLead
from rejections.refusals import Refused
from tests import make
from tests.batches import holdings, imported, outcomes, statuses, undone
from tests.make import NOW

P, A, C = Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


class Place:
    """A campaign of one supplier, with a person on either side of a dispute."""

    def __init__(self, **agreed: Any) -> None:
        self.campaign: Campaign = make.campaign()
        self.source = make.source(self.campaign)
        Agreement.objects.filter(campaign=self.campaign).update(
            **{"dispute_days": 7, "answer_days": 5, **agreed}
        )
        self.supplier: User = make.supplier_user(self.source.supplier)
        self.operator: User = make.operator()

    def lead(self, status: str = P, **values: Any) -> Lead:
        return make.lead(self.campaign, status, source=self.source, **values)

    def rejected(self, *given: Lead, **options: Any) -> Batch:
        return imported(self.campaign, given or [self.lead()], **options)

    def contest(self, *leads: Lead, at: Any = NOW, **values: Any) -> list[Dispute]:
        ids = [lead.pk for lead in leads]
        return disputes.contest(ids, person=self.supplier, note="They answered.", at=at, **values)

    def answer(self, dispute: Dispute, *, grants: bool, at: Any = NOW) -> tuple[int, int]:
        return disputes.answer_many(
            [dispute], grants=grants, answer_text="We listened.", person=self.operator, at=at
        )


def refused(code: str, action: Any, *arguments: Any, **values: Any) -> None:
    """The action is refused with this code, and neither leads nor disputes changed."""
    before = holdings(), list(DisputedLead.objects.values()), Dispute.objects.count()
    with pytest.raises(Refused) as refusal:
        action(*arguments, **values)
    assert refusal.value.code == code
    assert (holdings(), list(DisputedLead.objects.values()), Dispute.objects.count()) == before


def states(dispute: Dispute) -> list[tuple[str, bool]]:
    return list(dispute.leads.order_by("lead_id").values_list("state", "by_silence"))


def test_a_dispute_keeps_what_was_said_and_the_clocks_as_agreed() -> None:
    place = Place(dispute_days=3, answer_days=2, silence_grants=True)
    lead = place.lead()
    batch = place.rejected(lead)
    Agreement.objects.update(dispute_days=9, silence_grants=False, starts_on=(NOW + DAY).date())
    [dispute] = place.contest(lead, proof="Call of 4 minutes", at=NOW + DAY)
    assert (dispute.batch, dispute.note, dispute.evidence) == (batch, "They answered.", "Call of 4 minutes")
    # nothing was in force when the lead came in any more, so the usual terms hold
    assert (dispute.silence_grants, dispute.contest_by.date()) == (False, (NOW + 8 * DAY).date())
    assert states(dispute) == [("open", False)]
    assert statuses([lead]) == [C], "a dispute alone moves nothing"


def test_the_terms_are_those_of_the_day_the_lead_came_in() -> None:
    place = Place(dispute_days=3, answer_days=2, silence_grants=True)
    Agreement.objects.create(
        campaign=place.campaign, supplier=place.source.supplier, starts_on=(NOW - DAY / 2).date(), price=1,
        payout=1, dispute_days=30,
    )  # fmt: skip
    early, late = place.lead(days_ago=2), place.lead(days_ago=0.1)
    place.rejected(early, late)
    first, second = place.contest(early, late, at=NOW + DAY)
    assert (first.answer_by - first.opened_at).days == 2
    assert first.silence_grants
    assert not second.silence_grants
    assert [first.leads.get().lead_id, second.leads.get().lead_id] == [early.pk, late.pk]


def test_all_leads_are_disputed_or_none() -> None:
    place, other = Place(), Place()
    lead, pending, foreign = place.lead(), place.lead(), other.lead()
    place.rejected(lead)
    other.rejected(foreign)
    refused("no_such_lead", place.contest, lead, foreign)
    refused("no_such_lead", place.contest)
    refused("not_rejected", place.contest, lead, pending)
    refused("too_late", place.contest, lead, at=NOW + 8 * DAY)
    place.contest(lead, at=NOW + 7 * DAY)
    refused("already_disputed", place.contest, lead)


def test_a_refused_dispute_leaves_no_file_behind() -> None:
    place = Place()
    lead = place.lead()
    kept = evidence.keep([b"RIFF", b"data"], "../../call.mp3")
    assert (kept.name, kept.size) == ("call.mp3", 8)
    refused("not_rejected", place.contest, lead, file=kept)
    assert not (Path(settings.UPLOAD_DIR) / kept.path).exists()


def test_a_file_past_the_limit_is_refused_and_not_kept(settings: Any) -> None:
    settings.EVIDENCE_MAX_BYTES = 6
    before = set(Path(settings.UPLOAD_DIR).glob("evidence/*/*"))
    with pytest.raises(Refused, match="at most"):
        evidence.keep([b"1234", b"567"], "call.mp3")
    assert set(Path(settings.UPLOAD_DIR).glob("evidence/*/*")) == before


def test_a_granted_lead_is_what_it_was_and_never_rejectable_again() -> None:
    place = Place()
    pending, accepted, final = place.lead(), place.lead(A, days_ago=2), place.lead(A, is_final=True)
    leads = [pending, accepted, final]
    for lead in leads:
        make.affiliate_event(lead, "approved")
    before = holdings()
    place.rejected(*leads, free_cap=True, reject_affiliate_events=True)
    assert (statuses(leads), Adjustment.objects.count()) == ([C, C, A], 1)
    [dispute] = place.contest(*leads)
    assert place.answer(dispute, grants=True) == (3, 0)
    after = holdings()
    for lead in after["leads"][:2]:
        assert lead.pop("decided_for_supplier")
    for lead in before["leads"]:
        lead.pop("decided_for_supplier")
    after["leads"][2].pop("decided_for_supplier")
    assert after == before
    assert LeadEvent.objects.filter(cause="dispute_granted", actor=place.operator).count() == 3
    again = imported(place.campaign, [pending, accepted])
    assert outcomes(again) == ["not_rejectable"] * 2


def test_a_lead_that_became_final_is_charged_back_once_and_not_moved() -> None:
    place = Place()
    lead, credited = place.lead(A, days_ago=2), place.lead(A, is_final=True)
    batch = place.rejected(lead, credited)
    [dispute] = place.contest(lead, credited)
    Lead.objects.filter(pk=lead.pk).update(is_final=True)  # its month was closed with the credit in it
    Adjustment.objects.update(is_final=True)
    assert place.answer(dispute, grants=True) == (2, 0)
    [charged] = Adjustment.objects.filter(lead=lead)
    assert (charged.client_amount, charged.supplier_amount) == (Decimal("18.00"), Decimal("11.00"))
    assert statuses([lead, credited]) == [C, A]
    kept = dispute.leads.get(lead=credited)
    assert (kept.state, kept.answer) == ("refused", disputes.MONTH_CLOSED)
    assert Lead.objects.get(pk=lead.pk).decided_for_supplier
    [told] = Delivery.objects.filter(batch_id=batch.pk, kind="retractions")
    assert [one["lead_id"] for one in told.payload["leads"]] == [lead.pk]


def test_a_refused_lead_stays_rejected() -> None:
    place = Place()
    leads = [place.lead() for _ in range(4)]
    place.rejected(*leads)
    [dispute] = place.contest(*leads)
    here = list(dispute.leads.order_by("lead_id").values_list("pk", flat=True))
    given = {"person": place.operator, "at": NOW, "answer": "Three have no working number."}
    assert disputes.answer(dispute, grant=here[:1], refuse=here[1:], **given) == (1, 3)
    assert statuses(leads) == [P, C, C, C]
    assert states(dispute) == [("granted", False)] + [("refused", False)] * 3
    assert set(dispute.leads.values_list("answer", "answered_by")) == {(given["answer"], place.operator.pk)}
    refused("already_answered", disputes.answer, dispute, grant=here, refuse=[], **given)
    refused("already_answered", disputes.withdraw, dispute, person=place.supplier, at=NOW)


def test_a_withdrawn_dispute_lets_the_rejection_stand() -> None:
    place = Place()
    lead = place.lead()
    place.rejected(lead)
    [dispute] = place.contest(lead)
    assert disputes.withdraw(dispute, person=place.supplier, at=NOW) == 1
    assert (states(dispute), statuses([lead])) == ([("withdrawn", False)], [C])
    refused("already_disputed", place.contest, lead)


@pytest.mark.parametrize(("grants", "state", "status"), [(True, "granted", P), (False, "refused", C)])
def test_silence_answers_as_agreed_once_the_last_day_is_over(grants: bool, state: str, status: str) -> None:
    place = Place(silence_grants=grants)
    lead = place.lead()
    place.rejected(lead)
    [dispute] = place.contest(lead)
    too_late = dispute.answer_by
    assert disputes.answer_by_silence(too_late - timedelta(seconds=1)) == 0
    assert [disputes.answer_by_silence(too_late) for _ in range(2)] == [1, 0]
    assert (states(dispute), statuses([lead])) == ([(state, True)], [status])


def test_the_supplier_is_told_that_a_rejection_it_was_told_of_is_taken_back() -> None:
    place = Place(channel="webhook")
    leads = [place.lead() for _ in range(3)]
    batch = place.rejected(*leads)
    [dispute] = place.contest(*leads[:2])
    place.answer(dispute, grants=True)
    told = Delivery.objects.filter(batch_id=batch.pk).order_by("pk")
    assert [(d.kind, [lead["lead_id"] for lead in d.payload["leads"]]) for d in told] == [
        ("rejections", [lead.pk for lead in leads]),
        ("retractions", [lead.pk for lead in leads[:2]]),
    ]


def test_an_undo_closes_what_is_open_and_leaves_a_granted_lead_alone() -> None:
    place = Place()
    leads = [place.lead() for _ in range(3)]
    batch = place.rejected(*leads)
    [granted], [opened] = place.contest(leads[0]), place.contest(leads[1])
    place.answer(granted, grants=True)
    undone(batch, person=place.operator)
    assert (states(granted), states(opened)) == ([("granted", False)], [("withdrawn", False)])
    assert statuses(leads) == [P, P, P]
    assert LeadEvent.objects.filter(lead=leads[0], undoes__isnull=False).count() == 1
    refused("not_rejected", place.contest, leads[2])


def test_an_undo_of_some_rows_does_not_set_the_clock_of_the_others_back() -> None:
    place = Place()
    leads = [place.lead() for _ in range(2)]
    batch = place.rejected(*leads)
    undone(batch, lines=[1], at=NOW + 5 * DAY)
    refused("too_late", place.contest, leads[1], at=NOW + 8 * DAY)
