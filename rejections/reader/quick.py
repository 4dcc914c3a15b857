"""Lines → cells by the csv module, at its speed, where its answer is surely that of `cells.cut`.

It is not asked about lines that `cut` would have to refuse or to join; whoever gets None reads them one by one.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from functools import lru_cache

from rejections.reader.cells import Dialect
from rejections.reader.lines import Block
from rejections.reader.shapes import Limits


def parse_block(block: Block, dialect: Dialect, limits: Limits) -> list[list[str]] | None:
    """The cells of every line of the block, if each of them is a readable record; else None."""
    if block.suspicious or max(map(len, block.lines)) > limits.cell_chars:
        return None
    if not dialect.quote or dialect.quote not in block.text:
        return list(csv.reader(block.lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE))
    return parse_quoted(block.lines, dialect)


def parse_quoted(lines: Sequence[str], dialect: Dialect) -> list[list[str]] | None:
    """The cells of lines with quotes among them; None when a record takes more than a line, or is wrong."""
    try:
        parsed = list(csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True))
    except csv.Error:
        return None
    if len(parsed) != len(lines):
        return None
    spaced = f" {dialect.quote}"
    for place, line in enumerate(lines):
        if spaced in line and any(
            cell.lstrip(" ")[:1] == dialect.quote for cell in parsed[place] if cell[:1] == " "
        ):
            cells = _parse_spaced(line, dialect)
            if cells is None:
                return None
            parsed[place] = cells
    return parsed


def _parse_spaced(line: str, dialect: Dialect) -> list[str] | None:
    """The cells of a line with a space before a quote, which the csv module takes for unquoted text.

    (It can skip such spaces, but then skips them before unquoted text too, and that keeps them.)
    """
    whole, cell = _patterns(dialect)
    if whole.fullmatch(line) is None:
        return None
    double = dialect.quote * 2
    return [
        quoted.replace(double, dialect.quote) if quoted else plain for quoted, plain in cell.findall(line)
    ]


@lru_cache(maxsize=8)
def _patterns(dialect: Dialect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A whole line of well-formed cells; one cell with the delimiter before it: its quoted or its plain text."""
    quote, delimiter = re.escape(dialect.quote), re.escape(dialect.delimiter)
    quoted = f" *+{quote}((?:[^{quote}]++|{quote}{quote})*+){quote} *+(?={delimiter}|$)"
    plain = f"(?! *+{quote})([^{delimiter}]*+)"
    cell = f"(?:{quoted}|{plain})"
    return re.compile(f"{cell}(?:{delimiter}{cell})*+"), re.compile(f"(?:^|{delimiter}){cell}")
