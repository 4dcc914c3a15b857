"""Statements that tell how a source's leads fare: at the door, by day, by disposition, by what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from leads.surges import Door


class Standing(NamedTuple):
    """A source's leads by status, non-zero only, and when the newest came in."""

    statuses: dict[str, int]
    last: datetime


def standing(source_id: int | None = None) -> dict[int, Standing]:
    """Where the leads of each source stand, or of one; sources without leads are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT source_id, status, count(*), max(received_at) FROM leads_lead
            WHERE %s::bigint IS NULL OR source_id = %s GROUP BY source_id, status
            """,
            [source_id, source_id],
        )
        found: dict[int, Standing] = {}
        for source, status, leads, last in cursor.fetchall():
            known = found.get(source, Standing({}, last))
            found[source] = Standing({**known.statuses, status: leads}, max(known.last, last))
        return found


def to_fix(source_id: int | None = None) -> dict[int, int]:
    """Rejected leads of each source, or of one, that nobody has decided to keep rejected; non-zero only."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT source_id, count(*) FROM leads_leadblock
            WHERE %s::bigint IS NULL OR source_id = %s GROUP BY source_id
            """,
            [source_id, source_id],
        )
        return dict(cursor.fetchall())


class Worst(NamedTuple):
    """A source with leads to fix: how many, and the field and value that most of them fail first."""

    source_id: int
    field: str
    value: str
    leads: int
    to_fix: int


def worst(limit: int) -> list[Worst]:
    """Sources with leads to fix, those with most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT placed.source_id, v.failures->0->>'field', v.failures->0->>'value', leads, to_fix FROM (
                SELECT source_id, lead, leads, sum(leads) OVER (PARTITION BY source_id)::bigint AS to_fix,
                    row_number() OVER (PARTITION BY source_id ORDER BY leads DESC, lead) AS place
                FROM (
                    SELECT source_id, min(lead_id) AS lead, count(*) AS leads
                    FROM leads_leadblock GROUP BY source_id, failure
                ) failing
            ) placed JOIN leads_leadvalues v ON v.lead_id = placed.lead
            WHERE place = 1 ORDER BY to_fix DESC, placed.source_id LIMIT %s
            """,
            [limit],
        )
        return list(map(Worst._make, cursor.fetchall()))


_TURNED_AWAY = """
    EXISTS (SELECT FROM leads_leadevent e WHERE e.lead_id = l.id AND e.cause = 'judged' AND e.to_status = 'rejected')
"""


def at_the_door(begin: datetime, end: datetime, source_ids: Sequence[int] | None = None) -> dict[int, Door]:
    """What the door did with each source's leads received in [begin, end), whatever became of them later."""
    sources = None if source_ids is None else list(source_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.source_id, count(*), count(*) FILTER (WHERE {_TURNED_AWAY}) FROM leads_lead l
            WHERE l.received_at >= %s AND l.received_at < %s
              AND (%s::bigint[] IS NULL OR l.source_id = ANY(%s::bigint[])) GROUP BY l.source_id
            """,
            [begin, end, sources, sources],
        )
        return {source: Door(received, rejected) for source, received, rejected in cursor.fetchall()}


class Commonest(NamedTuple):
    """The field and value that most of the rejected leads fail first; `field` is blank where it is no field's."""

    field: str
    value: str
    leads: int


def commonest(source_id: int, begin: datetime, end: datetime) -> Commonest | None:
    """What is wrong with most of the source's leads received in [begin, end); None when all are mended."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT v.failures->0->>'field', v.failures->0->>'value', count(*)
            FROM leads_lead l JOIN leads_leadvalues v ON v.lead_id = l.id
            WHERE l.source_id = %s AND l.received_at >= %s AND l.received_at < %s AND l.status = 'rejected'
              AND NOT (v.failures = '[]'::jsonb)
            GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 1
            """,
            [source_id, begin, end],
        )
        row = cursor.fetchone()
        return Commonest(*row) if row else None


class Day(NamedTuple):
    """Leads received on one day, by where they stand now: valid (Pending, Accepted), rejected, client rejected."""

    day: date
    valid: int
    rejected: int
    client_rejected: int

    @property
    def leads(self) -> tuple[int, int, int]:
        """Its numbers, in the order above."""
        return self.valid, self.rejected, self.client_rejected


def days(source_id: int, zone: str, begin: datetime) -> list[Day]:
    """Leads of the source received since `begin`, by day in the zone; days without leads are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (received_at AT TIME ZONE %s)::date, count(*) FILTER (WHERE status IN ('pending', 'accepted')),
                count(*) FILTER (WHERE status = 'rejected'), count(*) FILTER (WHERE status = 'client_rejected')
            FROM leads_lead WHERE source_id = %s AND received_at >= %s GROUP BY 1 ORDER BY 1
            """,
            [zone, source_id, begin],
        )
        return list(map(Day._make, cursor.fetchall()))


class Code(NamedTuple):
    """A disposition of rejected leads: how many carry it, with how many different values, how many to fix."""

    code: str
    label: str
    leads: int
    values: int
    to_fix: int


def codes(source_id: int, limit: int) -> list[Code]:
    """The dispositions of the source's rejected leads, the commonest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.code, d.label, count(*), count(DISTINCT v.failures->0->>'value'),
                count(*) FILTER (WHERE NOT v.kept_rejected)
            FROM leads_lead l JOIN campaigns_disposition d ON d.id = l.disposition_id
            JOIN leads_leadvalues v ON v.lead_id = l.id
            WHERE l.source_id = %s AND l.status = 'rejected'
            GROUP BY d.code, d.label ORDER BY 3 DESC, 1 LIMIT %s
            """,
            [source_id, limit],
        )
        return list(map(Code._make, cursor.fetchall()))


def waiting_pushes(campaign_ids: Sequence[int]) -> dict[int, int]:
    """Leads of each campaign that wait to be pushed to its destination; campaigns without are absent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.campaign_id, count(*) FROM leads_delivery d JOIN leads_lead l ON l.id = d.lead_id
            WHERE d.status = 'pending' AND d.channel = 'destination' AND l.campaign_id = ANY(%s)
            GROUP BY l.campaign_id
            """,
            [list(campaign_ids)],
        )
        return dict(cursor.fetchall())
