"""Which of the first rows names the columns, and what the columns are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rejections.reader.lines import unreadable
from rejections.reader.sentences import refusal
from rejections.reader.shapes import Limits

#: The header is looked for among this many rows.
FIRST_ROWS = 20
#: Rows that show what stands below a header.
SAMPLE_ROWS = 200

_WORDS = frozenset(
    "lead leads id uid ref reference number no reason reasons rejection rejected reject disposition code status "
    "state outcome result comment comments note notes email mail e phone telephone tel mobile msisdn first last "
    "full name surname forename address street city town postcode zip country date time created received source "
    "supplier publisher campaign client company session consumer custom field value line advice".split()
)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_E_MAIL = re.compile(r"\S+@\S+\.\S+")
_URL = re.compile(r"https?://", re.IGNORECASE)
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?")
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(?P<delimiter>.)"?\s*', re.IGNORECASE)
_INVISIBLE = re.compile("[\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]")


class Row(NamedTuple):
    """A non-blank row: the line it begins at, and its cells."""

    line: int
    cells: Sequence[str]


def find(rows: Sequence[Row]) -> int | None:
    """The place in `rows` of the header; None = no row looks like one, so the table has none.

    A row of words that headers are made of wins. Otherwise it is the first row about as full as the others,
    whose cells are names where the cells below are values, unless a row of values comes before it.
    """
    usual = _usual_width(rows)
    first = rows[:FIRST_ROWS]
    known = [_known(row.cells) for row in first]
    if any(known):
        return known.index(max(known))
    for place, row in enumerate(first):
        if 2 * len(_filled(row.cells)) <= usual:
            continue
        return place if _names_what_is_below(row.cells, rows[place + 1 : SAMPLE_ROWS]) else None
    return None


def width_without(rows: Sequence[Row]) -> int:
    """How many columns a table without a header has."""
    widths = Counter(max(_filled(row.cells), default=0) + 1 for row in rows)
    return max(widths, key=lambda width: (widths[width], width))


def columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Names to use: clean, none blank, no two alike (in any case)."""
    names: list[str] = []
    used: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        plain = " ".join(_INVISIBLE.sub("", cell).split()) or f"Column {number}"
        name, suffix = plain, 2
        while name.casefold() in used:
            name, suffix = f"{plain} ({suffix})", suffix + 1
        used.add(name.casefold())
        names.append(name)
    return tuple(names)


def check(line: int, cells: Sequence[str], limits: Limits) -> None:
    """Raise Refused when no columns can be named by this row."""
    if len(cells) > limits.columns:
        raise refusal("too_many_columns", count=len(cells), limit=limits.columns)
    problem = next(filter(None, map(unreadable, cells)), None)
    if max(map(len, cells)) > limits.header_chars:
        problem = f"A cell of it holds more than {limits.header_chars:,} characters."
    if problem is not None:
        raise refusal("header_unreadable", line=line, problem=problem)


def separator_line(text: str) -> str | None:
    """The delimiter that Excel's first line `sep=;` names, if this is one."""
    match = _SEPARATOR_LINE.fullmatch(text)
    return match["delimiter"] if match else None


def is_separator_line(text: str) -> bool:
    """Whether this line is not a row but Excel's `sep=;`."""
    return separator_line(text) is not None


def _usual_width(rows: Sequence[Row]) -> int:
    widths = sorted(len(_filled(row.cells)) for row in rows)
    return widths[len(widths) // 2] if widths else 0


def _filled(cells: Sequence[str]) -> list[int]:
    return [place for place, cell in enumerate(cells) if cell.strip()]


def _known(cells: Sequence[str]) -> int:
    """How many cells are made of words that headers use; 0 unless at least two and half of all are."""
    filled = [cells[place] for place in _filled(cells)]
    known = sum(1 for cell in filled if _is_known(cell))
    return known if known >= 2 and 2 * known >= len(filled) else 0


def _is_known(cell: str) -> bool:
    words = [word.casefold() for word in _WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cell[:100]))]
    return bool(words) and all(word in _WORDS or word + "s" in _WORDS for word in words)


def _names_what_is_below(cells: Sequence[str], below: Sequence[Row]) -> bool:
    """Whether more columns say header (a name over values) than say row (a value, over values or alone)."""
    says_header = says_row = 0
    for place in _filled(cells):
        under = [row.cells[place] for row in below if place < len(row.cells) and row.cells[place].strip()]
        over_values = not under or 2 * sum(map(_is_value, under)) > len(under)
        if _is_value(cells[place]):
            says_row += over_values
        else:
            says_header += over_values and bool(under)
    return says_header > says_row or not says_row


def _is_value(cell: str) -> bool:
    """Whether a cell holds a number, a date, an address or the like, which no column is called."""
    text = cell.strip()[:200]
    if _E_MAIL.fullmatch(text) or _URL.match(text) or _UUID.fullmatch(text):
        return True
    return sum(map(str.isdigit, text)) > sum(map(str.isalpha, text))
