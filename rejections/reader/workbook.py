"""XLSX: the sheet to read, and its cells as the text a person sees, without float damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from rejections.reader import header
from rejections.reader.cells import TOO_LONG
from rejections.reader.lines import spelt_out, unreadable
from rejections.reader.sentences import refusal
from rejections.reader.shapes import Choices, Limits, Reading, Record
from rejections.reader.sheets import Sheet, cell_name, inspect

#: From here on a float cannot tell whole numbers apart: the text shows it by its exponent.
_EXACT = 2**53
#: Digits that a spreadsheet program shows and keeps.
_DIGITS = 15


def preview(path: Path, choices: Choices, limits: Limits) -> tuple[Reading, Iterator[Record]]:
    """How this workbook is read, and its rows; raises Refused for what is no XLSX, or holds no cells."""
    sheets = inspect(path, limits)
    sheet, rows = _chosen(path, sheets, choices, limits)
    filled = (row for row in rows if any(map(str.strip, row.cells)))
    begin = choices.header_row or 0
    first = list(islice(dropwhile(lambda row: row.line < begin, filled), header.SAMPLE_ROWS))
    at, cells = _header(first, choices, limits)
    reading = Reading(
        kind="xlsx",
        columns=header.columns(cells),
        header_cells=cells,
        header_row=at,
        sheet=sheet.name,
        sheets=tuple(each.name for each in sheets),
        notes=_notes(sheet),
    )
    return reading, _fit(chain(first, filled), reading, limits)


def records(path: Path, reading: Reading, limits: Limits) -> Iterator[Record]:
    """The rows below the header, each as wide as it; `line` is the sheet's row number."""
    sheets = inspect(path, limits)
    _, rows = _chosen(path, sheets, Choices(sheet=reading.sheet), limits)
    return _fit(rows, reading, limits)


def _chosen(
    path: Path, sheets: Sequence[Sheet], choices: Choices, limits: Limits
) -> tuple[Sheet, Iterator[header.Row]]:
    """The sheet asked for, else the first that is not empty (a hidden one only when no other is)."""
    named = [sheet for sheet in sheets if sheet.name == choices.sheet]
    if choices.sheet is not None and not named:
        raise refusal("no_such_sheet", name=choices.sheet, sheets=", ".join(sheet.name for sheet in sheets))
    for sheet in named or sorted(sheets, key=lambda sheet: not sheet.visible):
        if not sheet.cells:
            continue
        _check_area(sheet, limits)
        loaded = _load(path, sheet.name)
        if loaded.height:
            return sheet, _texts(loaded, sheet)
    raise refusal("no_sheet")


def _check_area(sheet: Sheet, limits: Limits) -> None:
    if sheet.area > limits.xlsx_cells:
        (top, bottom), (left, right) = sheet.rows, sheet.columns
        raise refusal(
            "too_many_cells",
            sheet=sheet.name,
            first=cell_name(top, left),
            last=cell_name(bottom, right),
            count=sheet.area,
            limit=limits.xlsx_cells,
        )


def _load(path: Path, name: str) -> CalamineSheet:
    try:
        return CalamineWorkbook.from_path(path).get_sheet_by_name(name)
    except PasswordError as error:
        raise refusal("encrypted") from error
    except (CalamineError, OSError, ValueError) as error:
        raise refusal("corrupt", what="It is a workbook whose cells cannot be read.") from error


def _texts(loaded: CalamineSheet, sheet: Sheet) -> Iterator[header.Row]:
    """The sheet's rows as texts. Rows before the first cell count, columns before it do not."""
    left = (loaded.start or (0, 0))[1] + 1
    errors: dict[int, list[tuple[int, str]]] = {}
    for (row, column), text in sheet.errors.items():
        errors.setdefault(row, []).append((column - left, text))
    for line, values in enumerate(loaded.iter_rows(), start=1):
        cells = [_TEXTS[type(value)](value) for value in values]
        for place, text in errors.get(line, ()):
            cells[place] = text
        yield header.Row(line, cells)


