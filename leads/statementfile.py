"""A statement as a file: every single line of it, in CSV or XLSX, as its party may read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from campaigns.models import User
from leads.reasons import sentence_for
from leads.sheet import shield, xml_safe
from leads.sql import money
from leads.statements import OneStatement, words

COLUMNS = ("statement", "month", "what", "campaign", "lead_id", "uid", "date", "reason", "amount", "currency")
Cell = str | Decimal


def table(found: OneStatement, viewer: User) -> Iterator[Sequence[Cell]]:
    """Header, every line, and the total; a date is the campaign's."""
    yield COLUMNS
    named = {sheet.campaign.pk: sheet for sheet in found.sheets}
    start = (found.number, f"{found.month:%Y-%m}")
    total = Decimal("0.00")
    for line in money.all_lines(found.scope):
        sheet = named[line.campaign_id]
        total += line.amount
        yield (
            *start,
            words(line.kind, found.party.side),
            sheet.name(viewer),
            str(line.lead_id),
            line.uid,
            f"{line.at.astimezone(sheet.zone):%Y-%m-%d}",
            sentence_for(viewer, line.code, line.reason, line.supplier_text),
            line.amount,
            found.currency,
        )
    yield (*start, "Total", "", "", "", "", "", total, found.currency)


def as_csv(found: OneStatement, viewer: User) -> Iterator[bytes]:
    """The table as CSV: UTF-8 with BOM, texts safe from formulas, amounts as plain numbers."""
    yield "\ufeff".encode()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for number, row in enumerate(table(found, viewer)):
        writer.writerow([shield(cell) if isinstance(cell, str) else f"{cell:.2f}" for cell in row])
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(rows: Iterable[Sequence[Cell]], path: Path) -> None:
    """A statement's table as XLSX: amounts are numbers, all else is text, and nothing is a formula."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Statement")
    sheet.freeze_panes = "A2"
    for row in rows:
        cells = []
        for value in row:
            if isinstance(value, str):
                cell = WriteOnlyCell(sheet, value=xml_safe(value))
                cell.data_type = "s"
            else:
                cell = WriteOnlyCell(sheet)
                cell.value = value
                cell.number_format = "#,##0.00"
            cells.append(cell)
        sheet.append(cells)
    book.save(path)
