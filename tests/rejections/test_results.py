"""The result file: the person's own file, with what became of each row, fit to be imported again."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from leads.statuses import Status
from rejections import control, results, uploads
from rejections.columns import ColumnMap
from rejections.decisions import Outcome
from rejections.models import Batch
from rejections.options import Options
from tests import make
from tests.batches import outcomes, started, undone, work
from tests.make import NOW

P, A, C = Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED
OURS = ["line", "outcome", "advice", "lead_id", "status"]

pytestmark = pytest.mark.django_db


def uploaded(campaign: Any, content: bytes, name: str = "a.csv", **mapping: str) -> Batch:
    batch = uploads.receive(campaign, [content], name, person=None, via="page", at=NOW)
    mapped = {"identifier": "lead_id", "identifier_column": "id", "reason_column": "why", **mapping}
    control.map_columns(work(batch), ColumnMap.from_json(mapped))
    return work(batch)


def as_rows(batch: Batch) -> list[list[str]]:
    content = b"".join(results.as_csv(batch)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


def test_a_broken_line_comes_back_whole() -> None:
    campaign = make.campaign()
    broken = f"{make.lead(campaign).pk},Wrong number, no answer,called twice"
    content = "id,why\n" + "".join(f"{900 + n},Spam\n" for n in range(5)) + broken
    row = as_rows(started(uploaded(campaign, content.encode())))[-1]
    assert (row[:2], row[3]) == ([broken, ""], "unreadable")


def test_every_row_comes_back_in_its_order_with_its_own_cells_and_ours() -> None:
    campaign = make.campaign()
    lead, old = make.lead(campaign), make.lead(campaign, days_ago=40)
    rows = [
        ["Zoë", old.pk, "spät"],
        ["", " x ", "why"],
        ["Ünal", lead.pk, "line\nbreak"],
        ["", "", ""],
        ["", lead.pk, ""],
    ]
    batch = started(uploaded(campaign, make.csv_bytes(rows, ("name", "id", "why"))))
    advice = {outcome.value: outcome.advice for outcome in Outcome}
    assert as_rows(batch) == [
        ["name", "id", "why", *OURS],
        ["Zoë", str(old.pk), "spät", "2", "outside_window", advice["outside_window"], str(old.pk), "pending"],
        ["", " x ", "why", "3", "not_found", advice["not_found"], "", ""],
        ["Ünal", str(lead.pk), "line\nbreak", "4", "rejected", advice["rejected"], str(lead.pk), "client_rejected"],
        ["", str(lead.pk), "", "7", "duplicate_in_file", advice["duplicate_in_file"], str(lead.pk), "client_rejected"],
    ]  # fmt: skip


def test_it_says_where_the_lead_stands_now() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    batch = started(uploaded(campaign, make.csv_bytes([[lead.pk, "x"]], ("id", "why"))))
    undone(batch)
    assert as_rows(batch)[1][-1] == "pending"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_it_can_be_imported_again(form: str, tmp_path: Path) -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign), make.lead(campaign)]
    batch = started(uploaded(campaign, make.csv_bytes([[lead.pk, "=1+1"] for lead in leads], ("id", "why"))))
    undone(batch)
    if form == "csv":
        content = b"".join(results.as_csv(batch))
    else:
        results.write_xlsx(batch, tmp_path / "result.xlsx")
        content = (tmp_path / "result.xlsx").read_bytes()
    again = started(uploaded(campaign, content, f"result.{form}"))
    assert outcomes(again) == ["rejected", "rejected"]
    assert again.reading["columns"][:2] == ["id", "why"]


def test_no_cell_is_a_formula_where_the_file_is_opened(tmp_path: Path) -> None:
    campaign = make.campaign()
    hostile = ["=HYPERLINK(0)", "+1", "-1", "@x", "\tx", "＝1"]
    batch = started(uploaded(campaign, make.csv_bytes([[text, "x"] for text in hostile], ("id", "why"))))
    for row, text in zip(as_rows(batch)[1:], hostile, strict=True):
        assert row[0] == "'" + text
    results.write_xlsx(batch, tmp_path / "result.xlsx")
    sheet = load_workbook(tmp_path / "result.xlsx").active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}


def test_rows_that_were_not_settled_say_so(settings: Any) -> None:
    """Stopped on its way, or before its first row: nobody may read “rejected” of a lead that was not."""
    settings.CHUNK_ROWS = 1
    campaign = make.campaign()
    leads = [make.lead(campaign), make.lead(campaign)]
    content = make.csv_bytes([[lead.pk, "x"] for lead in leads], ("id", "why"))
    waiting = uploaded(campaign, content)
    assert [row[3] for row in as_rows(waiting)[1:]] == ["rejected", "rejected"], "what the check says"
    control.start(waiting, Options(), person=None)
    control.stop(waiting, NOW)
    waiting.refresh_from_db()
    assert [(row[3], row[-1]) for row in as_rows(waiting)[1:]] == [("", "pending")] * 2

    halfway = started(uploaded(campaign, content))
    Batch.objects.filter(pk=halfway.pk).update(state="stopped", step="rows", settled_line=2)
    halfway.refresh_from_db()
    found = as_rows(halfway)[1:]
    assert [row[3] for row in found] == ["rejected", ""]
    assert "not settled" in found[1][4]


def test_a_close_out_lists_the_leads_it_accepted() -> None:
    campaign = make.campaign()
    lead, later = make.lead(campaign, days_ago=5, uid="7f"), make.lead(campaign)
    options = Options(accept_remaining=True, through=lead.valid_at.date())
    batch = work(uploads.close_out(campaign, options, person=None, via="cli", at=NOW, goes_through=True))
    assert as_rows(batch) == [
        ["lead_id", "uid", "status", "valid_at"],
        [str(lead.pk), "7f", "accepted", f"{lead.valid_at:%Y-%m-%dT%H:%M:%SZ}"],
    ]
    assert later.pk != lead.pk


def test_a_lead_that_is_not_found_shows_nothing_of_another_campaigns() -> None:
    campaign, foreign = make.campaign(), make.lead(make.campaign())
    batch = uploaded(campaign, make.csv_bytes([[foreign.pk, "x"]], ("id", "why")))
    assert as_rows(batch)[1][-2:] == ["", ""]
