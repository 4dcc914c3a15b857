"""The seed's journey: download rejected leads, correct them, upload them, see them released and delivered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from campaigns.models import Destination, Field, Picklist, PicklistValue, Source
from leads import deliver
from leads.models import Lead
from leads.statuses import Status
from rejections import lists
from tests import make
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.receiver import Receiver, receiver
from tests.rejections import corrections as given
from tests.worker import Worker

#: What came in through LinkedIn: one value to correct, one to put on the list, one that is rightly rejected.
LEADS = (
    {"email": "žofie@example.org", "name": "Žofie Černá", "function": "Rev Ops"},
    {"email": "ann@example.org", "name": "Ann O’Hara", "function": "Procurement"},
    {"email": "nobody@", "name": "Nobody", "function": "Finance"},
)


@pytest.fixture
def crm() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def source(transactional_db: None, crm: Receiver) -> Source:
    """A LinkedIn source whose three leads were turned away at the door."""
    campaign = make.campaign(name="FinOps guide")
    functions = Picklist.objects.create(client=campaign.client, name="Job function")
    for value in ("Finance", "Revenue Operations"):
        PicklistValue.objects.create(picklist=functions, value=value, folded=value.casefold())
    Field.objects.create(
        campaign=campaign,
        name="function",
        label="Job function",
        kind="picklist",
        picklist=functions,
        position=5,
    )
    Destination.objects.create(campaign=campaign, url=crm.url)
    made = make.source(campaign)
    Source.objects.filter(pk=made.pk).update(kind=Source.Kind.LINKEDIN, name="LinkedIn form")
    found = Source.objects.select_related("campaign", "supplier").get(pk=made.pk)
    given.receive(found, *LEADS, at=timezone.now())
    assert set(Lead.objects.values_list("status", flat=True)) == {Status.REJECTED}
    return found


def download(page: Page, source: Source) -> Path:
    """Through the dialog, as it stands: Rejected leads as XLSX."""
    page.goto("/sources/")
    page.get_by_role("link", name=source.name, exact=True).click()
    page.get_by_role("link", name="Download leads").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox", name="Rejected", exact=True)).to_be_checked()
    with page.expect_download() as waiting:
        dialog.get_by_role("button", name="Download 3 leads").click()
    expect(dialog).to_be_hidden()
    return waiting.value.path()


def corrected(sheet: Path) -> bytes:
    """In a spreadsheet: read why, delete the row that stays rejected, correct one cell, save as CSV."""
    rows = [
        list(row)
        for row in load_workbook(io.BytesIO(sheet.read_bytes()))["Leads"].iter_rows(values_only=True)
    ]
    header = rows[0]
    code, function = header.index("Disposition Code"), header.index("function")
    kept = [header]
    for row in rows[1:]:
        if row[code] == "REJECT_LEAD_INVALID_EMAIL":
            continue
        assert row[code] == "REJECT_LEAD_INVALID_LIST_VALUE"
        if row[function] == "Rev Ops":
            row[function] = "Revenue Operations"
        kept.append(row)
    out = io.StringIO()
    csv.writer(out).writerows([["" if cell is None else cell for cell in row] for row in kept])
    return out.getvalue().encode()


def upload(page: Page, content: bytes, name: str) -> None:
    page.get_by_role("link", name="Upload leads").first.click()
    form = page.get_by_role("dialog")
    form.locator("input[type=file]").set_input_files(steps.file(content, name))
    form.get_by_role("button", name="Upload and check").click()


def extend_the_picklist() -> None:
    with transaction.atomic():
        lists.add_value(Picklist.objects.get(), "Procurement", by=None, at=timezone.now())


def test_rejected_leads_are_corrected_in_a_spreadsheet_and_reach_the_client(
    open_browser: OpenBrowser, worker: Worker, source: Source, crm: Receiver
) -> None:
    page = open_browser(make.operator(first_name="Olga", last_name="Operates"))
    content = corrected(download(page, source))
    extend_the_picklist()
    upload(page, b"%PDF-1.7 not a table", "leads.csv")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was")
    page.goto(f"/sources/{source.code}/")
    upload(page, content, "linkedin_corrections.csv")
    expect(steps.heading(page, "What will happen to the 2 rows")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="Žofie Černá")
    expect(row).to_contain_text("Rev Ops")
    expect(row).to_contain_text("Revenue Operations")
    assert set(Lead.objects.values_list("status", flat=True)) == {Status.REJECTED}, (
        "nothing moves before Release"
    )
    page.get_by_role("button", name="Release 2 leads").click()
    steps.ended(page, "2 of 2 leads released")
    assert deliver.deliver_due(timezone.now()) == 2
    assert {got.values["function"] for got in crm.got} == {"Revenue Operations", "Procurement"}
    page.get_by_role("link", name="Žofie Černá").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Pending")
    expect(page.get_by_text("To the client").first).to_be_visible()
    page.goto(f"/sources/{source.code}/")
    uploads = page.get_by_role("region", name="Uploads, table").get_by_role("row")
    expect(uploads.filter(has_text="linkedin_corrections.csv")).to_contain_text("Completed")
    assert Lead.objects.get(status=Status.REJECTED).values.received["email"] == "nobody@"


def test_a_repair_is_taken_back_without_javascript(
    open_browser: OpenBrowser, worker: Worker, source: Source
) -> None:
    page = open_browser(make.operator(), java_script_enabled=False)
    page.goto(f"/sources/{source.code}/")
    page.get_by_role("link", name="Download leads").click()
    page.get_by_role("radio", name="CSV").check()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download 3 leads").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text("utf-8-sig"))))
    rows[0]["name"] = rows[0]["name"].encode().decode("cp1252")
    page.goto(f"/sources/{source.code}/")
    page.get_by_role("link", name="Upload leads").click()
    page.get_by_label("Choose the corrected file").set_input_files(
        steps.file(given.as_file(rows), "saved.csv")
    )
    page.get_by_role("button", name="Upload and check").click()
    take_back = page.get_by_role("button", name="Take back the repair of Name in line 2")
    steps.look_again(page, take_back)
    take_back.click()
    steps.look_again(page, page.get_by_role("button", name="Repair all cells again"))
    expect(page.get_by_role("row").filter(has_text="Å½ofie")).to_be_visible()
    page.get_by_role("button", name="Store the values of 1 lead").click()
    steps.look_again(page, steps.heading(page, "0 of 3 leads released"))
