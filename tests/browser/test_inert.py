"""What people put into files stays text: on every page that shows it, and in every file that carries it on."""

from __future__ import annotations

import csv
import io
from urllib.parse import quote

import openpyxl
from playwright.sync_api import Page, expect

from tests import batches
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.worker import Worker

HTML = "<img src=x onerror=document.title='owned'>"
SCRIPT = "</script><script>document.title='owned'</script>"
FORMULA = '=HYPERLINK("https://evil.example","Click")'
BIDI = "Duplicate\u202etxt.exe\u2066"
NAME = f"{HTML}\u202evsc.csv"


def harmless(page: Page, *shown: str) -> None:
    """The page shows the texts and none of them did anything."""
    for text in shown:
        expect(page.get_by_role("main")).to_contain_text(text)
    assert page.locator("img[src=x], main script").count() == 0
    assert page.title() != "owned"


def test_values_of_a_file_are_inert(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    out = io.StringIO()
    rows = [["1", SCRIPT, FORMULA], [HTML, BIDI, "+1"], [FORMULA, HTML, "@SUM(A1)"], ["2", FORMULA, "-1"]]
    csv.writer(out).writerows([["lead_id", "reason", HTML], *rows])
    steps.upload(page, site.campaign, out.getvalue().encode(), NAME)
    harmless(page, HTML, SCRIPT, FORMULA)
    page.get_by_label("Reason column").select_option("reason")
    steps.check(page)
    harmless(page, HTML, FORMULA)
    batch = steps.number_of(page)
    page.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(page, "2 leads rejected")
    harmless(page, HTML, SCRIPT, FORMULA, "Duplicate")
    downloads_are_harmless(page, batch)
    for address in ("/", "/imports/", f"/imports/{batch}/undo/", "/leads/1/", "/leads/2/"):
        page.goto(address)
        harmless(page)
    page.goto(f"/find/?q={quote(HTML)}")
    harmless(page, HTML)


def downloads_are_harmless(page: Page, batch: int) -> None:
    """No cell of ours begins like a formula for a spreadsheet, and every text comes back as it was."""
    answer = page.request.get(f"/imports/{batch}/result.csv")
    assert "\r" not in answer.headers["content-disposition"]
    table = list(csv.reader(io.StringIO(answer.body().decode("utf-8-sig"))))
    assert not [cell for row in table for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    assert [row[1].removeprefix("'") for row in table[1:]] == [SCRIPT, BIDI, HTML, FORMULA]
    book = openpyxl.load_workbook(io.BytesIO(page.request.get(f"/imports/{batch}/result.xlsx").body()))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_values_of_a_lead_are_inert(open_browser: OpenBrowser) -> None:
    site = steps.site()
    lead = site.lead(50, uid=f"{HTML}", name=HTML, email=FORMULA)
    batches.imported(site.campaign, [(lead, HTML)], at=site.at)
    for person in (site.operator, site.client):
        page = open_browser(person)
        page.goto("/leads/50/")
        harmless(page, HTML, FORMULA)
