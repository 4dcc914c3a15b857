"""Statements that write what suppliers are told of a batch: each event once, as the terms of its day say.

A notice names the events it tells of. What has been told is told by these names alone, so that a batch that ends
twice tells nothing twice, and nothing is retracted that was not told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

#: Leads of one notice; an e-mail holds a batch whole.
LEADS_PER_NOTICE = 500

_REJECTED = "e.cause IN ('client_rejected', 'adjusted')"
_RELEASED = "e.cause = 'corrected' AND e.from_status = 'rejected' AND e.to_status IN ('pending', 'accepted')"

#: What happened, and has not been taken back.
_HAPPENED = """
    SELECT e.id, e.lead_id, e.reason, e.disposition_id, e.at FROM leads_leadevent e
    WHERE e.batch_id = %(batch)s AND {which}
      AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
"""
#: What was taken back after a supplier had been told of it: by an event that undoes it, or, of a final lead,
#: by the adjustment that a granted dispute brings instead. It begins with what was told: of a batch that has just
#: run the planner knows nothing yet, and would read all of its events to find that nothing was.
_TAKEN_BACK = """
    SELECT u.id, e.lead_id, e.reason, e.disposition_id, u.at
    FROM (
        SELECT DISTINCT unnest(d.event_ids) AS id FROM leads_delivery d
        WHERE d.batch_id = %(batch)s AND d.kind = '{of}' AND d.status <> 'cancelled'
    ) told JOIN leads_leadevent e ON e.id = told.id JOIN LATERAL (
        SELECT id, at FROM leads_leadevent WHERE undoes_id = e.id
        UNION ALL
        SELECT id, at FROM leads_leadevent
        WHERE lead_id = e.lead_id AND id > e.id AND cause = 'charged_back' AND e.cause = 'client_rejected'
    ) u ON true
    WHERE {which}
"""


class _Told(NamedTuple):
    """The events a kind of notice tells of, and what an agreement calls telling of them."""

    events: str
    tells: str


_KINDS = {
    "rejections": _Told(_HAPPENED.format(which=_REJECTED), "rejections"),
    "recoveries": _Told(_HAPPENED.format(which=_RELEASED), "recoveries"),
    "retractions": _Told(_TAKEN_BACK.format(which=_REJECTED, of="rejections"), "retractions"),
    "recovery_retractions": _Told(_TAKEN_BACK.format(which=_RELEASED, of="recoveries"), "recoveries"),
}

_WRITE = """
WITH untold AS (
    SELECT x.*, l.uid, l.supplier_id, l.campaign_id, (x.at AT TIME ZONE c.time_zone)::date AS day
    FROM ({events}) x JOIN leads_lead l ON l.id = x.lead_id JOIN campaigns_campaign c ON c.id = l.campaign_id
    WHERE x.id NOT IN (
        SELECT unnest(event_ids) FROM leads_delivery WHERE batch_id = %(batch)s AND kind = %(kind)s)
), terms AS MATERIALIZED (
    SELECT days.*, coalesce(a.channel, 'portal') AS channel
    FROM (SELECT DISTINCT supplier_id, campaign_id, day FROM untold) days
    LEFT JOIN LATERAL (
        SELECT channel, tells FROM campaigns_agreement a
        WHERE a.campaign_id = days.campaign_id AND a.supplier_id = days.supplier_id AND a.starts_on <= days.day
        ORDER BY a.starts_on DESC LIMIT 1
    ) a ON true
    WHERE %(tells)s = ANY(coalesce(a.tells, '{{rejections,retractions}}'))
), parts AS (
    SELECT u.*, t.channel, CASE t.channel WHEN 'email' THEN 0 ELSE
        (row_number() OVER (PARTITION BY u.supplier_id, t.channel ORDER BY u.id) - 1) / %(size)s END AS part
    FROM untold u JOIN terms t USING (supplier_id, campaign_id, day)
), notices AS (
    SELECT p.supplier_id, p.channel, array_agg(p.id ORDER BY p.id) AS events,
        jsonb_build_object('campaign', c.public_name, 'leads', jsonb_agg(jsonb_build_object('lead_id', p.lead_id,
            'uid', p.uid, 'code', d.code, 'label', coalesce(nullif(d.supplier_text, ''), d.label),
            'reason', coalesce(m.told, p.reason)) ORDER BY p.id)) AS payload
    FROM parts p JOIN campaigns_campaign c ON c.id = p.campaign_id
    LEFT JOIN unnest(%(campaigns)s::bigint[], %(said)s::text[], %(told)s::text[]) AS m(campaign_id, said, told)
        ON m.campaign_id = p.campaign_id AND m.said = p.reason
    LEFT JOIN campaigns_disposition d ON d.id = p.disposition_id
    GROUP BY p.supplier_id, c.public_name, p.channel, p.part
)
INSERT INTO leads_delivery
    (kind, channel, status, supplier_id, batch_id, payload, event_ids, created_at, next_attempt_at)
SELECT %(kind)s, channel, CASE channel WHEN 'portal' THEN 'sent' ELSE 'pending' END, supplier_id, %(batch)s,
    payload, events, %(at)s, CASE channel WHEN 'portal' THEN NULL ELSE %(at)s END
FROM notices ORDER BY supplier_id, events
"""


class Told(NamedTuple):
    """Words of a campaign's client, and what suppliers read instead."""

    campaign_id: int
    said: str
    told: str


def said(kind: str, batch_id: int) -> list[tuple[int, str]]:
    """(campaign, words) of the events that a kind of notice tells of, each once; a batch is of one campaign."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.campaign_id, words.reason FROM (
                SELECT reason, min(lead_id) AS lead_id FROM ({_KINDS[kind].events}) x
                WHERE reason <> '' GROUP BY reason
            ) words JOIN leads_lead l ON l.id = words.lead_id
            """,
            {"batch": batch_id},
        )
        return cursor.fetchall()


def write(kind: str, batch_id: int, at: datetime, instead: Iterable[Told]) -> int:
    """Write the notices of this kind that suppliers are still owed, and the terms list; how many.

    `instead` are the words that are told otherwise than they were said.
    """
    told, other = _KINDS[kind], list(instead)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE.format(events=told.events),
            {
                "kind": kind,
                "tells": told.tells,
                "batch": batch_id,
                "at": at,
                "size": LEADS_PER_NOTICE,
                "campaigns": [one.campaign_id for one in other],
                "said": [one.said for one in other],
                "told": [one.told for one in other],
            },
        )
        return cursor.rowcount


def cancel_unsent(batch_id: int) -> int:
    """Cancel notices that nobody has tried to send, and of which every lead has been put back; how many.

    One that was tried may have arrived: it stays, and its retraction follows it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE leads_delivery d SET status = 'cancelled', next_attempt_at = NULL
            WHERE d.batch_id = %s AND d.kind IN ('rejections', 'recoveries') AND d.status = 'pending'
              AND d.claimed_until IS NULL
              AND NOT EXISTS (SELECT FROM leads_deliveryattempt a WHERE a.delivery_id = d.id)
              AND d.id IN (
                SELECT n.id FROM leads_delivery n CROSS JOIN LATERAL unnest(n.event_ids) told(event_id)
                LEFT JOIN leads_leadevent u ON u.undoes_id = told.event_id
                WHERE n.batch_id = %s AND n.status = 'pending' GROUP BY n.id HAVING count(u.id) = count(*))
            """,
            [batch_id, batch_id],
        )
        return cursor.rowcount
