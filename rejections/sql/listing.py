"""Statements for lists of batches: the numbers of all that are shown, in one query each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from rejections.decisions import Outcome
from rejections.sql.rows import EFFECTIVE


class Counting(NamedTuple):
    """A batch whose rows are counted: where its window opens, and the last line that counts (None: all)."""

    batch_id: int
    opens: datetime | None
    up_to: int | None


class Done(NamedTuple):
    """What a batch did beside its rows: leads accepted, and the price of what it credited."""

    accepted: int
    credited: Decimal


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


def done(batch_ids: Sequence[int]) -> dict[int, Done]:
    """What each batch accepted and credited; what was taken back since is counted all the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.batch_id, count(*) FILTER (WHERE e.cause LIKE 'accepted\\_%%'),
                coalesce(sum(l.price), 0)
            FROM leads_leadevent e
            LEFT JOIN leads_lead l ON l.id = e.lead_id
                AND (e.cause = 'adjusted' OR (e.cause = 'client_rejected' AND e.from_status = 'accepted'))
            WHERE e.batch_id = ANY(%s) GROUP BY e.batch_id
            """,
            [list(batch_ids)],
        )
        return {batch_id: Done(accepted, credited) for batch_id, accepted, credited in cursor.fetchall()}


def moved_leads(batch_id: int) -> int:
    """Leads the batch has moved so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM leads_leadevent WHERE batch_id = %s AND undoes_id IS NULL", [batch_id]
        )
        return int(cursor.fetchone()[0])
