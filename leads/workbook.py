"""The XLSX file of a download: what a person opens, changes and sends back."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from leads.sheet import PLATFORM, xml_safe

#: A cell holds no more; what is longer is cut, and known again when it comes back.
LONGEST_CELL = 32_767
_GREY = PatternFill("solid", fgColor="E7E6E6")
_AMBER = PatternFill("solid", fgColor="FFE699")
_LISTS = "Lists"
_WIDE = {"Custom Reason": 44, "UID": 24, "Disposition Code": 32, "Rejected Value": 22, "Received At": 20}

HOW_TO = (
    "How to correct these leads",
    "",
    "1. Look at Disposition Code and Custom Reason. The cell that failed is marked, with a note.",
    "2. Delete the rows of leads that shall stay rejected. Rows that are not in the file are not changed.",
    "3. Correct the cells of the others, from column L on. Cells of picklists offer their values.",
    "4. Leave the grey columns A to K as they are: LeadID says which lead a row is, Version which values you saw.",
    "5. Save as XLSX or as CSV, and upload the file on the same source's page. You can sort and filter before.",
    "",
    "A blank cell changes nothing, unless you say so when you upload.",
    "Every row is judged again, changed or not, because a list may have changed since.",
)


class Choice(NamedTuple):
    """The drop-down of one field, by its place from 0; fields of one picklist share its values."""

    at: int
    picklist: int
    values: tuple[str, ...]


class Line(NamedTuple):
    """One lead: its platform cells, its values, and notes on values that failed, by place from 0."""

    platform: tuple[str, ...]
    values: tuple[str, ...]
    notes: dict[int, str]


def write(path: Path, fields: Sequence[str], choices: Sequence[Choice], lines: Iterable[Line]) -> int:
    """Write the workbook; returns the number of leads. Memory stays flat but for the notes."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Leads")
    sheet.freeze_panes = "B2"
    for at, name in enumerate([*PLATFORM, *fields], start=1):
        sheet.column_dimensions[get_column_letter(at)].width = _WIDE.get(name, 18)
    cells = _Cells(sheet)
    sheet.append([cells.header(name) for name in [*PLATFORM, *fields]])
    count = 0
    for line in lines:
        count += 1
        values = [cells.value(text, line.notes.get(at)) for at, text in enumerate(line.values)]
        sheet.append([*map(cells.platform, line.platform), *values])
    last = max(count + 1, 2)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(PLATFORM) + len(fields))}{last}"
    _guard(sheet, last)
    _offer(book, sheet, choices, last)
    guide: Any = book.create_sheet("How to")
    guide.column_dimensions["A"].width = 110
    for text in HOW_TO:
        guide.append([text])
    book.save(path)
    return count


class _Cells:
    """Makes cells of text; styles are worked out once, for openpyxl is slow at it."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self._header = self._style(_GREY, bold=True)
        self._platform = self._style(_GREY)
        self._value = self._style(None)
        self._failed = self._style(_AMBER)

    def _style(self, fill: PatternFill | None, *, bold: bool = False) -> Any:
        cell: Any = WriteOnlyCell(self.sheet)
        cell.number_format = "@"
        if fill is not None:
            cell.fill = fill
        if bold:
            cell.font = Font(bold=True)
        cell._style.quotePrefix = 1
        return cell._style

    def _cell(self, text: str, style: Any) -> Any:
        cell: Any = WriteOnlyCell(self.sheet)
        cell._value = xml_safe(text)[:LONGEST_CELL]
        cell.data_type = "s"
        cell._style = copy.copy(style)
        return cell

    def header(self, text: str) -> Any:
        return self._cell(text, self._header)

    def platform(self, text: str) -> Any:
        return self._cell(text, self._platform)

    def value(self, text: str, note: str | None) -> Any:
        cell = self._cell(text, self._failed if note else self._value)
        if note:
            cell.comment = Comment(xml_safe(note), "leadrej", width=320, height=90)
        return cell


def _guard(sheet: Any, last: int) -> None:
    """Columns A to K refuse typing; the sheet is not protected, for rows must be deleted and sorted."""
    guard = DataValidation(
        type="custom",
        formula1="FALSE",
        allow_blank=False,
        showErrorMessage=True,
        errorTitle="This column is the platform's",
        error="Columns A to K say which lead this is. Correct the values from column L on.",
    )
    guard.add(f"A2:{get_column_letter(len(PLATFORM))}{last}")
    sheet.data_validations.append(guard)


def _offer(book: Workbook, sheet: Any, choices: Sequence[Choice], last: int) -> None:
    """Drop-downs, from a hidden sheet with one column for each picklist."""
    lists = {choice.picklist: choice.values for choice in choices if choice.values}
    if not lists:
        return
    hidden: Any = book.create_sheet(_LISTS)
    hidden.sheet_state = "hidden"
    cells = _Cells(hidden)
    for row in range(max(map(len, lists.values()))):
        hidden.append(
            [cells.platform(values[row]) if row < len(values) else None for values in lists.values()]
        )
    letters = {picklist: get_column_letter(at) for at, picklist in enumerate(lists, start=1)}
    for choice in choices:
        if not choice.values:
            continue
        letter = letters[choice.picklist]
        offer = DataValidation(
            type="list",
            formula1=f"{_LISTS}!${letter}$1:${letter}${len(choice.values)}",
            allow_blank=True,
            showErrorMessage=True,
            errorStyle="warning",
            errorTitle="Not on the picklist",
            error="This value is not on the picklist. Keep it only if it will be added, or mapped to a value.",
        )
        column = get_column_letter(len(PLATFORM) + 1 + choice.at)
        offer.add(f"{column}2:{column}{last}")
        sheet.data_validations.append(offer)
