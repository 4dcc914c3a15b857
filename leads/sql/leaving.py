"""Statements that turn leads away after the door: refused by the client's CRM, or kept in quarantine too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from leads.statuses import DOOR_MOVES, Cause

CODES = {Cause.REFUSED_BY_CRM: "REJECT_LEAD_BY_CRM", Cause.CAP_EXPIRED: "CAP_EXPIRED"}

_TURN_AWAY = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS g(id, reason)
), moved AS (
    UPDATE leads_lead l SET status = 'rejected', disposition_id = d.id, reason = g.reason, in_cap = false,
        accepted_at = NULL
    FROM given g, campaigns_disposition d
    WHERE l.id = g.id AND d.code = %(code)s AND l.status = ANY(%(sources)s) AND NOT l.is_final
    RETURNING l.id AS lead_id, l.disposition_id, l.reason, old.status AS from_status,
        old.disposition_id AS was_disposition_id, old.reason AS was_reason, old.valid_at AS was_valid_at,
        old.accepted_at AS was_accepted_at, old.in_cap AS was_in_cap
), released AS (
    UPDATE leads_leadkey k SET held = false FROM moved m WHERE k.lead_id = m.lead_id AND k.held
), written AS (
    UPDATE leads_leadvalues v
    SET failures = jsonb_build_array(jsonb_build_object('field', '', 'value', '', 'code', %(code)s::text,
            'sentence', m.reason)), kept_rejected = false
    FROM moved m WHERE v.lead_id = m.lead_id
)
INSERT INTO leads_leadevent (lead_id, cause, from_status, to_status, disposition_id, reason, at,
    was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap)
SELECT lead_id, %(cause)s, from_status, 'rejected', disposition_id, reason, %(at)s,
    was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap
FROM moved RETURNING lead_id
"""


class Leaving(NamedTuple):
    """A lead that is turned away, and the sentence why."""

    lead_id: int
    reason: str


def turn_away(cause: Cause, leaving: Sequence[Leaving], *, at: datetime) -> list[int]:
    """Reject leads (locked in id order) for a cause of the house; they let go of keys and cap places.

    Returns the ids of those that stood where the cause may take them from.
    """
    if not leaving:
        return []
    values: dict[str, Any] = {
        "ids": [one.lead_id for one in leaving],
        "reasons": [one.reason for one in leaving],
        "code": CODES[cause],
        "sources": [status.value for status in DOOR_MOVES[cause].sources],
        "cause": cause.value,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TURN_AWAY, values)
        return [row[0] for row in cursor.fetchall()]


def expired(campaign_id: int, before: datetime, limit: int) -> list[int]:
    """Leads in quarantine since before that instant, in id order, locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.id FROM leads_lead l
            WHERE l.campaign_id = %s AND l.valid_at IS NULL AND l.status = 'quarantined' AND (
                SELECT max(e.at) FROM leads_leadevent e WHERE e.lead_id = l.id AND e.to_status = 'quarantined') < %s
            ORDER BY l.id LIMIT %s FOR NO KEY UPDATE OF l
            """,
            [campaign_id, before, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def unjudged(before: datetime, limit: int) -> list[tuple[int, int]]:
    """(campaign, lead) received before that instant and judged by nobody, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.campaign_id, l.id FROM leads_leadvalues v JOIN leads_lead l ON l.id = v.lead_id
            WHERE v.version = 0 AND l.status = 'processing' AND (
                SELECT min(e.at) FROM leads_leadevent e WHERE e.lead_id = l.id) < %s
            ORDER BY l.id LIMIT %s
            """,
            [before, limit],
        )
        return cursor.fetchall()
