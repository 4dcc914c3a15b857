"""One record → its cells: the careful way, for what the standard csv module cannot be asked to read alone.

Stricter than it: a quoted cell has a largest size, and whatever is wrong costs one line, not the rest of the
file. Kinder than it: a space between a delimiter and a quote is passed over, on either side of the cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rejections.reader.shapes import Limits

UNCLOSED = "A quote opens a cell here and is not closed: close it, or take it out."
AFTER_QUOTE = (
    "There is text between a closing quote and the next {delimiter}: write quotes inside a cell twice, "
    "or take them out."
)
TOO_LONG = "A cell of this line holds more than {limit:,} characters."
RECORD_TOO_LONG = "This line holds more than {limit:,} characters; the first of them are kept here."
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


@dataclass(frozen=True)
class Dialect:
    """How cells are told apart. An empty quote = quotes are text."""

    delimiter: str
    quote: str

    @property
    def delimiter_name(self) -> str:
        """The delimiter in words."""
        return _NAMES.get(self.delimiter, f"“{self.delimiter}”")


class Lines(Protocol):
    """The physical lines from one on: 0 is the line where the record begins."""

    def line(self, ahead: int) -> str | None:
        """The text of a line without its end; None after the file's last."""

    def end(self, ahead: int) -> str:
        """The line end that follows it."""


@dataclass(frozen=True)
class Cut:
    """A record cut into cells, and the physical lines it took; or why it cannot be (then it took one)."""

    cells: list[str]
    lines: int = 1
    problem: str | None = None


def cut(lines: Lines, dialect: Dialect, limits: Limits) -> Cut:
    """The record that begins at line 0."""
    scan = _Scan(lines, dialect, limits)
    try:
        return Cut(scan.record(), scan.used)
    except _Broken as broken:
        return Cut([], problem=str(broken))


class _Broken(Exception):
    pass


class _Scan:
    """The place in a record: a physical line of it, and how far that line has been read."""

    def __init__(self, lines: Lines, dialect: Dialect, limits: Limits) -> None:
        self.lines, self.dialect, self.limits = lines, dialect, limits
        self.text = lines.line(0) or ""
        self.at = 0
        self.used = 1
        self.size = len(self.text)

    def record(self) -> list[str]:
        cells = [self._cell()]
        while self.at < len(self.text):
            self.at += 1  # the delimiter
            cells.append(self._cell())
            if self.used > 1 and len(cells) > self.limits.columns:
                raise _Broken(UNCLOSED)
        return cells

    def _cell(self) -> str:
        opening = self._after_spaces(self.at)
        if self.dialect.quote and self.text.startswith(self.dialect.quote, opening):
            cell = self._quoted(opening + 1)
        else:
            end = self.text.find(self.dialect.delimiter, self.at)
            start, self.at = self.at, len(self.text) if end < 0 else end
            cell = self.text[start : self.at]
        if len(cell) > self.limits.cell_chars:
            raise _Broken(TOO_LONG.format(limit=self.limits.cell_chars))
        return cell

    def _quoted(self, start: int) -> str:
        """The cell whose text begins at `start`; leaves the place at the delimiter after it."""
        parts: list[str] = []
        size = 0
        while (closing := self._closing(start)) is None:
            parts += self.text[start:], self.lines.end(self.used - 1)
            size += len(self.text) - start
            if len(parts) > 2 * self.limits.cell_breaks or size > 2 * self.limits.cell_chars:
                raise _Broken(UNCLOSED)
            self._next_line()
            start = 0
        parts.append(self.text[start:closing])
        self.at = self._after_spaces(closing + 1)
        if self.at < len(self.text) and self.text[self.at] != self.dialect.delimiter:
            raise _Broken(AFTER_QUOTE.format(delimiter=self.dialect.delimiter_name))
        return "".join(parts).replace(self.dialect.quote * 2, self.dialect.quote)

    def _closing(self, start: int) -> int | None:
        """Where the quoted cell ends on this line: at the first quote that is not doubled."""
        quote = self.dialect.quote
        furthest = start + 2 * self.limits.cell_chars
        found = self.text.find(quote, start)
        while found >= 0 and self.text.startswith(quote, found + 1):
            if found > furthest:  # even if every character of the cell were a doubled quote
                raise _Broken(TOO_LONG.format(limit=self.limits.cell_chars))
            found = self.text.find(quote, found + 2)
        return None if found < 0 else found

    def _next_line(self) -> None:
        following = self.lines.line(self.used)
        if following is None or self.size + len(following) > self.limits.record_chars:
            raise _Broken(UNCLOSED)
        self.text, self.at = following, 0
        self.size += len(following)
        self.used += 1

    def _after_spaces(self, at: int) -> int:
        while self.text.startswith(" ", at):
            at += 1
        return at
