"""Statements that read the rows of a batch for people: pages, searches, files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from rejections.decisions import SKIPPED, Outcome
from rejections.sql.rows import EFFECTIVE


class Line(NamedTuple):
    """A row as a table shows it, with where its lead stands now."""

    line: int
    problem: str | None
    identifier: str
    reason: str
    lead_id: int | None
    outcome: str | None
    checked: str | None
    first_line: int | None
    note: dict[str, Any] | None
    review: str | None
    cells: list[str]


def page(
    batch_id: int,
    opens: datetime | None,
    *,
    columns: tuple[int | None, int | None],
    outcomes: Sequence[str],
    search: str,
    offset: int,
    limit: int,
    after: int = 0,
) -> list[Line]:
    """Rows behind a line with one of these outcomes (window laid over), in line order.

    `search` keeps to rows with this line number, Lead ID or text in the identifier; blank keeps all.
    """
    identifier, reason = (None if at is None else at + 1 for at in columns)
    number = int(search) if search.isdecimal() and len(search) < 19 else None
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.line, r.problem, coalesce(r.cells[%s], r.cells[1], ''), coalesce(r.cells[%s], ''), r.lead_id,
                {EFFECTIVE}, r.checked, r.first_line, r.note, r.review, r.cells
            FROM rejections_batchrow r
            WHERE r.batch_id = %s AND r.line > %s AND {EFFECTIVE} = ANY(%s)
              AND (%s = '' OR r.line = %s OR r.lead_id = %s OR position(lower(%s) in lower(r.cells[%s])) > 0)
            ORDER BY r.line OFFSET %s LIMIT %s
            """,
            [
                identifier, reason, opens, batch_id, after, opens, list(outcomes), search, number, number, search,
                identifier, offset, limit,
            ],
        )  # fmt: skip
        lines = map(Line._make, cursor.fetchall())
        return [
            row._replace(note=json.loads(row.note)) if isinstance(row.note, str) else row for row in lines
        ]


def unreadable(batch_id: int) -> int:
    """How many rows could not be read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM rejections_batchrow WHERE batch_id = %s AND problem IS NOT NULL", [batch_id]
        )
        return int(cursor.fetchone()[0])


def differing(batch_id: int) -> int:
    """How many rows ended otherwise than the check said."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM rejections_batchrow WHERE batch_id = %s AND checked IS NOT NULL", [batch_id]
        )
        return int(cursor.fetchone()[0])


def suggestions(
    batch_id: int, *, offset: int, limit: int
) -> list[tuple[int, list[str], dict[str, Any], str | None]]:
    """Rows whose damaged identifier fits one lead: (line, cells, note, review), in line order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT line, cells, note, review FROM rejections_batchrow
            WHERE batch_id = %s AND note ? 'lead' ORDER BY line OFFSET %s LIMIT %s
            """,
            [batch_id, offset, limit],
        )
        return [(line, cells, json.loads(note), review) for line, cells, note, review in cursor.fetchall()]


def count_suggestions(batch_id: int) -> tuple[int, int]:
    """Rows whose damaged identifier fits one lead, and how many of them nobody has decided."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE review IS NULL) FROM rejections_batchrow"
            " WHERE batch_id = %s AND note ? 'lead'",
            [batch_id],
        )
        total, undecided = cursor.fetchone()
        return int(total), int(undecided)


def undecided_lines(batch_id: int) -> list[int]:
    """The lines of all suggestions that nobody has decided."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line FROM rejections_batchrow WHERE batch_id = %s AND note ? 'lead' AND review IS NULL",
            [batch_id],
        )
        return [row[0] for row in cursor.fetchall()]


def phrases(batch_id: int, column: int, *, selected: bool = False) -> list[tuple[str, int]]:
    """The different texts of a column with their number of rows, most used first.

    `selected` leaves out the rows that the check found not to say that their lead is rejected.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT btrim(cells[%s]), count(*) FROM rejections_batchrow
            WHERE batch_id = %s AND problem IS NULL AND btrim(cells[%s]) <> ''
              AND NOT (%s AND outcome IS NOT DISTINCT FROM 'not_selected')
            GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2000
            """,
            [column + 1, batch_id, column + 1, selected],
        )
        return cursor.fetchall()


def column_words(batch_id: int, column: int, limit: int = 50) -> list[tuple[str, int]]:
    """The different texts of one column with their number of rows, at most `limit`, most used first."""
    return phrases(batch_id, column)[:limit]


def line_range(batch_id: int, *, after: int, limit: int) -> list[tuple[int, list[str]]]:
    """Rows as they were read, for the table on the Map page: (line, cells)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line, cells FROM rejections_batchrow WHERE batch_id = %s AND line > %s ORDER BY line LIMIT %s",
            [batch_id, after, limit],
        )
        return cursor.fetchall()


def results(
    batch_id: int, opens: datetime | None
) -> Iterator[tuple[int, list[str], str, str, str, str, bool]]:
    """Every row in line order from a server-side cursor: line, cells, outcome, lead id, lead status, sentence,
    and whether the lead was decided for its supplier.

    The sentence says why the lead of a correction's row stays Rejected or waits, that a damaged identifier was
    skipped, or that a lead was credited before; else it is blank.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.line, r.cells, coalesce({EFFECTIVE}, ''), coalesce(r.lead_id::text, ''), coalesce(l.status, ''),
                coalesce(r.note->>'sentence', CASE WHEN r.outcome = %s AND r.review = 'skip' THEN %s END, ''),
                coalesce(l.decided_for_supplier, false)
            FROM rejections_batchrow r LEFT JOIN leads_lead l ON l.id = r.lead_id
            WHERE r.batch_id = %s ORDER BY r.line
            """,
            [opens, Outcome.NEEDS_REVIEW, SKIPPED, batch_id],
        )
        while found := cursor.fetchmany(2000):
            yield from found


def accepted_leads(batch_id: int) -> Iterator[tuple[str, str, str, str]]:
    """The leads a close-out moved, in id order from a server-side cursor: id, UID, status now, valid at."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            """
            SELECT l.id::text, l.uid, l.status, to_char(l.valid_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
            WHERE e.batch_id = %s AND e.cause = 'accepted_close_out' ORDER BY l.id
            """,
            [batch_id],
        )
        while found := cursor.fetchmany(2000):
            yield from found
