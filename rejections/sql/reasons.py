"""Statements that count what leads were turned away for: by clients' words, by code."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

#: Rejections by batches since then that nobody took back.
_REJECTED = """
    FROM leads_leadevent e JOIN rejections_batch b ON b.id = e.batch_id
    WHERE e.cause IN ('client_rejected', 'adjusted') AND e.at >= %(since)s
        AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
"""


def by_words(since: datetime) -> list[tuple[int, str, int]]:
    """(client, its words, leads rejected in them since then)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.client_id, said.reason, sum(said.leads)::bigint
            FROM (SELECT b.campaign_id, e.reason, count(*) AS leads {_REJECTED} GROUP BY 1, 2) said
            JOIN campaigns_campaign c ON c.id = said.campaign_id
            GROUP BY 1, 2
            """,
            {"since": since},
        )
        return cursor.fetchall()


def by_code(since: datetime) -> dict[int, int]:
    """Disposition → leads: rejected by clients, or received and refused or held at the door, since then."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.disposition_id, count(*) {_REJECTED} AND e.disposition_id IS NOT NULL GROUP BY 1
            UNION ALL
            SELECT l.disposition_id, count(*) FROM leads_lead l
            WHERE l.received_at >= %(since)s AND l.status IN ('rejected', 'quarantined')
                AND l.disposition_id IS NOT NULL GROUP BY 1
            """,
            {"since": since},
        )
        return dict(cursor.fetchall())
