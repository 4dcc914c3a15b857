"""Statements over the rows of corrections: take them whole, stage a fix's rows, tell what they do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection


class CorrectionRow(NamedTuple):
    """A row as a chunk takes it: all its cells, and what is recorded of it so far."""

    line: int
    cells: list[str]
    problem: str | None
    outcome: str | None
    first_line: int | None
    key: str | None = None
    lead_id: int | None = None
    note: dict[str, Any] | None = None


def take(batch_id: int, *, after: int, limit: int) -> list[CorrectionRow]:
    """The next rows after a line, in line order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT line, cells, problem, outcome, first_line, key, lead_id, note::text FROM rejections_batchrow
            WHERE batch_id = %s AND line > %s ORDER BY line LIMIT %s
            """,
            [batch_id, after, limit],
        )
        raws = map(CorrectionRow._make, cursor.fetchall())
        return [raw._replace(note=json.loads(str(raw.note))) if raw.note else raw for raw in raws]


def values_at(versions: Iterable[tuple[int, int]]) -> dict[int, dict[str, str]]:
    """Values as received of (lead, version) before they were changed to a later version, by lead."""
    pairs = list(versions)
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (w.lead_id) w.lead_id, (e.was_values->'received')::text
            FROM unnest(%s::bigint[], %s::int[]) AS w(lead_id, version)
            JOIN leads_leadevent e ON e.lead_id = w.lead_id AND (e.was_values->>'version')::int = w.version
            ORDER BY w.lead_id, e.id DESC
            """,
            [[lead for lead, _ in pairs], [version for _, version in pairs]],
        )
        return {lead_id: json.loads(received) for lead_id, received in cursor.fetchall()}


class Facts(NamedTuple):
    """What columns A to K of a lead would say now, for who looks whether somebody typed there."""

    uid: str
    code: str
    reason: str


def platform_facts(lead_ids: Iterable[int]) -> dict[int, Facts]:
    """UID, disposition code and reason of leads, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.id, l.uid, coalesce(d.code, ''), l.reason
            FROM leads_lead l LEFT JOIN campaigns_disposition d ON d.id = l.disposition_id WHERE l.id = ANY(%s)
            """,
            [list(lead_ids)],
        )
        return {lead_id: Facts(*facts) for lead_id, *facts in cursor.fetchall()}


def stage(batch_id: int, cells: Sequence[tuple[int, str | None]]) -> None:
    """Write a fix's rows: lead, and the new value where there is one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO rejections_batchrow (batch_id, line, cells)
            SELECT %s, row_number() OVER (ORDER BY g.lead_id),
                CASE WHEN g.value IS NULL THEN ARRAY[g.lead_id::text] ELSE ARRAY[g.lead_id::text, g.value] END
            FROM unnest(%s::bigint[], %s::text[]) AS g(lead_id, value)
            """,
            [batch_id, [lead for lead, _ in cells], [value for _, value in cells]],
        )


class Shown(NamedTuple):
    """A row as the check and the result show it; with its cells, and those of the line that speaks for it."""

    line: int
    lead_id: int | None
    outcome: str
    checked: str | None
    key: str | None
    problem: str | None
    first_line: int | None
    cells: list[str] | None
    first_cells: list[str] | None
    note: dict[str, Any]


def page(batch_id: int, outcomes: Sequence[str], *, offset: int, limit: int, only: str = "") -> list[Shown]:
    """Rows with one of these outcomes in line order; `only` = changes, repairs or conflicts keeps to such."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.line, r.lead_id, r.outcome, r.checked, r.key, r.problem, r.first_line,
                CASE WHEN f.line IS NOT NULL THEN r.cells END, f.cells, coalesce(r.note, '{}')::text
            FROM rejections_batchrow r
            LEFT JOIN rejections_batchrow f ON f.batch_id = r.batch_id AND f.line = r.first_line
            WHERE r.batch_id = %s AND r.outcome = ANY(%s) AND (%s = '' OR r.note ? %s)
            ORDER BY r.line OFFSET %s LIMIT %s
            """,
            [batch_id, list(outcomes), only, only, offset, limit],
        )
        shown = map(Shown._make, cursor.fetchall())
        return [row._replace(note=json.loads(str(row.note))) for row in shown]


class Total(NamedTuple):
    """Rows of a correction by outcome and the status their lead would get or got."""

    outcome: str
    target: str | None
    rows: int
    changes: int
    repairs: int
    conflicts: int


def totals(batch_id: int, up_to: int | None = None) -> list[Total]:
    """What the rows do, counted; `up_to` keeps to settled lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT outcome, note->>'to', count(*), coalesce(sum(jsonb_array_length(note->'changes')), 0)::int,
                coalesce(sum(jsonb_array_length(note->'repairs')), 0)::int,
                coalesce(sum(jsonb_array_length(note->'conflicts')), 0)::int
            FROM rejections_batchrow
            WHERE batch_id = %s AND outcome IS NOT NULL AND (%s::int IS NULL OR line <= %s) GROUP BY 1, 2
            """,
            [batch_id, up_to, up_to],
        )
        return list(map(Total._make, cursor.fetchall()))


def count(batch_id: int, outcomes: Sequence[str], only: str) -> int:
    """How many rows `page` has in all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM rejections_batchrow
            WHERE batch_id = %s AND outcome = ANY(%s) AND (%s = '' OR note ? %s)
            """,
            [batch_id, list(outcomes), only, only],
        )
        return int(cursor.fetchone()[0])


class Repaired(NamedTuple):
    """How many damaged cells of how many rows were repaired."""

    cells: int
    rows: int


def repaired(batch_ids: Sequence[int]) -> dict[int, Repaired]:
    """Repairs of each batch; batches without are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT batch_id, sum(jsonb_array_length(note->'repairs'))::int, count(*)
            FROM rejections_batchrow WHERE batch_id = ANY(%s) AND note ? 'repairs' GROUP BY batch_id
            """,
            [list(batch_ids)],
        )
        return {batch_id: Repaired(cells, rows) for batch_id, cells, rows in cursor.fetchall()}


class Damage(NamedTuple):
    """One way in which cells were damaged: how many, in how many rows, and one of them as an example."""

    how: str
    cells: int
    rows: int
    field: str
    read: str
    kept: str


def damages(batch_id: int) -> list[Damage]:
    """What was repaired, by the way it was damaged, the commonest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT repair->>3, count(*), count(DISTINCT line),
                (array_agg(repair ORDER BY line))[1]->>0, (array_agg(repair ORDER BY line))[1]->>1,
                (array_agg(repair ORDER BY line))[1]->>2
            FROM rejections_batchrow, jsonb_array_elements(note->'repairs') repair
            WHERE batch_id = %s AND note ? 'repairs' GROUP BY 1 ORDER BY 2 DESC, 1
            """,
            [batch_id],
        )
        return list(map(Damage._make, cursor.fetchall()))
