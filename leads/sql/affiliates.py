"""Statements that tell of affiliate events: what was reported in some days, counted and one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection


class Reports(NamedTuple):
    """Events of one campaign and supplier: how many wait, are approved, are rejected, and what they pay."""

    campaign: str
    supplier: str
    currency: str
    pending: int
    pending_payout: Decimal
    approved: int
    approved_payout: Decimal
    rejected: int
    rejected_payout: Decimal


def reports(begin: datetime, end: datetime) -> list[Reports]:
    """Events that occurred in [begin, end), by campaign and supplier, those that pay most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name, s.name, c.currency,
                sum(n) FILTER (WHERE status = 'pending'), sum(paid) FILTER (WHERE status = 'pending'),
                sum(n) FILTER (WHERE status = 'approved'), sum(paid) FILTER (WHERE status = 'approved'),
                sum(n) FILTER (WHERE status = 'rejected'), sum(paid) FILTER (WHERE status = 'rejected')
            FROM (
                SELECT l.campaign_id, l.supplier_id, f.status, count(*) AS n, sum(f.payout) AS paid
                FROM leads_affiliateevent f JOIN leads_lead l ON l.id = f.lead_id
                WHERE f.occurred_at >= %s AND f.occurred_at < %s GROUP BY 1, 2, 3
            ) x JOIN campaigns_campaign c ON c.id = x.campaign_id JOIN campaigns_supplier s ON s.id = x.supplier_id
            GROUP BY c.name, s.name, c.currency ORDER BY 7 DESC NULLS LAST, 1, 2
            """,
            [begin, end],
        )
        return [Reports(*row[:3], *(part or 0 for part in row[3:])) for row in cursor.fetchall()]


class Event(NamedTuple):
    """One event, as a file has it; `batch_id` is the import that rejected it."""

    lead_id: int
    reference: str
    status: str
    payout: Decimal
    currency: str
    occurred_at: datetime
    campaign: str
    supplier: str
    batch_id: int | None


def events(begin: datetime, end: datetime) -> Iterator[Event]:
    """Every event that occurred in [begin, end), oldest first: from a server-side cursor, so memory stays flat."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            """
            SELECT f.lead_id, f.reference, f.status, f.payout, c.currency, f.occurred_at, c.name, s.name, f.batch_id
            FROM leads_affiliateevent f JOIN leads_lead l ON l.id = f.lead_id
            JOIN campaigns_campaign c ON c.id = l.campaign_id JOIN campaigns_supplier s ON s.id = l.supplier_id
            WHERE f.occurred_at >= %s AND f.occurred_at < %s ORDER BY f.occurred_at, f.id
            """,
            [begin, end],
        )
        while rows := cursor.fetchmany(2000):
            yield from map(Event._make, rows)
