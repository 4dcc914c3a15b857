"""Download: a source's leads as a file that comes back unchanged, or with just what a person changed.

CSV streams. XLSX holds every value as text and helps with the fixing: what failed is marked and explained,
picklists drop down, the platform's columns refuse typing, rows can be deleted, sorted and filtered.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from campaigns.lists import natural
from campaigns.models import Field, PicklistValue, Source
from campaigns.rules import begin
from leads import workbook
from leads.sheet import PLATFORM, column_of, shield, version_text
from leads.sql import download as statements
from leads.sql.download import Row
from leads.statuses import Status
from leads.workbook import Choice, Line


@dataclass(frozen=True)
class Wanted:
    """Which leads of a source: statuses, and the days they were received on (both included, campaign zone)."""

    source: Source
    statuses: tuple[str, ...] = (Status.REJECTED,)
    first: date | None = None
    last: date | None = None

    @property
    def span(self) -> tuple[datetime | None, datetime | None]:
        """The instants [from, to) of these days."""
        zone = self.source.campaign.time_zone
        return (
            begin(self.first, zone) if self.first else None,
            begin(self.last + timedelta(days=1), zone) if self.last else None,
        )

    def count(self) -> int:
        """How many leads that is."""
        return statements.count(self.source.pk, self.statuses, *self.span)

    def file_name(self, format: str) -> str:
        """What the file is called."""
        return f"{self.source.code}-{'-'.join(self.statuses)}.{format}"


def as_csv(wanted: Wanted) -> Iterator[bytes]:
    """The file as CSV: UTF-8 with BOM, safe from formulas, and loss-free on the way back."""
    yield "\ufeff".encode()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    fields = _fields(wanted)
    writer.writerow([*PLATFORM, *(column_of(field.name) for field in fields)])
    for number, (row, line) in enumerate(_lines(wanted, fields), start=1):
        writer.writerow([str(row.id), *map(shield, line.platform[1:]), *map(shield, line.values)])
        if number % 500 == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(wanted: Wanted, path: Path, progress: Callable[[int], None] = lambda done: None) -> int:
    """The file as XLSX; returns the number of leads in it. `progress` hears of every thousandth."""
    fields = _fields(wanted)

    def lines() -> Iterator[Line]:
        for number, (_, line) in enumerate(_lines(wanted, fields), start=1):
            yield line
            if number % 1000 == 0:
                progress(number)

    return workbook.write(path, [column_of(field.name) for field in fields], _choices(fields), lines())


def _fields(wanted: Wanted) -> list[Field]:
    return list(Field.objects.filter(campaign=wanted.source.campaign_id))


def _choices(fields: Sequence[Field]) -> list[Choice]:
    """The drop-downs: for each field with a picklist, the values in use."""
    found = []
    for at, field in enumerate(fields):
        if field.picklist_id:
            values = PicklistValue.objects.filter(picklist=field.picklist_id, retired_at=None)
            found.append(
                Choice(
                    at, field.picklist_id, tuple(sorted(values.values_list("value", flat=True), key=natural))
                )
            )
    return found


def _lines(wanted: Wanted, fields: Sequence[Field]) -> Iterator[tuple[Row, Line]]:
    source, zone = wanted.source, ZoneInfo(wanted.source.campaign.time_zone)
    labels = {field.name: field.label for field in fields}
    for row in statements.rows(source.pk, wanted.statuses, *wanted.span):
        first = row.failures[0] if row.failures else {"field": "", "value": ""}
        platform = (
            str(row.id),
            row.uid,
            Status(row.status).label,
            row.code,
            row.reason,
            labels.get(first["field"], first["field"]),
            first["value"],
            source.name,
            source.supplier.name,
            row.received_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
            version_text(row.version),
        )
        notes: dict[int, str] = {}
        for at, field in enumerate(fields):
            said = [failure["sentence"] for failure in row.failures if failure["field"] == field.name]
            if said:
                notes[at] = "\n".join(said)
        yield row, Line(platform, tuple(row.received.get(field.name, "") for field in fields), notes)
