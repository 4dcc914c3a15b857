"""Statements that close a month of a campaign: lines are written down, and their leads become final."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from leads.models import ClosedMonth
from leads.sql.money import OPEN, Reach, reaching
from leads.sql.walk import walk
from leads.statuses import UNDOABLE

#: Leads that become final with the lines of a reach; an affiliate event's line makes no lead final, only itself.
_LEADS = f"SELECT lead_id FROM ({OPEN}) d WHERE d.closes"


class Span(NamedTuple):
    """A month of a campaign, from its first instant to the one after its last."""

    campaign_id: int
    month: date
    begin: datetime
    end: datetime


class Closing(NamedTuple):
    """What closing a month would do: leads made final, what the client owes and the suppliers earn."""

    leads: int
    client: Decimal
    suppliers: Decimal
    lines: int


class LostUndo(NamedTuple):
    """A batch of which so many leads could no longer be put back."""

    batch_id: int
    leads: int


def oldest_over(running: Sequence[Span]) -> dict[int, date]:
    """Campaign → its oldest open month in which leads were accepted, if it is before the campaign's running one."""
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, greatest(date_trunc('month', l.accepted_at AT TIME ZONE c.time_zone)::date, m.first_open)
            FROM unnest(%s::bigint[], %s::date[], %s::timestamptz[]) AS w(campaign_id, month, begins)
            JOIN campaigns_campaign c ON c.id = w.campaign_id
            CROSS JOIN LATERAL (SELECT (max(m.month) + interval '1 month')::date AS first_open
                FROM leads_closedmonth m WHERE m.campaign_id = c.id) m
            CROSS JOIN LATERAL (SELECT l.accepted_at FROM leads_unclosedlead l
                WHERE l.campaign_id = c.id AND l.accepted_at < w.begins
                ORDER BY l.accepted_at LIMIT 1) l
            WHERE coalesce(m.first_open < w.month, true)
            """,
            [[getattr(span, part) for span in running] for part in ("campaign_id", "month", "begin")],
        )
        return dict(cursor.fetchall())


def would_close(reach: Reach) -> Closing:
    """What closing the month would do; nothing is written."""
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE d.closes), coalesce(sum(d.client_amount), 0),
                coalesce(sum(d.supplier_amount), 0), count(*)
            FROM ({OPEN}) d
            """,
            reaching([reach]),
        )
        return Closing(*cursor.fetchone())


def would_lose_undo(reach: Reach, batch_ids: Sequence[int], limit: int) -> list[LostUndo]:
    """Of these batches those of which leads could no longer be put back after closing, the most leads first."""
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.batch_id, count(DISTINCT e.lead_id) FROM leads_leadevent e
            WHERE e.batch_id = ANY(%(batches)s) AND e.cause = ANY(%(undoable)s)
              AND e.lead_id + 0 IN ({_LEADS})  -- + 0: events are read batch by batch, not lead by lead
              AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
            GROUP BY e.batch_id ORDER BY 2 DESC, 1 LIMIT %(limit)s
            """,
            {
                **reaching([reach]),
                "batches": list(batch_ids),
                "undoable": [cause.value for cause in UNDOABLE],
                "limit": limit,
            },
        )
        return [LostUndo(*row) for row in cursor.fetchall()]


class Counted(NamedTuple):
    """Leads of a supplier in a campaign that became valid in a month, and those the client rejected in it."""

    campaign_id: int
    supplier_id: int
    received: int
    rejected: int


_COUNTED = """
    SELECT campaign_id, supplier_id, sum(received) AS received, sum(rejected) AS rejected FROM (
        SELECT w.campaign_id, l.supplier_id, count(*) AS received, 0 AS rejected
        FROM unnest(%(campaigns)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
            AS w(campaign_id, begins, ends)
        JOIN leads_lead l ON l.campaign_id = w.campaign_id AND l.valid_at >= w.begins AND l.valid_at < w.ends
        GROUP BY 1, 2
        UNION ALL
        SELECT w.campaign_id, l.supplier_id, 0, count(*)
        FROM unnest(%(campaigns)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
            AS w(campaign_id, begins, ends)
        JOIN leads_leadevent e ON e.at >= w.begins AND e.at < w.ends AND e.cause IN ('client_rejected', 'adjusted')
        JOIN leads_lead l ON l.id = e.lead_id AND l.campaign_id = w.campaign_id
        WHERE e.at >= %(first)s AND e.at < %(last)s
          AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id) GROUP BY 1, 2
    ) x GROUP BY campaign_id, supplier_id
"""


def counted(spans: Sequence[Span]) -> list[Counted]:
    """Leads by campaign and supplier that became valid, and that were rejected, in the month of each span."""
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(_COUNTED, _arrays(spans))
        return [Counted(*row) for row in cursor.fetchall()]


def _arrays(spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "campaigns": [span.campaign_id for span in spans],
        "begins": [span.begin for span in spans],
        "ends": [span.end for span in spans],
        "first": min((span.begin for span in spans), default=None),
        "last": max((span.end for span in spans), default=None),
    }


#: Every lead of the campaign whose lines somebody could still change: final ones only by withdrawing an adjustment.
_LOCK = """
    SELECT count(*) FROM (
        SELECT FROM leads_lead l
        WHERE l.campaign_id = %(campaign_id)s AND (
            (NOT l.is_final AND (l.status = 'client_rejected' OR (l.status = 'accepted' AND l.accepted_at < %(end)s)))
            OR l.id IN (SELECT lead_id FROM leads_adjustment WHERE NOT is_final))
        ORDER BY l.id FOR NO KEY UPDATE
    ) locked
"""


class Moved(Exception):
    """A lead of the month was moved while it was being closed; nothing was closed."""


def close(span: Span, reach: Reach, *, currency: str, at: datetime, actor_id: int | None) -> ClosedMonth:
    """Freeze the month's lines and make their leads final, in the caller's transaction, behind the door's lock.

    Leads are locked in id order before their lines are read. Raises Moved.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, span._asdict())
        cursor.execute("SELECT nextval(pg_get_serial_sequence('leads_closedmonth', 'id'))")
        values = {**_arrays([span]), "closed": cursor.fetchone()[0]}
        for statement in _FREEZE:
            cursor.execute(statement, {**values, **reaching([reach])})
        cursor.execute(_LEFT_OPEN, values)
        if cursor.fetchone()[0]:
            raise Moved
    made = ClosedMonth.objects.create(
        pk=values["closed"],
        campaign_id=span.campaign_id,
        month=span.month,
        currency=currency,
        closed_at=at,
        closed_by_id=actor_id,
    )
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS, values)
    return made