def _header(first: Sequence[header.Row], choices: Choices, limits: Limits) -> tuple[int, tuple[str, ...]]:
    """The header's row number (0 = none) and cells."""
    if choices.header_row:
        if not first or first[0].line != choices.header_row:
            raise refusal("no_such_header_row", row=choices.header_row)
        place: int | None = 0
    elif not first:
        raise refusal("no_sheet")
    else:
        place = header.find(first) if choices.header_row is None else None
    if place is None:
        return 0, ("",) * header.width_without(first)
    row = first[place]
    cells = tuple(row.cells[: _width(row, first[place + 1 :])])
    header.check(row.line, cells, limits)
    return row.line, cells


def _width(row: header.Row, below: Sequence[header.Row]) -> int:
    """Where the table ends: at the header's last name, or at the last column most rows fill (a merged header)."""
    named = max(place for place, cell in enumerate(row.cells, start=1) if cell.strip())
    for place in range(len(row.cells), named, -1):
        if 2 * sum(1 for other in below if other.cells[place - 1].strip()) > len(below):
            return place
    return named


def _fit(rows: Iterable[header.Row], reading: Reading, limits: Limits) -> Iterator[Record]:
    width = len(reading.columns)
    for line, cells in rows:
        if line <= reading.header_row or not any(map(str.strip, cells)):
            continue
        problem = _problem(cells, width, limits)
        if problem is None:
            yield Record(line, (*cells[:width], *[""] * (width - len(cells))))
        else:
            yield Record(line, (spelt_out("\t".join(cells).rstrip("\t")), *[""] * (width - 1)), problem)


def _problem(cells: Sequence[str], width: int, limits: Limits) -> str | None:
    surplus = sum(1 for cell in cells[width:] if cell.strip())
    if surplus:
        return (
            f"This row has {surplus:,} filled cells to the right of the header's {width:,} columns: "
            "move them into the table, or name their columns."
        )
    if max(map(len, cells)) > limits.cell_chars:
        return TOO_LONG.format(limit=limits.cell_chars)
    return next(filter(None, map(unreadable, cells)), None)


def _notes(sheet: Sheet) -> tuple[str, ...]:
    notes = []
    if sheet.hidden_rows:
        notes.append(
            f"Rows of this sheet that are hidden (by a filter, say) and are read too: {sheet.hidden_rows:,}."
        )
    if sheet.without_result:
        notes.append(
            f"Formulas without a calculated value, read as blank cells: {sheet.without_result:,}. "
            "Open the file in your spreadsheet program and save it, then they have one."
        )
    elif sheet.formulas:
        notes.append("Formulas are read as the values they had when the file was saved.")
    return tuple(notes)


def _number(value: float) -> str:
    """A float as a spreadsheet program shows it; from 2^53 on with its exponent, since digits are lost there."""
    if abs(value) >= _EXACT:
        return f"{Decimal(repr(value)).normalize():E}"
    if value == int(value):
        return str(int(value))
    return f"{Decimal(f'{value:.{_DIGITS}g}'):f}"


def _moment(value: datetime) -> str:
    near = _snapped(value)
    return near.isoformat(sep=" ", timespec="milliseconds" if near.microsecond else "seconds")


def _snapped(value: datetime) -> datetime:
    """Without the microseconds that come from a date being kept as a fraction."""
    nearest = (value + timedelta(milliseconds=500)).replace(microsecond=0)
    near = abs(nearest - value) < timedelta(milliseconds=5)
    return nearest if near else value.replace(microsecond=value.microsecond // 1000 * 1000)


def _clock(value: time) -> str:
    return _snapped(datetime.combine(date(2000, 1, 1), value)).time().isoformat()


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    float: _number,
    int: str,
    bool: lambda value: "TRUE" if value else "FALSE",
    datetime: _moment,
    date: date.isoformat,
    time: _clock,
    timedelta: _duration,
}
