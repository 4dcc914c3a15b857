"""Statements over the rows of a batch: stage, take, record, count."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

from django.db import connection

from leads.sql import arrays
from rejections.decisions import WINDOWED, Outcome

#: The outcome of a row with `outside_window` laid over it; takes one parameter, the window's opening.
EFFECTIVE = (
    "CASE WHEN r.outcome IN ("
    + ", ".join(f"'{outcome}'" for outcome in sorted(WINDOWED))
    + f") AND r.valid_at < %s THEN '{Outcome.OUTSIDE_WINDOW}' ELSE r.outcome END"
)


#: From so many rows on, what the planner believes of the table is renewed after staging.
WORTH_COUNTING = 1000


class RawRow(NamedTuple):
    """A row as a chunk takes it: the cells that matter, and what is recorded of it so far."""

    line: int
    problem: str | None
    identifier: str
    reason: str
    selector: str
    key: str | None
    lead_id: int | None
    valid_at: datetime | None
    outcome: str | None
    first_line: int | None
    note: dict[str, Any] | None
    review: str | None


class Result(NamedTuple):
    """What a chunk records of a row."""

    line: int
    outcome: str
    key: str | None = None
    lead_id: int | None = None
    valid_at: datetime | None = None
    note: dict[str, Any] | None = None
    checked: str | None = None


def stage(batch_id: int, stream: BinaryIO) -> int:
    """Copy raw rows (COPY text: line, cells, problem) into the batch; returns their number."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE staged (line int, cells text[], problem text) ON COMMIT DROP")
        cursor.copy_expert("COPY staged (line, cells, problem) FROM STDIN", stream)
        cursor.execute(
            "INSERT INTO rejections_batchrow (batch_id, line, cells, problem)"
            " SELECT %s, line, cells, problem FROM staged",
            [batch_id],
        )
        staged = int(cursor.rowcount)
        cursor.execute("DROP TABLE staged")  # another file may follow in the same transaction
        if staged >= WORTH_COUNTING:
            # Until the next autovacuum the planner would believe the table as small as it was before.
            cursor.execute("ANALYZE rejections_batchrow")
        return staged


def unstage(batch_id: int) -> None:
    """Drop the batch's rows, before the file is read in another way."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM rejections_batchrow WHERE batch_id = %s", [batch_id])


def take(
    batch_id: int,
    *,
    after: int,
    limit: int,
    columns: tuple[int | None, int | None, int | None],
    lines: list[int] | None = None,
) -> list[RawRow]:
    """The next rows after a line, in line order; `columns` are the positions (from 0) of the
    identifier, reason and selector cells. `lines` keeps to these lines."""
    identifier, reason, selector = (None if at is None else at + 1 for at in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT line, problem, coalesce(cells[%s], ''), coalesce(cells[%s], ''), coalesce(cells[%s], ''),
                key, lead_id, valid_at, outcome, first_line, note::text, review
            FROM rejections_batchrow
            WHERE batch_id = %s AND line > %s AND (%s::int[] IS NULL OR line = ANY(%s::int[]))
            ORDER BY line LIMIT %s
            """,
            [identifier, reason, selector, batch_id, after, lines, lines, limit],
        )
        raws = map(RawRow._make, cursor.fetchall())
        return [raw._replace(note=json.loads(raw.note)) if isinstance(raw.note, str) else raw for raw in raws]


def record(batch_id: int, results: Sequence[Result]) -> None:
    """Write what was found for each row."""
    if not results:
        return
    lines = [result.line for result in results]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE rejections_batchrow r
            SET outcome = v.outcome, key = v.key, lead_id = v.lead_id, valid_at = v.valid_at,
                note = nullif(v.note, 'null'), checked = v.checked
            FROM ROWS FROM (unnest(%s::int[]), unnest(%s::text[]), unnest(%s::text[]), unnest(%s::bigint[]),
                unnest(%s::timestamptz[]), jsonb_array_elements(%s), unnest(%s::text[]))
                AS v(line, outcome, key, lead_id, valid_at, note, checked)
            WHERE r.batch_id = %s AND r.line BETWEEN %s AND %s AND r.line = v.line
            """,
            [
                arrays.numbers(lines),
                arrays.texts(r.outcome for r in results),
                arrays.texts(r.key for r in results),
                arrays.numbers(r.lead_id for r in results),
                arrays.instants(r.valid_at for r in results),
                json.dumps([r.note for r in results]),
                arrays.texts(r.checked for r in results),
                batch_id,
                min(lines),
                max(lines),
            ],
        )


def mark_duplicates(batch_id: int, lead_ids: list[int] | None = None) -> int:
    """Mark every row that names a lead an earlier line names, and name that line; how many.

    It needs the whole file, so it runs once after the check (and for `lead_ids` after a review).
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH firsts AS (
                SELECT lead_id, min(line) AS line FROM rejections_batchrow
                WHERE batch_id = %s AND lead_id IS NOT NULL AND (%s::bigint[] IS NULL OR lead_id = ANY(%s::bigint[]))
                GROUP BY lead_id HAVING count(*) > 1
            )
            UPDATE rejections_batchrow r SET first_line = f.line, outcome = %s
            FROM firsts f WHERE r.batch_id = %s AND r.lead_id = f.lead_id AND r.line > f.line
            """,
            [batch_id, lead_ids, lead_ids, Outcome.DUPLICATE_IN_FILE, batch_id],
        )
        return cursor.rowcount


def clear_first_lines(batch_id: int) -> None:
    """Forget duplicates and reviews, before the rows are checked under another mapping."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rejections_batchrow SET first_line = NULL, review = NULL"
            " WHERE batch_id = %s AND (first_line IS NOT NULL OR review IS NOT NULL)",
            [batch_id],
        )


def counts(batch_id: int, opens: datetime | None, *, up_to: int | None = None) -> dict[str, int]:
    """Rows by outcome, non-zero only, in the order of the outcomes; `up_to` counts settled lines only."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT {EFFECTIVE} AS effective, count(*) FROM rejections_batchrow r
            WHERE r.batch_id = %s AND r.outcome IS NOT NULL AND (%s::int IS NULL OR r.line <= %s)
            GROUP BY effective
            """,
            [opens, batch_id, up_to, up_to],
        )
        found = dict(cursor.fetchall())
    return {str(outcome): found[outcome] for outcome in Outcome if outcome in found}
