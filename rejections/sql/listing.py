"""Statements for lists of batches: the numbers of all that are shown, in one query each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from leads.sql.walk import walk
from rejections.decisions import Outcome
from rejections.sql.rows import EFFECTIVE


class Counting(NamedTuple):
    """A batch whose rows are counted: where its window opens, and the last line that counts (None: all)."""

    batch_id: int
    opens: datetime | None
    up_to: int | None


class Done(NamedTuple):
    """What holds of what a batch did beside its rows: leads accepted, and the price of the credits that stand.

    `back` are the leads put back, of them `back_rejected` and `back_released`.
    """

    accepted: int
    credited: Decimal
    back: int
    back_rejected: int
    back_released: int


def outcomes(counting: Sequence[Counting]) -> dict[int, dict[str, int]]:
    """Rows by outcome of each batch, non-zero only, in the order of the outcomes; batches without are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT w.batch_id, {EFFECTIVE % "w.opens"} AS effective, count(*)
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[]) AS w(batch_id, opens, up_to)
            JOIN rejections_batchrow r ON r.batch_id = w.batch_id AND r.outcome IS NOT NULL
                AND (w.up_to IS NULL OR r.line <= w.up_to)
            GROUP BY w.batch_id, effective
            """,
            [[c.batch_id for c in counting], [c.opens for c in counting], [c.up_to for c in counting]],
        )
        found = {(batch_id, outcome): rows for batch_id, outcome, rows in cursor.fetchall()}
    counts: dict[int, dict[str, int]] = {}
    for outcome in Outcome:
        for batch in counting:
            if rows := found.get((batch.batch_id, str(outcome))):
                counts.setdefault(batch.batch_id, {})[str(outcome)] = rows
    return counts


#: Moves are counted from an index alone; only leads that were credited are read, for their price.
_DONE = """
    WITH moved AS (
        SELECT batch_id, cause, to_status, count(*) AS moved, 0 AS back FROM leads_leadevent
        WHERE batch_id = ANY(%(batches)s) GROUP BY 1, 2, 3
        UNION ALL
        SELECT u.batch_id, e.cause, e.to_status, 0, count(*)
        FROM leads_leadevent u JOIN leads_leadevent e ON e.id = u.undoes_id
        WHERE u.batch_id = ANY(%(batches)s) AND u.undoes_id IS NOT NULL GROUP BY 1, 2, 3
    ), credits AS (
        SELECT e.batch_id, sum(l.price) AS credited
        FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
        WHERE e.batch_id = ANY(%(batches)s)
          AND (e.cause = 'adjusted' OR (e.cause = 'client_rejected' AND e.from_status = 'accepted'))
          AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
          AND NOT EXISTS (SELECT FROM leads_adjustment a JOIN leads_leadevent c ON c.id = a.event_id
              WHERE a.lead_id = e.lead_id AND c.cause = 'charged_back')
        GROUP BY e.batch_id
    )
    SELECT m.batch_id, coalesce(sum(m.moved - m.back) FILTER (WHERE m.cause LIKE 'accepted\\_%%'), 0)::int,
        coalesce(max(c.credited), 0), sum(m.back)::int,
        coalesce(sum(m.back) FILTER (WHERE m.cause = 'client_rejected'), 0)::int,
        coalesce(sum(m.back) FILTER (WHERE m.cause = 'corrected' AND m.to_status <> 'rejected'), 0)::int
    FROM moved m LEFT JOIN credits c ON c.batch_id = m.batch_id GROUP BY m.batch_id
"""


def done(batch_ids: Sequence[int]) -> dict[int, Done]:
    """What holds of what each batch accepted and credited: without what Undo or a granted dispute has taken back."""
    with walk(), connection.cursor() as cursor:
        cursor.execute(_DONE, {"batches": list(batch_ids)})
        return {batch_id: Done(*numbers) for batch_id, *numbers in cursor.fetchall()}


def moved_leads(batch_id: int) -> int:
    """Leads the batch has moved so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM leads_leadevent WHERE batch_id = %s AND undoes_id IS NULL", [batch_id]
        )
        return int(cursor.fetchone()[0])
