"""The API's page works under the strict content policy: it shows the schema, and tries a call out with the session."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenBrowser
from tests.flows.world import world


def test_a_call_is_tried_out_in_the_browser(open_browser: OpenBrowser) -> None:
    w = world()
    page = open_browser(w.people["client"])
    page.goto("/profile/keys/")
    page.get_by_role("link", name="API documentation").click()
    expect(page.get_by_text("Reject leads", exact=True)).to_be_visible()
    page.locator("#operations-campaigns-campaigns_list .opblock-summary-control").click()
    call = page.locator("#operations-campaigns-campaigns_list")
    call.get_by_role("button", name="Try it out").click()
    call.get_by_role("button", name="Execute").click()
    expect(call.locator(".live-responses-table")).to_contain_text(w.campaign.code)
    page.locator("#operations-batches-batches_undo .opblock-summary-control").click()
    undo = page.locator("#operations-batches-batches_undo")
    undo.get_by_role("button", name="Try it out").click()
    undo.get_by_placeholder("id", exact=True).fill(str(w.finished.pk))
    undo.locator("textarea").fill("{}")
    undo.get_by_role("button", name="Execute").click()
    expect(undo.locator(".live-responses-table")).to_contain_text('"state": "undoing"')
