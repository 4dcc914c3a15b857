"""Files that cannot be read, and files that can be read otherwise: the sentence, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from rejections.models import Batch
from tests import make
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.worker import CHECKOUT, Worker

FILES = CHECKOUT / "tests" / "files"
#: Name as uploaded, content, title of the answer.
REFUSED = [
    ("leads.csv", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "This is a PDF"),
    ("returns.csv", b"", "The file is empty"),
    ("returns.csv", b"lead_id,rejection_reason\n", "The file has a header and no rows"),
    ("returns.xlsx", (FILES / "password.xlsx").read_bytes(), "The file is protected with a password"),
    ("returns.xls", (FILES / "page.xls").read_bytes(), "This is"),
]


def sent(page: Page, content: bytes, name: str) -> None:
    page.locator("input[type=file]").set_input_files(steps.file(content, name))
    page.get_by_role("button", name="Start rejection task").click()


def refused(page: Page) -> Locator:
    """The answer: the first thing a screen reader meets, in the one place the page has for it."""
    alert = page.get_by_role("alert").filter(visible=True)
    expect(alert).to_have_count(1)
    expect(alert).to_be_focused()
    return alert


def kept() -> set[Path]:
    """The uploads on disk; those of earlier tests stay."""
    return {path for path in Path(settings.UPLOAD_DIR).rglob("*") if path.is_file()}


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    """Fails the test that leaves a batch or a file behind."""
    before = kept()
    yield
    assert not Batch.objects.exists()
    assert kept() == before


@pytest.mark.usefixtures("nothing_is_left")
def test_a_file_that_is_no_table_is_refused_and_the_campaign_kept(open_browser: OpenBrowser) -> None:
    site = steps.site()
    make.campaign(client=site.campaign.client, name="Another")
    page = open_browser(site.client)
    page.goto("/imports/new/")
    steps.choose_campaign(page, site.campaign)
    for name, content, title in REFUSED:
        sent(page, content, name)
        alert = refused(page)
        expect(alert).to_contain_text(title)
        expect(alert).to_contain_text("Nothing was changed.")
        expect(page.get_by_role("combobox", name="Campaign")).to_have_value(site.campaign.code)
        expect(page.get_by_text("Maximum rejection days", exact=True)).to_be_visible()


@pytest.mark.usefixtures("nothing_is_left")
def test_without_maximum_rejection_days_a_file_is_refused(open_browser: OpenBrowser) -> None:
    site = steps.site()
    endless = make.campaign(client=site.campaign.client, name="Endless", return_window_days=None)
    page = open_browser(site.client)
    page.goto("/imports/new/")
    page.get_by_role("combobox", name="Campaign").select_option(endless.code)
    expect(page.get_by_text("Endless has no maximum rejection days.")).to_be_visible()
    expect(page.get_by_text("An administrator at leadrej can set it.")).to_be_visible()
    sent(page, steps.EXAMPLE, "returns.csv")
    expect(refused(page)).to_contain_text("Endless has no maximum rejection days")


@pytest.mark.usefixtures("nothing_is_left")
def test_a_campaign_of_somebody_else_is_none(open_browser: OpenBrowser) -> None:
    """Only a forged form can name one; the answer is that of a campaign that never was."""
    site = steps.site()
    foreign = make.campaign(name="Foreign")
    page = open_browser(site.client)
    page.goto("/imports/new/")
    for code in (foreign.code, "NEVER-WAS"):
        select = page.get_by_role("combobox", name="Campaign")
        select.evaluate(
            "(select, code) => { select.options[0].value = code; select.selectedIndex = 0 }", code
        )
        sent(page, steps.EXAMPLE, "returns.csv")
        expect(page.get_by_text("There is no such campaign. Choose the file again, too.")).to_be_visible()
        expect(page.get_by_role("combobox", name="Campaign")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("combobox", name="Campaign")).to_be_focused()
        expect(page.get_by_text("Foreign")).to_have_count(0)


def test_leads_of_another_campaign_are_not_found(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    other = make.campaign(client=site.campaign.client, name="Another")
    page = open_browser(site.client)
    steps.checked(page, other, steps.EXAMPLE)
    expect(page.get_by_role("link", name="Not found").first).to_be_visible()
    expect(page.get_by_text("No row would reject a lead, and no option accepts one.")).to_be_visible()
    expect(steps.starter(page)).to_be_disabled()


def test_the_file_is_read_again_as_the_person_says(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.client)
    content = "Report of November\nlead_id;reason\n1;Größe, falsch\n2;Test\n".encode("cp1252")
    steps.upload(page, site.campaign, content)
    sees(page, rows=2, columns=["lead_id", "reason"], text="Größe, falsch")
    expect(page.get_by_label("Encoding")).to_have_value("cp1252")
    read_again(page, "Delimiter", ",")
    sees(page, columns=["Report of November"], text="lead_id;reason")
    read_again(page, "Delimiter", ";")
    read_again(page, "Encoding", "cp1251")
    sees(page, rows=2, columns=["lead_id", "reason"], text="GrцЯe")
    read_again(page, "Encoding", "cp1252")
    read_again(page, "Titles in row", "3")
    sees(page, rows=1, columns=["1", "Größe, falsch"], text="Test")
    read_again(page, "Titles in row", "2")
    sees(page, rows=2, columns=["lead_id", "reason"], text="Größe, falsch")
    expect(page.get_by_label("Identifier column")).to_have_value("lead_id")
    steps.check(page)


def read_again(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).select_option(value)
    page.get_by_role("button", name="Read again").click()
    chosen = page.get_by_label(label, exact=True)
    expect(page.get_by_role("button", name="Read again")).to_be_visible()
    expect(chosen).to_have_value(value)


def sees(page: Page, *, columns: list[str], text: str, rows: int | None = None) -> None:
    table = page.get_by_role("region", name="First rows of the file")
    expect(table.get_by_role("columnheader")).to_have_count(len(columns) + 1)
    for column in columns:
        expect(table.get_by_role("columnheader", name=column)).to_be_visible()
    expect(table).to_contain_text(text)
    if rows is not None:
        expect(page.get_by_text(f"{rows} row{'s' if rows > 1 else ''}, 0 unreadable")).to_be_visible()
