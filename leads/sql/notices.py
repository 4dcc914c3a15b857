"""Statements that write what suppliers are told of a batch: once per event, 500 leads of one supplier a notice."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

LEADS_PER_NOTICE = 500

_OF_BATCH = "e.batch_id = %(batch)s AND e.cause IN ('client_rejected', 'adjusted')"

#: Events of the batch that a supplier is to be told of: what happened, or that it was taken back.
_EVENTS = {
    "rejections": f"""
        SELECT e.id, e.lead_id, e.reason, e.disposition_id, l.supplier_id, l.campaign_id, l.uid
        FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
        WHERE {_OF_BATCH} AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
    """,
    "retractions": f"""
        SELECT u.id, e.lead_id, e.reason, e.disposition_id, l.supplier_id, l.campaign_id, l.uid
        FROM leads_leadevent u JOIN leads_leadevent e ON e.id = u.undoes_id JOIN leads_lead l ON l.id = e.lead_id
        WHERE u.batch_id = %(batch)s AND u.cause IN ('undone', 'dispute_granted') AND {_OF_BATCH} AND EXISTS (
            SELECT FROM leads_delivery d
            WHERE d.batch_id = %(batch)s AND d.supplier_id = l.supplier_id AND d.kind = 'rejections'
              AND d.status <> 'cancelled' AND e.id BETWEEN d.first_event_id AND d.last_event_id)
    """,
}

_WRITE = """
WITH told AS (
    SELECT supplier_id, max(last_event_id) AS last_id FROM leads_delivery
    WHERE batch_id = %(batch)s AND kind = %(kind)s GROUP BY supplier_id
), untold AS (
    SELECT x.*, (row_number() OVER (PARTITION BY x.supplier_id ORDER BY x.id) - 1) / %(size)s AS part
    FROM ({events}) x LEFT JOIN told ON told.supplier_id = x.supplier_id
    WHERE x.id > coalesce(told.last_id, 0)
), notices AS (
    SELECT u.supplier_id, u.campaign_id, min(u.id) AS first_id, max(u.id) AS last_id,
        jsonb_build_object('leads', jsonb_agg(jsonb_build_object('event', u.id, 'lead_id', u.lead_id,
            'uid', u.uid, 'code', d.code, 'reason', u.reason) ORDER BY u.id)) AS payload
    FROM untold u LEFT JOIN campaigns_disposition d ON d.id = u.disposition_id
    GROUP BY u.supplier_id, u.campaign_id, u.part
)
INSERT INTO leads_delivery
    (kind, channel, status, supplier_id, batch_id, payload, first_event_id, last_event_id,
     created_at, next_attempt_at)
SELECT %(kind)s, agreed.channel, CASE agreed.channel WHEN 'portal' THEN 'sent' ELSE 'pending' END,
    n.supplier_id, %(batch)s, n.payload, n.first_id, n.last_id,
    %(at)s, CASE agreed.channel WHEN 'portal' THEN NULL ELSE %(at)s END
FROM notices n CROSS JOIN LATERAL (
    SELECT coalesce((SELECT a.channel FROM campaigns_agreement a
        WHERE a.campaign_id = n.campaign_id AND a.supplier_id = n.supplier_id AND a.starts_on <= %(at)s::date
        ORDER BY a.starts_on DESC LIMIT 1), 'portal') AS channel
) agreed
ORDER BY n.supplier_id, n.first_id
"""


def write(kind: str, batch_id: int, at: datetime) -> int:
    """Write the notices of `kind` (rejections, retractions) that suppliers are still owed; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(events=_EVENTS[kind]),
            {"kind": kind, "batch": batch_id, "at": at, "size": LEADS_PER_NOTICE},
        )
        return cursor.rowcount


def cancel_unsent(batch_id: int) -> int:
    """Cancel unsent rejection notices of which every lead has been put back; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_delivery d SET status = 'cancelled', next_attempt_at = NULL
            WHERE d.batch_id = %s AND d.kind = 'rejections' AND d.status = 'pending'
              AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(d.payload->'leads') told
                WHERE NOT EXISTS (
                    SELECT FROM leads_leadevent u WHERE u.undoes_id = (told->>'event')::bigint))
            """,
            [batch_id],
        )
        return cursor.rowcount
