"""Statements that tell what a batch has done: queries over its events, never stored counters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection


class Moved(NamedTuple):
    """Leads a batch moved for one cause from one status to another."""

    cause: str
    from_status: str
    to_status: str
    leads: int
    price: Decimal
    slots: int


def moved(batch_id: int) -> list[Moved]:
    """What the batch moved, by cause and former status; what was taken back since is counted all the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.cause, e.from_status, e.to_status, count(*), sum(l.price),
                count(*) FILTER (WHERE e.was_in_cap)
            FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
            WHERE e.batch_id = %s AND e.undoes_id IS NULL GROUP BY e.cause, e.from_status, e.to_status
            """,
            [batch_id],
        )
        return [Moved(*row) for row in cursor.fetchall()]


def taken_back(batch_id: int) -> list[Moved]:
    """What of that Undo or a granted dispute has put back, by what it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.cause, e.from_status, e.to_status, count(*), sum(l.price),
                count(*) FILTER (WHERE e.was_in_cap)
            FROM leads_leadevent u JOIN leads_leadevent e ON e.id = u.undoes_id
            JOIN leads_lead l ON l.id = e.lead_id
            WHERE u.batch_id = %s AND u.undoes_id IS NOT NULL GROUP BY e.cause, e.from_status, e.to_status
            """,
            [batch_id],
        )
        return [Moved(*row) for row in cursor.fetchall()]


def given_back(batch_id: int) -> Decimal:
    """What of the batch's credits has since been taken back: by Undo, or by a dispute that was granted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(l.price), 0) FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
            WHERE e.batch_id = %s
              AND (e.cause = 'adjusted' OR e.cause = 'client_rejected' AND e.from_status = 'accepted')
              AND (EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
                OR EXISTS (SELECT FROM leads_leadevent c
                    WHERE c.lead_id = e.lead_id AND c.id > e.id AND c.cause = 'charged_back'))
            """,
            [batch_id],
        )
        return Decimal(cursor.fetchone()[0])


def moved_up(batch_id: int) -> int:
    """Leads that moved up from quarantine because of this batch: Undo leaves them in place."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM leads_leadevent WHERE batch_id = %s AND cause = 'quarantine_released'",
            [batch_id],
        )
        return int(cursor.fetchone()[0])


def restored(batch_id: int) -> int:
    """Leads of this batch that Undo or a granted dispute has put back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM leads_leadevent WHERE batch_id = %s AND undoes_id IS NOT NULL", [batch_id]
        )
        return int(cursor.fetchone()[0])


class Kept(NamedTuple):
    """A lead that Undo left as it is, and the newest thing that happened to it since."""

    lead_id: int
    line: int | None
    status: str
    is_final: bool
    cause: str | None
    at: datetime | None
    actor_id: int | None
    batch_id: int | None


def kept(batch_id: int, causes: Sequence[str], limit: int) -> list[Kept]:
    """Leads of an undone batch that were not put back, with who changed them since; at most `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.lead_id, e.line, l.status, l.is_final, since.cause, since.at, since.actor_id, since.batch_id
            FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
            LEFT JOIN LATERAL (
                SELECT n.cause, n.at, n.batch_id, n.actor_id FROM leads_leadevent n
                WHERE n.lead_id = e.lead_id AND n.id > e.id AND n.undoes_id IS NULL
                ORDER BY n.id DESC LIMIT 1
            ) since ON true
            WHERE e.batch_id = %s AND e.cause = ANY(%s)
              AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
            ORDER BY e.lead_id LIMIT %s
            """,
            [batch_id, list(causes), limit],
        )
        return [Kept(*row) for row in cursor.fetchall()]


def naming_later(batch_id: int, campaign_id: int) -> list[int]:
    """Later batches with rows that ended `already_rejected` on leads this one rejected."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT r.batch_id FROM rejections_batchrow r
            JOIN rejections_batch b ON b.id = r.batch_id
            JOIN leads_leadevent e ON e.batch_id = %s AND e.lead_id = r.lead_id AND e.cause = 'client_rejected'
            WHERE b.id > %s AND b.campaign_id = %s AND r.outcome = 'already_rejected' ORDER BY 1
            """,
            [batch_id, batch_id, campaign_id],
        )
        return [row[0] for row in cursor.fetchall()]
