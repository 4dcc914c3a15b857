"""CSV and TSV: blocks of lines → records, all at once where a block is plain, one by one where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, repeat
from pathlib import Path
from typing import NamedTuple

from rejections.reader.cells import RECORD_TOO_LONG, TOO_LONG, Dialect, cut
from rejections.reader.header import is_separator_line
from rejections.reader.lines import Block, blocks, spelt_out, unreadable
from rejections.reader.quick import parse_block, parse_quoted
from rejections.reader.sentences import refusal
from rejections.reader.shapes import Limits, Reading, Record

#: A record of several lines with more surplus cells than these has no end, but a quote too many.
_SURPLUS = 50


class Raw(NamedTuple):
    """A record before it is fitted to the header: its cells, its text, or what is wrong with it."""

    line: int
    cells: Sequence[str]
    text: str
    problem: str | None = None


def records(path: Path, reading: Reading, limits: Limits) -> Iterator[Record]:
    """The rows below the header, each as wide as it; raises Refused past the limit of rows."""
    dialect = Dialect(reading.delimiter or ",", reading.quote or "")
    lines = blocks(path, reading.encoding or "utf-8", limits.record_chars)
    found = raw_records(lines, dialect, replace(limits, columns=len(reading.columns) + _SURPLUS))
    rows = fit(found, reading.header_row, len(reading.columns), dialect)
    for number, record in enumerate(rows, start=1):
        if number > limits.csv_rows:
            raise refusal("too_many_rows", limit=limits.csv_rows)
        yield record


def fit(found: Iterable[Raw], header_row: int, width: int, dialect: Dialect) -> Iterator[Record]:
    """The non-blank records below the header: too short ones filled up, too long ones with a problem."""
    for line, cells, text, problem in found:
        if line <= header_row:
            continue
        if problem is None:
            if len(cells) != width:
                problem = _too_wide(cells, width, dialect)
                cells = [*cells[:width], *[""] * (width - len(cells))]
            if problem is None:
                if any(map(str.strip, cells)) and not (line == 1 and is_separator_line(text)):
                    yield Record(line, tuple(cells))
                continue
        yield Record(line, (spelt_out(text), *[""] * (width - 1)), problem)


def _too_wide(cells: Sequence[str], width: int, dialect: Dialect) -> str | None:
    if not any(map(str.strip, cells[width:])):
        return None
    return (
        f"This line has {len(cells):,} cells, the header has {width:,}: a {dialect.delimiter_name} inside the "
        "reason? Put that cell in quotes."
    )


def raw_records(lines: Iterable[Block], dialect: Dialect, limits: Limits) -> Iterator[Raw]:
    """Every record of the file, blank lines among them."""
    rest = iter(lines)
    for block in rest:
        parsed = parse_block(block, dialect, limits)
        if parsed is not None:
            yield from map(Raw, count(block.first), parsed, block.lines, repeat(None))
        else:
            yield from parse_one_by_one(Window(block, rest), dialect, limits)


def parse_one_by_one(window: Window, dialect: Dialect, limits: Limits) -> Iterator[Raw]:
    """The records that begin in the window, each line on its own merits."""
    while window.holds_a_line():
        number, text = window.number, window.line(0) or ""
        cells, used, problem = _parse(window, text, dialect, limits)
        if used > 1:
            text = window.text(used)
        if window.suspicious:
            problem = unreadable(text) or problem
        window.pass_over(used)
        yield Raw(number, cells, text, problem)


def _parse(window: Window, text: str, dialect: Dialect, limits: Limits) -> tuple[list[str], int, str | None]:
    """Cells, lines used, problem of the record at the beginning of the window."""
    if len(text) > limits.record_chars:
        return [], 1, RECORD_TOO_LONG.format(limit=limits.record_chars)
    quoted = bool(dialect.quote) and dialect.quote in text
    if not quoted:
        cells = text.split(dialect.delimiter) if text else []
        too_long = len(text) > limits.cell_chars and max(map(len, cells)) > limits.cell_chars
        return cells, 1, TOO_LONG.format(limit=limits.cell_chars) if too_long else None
    if len(text) <= limits.cell_chars and (parsed := parse_quoted([text], dialect)):
        return parsed[0], 1, None
    found = cut(window, dialect, limits)
    return found.cells, found.lines, found.problem


class Window:
    """The lines of a block from the record that is being read on; reaches into the next blocks if asked."""

    def __init__(self, block: Block, rest: Iterator[Block]) -> None:
        self.number, self.suspicious = block.first, block.suspicious
        self._lines, self._ends, self._rest = list(block.lines), list(block.ends), rest
        self._at = 0

    def holds_a_line(self) -> bool:
        """Whether a record begins here without reaching further."""
        return self._at < len(self._lines)

    def line(self, ahead: int) -> str | None:
        """The text of a line without its end; None after the file's last."""
        while self._at + ahead >= len(self._lines):
            block = next(self._rest, None)
            if block is None:
                return None
            self._lines += block.lines
            self._ends += block.ends
            self.suspicious |= block.suspicious
        return self._lines[self._at + ahead]

    def end(self, ahead: int) -> str:
        """The line end that follows it."""
        return self._ends[self._at + ahead]

    def text(self, used: int) -> str:
        """The first `used` lines as they stand in the file, without the last one's end."""
        here = slice(self._at, self._at + used)
        pairs = zip(self._lines[here], self._ends[here], strict=True)
        return "".join(line + end for line, end in pairs)[: -len(self._ends[self._at + used - 1]) or None]

    def pass_over(self, used: int) -> None:
        """Go on behind these lines."""
        self._at += used
        self.number += used
