"""A source's leads as a file: columns A to K, values as received, and help with fixing them."""

from __future__ import annotations

import csv
import gc
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from campaigns.models import Field, Picklist, PicklistValue, Source
from leads import download, downloads, intake
from leads.download import Wanted
from leads.intake import Incoming
from leads.models import Download, Lead
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


@pytest.mark.parametrize("format", ["xlsx", "csv"])
@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_where_the_command_cannot_write_it_says_so_and_no_more(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    path = tmp_path / "none" / f"out.{format}"
    with pytest.raises(SystemExit) as ended:
        call_command("download_leads", "--source", source.code, "--format", format, "--output", str(path))
    gc.collect()
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [f"“{path}” cannot be written. No such file or directory."]


def test_a_large_workbook_is_made_in_the_background_for_the_person_who_asked(
    source: Source, leads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    person, other = make.operator(), make.operator()
    assert downloads.ask(Wanted(source), person, NOW) is None, "small ones are made at once"
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    job = downloads.ask(Wanted(source), person, NOW)
    assert job is not None
    assert (job.state, job.leads) == ("waiting", 2)
    made = downloads.make_next(NOW)
    assert made is not None
    assert (made.state, made.done, made.ready_at) == ("ready", 2, NOW)
    assert load_workbook(downloads.path_of(made))["Leads"].max_row == 3
    assert downloads.make_next(NOW) is None
    assert list(Download.objects.visible_to(person)) == [made]
    assert not Download.objects.visible_to(other).exists()
    assert downloads.forget_old(NOW + timedelta(hours=23)) == 0
    assert downloads.forget_old(NOW + timedelta(hours=25)) == 1
    assert not downloads.path_of(made).exists()


def test_a_workbook_that_kills_its_worker_fails_in_the_end_and_too_many_leads_are_refused(
    source: Source, leads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    job = downloads.ask(Wanted(source), make.operator(), NOW)
    assert job is not None
    with monkeypatch.context() as broken:
        broken.setattr(downloads.download, "write_xlsx", lambda *given: 1 / 0)
        for hours in range(3):
            with pytest.raises(ZeroDivisionError):
                downloads.make_next(NOW + timedelta(hours=hours))
    downloads.make_next(NOW + timedelta(hours=4))
    job.refresh_from_db()
    assert job.state == "failed"
    monkeypatch.setattr(downloads, "MOST", 1)
    with pytest.raises(downloads.TooLarge, match="2 leads are too many"):
        downloads.ask(Wanted(source), make.operator(), NOW)
