"""What goes into the reader and what comes out of it, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Choices:
    """A person's overrides of how the file is read; None = detect."""

    #: A Python codec name or one of its aliases.
    encoding: str | None = None
    #: One character, or its name: comma, semicolon, tab, pipe.
    delimiter: str | None = None
    #: The name of a worksheet, hidden ones included.
    sheet: str | None = None
    #: The line (CSV) or sheet row (XLSX) of the header, from 1; 0 = the file has no header.
    header_row: int | None = None
    #: The quote character; "none" = quotes are text like any other.
    quote: str | None = None


@dataclass(frozen=True)
class Limits:
    """What a file may hold. Bytes, rows, cells; characters are Unicode characters."""

    csv_bytes: int = 200 * MEGABYTE
    csv_rows: int = 2_000_000
    xlsx_bytes: int = 50 * MEGABYTE
    xlsx_unpacked_bytes: int = 300 * MEGABYTE
    xlsx_cells: int = 5_000_000
    columns: int = 2_000
    cell_chars: int = 100_000
    #: Line breaks inside one quoted cell.
    cell_breaks: int = 200
    #: Of one record; what is longer is not kept whole in memory.
    record_chars: int = 16_000_000
    #: Of one header cell: a longer one is no column's name.
    header_chars: int = 1_000


@dataclass(frozen=True)
class Reading:
    """How a file is read: what was detected or chosen. Survives JSON (`asdict` and back)."""

    kind: str
    columns: tuple[str, ...]
    header_cells: tuple[str, ...]
    header_row: int
    encoding: str | None = None
    certain: bool = True
    alternatives: tuple[str, ...] = ()
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    #: Sentences worth showing beside the preview.
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """JSON knows lists only; whoever reads this gets tuples."""
        for name in ("columns", "header_cells", "alternatives", "sheets", "notes"):
            object.__setattr__(self, name, tuple(getattr(self, name)))


class Record(NamedTuple):
    """One row of the table (a tuple: a frozen dataclass takes three times as long to make).

    `cells` are as wide as the header and keep their outer space; an unreadable record has a `problem`
    in words, and its whole text as the first cell.
    """

    line: int
    cells: tuple[str, ...]
    problem: str | None = None
