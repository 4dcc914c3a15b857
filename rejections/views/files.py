"""Tables handed out as files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from rejections import results

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(
    table: Iterable[Sequence[str]], stem: str, format: str, title: str = "Leads"
) -> HttpResponseBase:
    """The table, header first, as CSV or XLSX: every value is text, and none a formula."""
    answer: HttpResponseBase
    if format == "csv":
        answer = StreamingHttpResponse(results.csv_of(table), content_type="text/csv; charset=utf-8")
    else:
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
            path = Path(file.name)
        results.write_sheet(table, path, title)
        answer = FileResponse(path.open("rb"), content_type=XLSX)
        path.unlink()
    answer["Content-Disposition"] = content_disposition_header(True, f"{stem}.{format}")
    answer["Cache-Control"] = "no-store"
    return answer
