"""Where a lead's history comes from: the lines of files that moved it, as they were written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from leads.models import LeadEvent
from rejections.models import Batch, BatchRow

#: So many of the newest lines are shown, with so many of their cells.
LINES, CELLS = 3, 30
_LONGEST = 300


@dataclass(frozen=True)
class Written:
    """One line of a batch that moved the lead: its filled cells under their columns, as in the file."""

    batch: Batch
    line: int
    cells: tuple[tuple[str, str], ...]


def written(events: Iterable[LeadEvent], batches: Mapping[int, Batch]) -> list[Written]:
    """The lines behind these events, newest first; `batches` are those the viewer may see, by number."""
    named = [
        (event.batch_id, event.line)
        for event in sorted(events, key=lambda event: -event.pk)
        if event.batch_id is not None and event.batch_id in batches and event.line is not None
    ]
    wanted = list(dict.fromkeys(named))[:LINES]
    if not wanted:
        return []
    asked = Q()
    for number, line in wanted:
        asked |= Q(batch_id=number, line=line)
    cells = {(row.batch_id, row.line): row.cells for row in BatchRow.objects.filter(asked)}
    return [_written(batches[number], line, cells.get((number, line)) or []) for number, line in wanted]


def _written(batch: Batch, line: int, cells: list[str]) -> Written:
    columns = batch.reading.get("columns", [])
    filled = [(name, cell[:_LONGEST]) for name, cell in zip(columns, cells, strict=False) if cell.strip()]
    return Written(batch, line, tuple(filled[:CELLS]))
