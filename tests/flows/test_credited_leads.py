"""A lead of a closed month that was rejected: every side reads what it got for it, and nobody is told it gets more."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.utils import timezone
from django.utils.html import strip_tags

from leads.models import Adjustment, Lead
from leads.statuses import Status
from rejections.effects import effects
from rejections.options import Options
from rejections.receipt import receipt
from rejections.rowlist import shown
from rejections.sql.closing import would_reject
from tests import batches, make
from tests.flows.test_notices import text
from tests.flows.test_pages import signed_in

pytestmark = pytest.mark.django_db


def final(**values: object) -> Lead:
    return make.lead(
        make.campaign(),
        Status.ACCEPTED,
        at=timezone.now(),
        is_final=True,
        price="18.00",
        payout="13.00",
        **values,
    )


def page(person: object, lead: Lead) -> str:
    browser: Browser = signed_in(person)  # type: ignore[arg-type]
    return strip_tags(text(browser.get(f"/leads/{lead.pk}/")))


def test_each_side_reads_its_own_amount_and_nobody_is_offered_to_reject_it_again() -> None:
    lead = final()
    client = make.client_user(lead.campaign.client)
    assert "Reject this lead" in page(client, lead)
    batch = batches.imported(lead.campaign, [lead], at=timezone.now())
    number = f"IMP-{batch.pk}"
    said = {
        "client": page(client, lead),
        "supplier": page(make.supplier_user(lead.supplier), lead),
        "staff": page(make.operator(), lead),
    }
    month = f"{timezone.now():%B %Y}, which is still open"
    assert f"£18.00 was credited in {month}, by {number}." in said["client"]
    assert f"£13.00 payout was taken back in {month}." in said["supplier"]
    assert f"£18.00 was credited and £13.00 payout was taken back in {month}, by {number}." in said["staff"]
    assert "13.00" not in said["client"]
    assert "18.00" not in said["supplier"]
    assert number not in said["supplier"]
    for words in said.values():
        assert "Reject this lead" not in words
        assert "Can be rejected until" not in words
    Adjustment.objects.update(is_final=True)
    assert "which is closed, by" in page(client, lead)


def test_a_second_import_says_by_which_the_lead_was_credited_and_counts_only_new_credits() -> None:
    lead = final()
    other = make.lead(lead.campaign, Status.ACCEPTED, is_final=True, at=timezone.now(), price="20.00")
    now = timezone.now()
    first = batches.imported(lead.campaign, [lead], at=now)
    batch = batches.checked(lead.campaign, [lead, other], at=now)
    before = f"Credited before, by IMP-{first.pk}: a lead is credited once, so nothing more is written."
    would = effects(batch, Options(), now)
    assert (would.counts, would.credits_of_closed, str(would.credited)) == ({"final": 2}, 1, "20.00")
    assert sum(supplier.leads for supplier in would.by_supplier) == 1
    batches.started(batch, at=now)
    one, two = shown(batch, Options(), ["final"], undoable=True)
    assert (one.advice, one.undoable) == (before, False)
    assert "Credited before" not in two.advice
    assert two.undoable
    assert (receipt(batch, now).credited, Adjustment.objects.count()) == (would.credited, 2)


def test_a_credit_written_between_check_and_start_is_named_and_one_taken_back_is_not() -> None:
    lead, now = final(), timezone.now()
    late = batches.checked(lead.campaign, [lead], at=now)
    first = batches.imported(lead.campaign, [lead], at=now)
    third = batches.checked(lead.campaign, [lead], at=now)
    batches.started(late, at=now)
    assert shown(late, Options(), ["final"], undoable=False)[0].advice.startswith(
        f"Credited before, by IMP-{first.pk}"
    )
    batches.undone(first, at=now)
    assert would_reject(third.pk, None).credited_before == 0
    batches.started(third, at=now)
    assert "Credited before" not in shown(third, Options(), ["final"], undoable=False)[0].advice
