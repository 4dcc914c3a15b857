"""Files that are sent to a browser: named in every script, kept by no cache."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from rejections import results

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_stream(content: Iterable[bytes], name: str) -> HttpResponseBase:
    """A CSV file, sent as it is made."""
    return _named(StreamingHttpResponse(content, content_type="text/csv; charset=utf-8"), name)


def xlsx_made(write: Callable[[Path], object], name: str) -> HttpResponseBase:
    """A workbook that `write` puts at a path; the file is gone when it is sent."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        write(path)
        return xlsx_file(path, name)
    finally:
        path.unlink()


def xlsx_file(path: Path, name: str) -> HttpResponseBase:
    """A workbook that lies at a path."""
    return _named(FileResponse(path.open("rb"), content_type=XLSX), name)


def table_file(table: Iterable[Sequence[str]], stem: str, format: str, title: str) -> HttpResponseBase:
    """A table, header first, as CSV or as a workbook with one sheet of this title."""
    name = f"{stem}.{format}"
    if format == "csv":
        return csv_stream(results.csv_of(table), name)
    return xlsx_made(lambda path: results.write_sheet(table, path, title), name)


def _named(answer: HttpResponseBase, name: str) -> HttpResponseBase:
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer["Cache-Control"] = "no-store"
    return answer
