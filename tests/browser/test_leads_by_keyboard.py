"""A list of leads without a mouse: from anywhere to the lead, and from the list to leads rejected."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from leads.statuses import Status
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.browser.test_keyboard import tab_to
from tests.worker import Worker


def test_leads_are_found_picked_and_rejected_with_the_keyboard_alone(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    site = steps.site()
    site.lead(11, email="cas@example.org", name="Cas Archer")
    site.lead(12, Status.ACCEPTED, name="Dora Archer")
    page = open_browser(site.operator)
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("l")
    expect(steps.heading(page, "Leads")).to_be_visible()
    expect(page.get_by_role("toolbar")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("arch")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 leads found")).to_be_visible()
    for _ in range(2):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.get_by_role("toolbar")).to_contain_text("2 selected")
    tab_to(page, page.get_by_role("button", name="Reject", exact=True))
    page.keyboard.press("Enter")
    expect(steps.heading(page, "Reject 2 leads")).to_be_visible()
    tab_to(page, page.get_by_label("Reason, in your own words"))
    page.keyboard.type("Wrong person")
    tab_to(page, page.get_by_role("button", name="Check rejecting 2 leads"))
    page.keyboard.press("Enter")
    expect(steps.heading(page, "What will happen to the 2 rows")).to_be_visible()
    start = page.get_by_role("button", name="Reject 2 leads")
    tab_to(page, start, most=90)
    page.keyboard.press("Enter")
    steps.ended(page, "2 leads rejected")


def test_a_pasted_lead_id_opens_the_lead_from_anywhere(open_browser: OpenBrowser) -> None:
    site = steps.site()
    page = open_browser(site.client)
    page.goto("/imports/")
    page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search or jump to")
    expect(palette.get_by_role("link", name="Analytics and reports")).to_be_visible()
    page.keyboard.type("2")
    expect(palette.get_by_role("link", name=re.compile("Bob Baker"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/leads/2/$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("bak")
    expect(palette.get_by_role("link", name=re.compile("Bob Baker"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/leads/\?q=bak"))
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(palette).to_be_hidden()


def test_the_search_is_a_plain_form_without_javascript(open_browser: OpenBrowser) -> None:
    site = steps.site()
    page = open_browser(site.operator, java_script_enabled=False)
    page.goto("/")
    page.get_by_role("searchbox", name="Find a lead").fill("bob")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bob Baker")
    page.goto("/leads/?q=baker")
    page.get_by_role("checkbox", name="Select lead 2").check()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(steps.heading(page, "Accept 1 lead")).to_be_visible()
