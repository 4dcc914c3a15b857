"""A first look at a text file: its encoding, its delimiter, its header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rejections.reader import encodings, header, kinds
from rejections.reader.cells import Dialect
from rejections.reader.delimited import Raw, raw_records, records
from rejections.reader.lines import Block, blocks
from rejections.reader.sentences import refusal
from rejections.reader.shapes import Choices, Limits, Reading, Record

#: In the order that decides between equals.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_QUOTES = {"double": '"', "single": "'", "none": "", '"': '"', "'": "'", "": ""}
_SAMPLE_LINES = 400
_SAMPLE_BLOCKS = 8


class _Header(NamedTuple):
    line: int
    cells: tuple[str, ...]


def preview(path: Path, choices: Choices, limits: Limits) -> tuple[Reading, Iterator[Record]]:
    """How this text file is read, and its rows; raises Refused when it is not a table."""
    size = path.stat().st_size
    if size > limits.csv_bytes:
        raise refusal("too_large", kind="CSV", size=_megabytes(size), limit=_megabytes(limits.csv_bytes))
    guess = _encoding(path, choices)
    sample = _sample(path, guess.encoding, limits)
    kinds.check_text(sample[0].text)
    dialect = _dialect(sample, choices, limits)
    raws = _raws(sample, dialect, limits)
    found = _header(raws, choices, limits)
    reading = Reading(
        kind="csv",
        columns=header.columns(found.cells),
        header_cells=found.cells,
        header_row=found.line,
        encoding=guess.encoding,
        certain=guess.certain,
        alternatives=guess.alternatives,
        delimiter=dialect.delimiter,
        quote=dialect.quote,
    )
    return reading, records(path, reading, limits)


def _encoding(path: Path, choices: Choices) -> encodings.Guess:
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if choices.encoding:
        guess = encodings.Guess(encodings.named(choices.encoding, head))
    else:
        guess = encodings.detect(path)
    if not guess.encoding.startswith(("utf-16", "utf-32")):
        kinds.check_bytes(head)
    return guess


def _sample(path: Path, encoding: str, limits: Limits) -> list[Block]:
    """The first blocks that hold more than blank lines; raises Refused when there are none."""
    sample: list[Block] = []
    filled = 0
    for block in blocks(path, encoding, limits.record_chars):
        if not sample and not block.text.strip("\r\n\t ,;|\ufeff"):
            continue
        sample.append(block)
        filled += sum(1 for line in block.lines if line.strip())
        if filled >= _SAMPLE_LINES or len(sample) >= _SAMPLE_BLOCKS:
            break
    if not sample:
        raise refusal("empty_file")
    return sample


def _dialect(sample: Sequence[Block], choices: Choices, limits: Limits) -> Dialect:
    quote = _QUOTES.get((choices.quote if choices.quote is not None else '"').strip().lower())
    if quote is None:
        raise refusal("unknown_quote", name=choices.quote)
    if choices.delimiter:
        return Dialect(_named_delimiter(choices.delimiter, quote), quote)
    told = header.separator_line(sample[0].lines[0]) if sample[0].first == 1 else None
    if told:
        return Dialect(told, quote)
    candidates = [Dialect(delimiter, quote) for delimiter in DELIMITERS.values()]
    return max(candidates, key=lambda dialect: _fitness(sample, dialect, limits))


def _named_delimiter(name: str, quote: str) -> str:
    delimiter = DELIMITERS.get(name.strip().lower(), "\t" if name == "\\t" else name)
    if len(delimiter) != 1 or delimiter in f'\r\n\x00\ufeff "{quote}' or delimiter.isalnum():
        raise refusal("unknown_delimiter", name=name)
    return delimiter


def _fitness(sample: Sequence[Block], dialect: Dialect, limits: Limits) -> tuple[float, int]:
    """How well the sample's rows agree with its header in this dialect (0 to 1); then its columns."""
    raws = _raws(sample, dialect, limits)
    rows = _rows(raws)
    if not rows:
        return 0.0, 0
    place = header.find(rows)
    width = header.width_without(rows) if place is None else len(rows[place].cells)
    if width < 2:
        return 0.0, width
    below = rows if place is None else rows[place + 1 :]
    whole = sum(1 for row in below if len(row.cells) == width)
    short = sum(1 for row in below if 1 < len(row.cells) < width)
    broken = sum(1 for raw in raws if raw.problem)
    share = (whole + 0.5 * short + 0.001) / (len(below) + broken + 0.001)
    return round(share - 0.01 * (place or 0), 3), width


def _raws(sample: Sequence[Block], dialect: Dialect, limits: Limits) -> list[Raw]:
    """The sample's records that are no blank lines."""
    found = raw_records(sample, dialect, limits)
    return [
        raw
        for raw in found
        if (raw.problem or any(map(str.strip, raw.cells)))
        and not (raw.line == 1 and header.is_separator_line(raw.text))
    ]


def _rows(raws: Sequence[Raw]) -> list[header.Row]:
    return [header.Row(raw.line, raw.cells) for raw in raws if not raw.problem][: header.SAMPLE_ROWS]


def _header(raws: Sequence[Raw], choices: Choices, limits: Limits) -> _Header:
    rows = _rows(raws)
    if not raws:
        raise refusal("empty_file")
    if choices.header_row is not None and choices.header_row > 0:
        chosen = next((raw for raw in raws if raw.line == choices.header_row), None)
        if chosen is None:
            raise refusal("no_such_header_row", row=choices.header_row)
        return _checked(chosen, limits)
    if not rows:
        return _checked(raws[0], limits)
    place = header.find(rows) if choices.header_row is None else None
    if place is None:
        return _Header(0, ("",) * header.width_without(rows))
    return _checked(next(raw for raw in raws if raw.line == rows[place].line), limits)


def _checked(raw: Raw, limits: Limits) -> _Header:
    if raw.problem:
        raise refusal("header_unreadable", line=raw.line, problem=raw.problem)
    header.check(raw.line, raw.cells, limits)
    return _Header(raw.line, tuple(raw.cells))


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"
