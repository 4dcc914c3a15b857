"""The rows of a result can be read whole, on a desk's screen and on a telephone's."""

from __future__ import annotations

from playwright.sync_api import expect

from tests import batches
from tests.browser import steps
from tests.browser.conftest import OpenBrowser


def test_every_column_of_a_result_is_in_sight(open_browser: OpenBrowser) -> None:
    site = steps.site()
    rows = [("1", "Says they never enquired"), ("4711" * 6, "Duplicate Lead"), ("2", "Too far away from us")]
    checked = batches.checked(site.campaign, rows, person=site.client, at=site.at)
    batch = batches.started(checked, person=site.client, at=site.at)
    for person in (site.client, site.operator):
        page = open_browser(person)
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"/imports/{batch.pk}/result/")
        table = page.get_by_role("region", name="Rows, table")
        assert table.evaluate("element => element.scrollWidth <= element.clientWidth")
        page.set_viewport_size({"width": 390, "height": 844})
        for what in (page.get_by_text("The lead is Client Rejected").first, table.get_by_role("link").first):
            expect(what).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