_FREEZE = (
    f"""
    INSERT INTO leads_statementline (closed_id, kind, lead_id, supplier_id, at, event_id, affiliate_event_id,
        batch_id, client_amount, supplier_amount)
    SELECT %(closed)s, kind, lead_id, supplier_id, at, event_id, affiliate_event_id, batch_id, client_amount,
        supplier_amount
    FROM ({OPEN}) d ORDER BY lead_id
    """,
    """
    UPDATE leads_lead l SET is_final = true FROM leads_statementline s
    WHERE s.closed_id = %(closed)s AND s.kind <> 'affiliate' AND l.id = s.lead_id AND NOT l.is_final
      AND l.status IN ('accepted', 'client_rejected')
    """,
    """
    UPDATE leads_adjustment a SET is_final = true FROM leads_statementline s
    WHERE s.closed_id = %(closed)s AND s.kind = 'adjustment' AND s.event_id = a.event_id
    """,
    """
    UPDATE leads_affiliateevent f SET is_final = true FROM leads_statementline s
    WHERE s.closed_id = %(closed)s AND s.affiliate_event_id = f.id
    """,
)

_LEFT_OPEN = """
    SELECT count(*) FROM leads_statementline s JOIN leads_lead l ON l.id = s.lead_id
    WHERE s.closed_id = %(closed)s AND s.kind <> 'affiliate' AND NOT l.is_final
"""

_STATEMENTS = f"""
WITH counted AS ({_COUNTED}), amounts AS (
    SELECT supplier_id, count(client_amount) AS client_lines, sum(client_amount) AS client_total,
        count(supplier_amount) AS supplier_lines, sum(supplier_amount) AS supplier_total
    FROM leads_statementline WHERE closed_id = %(closed)s GROUP BY supplier_id
)
INSERT INTO leads_statement (closed_id, supplier_id, received, rejected, lines, total)
SELECT %(closed)s, NULL, coalesce((SELECT sum(received) FROM counted), 0),
    coalesce((SELECT sum(rejected) FROM counted), 0), coalesce(sum(client_lines), 0), coalesce(sum(client_total), 0)
FROM amounts
UNION ALL
SELECT %(closed)s, supplier_id, coalesce(received, 0), coalesce(rejected, 0), coalesce(supplier_lines, 0),
    coalesce(supplier_total, 0)
FROM amounts FULL JOIN counted USING (supplier_id)
"""


class Returnable(NamedTuple):
    """Billed leads of a campaign, by supplier and month, that the client may still reject."""

    campaign_id: int
    supplier_id: int
    month: date
    leads: int


_RETURNABLE = """
SELECT campaign_id, supplier_id, month, sum(leads)::bigint FROM (
    SELECT l.campaign_id, l.supplier_id, date_trunc('month', l.accepted_at AT TIME ZONE c.time_zone)::date AS month,
        count(*) AS leads
    FROM unnest(%(campaigns)s::bigint[], %(opens)s::timestamptz[]) AS w(campaign_id, opens)
    JOIN campaigns_campaign c ON c.id = w.campaign_id
    JOIN leads_unclosedlead l ON l.campaign_id = w.campaign_id AND l.valid_at >= w.opens GROUP BY 1, 2, 3
    UNION ALL  -- without those of them that the client has sent back
    SELECT l.campaign_id, l.supplier_id, date_trunc('month', l.accepted_at AT TIME ZONE c.time_zone)::date, -count(*)
    FROM unnest(%(campaigns)s::bigint[], %(opens)s::timestamptz[]) AS w(campaign_id, opens)
    JOIN campaigns_campaign c ON c.id = w.campaign_id
    JOIN leads_unclosedlead l ON l.campaign_id = w.campaign_id AND l.valid_at >= w.opens
    JOIN leads_leadevent e ON e.lead_id = l.lead_id
    WHERE e.cause = 'client_rejected' AND e.from_status = 'accepted' AND e.at >= %(first)s
      AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id) GROUP BY 1, 2, 3
) x GROUP BY 1, 2, 3 HAVING sum(leads) > 0
"""


def returnable(opens: Sequence[tuple[int, datetime]]) -> list[Returnable]:
    """Accepted leads inside the return windows: (campaign, first instant inside its window)."""
    instants = [instant for _, instant in opens]
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            _RETURNABLE,
            {
                "campaigns": [campaign for campaign, _ in opens],
                "opens": instants,
                "first": min(instants, default=None),  # nobody rejects a lead before it is valid
            },
        )
        return [Returnable(*row) for row in cursor.fetchall()]
