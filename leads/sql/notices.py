"""Statements that write what suppliers are told of a batch: once per event, 500 leads a notice."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

LEADS_PER_NOTICE = 500

#: Events of the batch that a supplier is told of, and has not been told of by a notice that stands.
_UNTOLD = {
    "rejections": """
        SELECT e.id, e.lead_id, e.line, e.reason, e.disposition_id, l.supplier_id, l.campaign_id, l.uid
        FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
        WHERE e.batch_id = %(batch)s AND e.cause IN ('client_rejected', 'adjusted') AND l.supplier_id = %(supplier)s
          AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
    """,
    "retractions": """
        SELECT u.id, e.lead_id, e.line, e.reason, e.disposition_id, l.supplier_id, l.campaign_id, l.uid
        FROM leads_leadevent e JOIN leads_leadevent u ON u.undoes_id = e.id JOIN leads_lead l ON l.id = e.lead_id
        WHERE e.batch_id = %(batch)s AND e.cause IN ('client_rejected', 'adjusted') AND l.supplier_id = %(supplier)s
          AND EXISTS (
            SELECT FROM leads_delivery d
            WHERE d.batch_id = %(batch)s AND d.supplier_id = %(supplier)s AND d.kind = 'rejections'
              AND d.status <> 'cancelled' AND e.id BETWEEN d.first_event_id AND d.last_event_id)
    """,
}

_WRITE = """
WITH untold AS (
    SELECT x.*, (row_number() OVER (ORDER BY x.id) - 1) / %(size)s AS part FROM ({events}) x
    WHERE x.id > coalesce((SELECT max(d.last_event_id) FROM leads_delivery d
        WHERE d.batch_id = %(batch)s AND d.supplier_id = %(supplier)s AND d.kind = %(kind)s), 0)
)
INSERT INTO leads_delivery
    (kind, channel, status, supplier_id, batch_id, payload, first_event_id, last_event_id,
     created_at, next_attempt_at)
SELECT %(kind)s, told.channel, CASE told.channel WHEN 'portal' THEN 'sent' ELSE 'pending' END, %(supplier)s, %(batch)s,
    jsonb_build_object('leads', jsonb_agg(jsonb_build_object('event', untold.id, 'lead_id', untold.lead_id,
        'uid', untold.uid, 'code', d.code, 'reason', untold.reason) ORDER BY untold.id)),
    min(untold.id), max(untold.id), %(at)s, CASE told.channel WHEN 'portal' THEN NULL ELSE %(at)s END
FROM untold
LEFT JOIN campaigns_disposition d ON d.id = untold.disposition_id
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT a.channel FROM campaigns_agreement a
        WHERE a.campaign_id = untold.campaign_id AND a.supplier_id = %(supplier)s AND a.starts_on <= %(at)s::date
        ORDER BY a.starts_on DESC LIMIT 1), 'portal') AS channel
) told
GROUP BY untold.part, told.channel
"""


def suppliers_of(batch_id: int) -> list[int]:
    """Suppliers whose leads the batch rejected, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT l.supplier_id FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
            WHERE e.batch_id = %s AND e.cause IN ('client_rejected', 'adjusted') ORDER BY 1
            """,
            [batch_id],
        )
        return [row[0] for row in cursor.fetchall()]


def write(kind: str, batch_id: int, supplier_id: int, at: datetime) -> int:
    """Write the notices of `kind` (rejections, retractions) one supplier is still owed; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(events=_UNTOLD[kind]),
            {
                "kind": kind,
                "batch": batch_id,
                "supplier": supplier_id,
                "at": at,
                "size": LEADS_PER_NOTICE,
            },
        )
        return cursor.rowcount


def cancel_unsent(batch_id: int, supplier_id: int) -> int:
    """Cancel the supplier's unsent rejection notices of which every lead has been put back; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_delivery d SET status = 'cancelled', next_attempt_at = NULL
            WHERE d.batch_id = %s AND d.supplier_id = %s AND d.kind = 'rejections' AND d.status = 'pending'
              AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(d.payload->'leads') told
                WHERE NOT EXISTS (
                    SELECT FROM leads_leadevent u WHERE u.undoes_id = (told->>'event')::bigint))
            """,
            [batch_id, supplier_id],
        )
        return cursor.rowcount
