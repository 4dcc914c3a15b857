"""Writes tables as clients send them: CSV in any encoding, XLSX that is the same bytes each time. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook

#: The moment written into workbooks, so that they do not differ by when they were made.
_WRITTEN_AT = datetime(2026, 1, 1)  # noqa: DTZ001 - openpyxl takes plain dates


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    """A CSV file with these rows."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """An XLSX file with these rows; numbers stay numbers."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = _WRITTEN_AT
    sheet = book.create_sheet("Leads")
    for row in (header, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return _still(out)


def _still(book: io.BytesIO) -> bytes:
    """The workbook with all times in it set to one moment."""
    out = io.BytesIO()
    with ZipFile(book) as moving, ZipFile(out, "w", ZIP_DEFLATED) as still:
        for name in moving.namelist():
            content = moving.read(name)
            if name == "docProps/core.xml":
                content = _dated(content)
            still.writestr(ZipInfo(name, _WRITTEN_AT.timetuple()[:6]), content, ZIP_DEFLATED)
    return out.getvalue()


def _dated(properties: bytes) -> bytes:
    before, tag, rest = properties.partition(b'<dcterms:modified xsi:type="dcterms:W3CDTF">')
    return before + tag + f"{_WRITTEN_AT:%Y-%m-%dT%H:%M:%SZ}".encode() + rest[rest.index(b"<") :]
