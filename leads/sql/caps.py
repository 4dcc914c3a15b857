"""Statements over caps: their use is a query over leads, never a stored counter."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from leads.statuses import Status


class CapFacts(NamedTuple):
    """A cap that binds a campaign (`supplier_id` None) or one supplier in it."""

    id: int
    supplier_id: int | None
    period: str
    limit: int


class Waiting(NamedTuple):
    """A lead in quarantine."""

    lead_id: int
    supplier_id: int


_CAPS = 'SELECT id, supplier_id, period, "limit" FROM campaigns_cap WHERE campaign_id = %s ORDER BY id'


def lock_caps(campaign_id: int) -> list[CapFacts]:
    """Lock the campaign's caps by id (after the batch, before any lead) and read them."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_CAPS} FOR UPDATE", [campaign_id])
        return [CapFacts(*row) for row in cursor.fetchall()]


def read_caps(campaign_id: int) -> list[CapFacts]:
    """The campaign's caps, unlocked: for a look ahead."""
    with connection.cursor() as cursor:
        cursor.execute(_CAPS, [campaign_id])
        return [CapFacts(*row) for row in cursor.fetchall()]


def campaigns_with_quarantine() -> list[int]:
    """Campaigns with leads in quarantine, by id."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id FROM campaigns_campaign c WHERE EXISTS (
                SELECT FROM leads_lead l
                WHERE l.campaign_id = c.id AND l.valid_at IS NULL AND l.status = 'quarantined')
            ORDER BY c.id
            """
        )
        return [row[0] for row in cursor.fetchall()]


def used(campaign_id: int, supplier_id: int | None, begin: datetime, end: datetime) -> int:
    """Leads that use the cap: `in_cap`, valid in [begin, end)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM leads_lead
            WHERE campaign_id = %s AND in_cap AND valid_at >= %s AND valid_at < %s
              AND (%s::bigint IS NULL OR supplier_id = %s)
            """,
            [campaign_id, begin, end, supplier_id, supplier_id],
        )
        return int(cursor.fetchone()[0])


def quarantined(campaign_id: int, full: list[int], limit: int) -> list[Waiting]:
    """The campaign's quarantined leads, oldest received first, then id; locked by id as everywhere.

    Leads of the suppliers in `full` have no chance and are left out, so that they hold up nobody.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH oldest AS (
                SELECT id FROM leads_lead
                WHERE campaign_id = %s AND status = %s AND valid_at IS NULL AND supplier_id <> ALL(%s::bigint[])
                ORDER BY received_at, id LIMIT %s
            )
            SELECT l.received_at, l.id, l.supplier_id FROM leads_lead l JOIN oldest ON oldest.id = l.id
            WHERE l.status = %s ORDER BY l.id FOR NO KEY UPDATE OF l
            """,
            [campaign_id, Status.QUARANTINED, full, limit, Status.QUARANTINED],
        )
        return [Waiting(*lead) for _, *lead in sorted(cursor.fetchall())]
