"""All leads of a list at once: from the list to the check of their rejection, with scripts and without."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from leads import listing
from leads.models import Lead
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.worker import Worker

MORE = listing.PAGE + 5


def test_all_leads_of_a_list_are_picked_checked_and_rejected(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    site = steps.site()
    for number in range(MORE):
        site.lead(100 + number, name="Zora Zimmer")
    page = open_browser(site.operator)
    page.goto("/leads/?q=zora")
    toolbar = page.get_by_role("toolbar")
    page.get_by_role("checkbox", name="Select lead 154").check()
    expect(toolbar).to_contain_text("1 selected")
    whole = toolbar.get_by_role("checkbox", name=f"All {MORE} leads that match")
    whole.check()
    expect(toolbar).to_contain_text(f"{MORE} selected")
    page.get_by_role("checkbox", name="Select lead 154").uncheck()
    expect(whole).not_to_be_checked()
    expect(toolbar).to_contain_text(f"{listing.PAGE - 1} selected")
    whole.check()
    with page.expect_download() as downloaded:
        toolbar.get_by_role("button", name="Download").click()
    assert len(downloaded.value.path().read_text().splitlines()) == 1 + MORE
    page.get_by_role("button", name="Reject", exact=True).click()
    expect(steps.heading(page, f"Reject {MORE} leads")).to_be_visible()
    page.get_by_label("Reason, in your own words").fill("Wrong person")
    Lead.objects.filter(pk=120).update(valid_at=None, status="quarantined")
    page.get_by_role("button", name=f"Check rejecting {MORE} leads").click()
    expect(page.get_by_text("The list has changed since you were asked")).to_be_visible()
    page.get_by_role("button", name=f"Check rejecting {MORE - 1} leads").click()
    expect(steps.heading(page, f"What will happen to the {MORE - 1} rows")).to_be_visible()
    page.get_by_role("button", name=f"Reject {MORE - 1} leads").click()
    steps.ended(page, f"{MORE - 1} leads rejected")


def test_all_of_a_list_and_the_charts_of_home_are_there_without_javascript(open_browser: OpenBrowser) -> None:
    site = steps.site()
    for number in range(MORE):
        site.lead(100 + number, name="Zora Zimmer")
    page = open_browser(site.operator, java_script_enabled=False)
    page.goto("/leads/?q=zora")
    page.get_by_role("checkbox", name=f"All {MORE} leads that match").check()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(steps.heading(page, f"Accept {MORE} leads")).to_be_visible()
    for person in (site.operator, site.client):
        page = open_browser(person, java_script_enabled=False)
        page.goto("/")
        expect(page.get_by_role("img", name=re.compile("Two lines over"))).to_be_visible()
        page.get_by_text("Show as a table").click()
        expect(page.get_by_role("region", name="Rejection rate, table")).to_contain_text(f"{MORE + 2}")
        page.get_by_role("link", name="Open analytics").click()
        expect(steps.heading(page, "Analytics")).to_be_visible()
