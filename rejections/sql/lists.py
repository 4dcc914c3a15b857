"""Statements about a picklist's use: which values leads have, and which texts it turned away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from rejections.sql.fixes import AT_WORK, Group

#: Of each campaign the newest leads are counted, so many at most.
COUNTED = 20_000


class Use(NamedTuple):
    """Leads that have a value, and those of them that came with another text."""

    leads: int
    mapped: int


def uses(fields: Sequence[tuple[int, str]], since: datetime) -> dict[str, Use]:
    """How often each value was judged in these (campaign, field), by leads received since then."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT v.judged->>w.field, count(*), count(*) FILTER (WHERE v.received->>w.field <> v.judged->>w.field)
            FROM unnest(%s::bigint[], %s::text[]) AS w(campaign_id, field)
            CROSS JOIN LATERAL (
                SELECT id FROM leads_lead
                WHERE campaign_id = w.campaign_id AND received_at >= %s AND status <> 'rejected'
                ORDER BY id DESC LIMIT {COUNTED}) l
            JOIN leads_leadvalues v ON v.lead_id = l.id
            WHERE v.judged->>w.field <> '' GROUP BY 1
            """,
            [[campaign for campaign, _ in fields], [field for _, field in fields], since],
        )
        return {value: Use(leads, mapped) for value, leads, mapped in cursor.fetchall()}


def turned_away(fields: Sequence[tuple[int, str]], *, limit: int) -> list[Group]:
    """Groups of rejected leads whose first failure is one of these (source, field), biggest first.

    What a correction is at work on is left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH g AS (
                SELECT source_id, failure, count(*) AS leads, min(lead_id) AS lead, sum(price) AS worth
                FROM leads_leadblock
                WHERE source_id = ANY(%s) AND (source_id, failure) NOT IN ({AT_WORK}) GROUP BY source_id, failure
            )
            SELECT g.source_id, v.failures->0->>'field', v.failures->0->>'value', v.failures->0->>'code', g.leads,
                g.lead, g.worth
            FROM g JOIN leads_leadvalues v ON v.lead_id = g.lead
            JOIN unnest(%s::bigint[], %s::text[]) AS w(source_id, field)
                ON w.source_id = g.source_id AND w.field = v.failures->0->>'field'
            WHERE v.failures->0->>'value' <> '' ORDER BY g.leads DESC, g.source_id, g.lead LIMIT %s
            """,
            [
                sorted({source for source, _ in fields}),
                [source for source, _ in fields],
                [field for _, field in fields],
                limit,
            ],
        )
        return list(map(Group._make, cursor.fetchall()))
