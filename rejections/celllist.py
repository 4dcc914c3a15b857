"""The rows of a correction as a page shows them: cell by cell, before and after, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.models import Field
from leads import profile
from leads.models import Lead, LeadEvent
from leads.statuses import Cause, Status
from rejections.decisions import Outcome
from rejections.models import Batch
from rejections.sql import corrections
from rejections.sql.corrections import Shown

PAGE = 50
#: What a list of rows can be narrowed to.
ONLY = ("changes", "repairs", "conflicts")
#: Outcomes whose leads were written, and can be put back.
MOVING = (Outcome.RELEASED, Outcome.STILL_REJECTED)


@dataclass(frozen=True)
class Cell:
    """One cell. `kind` is change, repair or conflict; `before` is what stands here, `after` what the file says.

    `name` is the field's own name, `label` what the campaign calls it, `words` what to know about it.
    """

    kind: str
    name: str
    label: str
    before: str
    after: str
    words: str = ""


@dataclass(frozen=True)
class Row:
    """One row. `status` is where its lead ends, or “”; `words` say why, or what to do."""

    line: int
    text: str
    lead_id: int | None
    name: str
    outcome: str
    checked_label: str
    status: str
    words: str
    undoable: bool
    put_back: bool
    cells: list[Cell]


def shown(batch: Batch, outcomes: Sequence[str], only: str, *, page: int) -> list[Row]:
    """One page (from 0) of rows with these outcomes, in the order of the file; `only` as in ONLY, or blank."""
    found = corrections.page(batch.pk, outcomes, offset=page * PAGE, limit=PAGE, only=only)
    leads = Lead.objects.select_related("values").in_bulk([row.lead_id for row in found if row.lead_id])
    labels = dict(Field.objects.filter(campaign_id=batch.campaign_id).values_list("name", "label"))
    undone = LeadEvent.objects.filter(batch_id=batch.pk, cause=Cause.UNDONE, lead__in=list(leads))
    back = set(undone.values_list("lead_id", flat=True))
    return [_row(batch, row, leads.get(row.lead_id or 0), labels, row.lead_id in back) for row in found]


def _row(batch: Batch, row: Shown, lead: Lead | None, labels: Mapping[str, str], put_back: bool) -> Row:
    outcome = row.outcome
    if batch.started_at and not batch.settled_all and row.line > batch.settled_line:
        outcome, words = "", "Not settled yet: continue the upload, or upload this row again."
    elif put_back and outcome in MOVING:
        words = "Its lead was put back."
    else:
        words = _words(row)
    return Row(
        line=row.line,
        text=row.key or "",
        lead_id=row.lead_id,
        name=profile.title(lead, getattr(lead, "values", None)) if lead else "",
        outcome=outcome,
        checked_label=Outcome(row.checked).label if row.checked else "",
        status=row.note.get("to", "") if outcome in MOVING and not put_back else "",
        words=words,
        undoable=outcome in MOVING and not put_back,
        put_back=outcome in MOVING and put_back,
        cells=list(_cells(row.note, labels)),
    )


def _words(row: Shown) -> str:
    """Why the row ended so, and what was left alone."""
    if row.problem:
        return row.problem
    if row.outcome == Outcome.DUPLICATE_IN_FILE and row.first_line:
        return f"Same lead as line {row.first_line}, which speaks for it."
    parts = []
    if row.outcome in (Outcome.STILL_REJECTED, Outcome.UNCHANGED) or row.note.get("to") == Status.QUARANTINED:
        parts.append(row.note.get("sentence", ""))
    elif row.outcome != Outcome.RELEASED:
        parts.append(Outcome(row.outcome).advice)
    if ignored := row.note.get("ignored"):
        parts.append(f"{', '.join(ignored)}: the platform’s, what was typed there is ignored.")
    return " ".join(part for part in parts if part)


def _cells(note: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Cell]:
    for field, before, after in note.get("changes", ()):
        yield Cell("change", field, labels.get(field, field), before, after)
    for field, read, kept, how in note.get("repairs", ()):
        yield Cell("repair", field, labels.get(field, field), kept, read, how)
    for field, was, here, file in note.get("conflicts", ()):
        words = (
            f"Changed here since the download, where it was “{was}”"
            if was
            else "Filled in here since the download"
        )
        yield Cell("conflict", field, labels.get(field, field), here, file, words)
