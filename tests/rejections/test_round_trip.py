"""The proof: leads go through a real LibreOffice and come back unchanged, or with just the edits made."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook

from campaigns.models import Campaign, Field, Source
from leads import download, intake
from leads.download import Wanted
from leads.intake import Incoming
from leads.models import Lead
from rejections.models import Batch, BatchRow
from tests import make
from tests.make import NOW
from tests.rejections import corrections as given

OFFICE = shutil.which("soffice")
needs_office = pytest.mark.skipif(
    OFFICE is None,
    reason="LibreOffice is not installed. On Debian: apt-get update && apt-get install -y libreoffice-calc-nogui",
)
LEADS = 2000
EDITS = 50
#: Texts that spreadsheets like to change.
TRAPS = (
    "Müller", "Łucja Żółć", "Ελένη", "Шевченко", "情シス", "ソフトウェア", "김민준", "Zoë 🙂",
    "\U0001f469\u200d\U0001f467", "e\u0301t\u00e9",
    "007", "0001", "00447911120400", "+447911120400", "447911120400", "1234567890123456", "12345678901234567890",
    "1.50", "1,204", "1.204,50", "50%", "1E5", "2E-3", "-5", "+49 30 123", "- list", "@handle", "=1+1",
    "=HYPERLINK(\"x\")",
    "'quoted", "''twice", "\"double\"", "a \"b\" c", "“smart” ‘quotes’", "it’s – so…", "a;b", "a,b", "a|b", "tab\there",
    "line\nbreak", "line\r\nbreak", " outer space ", "no\u00a0break", "2026-03-04", "04/03/2026", "3/4/26",
    "1-2", "1/2",
    "MAR1", "SEPT2", "9:30", "10:30:00", "TRUE", "false", "true", "#N/A", "NULL", "nan", "0", "1", "_x0041_", "x\x07y",
    "<b>bold</b>", "&amp;", "Ünïcödé ✓", "=cmd|' /C calc'!A0", "\u202eright to left", "%", "£1,000", "€ 5", "1st",
    "=SUM(A1:A2)", "+1", "-", "+", "@", "'", "3.14159265358979", "1e400",
)  # fmt: skip


@pytest.fixture
def source(db: None) -> Source:
    campaign = make.campaign()
    for position, (name, kind) in enumerate(
        [("company", "text"), ("born", "date"), ("source", "text")], start=5
    ):
        Field.objects.create(campaign=campaign, name=name, label=name.title(), kind=kind, position=position)
    return given.source(Campaign.objects.get(pk=campaign.pk))


@pytest.fixture
def leads(source: Source) -> list[int]:
    """Rejected leads full of traps, the same at every run."""
    rng = random.Random(2026)
    incoming = []
    for n in range(LEADS):
        one, two, three = (rng.choice(TRAPS) for _ in range(3))
        values = {
            "email": f"n{n}@example.org" if n % 3 else f"not an address {n}",
            "phone": rng.choice(["+447911120400", "07911 120400", "", "0049 30 123", f"{n:012d}"]),
            "name": one,
            "company": two if n % 2 else f"{two} {three}",
            "born": rng.choice(["1980-05-17", "17/05/1980", "5/17/80", "17 May 1980", ""]),
            "source": three,
            "country": rng.choice(["U.S.A.", "Deutschland", "ドイツ", "007"]),
        }
        incoming.append(Incoming(values))
    ids = [one.lead_id for one in intake.receive(source, incoming, at=NOW)]
    assert Lead.objects.filter(status="rejected").count() == LEADS
    return ids


def convert(path: Path, to: str, *more: str) -> Path:
    """The file as LibreOffice saves it, opened as a person opens it."""
    out = path.parent / "saved"
    profile = path.parent / "profile"
    subprocess.run(
        [OFFICE, f"-env:UserInstallation=file://{profile}", "--headless", *more, "--convert-to", to, "--outdir",
         out, path],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    (saved,) = out.iterdir()
    return saved


CSV = "csv:Text - txt - csv (StarCalc):44,34,{encoding},1"
UTF_8, WINDOWS_1252 = 76, 1


def xlsx(source: Source, path: Path) -> Path:
    made = path / "leads.xlsx"
    download.write_xlsx(Wanted(source), made)
    return made


def as_csv(source: Source, path: Path) -> Path:
    made = path / "leads.csv"
    made.write_bytes(b"".join(download.as_csv(Wanted(source))))
    return made


WAYS: dict[str, tuple[Callable[[Source, Path], Path], tuple[str, ...]]] = {
    "xlsx to xlsx": (xlsx, ("xlsx",)),
    "xlsx to csv": (xlsx, (CSV.format(encoding=UTF_8),)),
    "csv to csv": (as_csv, ("csv",)),
    "csv to csv in Windows-1252": (as_csv, (CSV.format(encoding=WINDOWS_1252),)),
}


def uploaded(source: Source, path: Path) -> Batch:
    return given.upload(source, path.read_bytes())


def changed(batch: Batch) -> dict[int, list[list[str]]]:
    """Lead → its changes."""
    found = BatchRow.objects.filter(batch=batch).values_list("lead_id", "note")
    return {lead: note["changes"] for lead, note in found if note and note.get("changes")}


@needs_office
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_changed_on_the_way(source: Source, leads: list[int], tmp_path: Path, way: str) -> None:
    make_file, how = WAYS[way]
    batch = uploaded(source, convert(make_file(source, tmp_path), *how))
    assert (batch.state, batch.rows) == ("checked", LEADS), "the whole file is read and checked"
    assert changed(batch) == {}
    assert given.totals(batch) == {"unchanged": LEADS}


@needs_office
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
def test_just_the_edits_are_found(source: Source, leads: list[int], tmp_path: Path, way: str) -> None:
    make_file, how = WAYS[way]
    path = make_file(source, tmp_path)
    edits = {
        str(lead): ("country", "Austria") if n % 2 else ("name", f"Edited {n}")
        for n, lead in enumerate(random.Random(7).sample(leads, EDITS))
    }
    (edit_xlsx if path.suffix == ".xlsx" else edit_csv)(path, edits)
    batch = uploaded(source, convert(path, *how))
    found = {
        str(lead): [(field, after) for field, _, after in changes] for lead, changes in changed(batch).items()
    }
    assert found == {lead: [edit] for lead, edit in edits.items()}


def edit_csv(path: Path, edits: dict[str, tuple[str, str]]) -> None:
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    for row in rows:
        if edit := edits.get(row["LeadID"]):
            row[edit[0]] = edit[1]
    path.write_bytes(given.as_file(rows))


def edit_xlsx(path: Path, edits: dict[str, tuple[str, str]]) -> None:
    book = load_workbook(path)
    sheet = book["Leads"]
    places = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        if edit := edits.get(str(sheet.cell(row, 1).value)):
            sheet.cell(row, places[edit[0]]).value = edit[1]
    book.save(path)


@pytest.mark.parametrize("make_file", [xlsx, as_csv])
def test_a_file_that_nobody_opened_changes_nothing(
    source: Source, leads: list[int], tmp_path: Path, make_file: Callable[[Source, Path], Path]
) -> None:
    batch = uploaded(source, make_file(source, tmp_path))
    assert changed(batch) == {}
    assert given.totals(batch) == {"unchanged": LEADS}
    repairs = BatchRow.objects.filter(batch=batch, note__has_key="repairs")
    assert not repairs.exists() or make_file is xlsx
