"""Statements for a supplier's pages: its rejected leads, and how its leads fare beside all of a campaign's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from rejections.contests import Rejection
from rejections.sql.disputes import AGREED, REJECTION, parameters
from rejections.states import State

#: Leads that can stand under a rejection: the client's own, and final ones that a batch credited instead; what the
#: client's CRM refused is no rejection that can be contested.
_REJECTED = """
    l.supplier_id = %(supplier)s AND (l.status = 'client_rejected'
        OR (l.is_final AND EXISTS (SELECT FROM leads_adjustment a JOIN leads_leadevent n ON n.id = a.event_id
            WHERE a.lead_id = l.id AND n.batch_id IS NOT NULL)))
    AND (%(campaign)s::bigint IS NULL OR l.campaign_id = %(campaign)s)
    AND (%(disposition)s::bigint IS NULL OR l.disposition_id = %(disposition)s)
    AND (%(named)s = '' OR l.uid ILIKE '%%' || %(named)s || '%%' OR l.id::text = %(named)s)
"""


class Asked(NamedTuple):
    """Which of a supplier's rejected leads: of a campaign, for a disposition, named by Lead ID or reference."""

    supplier_id: int
    campaign_id: int | None = None
    disposition_id: int | None = None
    named: str = ""

    def values(self) -> dict[str, Any]:
        """The parameters of `_REJECTED`."""
        named = self.named.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return {
            "supplier": self.supplier_id,
            "campaign": self.campaign_id,
            "disposition": self.disposition_id,
            "named": named,
            **parameters(),
        }


class Rejected(NamedTuple):
    """A rejected lead: why, when, what its payout became, and how it can be contested."""

    lead_id: int
    uid: str
    campaign: str
    currency: str
    zone: str
    received_at: datetime
    rejected_at: datetime
    disposition_id: int | None
    reason: str
    payout: Decimal
    owed: bool
    dispute_id: int | None
    dispute_state: str | None
    rejection: Rejection


_ROWS = f"""
    WITH shown AS (
        SELECT l.id, e.id AS event_id FROM leads_lead l JOIN LATERAL ({REJECTION}) e ON true
        WHERE {_REJECTED} ORDER BY e.id DESC OFFSET %(offset)s LIMIT %(limit)s
    )
    SELECT l.id, l.uid, c.public_name, c.currency, c.time_zone, l.received_at, e.at, e.disposition_id, e.reason,
        l.payout, e.payout_owed, o.dispute_id, o.state, b.state, b.finished_at,
        coalesce(a.dispute_days, %(dispute_days)s)
    FROM shown JOIN leads_lead l ON l.id = shown.id JOIN leads_leadevent e ON e.id = shown.event_id
    JOIN campaigns_campaign c ON c.id = l.campaign_id JOIN rejections_batch b ON b.id = e.batch_id
    LEFT JOIN rejections_disputedlead o ON o.event_id = e.id
    LEFT JOIN LATERAL ({AGREED}) a ON true
    ORDER BY e.id DESC
"""


def rejected(asked: Asked, *, offset: int, limit: int) -> list[Rejected]:
    """A page of the supplier's rejected leads, the last rejected first."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {**asked.values(), "offset": offset, "limit": limit})
        return [_rejected(*row) for row in cursor.fetchall()]


def all_rejected(asked: Asked, size: int = 2000) -> Iterator[Rejected]:
    """All of them, read page by page."""
    offset = 0
    while found := rejected(asked, offset=offset, limit=size):
        yield from found
        offset += size


def count_rejected(asked: Asked) -> int:
    """How many there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM leads_lead l WHERE {_REJECTED}", asked.values())
        return int(cursor.fetchone()[0])


def _rejected(*row: Any) -> Rejected:
    lead, (dispute_id, dispute_state, state, finished_at, days) = row[:11], row[11:]
    rejection = Rejection(True, dispute_id is not None, State(state), finished_at, days, row[4])
    return Rejected._make((*lead, dispute_id, dispute_state, rejection))


class Stands(NamedTuple):
    """How many leads of one supplier stand in one status for one disposition, and their payout."""

    campaign_id: int
    mine: bool
    supplier_id: int
    status: str
    disposition_id: int | None
    leads: int
    payout: Decimal


class Span(NamedTuple):
    """Leads of a campaign received from `since` (included) to `until` (not)."""

    campaign_id: int
    since: datetime
    until: datetime


def stands(supplier_id: int, spans: Sequence[Span]) -> list[Stands]:
    """The leads of these spans, counted, the supplier's own and those of all others."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.campaign_id, l.supplier_id = %s, l.supplier_id, l.status, l.disposition_id, count(*),
                sum(l.payout)
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS w(campaign_id, since, until)
            JOIN leads_lead l ON l.campaign_id = w.campaign_id AND l.received_at >= w.since
                AND l.received_at < w.until
            GROUP BY l.campaign_id, l.supplier_id, l.status, l.disposition_id
            """,
            [supplier_id, *map(list, zip(*spans, strict=True))] if spans else [supplier_id, [], [], []],
        )
        return [Stands(*row) for row in cursor.fetchall()]


class Week(NamedTuple):
    """The supplier's valid leads of a week (its Monday), and those of them that came back."""

    monday: date
    valid: int
    returned: int


def weeks(supplier_id: int, campaign_ids: Sequence[int], since: datetime) -> list[Week]:
    """Week by week in each campaign's own zone, the oldest first; weeks without leads are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT date_trunc('week', l.received_at AT TIME ZONE c.time_zone)::date, count(*),
                count(*) FILTER (WHERE l.status = 'client_rejected')
            FROM leads_lead l JOIN campaigns_campaign c ON c.id = l.campaign_id
            WHERE l.supplier_id = %s AND l.campaign_id = ANY(%s) AND l.received_at >= %s
              AND l.status IN ('pending', 'accepted', 'client_rejected')
            GROUP BY 1 ORDER BY 1
            """,
            [supplier_id, list(campaign_ids), since],
        )
        return [Week(*row) for row in cursor.fetchall()]
