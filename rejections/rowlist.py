"""The rows of a batch as a page shows them: filtered, searched, each with why and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.lists import fold_phrase
from campaigns.models import Phrase
from leads.models import Lead, LeadEvent
from rejections.columns import ColumnMap
from rejections.decisions import LEFT_OUT, REJECTING, SKIPPED, WOULD, Outcome, not_rejectable_then
from rejections.models import Batch
from rejections.options import Options
from rejections.sql import tables
from rejections.sql.tables import Line
from rejections.terms import opening

PAGE = 50


@dataclass(frozen=True)
class Shown:
    """One row of the table; `advice` is what applies to this row, `status` where its lead stands now."""

    line: int
    text: str
    damaged: bool
    lead_id: int | None
    reason: str
    code: str
    outcome: str
    checked: str
    checked_label: str
    advice: str
    undoable: bool
    suggested_lead: int | None
    status: str
    put_back: bool


def shown(
    batch: Batch,
    options: Options,
    outcomes: Sequence[str],
    *,
    undoable: bool,
    search: str = "",
    page: int = 0,
    after: int = 0,
    size: int = PAGE,
) -> list[Shown]:
    """One page (from 0, or behind a line) of rows with these outcomes, window laid over, in the file's order."""
    mapping = ColumnMap.from_json(batch.mapping)
    identifier, reason, _ = mapping.positions(batch.reading["columns"])
    lines = tables.page(
        batch.pk,
        opening(batch, options),
        columns=(identifier, reason),
        outcomes=outcomes,
        search=search,
        offset=page * size,
        limit=size,
        after=after,
    )
    codes = _codes(batch.campaign.client_id, lines, mapping.default_reason)
    leads = [row.lead_id for row in lines if row.lead_id]
    stand = Lead.objects.filter(pk__in=leads).values_list("pk", "status", "decided_for_supplier")
    statuses = {lead: (status, decided) for lead, status, decided in stand}
    undone = LeadEvent.objects.filter(batch_id=batch.pk, undoes__isnull=False, lead__in=leads)
    back = set(undone.values_list("lead_id", flat=True))
    return [_shown(batch, row, mapping, codes, statuses, undoable, row.lead_id in back) for row in lines]


def _shown(
    batch: Batch,
    row: Line,
    mapping: ColumnMap,
    codes: Mapping[str, str],
    statuses: Mapping[int, tuple[str, bool]],
    undoable: bool,
    put_back: bool,
) -> Shown:
    outcome = row.outcome or ""
    if batch.started_at and not batch.settled_all and row.line > batch.settled_line:
        outcome, advice = "", "Not settled yet: continue the import, or import this row again."
    elif put_back and outcome in REJECTING:
        advice = "Its lead was put back."
    elif outcome == Outcome.NEEDS_REVIEW and row.review == "skip":
        advice = SKIPPED
    elif batch.started_at and outcome == Outcome.NEEDS_REVIEW:
        advice = LEFT_OUT
    elif not batch.started_at and outcome in WOULD and not (row.note and "sentence" in row.note):
        advice = WOULD[Outcome(outcome)]
    else:
        advice = _advice(row, statuses)
    reason = row.reason.strip() or mapping.default_reason
    return Shown(
        line=row.line,
        text=row.identifier,
        damaged=bool(row.note and "lead" in row.note),
        lead_id=row.lead_id,
        reason=reason,
        code=codes.get(fold_phrase(reason), "") if reason and row.lead_id else "",
        outcome=outcome,
        checked=row.checked or "",
        checked_label=Outcome(row.checked).label if row.checked else "",
        advice=advice,
        undoable=undoable
        and outcome in REJECTING
        and not put_back
        and not (row.note and "sentence" in row.note),
        suggested_lead=row.note.get("lead") if row.note else None,
        status=statuses.get(row.lead_id or 0, ("", False))[0],
        put_back=put_back and outcome in REJECTING,
    )


def _advice(row: Line, statuses: Mapping[int, tuple[str, bool]]) -> str:
    """What applies to this very row, else the outcome's advice."""
    if row.problem:
        return row.problem
    if row.outcome == Outcome.DUPLICATE_IN_FILE and row.first_line:
        return f"Same lead as line {row.first_line}, which speaks for it."
    if row.outcome == Outcome.AMBIGUOUS and row.note:
        leads = [str(lead) for lead in row.note.get("leads", [])[:5]]
        return f"Leads {', '.join(leads)} fit: name the one by its Lead ID."
    if row.note and "sentence" in row.note:
        return str(row.note["sentence"])
    if row.outcome == Outcome.NOT_REJECTABLE and row.lead_id:
        status, decided = statuses.get(row.lead_id, ("", False))
        words = status.replace("_", " ").title()
        return not_rejectable_then(status, decided) or (
            f"The lead is {words}: it was not billed, or was decided for the supplier."
        )
    return Outcome(row.outcome).advice if row.outcome else ""


def _codes(client_id: int, lines: Sequence[Line], default_reason: str) -> dict[str, str]:
    """The disposition of each phrase on the page: as mapped, else CLIENT_OTHER."""
    folded = {fold_phrase(row.reason.strip() or default_reason) for row in lines}
    codes = dict.fromkeys(folded, "CLIENT_OTHER")
    mapped = Phrase.objects.filter(client_id=client_id, folded__in=folded, disposition__isnull=False)
    return codes | dict(mapped.values_list("folded", "disposition__code"))


@dataclass(frozen=True)
class Suggested:
    """A damaged identifier and the one lead that fits, with other columns beside it."""

    line: int
    text: str
    damage: str
    lead_id: int
    key: str
    beside: list[tuple[str, str, str]]
    reason: str
    decision: str


def suggested(batch: Batch, *, page: int) -> list[Suggested]:
    """One page (from 0) of rows that need, or had, a person's decision."""
    mapping = ColumnMap.from_json(batch.mapping)
    columns = batch.reading["columns"]
    identifier, reason, _ = mapping.positions(columns)
    found = tables.suggestions(batch.pk, offset=page * PAGE, limit=PAGE)
    leads = Lead.objects.select_related("values").in_bulk([note["lead"] for _, _, note, _ in found])
    return [
        Suggested(
            line=line,
            text=_cell(cells, identifier),
            damage=note["how"],
            lead_id=note["lead"],
            key=note["key"],
            beside=_beside(columns, cells, leads.get(note["lead"]), {identifier, reason}),
            reason=_cell(cells, reason),
            decision=review or "",
        )
        for line, cells, note, review in found
    ]


def _beside(
    columns: Sequence[str], cells: Sequence[str], lead: Lead | None, used: set[int | None]
) -> list[tuple[str, str, str]]:
    """Other columns of the row next to what we hold under the same name; at most three."""
    values: dict[str, Any] = getattr(getattr(lead, "values", None), "judged", {})
    held = {name.casefold().replace("_", " "): str(value) for name, value in values.items()}
    found = [
        (column, cells[at].strip(), held[column.casefold().replace("_", " ")])
        for at, column in enumerate(columns)
        if at not in used and at < len(cells) and column.casefold().replace("_", " ") in held
    ]
    return found[:3]


def _cell(cells: Sequence[str], at: int | None) -> str:
    return cells[at] if at is not None and at < len(cells) else ""
