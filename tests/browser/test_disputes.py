"""A supplier reads why leads came back and says that two are wrong; an operator grants one and keeps the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Agreement, User
from leads.models import Lead
from rejections.models import Batch, Dispute
from tests import batches, make
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.browser.steps import Site


@pytest.fixture
def site(transactional_db: None) -> Site:
    """A site whose leads 1 and 2 its client has rejected."""
    made = steps.site()
    rows = [(Lead.objects.get(pk=1), "Duplicate Lead"), (Lead.objects.get(pk=2), "Over 75")]
    batch = batches.checked(made.campaign, rows, person=made.client, at=made.at)
    batches.started(batch, person=made.client, at=made.at)
    return made


def supplier_of(site: Site) -> User:
    return make.supplier_user(Lead.objects.get(pk=1).supplier, first_name="Sven", last_name="Sells")


def test_two_leads_are_disputed_one_is_granted_and_everybody_sees_it(
    open_browser: OpenBrowser, site: Site
) -> None:
    supplier = open_browser(supplier_of(site))
    dispute_both(supplier)
    answer_each(open_browser(site.operator))
    supplier.get_by_role("link", name="Disputes", exact=True).click()
    expect(supplier.get_by_text("1 granted")).to_be_visible()
    expect(supplier.get_by_text("1 refused")).to_be_visible()
    steps.status_of(supplier, 1, "Pending")
    expect(supplier.get_by_text("The first is no duplicate.").first).to_be_visible()
    steps.status_of(supplier, 2, "Client Rejected")
    expect(supplier.get_by_text("Dispute refused: the rejection stands")).to_be_visible()
    client = open_browser(site.client)
    steps.status_of(client, 1, "Pending")
    expect(client.get_by_text("Contested by its supplier")).to_be_visible()
    expect(client.get_by_role("main")).not_to_contain_text("They spoke to us.")


def dispute_both(page: Page) -> None:
    """Read a status, then select both rejected leads and say what is wrong."""
    page.goto("/")
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Client Rejected")
    expect(page.get_by_text("You can dispute it until the end of")).to_be_visible()
    page.get_by_role("link", name="Rejected leads").click()
    button = page.get_by_role("button", name="Dispute")
    expect(button).to_be_hidden()
    for number in (1, 2):
        page.get_by_label(f"Select lead {number}").check()
    expect(button).to_have_text("Dispute 2")
    button.click()
    page.get_by_label("What is wrong with the rejection?").fill("They spoke to us.")
    page.get_by_label("A file").set_input_files(steps.file(b"RIFF", "call.mp3"))
    page.get_by_role("button", name="Dispute 2\xa0rejections").click()
    expect(page.get_by_text("wait for an answer until the end of")).to_be_visible()
    expect(page.get_by_text("call.mp3")).to_be_visible()


def answer_each(page: Page) -> None:
    """From the home page to the inbox; the button names what it does before it is pressed."""
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Answer").click()
    send = page.locator("#answer-button")
    expect(send).to_have_text("Choose for each lead")
    expect(send).to_be_disabled()
    page.get_by_label("Decision for Ann Archer").select_option("grant")
    expect(page.get_by_text("1\xa0lead without a decision yet")).to_be_visible()
    expect(send).to_be_disabled()
    decision = page.get_by_label("Decision for").nth(1)
    right = decision.evaluate("one => one.getBoundingClientRect().right")
    table = page.get_by_role("region", name="Leads of").evaluate("one => one.getBoundingClientRect().right")
    assert right < table <= 1280, "in sight without scrolling"
    decision.select_option("refuse")
    expect(send).to_have_text("Grant 1, refuse 1")
    expect(page.get_by_text("1\xa0lead Client Rejected → Pending")).to_be_visible()
    page.get_by_label("Answer to").fill("The first is no duplicate.")
    send.click()
    expect(page.get_by_text("1\xa0rejection taken back and 1\xa0rejection kept").first).to_be_visible()
    assert batches.statuses([Lead.objects.get(pk=1), Lead.objects.get(pk=2)]) == [
        "pending",
        "client_rejected",
    ]


def test_past_the_deadline_the_page_says_so_and_nothing_is_sent(
    open_browser: OpenBrowser, site: Site
) -> None:
    Agreement.objects.update(dispute_days=1)
    page = open_browser(supplier_of(site))
    page.goto("/rejected/")
    page.get_by_role("link", name="Dispute lead 1").click()
    dialog = page.get_by_role("dialog", name="Dispute lead 1")
    dialog.get_by_label("What is wrong with the rejection?").fill("They spoke to us.")
    Batch.objects.update(finished_at=site.at - timedelta(days=3))  # it was left open over the deadline
    dialog.get_by_role("button", name="Dispute 1\xa0rejection").click()
    expect(page.get_by_role("alert")).to_contain_text("The time to dispute it is over")
    page.goto("/rejected/")
    expect(page.get_by_text("too late").first).to_be_visible()
    assert not Dispute.objects.exists()
