"""Statements that keep what is pushed to the clients' destinations in line with where leads stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from leads.sql import arrays


def hold(lead_ids: Iterable[int]) -> None:
    """Lock the waiting pushes of these leads, so that none is begun before the caller commits."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM leads_delivery
            WHERE lead_id = ANY(%s) AND channel = 'destination' AND status = 'pending' ORDER BY id FOR UPDATE
            """,
            [list(lead_ids)],
        )


def reconcile(lead_ids: Iterable[int], *, at: datetime) -> None:
    """Bring the pushes of these (just moved) leads in line with where they stand; twice is once.

    A valid lead that has not been pushed since it became valid gets a push, if its campaign has a
    destination. Of a lead that is valid no more the waiting push is cancelled, unless a try is under way.
    """
    lead_ids = list(lead_ids)
    if not lead_ids:
        return
    wanted = arrays.numbers(lead_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_delivery (kind, channel, status, lead_id, client_id, payload, created_at, next_attempt_at)
            SELECT 'lead', 'destination', 'pending', l.id, c.client_id, '{}', %s, %s
            FROM leads_lead l
            JOIN campaigns_destination t ON t.campaign_id = l.campaign_id
            JOIN campaigns_campaign c ON c.id = l.campaign_id
            WHERE l.id = ANY(%s::bigint[]) AND l.status IN ('pending', 'accepted') AND NOT EXISTS (
                SELECT FROM leads_delivery d WHERE d.lead_id = l.id AND d.channel = 'destination'
                  AND d.status <> 'cancelled' AND d.created_at >= l.valid_at)
            ORDER BY l.id
            """,
            [at, at, wanted],
        )
        cursor.execute(
            """
            UPDATE leads_delivery d SET status = 'cancelled', next_attempt_at = NULL FROM leads_lead l
            WHERE l.id = d.lead_id AND l.id = ANY(%s::bigint[]) AND l.status NOT IN ('pending', 'accepted')
              AND d.channel = 'destination' AND d.status = 'pending'
              AND (d.claimed_until IS NULL OR d.claimed_until < %s)
            """,
            [wanted, at],
        )
