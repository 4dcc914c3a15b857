"""What outsiders stumbled over: pages that said less, or other, than what is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from campaigns.models import Field
from campaigns.rules import local_date
from leads.models import Delivery, Lead
from leads.statuses import Status
from rejections import disputes, inbox
from rejections.models import Batch, Dispute
from rejections.receipt import receipt
from rejections.sql.disputes import twins
from tests import batches, make
from tests.flows.test_notices import text
from tests.flows.test_pages import signed_in
from tests.make import NOW

pytestmark = pytest.mark.django_db


def contested(lead: Lead, days: int) -> Dispute:
    """The lead, rejected by the client and contested by its supplier, to be answered so many days from now."""
    batches.imported(lead.campaign, [lead])
    person = make.supplier_user(lead.supplier)
    [made] = disputes.contest([lead.pk], person=person, note="They answered.", at=NOW)
    Dispute.objects.filter(pk=made.pk).update(answer_by=NOW + timedelta(days=days))
    return made


def test_open_disputes_stand_first_the_most_urgent_on_top_then_the_newest_answered() -> None:
    campaign = make.campaign()
    first, second, third, fourth = (contested(make.lead(campaign), days) for days in (9, 1, 5, 2))
    for answered in (second, fourth):
        disputes.withdraw(answered, person=make.supplier_user(answered.supplier), at=NOW)
    assert list(inbox.urgent(Dispute.objects.all())) == [third, first, fourth, second]


def test_the_suppliers_figures_lead_to_the_leads_they_count() -> None:
    lead = make.lead(make.campaign(), at=NOW)
    person = make.supplier_user(lead.supplier)
    page = text(signed_in(person).get("/?period="))
    address = next(part.split('"')[0] for part in page.split('href="') if "status=pending" in part)
    assert "received_from=" in address
    assert "received_to=" in address


def test_an_undo_of_what_has_not_begun_is_refused_with_the_way_back() -> None:
    campaign = make.campaign()
    batch = batches.checked(campaign, [make.lead(campaign)])
    browser = signed_in(make.operator())
    answer = browser.get(f"/imports/{batch.pk}/undo/")
    page = text(answer)
    assert answer.status_code == 409
    assert "It has not been started, so no lead was moved." in page
    assert f'href="/imports/{batch.pk}/">Back to IMP-{batch.pk}' in page
    assert "Put back" not in page


def test_a_receipt_names_what_of_its_credits_was_given_back_since() -> None:
    campaign = make.campaign()
    one, other = (make.lead(campaign, Status.ACCEPTED, price=price) for price in ("20.00", "5.00"))
    batch = batches.imported(campaign, [one, other])
    browser = signed_in(make.operator())
    assert receipt(batch, NOW).given_back == 0
    batches.undone(batch, lines=[2])
    figures = receipt(batch, NOW)
    assert (str(figures.credited), str(figures.given_back)) == ("25.00", "5.00")
    assert "£5.00 given back since" in text(browser.get(f"/imports/{batch.pk}/result/"))


def test_a_cancelled_notice_says_why() -> None:
    lead = make.lead(make.campaign())
    made = Delivery.objects.create(
        kind="rejections",
        channel="portal",
        status="cancelled",
        event_ids=[1],
        supplier=lead.supplier,
        created_at=NOW,
        payload={
            "campaign": "Offer",
            "leads": [{"lead_id": lead.pk, "uid": "", "code": "", "label": "", "reason": ""}],
        },
    )
    page = strip_tags(text(signed_in(make.operator()).get(f"/notices/?notice={made.pk}")))
    assert "Never sent: its lead was put back before it was tried." in page


def test_a_dispute_names_leads_with_the_same_address_though_dedupe_is_off() -> None:
    campaign = make.campaign()
    Field.objects.filter(campaign=campaign).update(dedupe=False, dedupe_ready=False)
    one, other, _ = (make.lead(campaign, email=email) for email in ("a@b.de", "a@b.de", "c@b.de"))
    make.lead(make.campaign(), email="a@b.de")
    assert twins([one.pk]) == {one.pk: [other.pk]}


def test_a_close_out_begins_with_the_last_day_whose_window_has_closed() -> None:
    campaign = make.campaign(return_window_days=7)
    page = text(signed_in(make.operator()).get(f"/campaigns/{campaign.code}/accept/"))
    last = local_date(timezone.now(), campaign.time_zone) - timedelta(days=8)
    assert f'value="{last:%Y-%m-%d}"' in page
    assert "the last day whose window has closed" in page


def test_a_start_that_only_credits_says_so_and_one_that_does_nothing_is_not_offered() -> None:
    campaign = make.campaign()
    final = make.lead(campaign, Status.ACCEPTED, is_final=True, price="40.40")
    credits = batches.checked(campaign, [final])
    browser = signed_in(make.operator())
    assert "<span>Credit 1 lead of closed months</span>" in text(browser.get(f"/imports/{credits.pk}/check/"))
    both = batches.checked(campaign, [final, make.lead(campaign)])
    assert "<span>Reject 1 lead, credit 1 of closed months</span>" in text(
        browser.get(f"/imports/{both.pk}/check/")
    )
    batches.started(credits)
    again = text(browser.get(f"/imports/{batches.checked(campaign, [final]).pk}/check/"))
    assert "No row would reject a lead, and no option accepts one." in again
    assert "Reject 0 leads" in again
    assert "disabled data-blocked" in again


def test_clients_read_pages_in_words_of_their_own() -> None:
    campaign = make.campaign()
    batch = batches.imported(campaign, [make.lead(campaign)])
    Batch.objects.update(file="returns.csv", file_name="returns.csv")
    mine, staff = signed_in(make.client_user(campaign.client)), signed_in(make.operator())
    for address, theirs, ours in (
        ("/imports/new/", "Upload the leads you do not want", "Upload the file a client sent back"),
        ("/imports/new/", "in your own words", "in the client’s own words"),
        (f"/campaigns/{campaign.code}/accept/", "delivery to your system", "delivery to the client"),
    ):
        assert theirs in text(mine.get(address))
        assert ours not in text(mine.get(address))
        assert ours in text(staff.get(address))
    assert ">Your reason<" in text(mine.get(f"/imports/{batch.pk}/result/"))
