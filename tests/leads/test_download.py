"""A source's leads as a file: columns A to K, values as received, and help with fixing them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from campaigns.models import Field, Picklist, PicklistValue, Source
from leads import download, intake
from leads.download import Wanted
from leads.intake import Incoming
from leads.models import Lead
from leads.sheet import PLATFORM
from tests import make
from tests.make import NOW

HOSTILE = '=HYPERLINK("x")'


@pytest.fixture
def source(db: None) -> Source:
    campaign = make.campaign()
    picklist = Picklist.objects.create(client=campaign.client, name="Countries")
    for value in ("Austria", "United States"):
        PicklistValue.objects.create(picklist=picklist, value=value, folded=value.casefold())
    Field.objects.create(
        campaign=campaign, name="source", label="Land", kind="picklist", picklist=picklist, position=9
    )
    return Source.objects.select_related("campaign", "supplier").get(pk=make.source(campaign).pk)


@pytest.fixture
def leads(source: Source) -> list[int]:
    rows = [
        {"email": "ann@example.org", "name": HOSTILE, "source": "U.S.A."},
        {"email": "bob@", "name": " Müller\u00a0", "source": "Austria"},
        {"email": "cy@example.org", "name": "007"},
    ]
    return [one.lead_id for one in intake.receive(source, [Incoming(row) for row in rows], at=NOW)]


def read_csv(wanted: Wanted) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(download.as_csv(wanted)).decode("utf-8-sig"), newline="")))


def test_csv_has_the_platforms_columns_and_one_for_each_field(source: Source, leads: list[int]) -> None:
    header, first, second = read_csv(Wanted(source))
    assert tuple(header[:11]) == PLATFORM
    assert header[11:] == ["email", "phone", "name", "field:source"]
    assert first[:11] == [
        str(leads[0]), Lead.objects.get(pk=leads[0]).uid, "Rejected", "REJECT_LEAD_INVALID_LIST_VALUE",
        "Land: “U.S.A.” is not on the picklist Countries", "Land", "U.S.A.", source.name, source.supplier.name,
        "2026-11-22 12:00:00", "v1",
    ]  # fmt: skip
    assert first[13] == "'" + HOSTILE
    assert second[13] == " Müller\u00a0"


def test_statuses_and_days_are_chosen(source: Source, leads: list[int]) -> None:
    assert len(read_csv(Wanted(source, ("pending", "rejected")))) == 4
    today = NOW.date()
    assert Wanted(source, first=today, last=today).count() == 2
    assert Wanted(source, first=today + timedelta(days=1)).count() == 0


def sheet(tmp_path: Path, wanted: Wanted) -> Any:
    path = tmp_path / "leads.xlsx"
    download.write_xlsx(wanted, path)
    return load_workbook(path)


def test_xlsx_holds_text_only_and_marks_what_failed(source: Source, leads: list[int], tmp_path: Path) -> None:
    book = sheet(tmp_path, Wanted(source))
    rows = book["Leads"]
    assert [cell.value for cell in rows[1]][:11] == list(PLATFORM)
    for row in rows.iter_rows(min_row=1):
        for cell in row:
            assert cell.data_type in ("s", "inlineStr"), "text"
            assert cell.number_format == "@"
            assert cell.quotePrefix
    assert rows["N2"].value == HOSTILE
    assert rows["O2"].comment.text == "Land: “U.S.A.” is not on the picklist Countries"
    assert rows["O2"].fill.fgColor.rgb.endswith("FFE699")
    assert rows["L3"].comment
    assert rows["L2"].comment is None


def test_xlsx_guards_a_to_k_offers_picklists_and_protects_nothing(
    source: Source, leads: list[int], tmp_path: Path
) -> None:
    book = sheet(tmp_path, Wanted(source))
    rows = book["Leads"]
    guard, offer = rows.data_validations.dataValidation
    assert (str(guard.sqref), guard.type, guard.formula1, guard.showErrorMessage) == (
        "A2:K3",
        "custom",
        "FALSE",
        True,
    )
    assert (str(offer.sqref), offer.type, offer.formula1) == ("O2:O3", "list", "Lists!$A$1:$A$2")
    assert [row[0].value for row in book["Lists"].iter_rows()] == ["Austria", "United States"]
    assert book["Lists"].sheet_state == "hidden"
    assert not rows.protection.sheet
    assert rows.auto_filter.ref == "A1:O3"
    assert rows.freeze_panes == "B2"
    assert "How to" in book.sheetnames


def test_a_source_without_such_leads_gives_a_header(source: Source, tmp_path: Path) -> None:
    assert len(read_csv(Wanted(source))) == 1
    assert sheet(tmp_path, Wanted(source))["Leads"].max_row == 1


@pytest.mark.parametrize("format", ["xlsx", "csv"])
def test_the_command_writes_the_file(source: Source, leads: list[int], tmp_path: Path, format: str) -> None:
    path = tmp_path / f"out.{format}"
    call_command("download_leads", "--source", source.code, "--format", format, "--output", str(path))
    assert path.stat().st_size > 100
    with pytest.raises(SystemExit) as ended:
        call_command("download_leads", "--source", "NONE", "--output", str(path))
    assert ended.value.code == 1
