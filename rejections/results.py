"""The result of a batch as a file: the person's own columns and ours, in the order of the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from leads.sheet import shield, xml_safe
from rejections.columns import RESULT_COLUMNS
from rejections.decisions import LEFT_OUT, WOULD, Outcome, not_rejectable_then
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.receipt import BEFORE_START
from rejections.sql import listing, tables
from rejections.states import State
from rejections.terms import opening

_NOT_STARTED = "This row was not settled: continue the import, or import it again."
_CLOSE_OUT_HEADER = ("lead_id", "uid", "status", "valid_at")


def table(batch: Batch) -> Iterator[Sequence[str]]:
    """Header, then each row with its outcome; read from a server-side cursor, so memory stays flat."""
    if batch.kind == Kind.CLOSE_OUT:
        yield _CLOSE_OUT_HEADER
        yield from tables.accepted_leads(batch.pk)
        return
    columns = batch.reading["columns"]
    yield [*columns, *RESULT_COLUMNS]
    opens = opening(batch, Options.from_json(batch.options))
    open_ended = batch.state not in BEFORE_START and not batch.settled_all
    for line, cells, outcome, lead_id, status, sentence, decided in tables.results(batch.pk, opens):
        raw = [*cells, *[""] * (len(columns) - len(cells))][: len(columns)]
        if open_ended and line > batch.settled_line:
            yield [*raw, str(line), "", _NOT_STARTED, lead_id, status]
        else:
            advice = sentence or _advice(batch, outcome, status, decided)
            yield [*raw, str(line), outcome, advice, lead_id, status]


def size(batch: Batch) -> int:
    """About how many rows its table has."""
    return listing.moved_leads(batch.pk) if batch.kind == Kind.CLOSE_OUT else batch.rows


def width(batch: Batch) -> int:
    """How many columns its table has."""
    if batch.kind == Kind.CLOSE_OUT:
        return len(_CLOSE_OUT_HEADER)
    return len(batch.reading.get("columns", [])) + len(RESULT_COLUMNS)


def _advice(batch: Batch, outcome: str, status: str, decided: bool) -> str:
    if batch.started_at and outcome == Outcome.NEEDS_REVIEW:
        return LEFT_OUT
    if not batch.started_at and outcome in WOULD:
        return WOULD[Outcome(outcome)]
    if outcome == Outcome.NOT_REJECTABLE and (then := not_rejectable_then(status, decided)):
        return then
    return Outcome(outcome).advice if outcome else ""


def as_csv(batch: Batch) -> Iterator[bytes]:
    """The batch's table as CSV."""
    return csv_of(table(batch))


def write_xlsx(batch: Batch, path: Path) -> None:
    """The batch's table as XLSX."""
    write_sheet(table(batch), path, "Result")


def csv_of(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A table as CSV: UTF-8 with BOM, safe from formulas, loss-free."""
    yield "\ufeff".encode()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, row in enumerate(rows):
        writer.writerow([shield(cell) for cell in row])
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_sheet(rows: Iterable[Sequence[str]], path: Path, title: str) -> None:
    """A table as XLSX: every value is text, and no value is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=xml_safe(text))
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


def has_result(batch: Batch) -> bool:
    """Whether there is something to download: the batch has been checked."""
    return batch.state not in (State.UPLOADED, State.MAPPING, State.CHECKING)
