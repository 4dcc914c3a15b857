"""Statements about money: lines, what they come to, and the closing of a month.

A line is a fact about a lead: it was accepted, sent back after it was billed, sent back with its payout owed
all the same, adjusted because its month was closed, or an affiliate event of it was approved. Lines of open
months are read from leads and events each time; closing writes them down. A line belongs to the month of its
date in the campaign's zone, or to the first open month when that one is closed: so none is ever lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from leads.sql.walk import walk

#: The event has not been taken back.
_LIVE = "NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)"

#: The reaches asked for, as rows.
_REACH = """
    unnest(%(open)s::bigint[], %(months)s::date[], %(since)s::timestamptz[], %(until)s::timestamptz[])
        AS w(campaign_id, month, since, until)
"""

#: Leads billed, from the narrow table that the database keeps of them.
_ACCEPTED = f"""
    SELECT 'accepted' AS kind, w.campaign_id, w.month, l.lead_id, l.supplier_id, l.accepted_at AS at,
        NULL::bigint AS event_id, NULL::bigint AS affiliate_event_id, NULL::bigint AS batch_id,
        l.price AS client_amount, l.payout AS supplier_amount, true AS closes
    FROM {_REACH}
    JOIN leads_unclosedlead l
        ON l.campaign_id = w.campaign_id AND l.accepted_at >= w.since AND l.accepted_at < w.until
"""
#: Leads sent back: credited where they had been billed, owed to their supplier all the same. Found by their events.
_REJECTED = f"""
    SELECT CASE e.from_status WHEN 'accepted' THEN 'credit' ELSE 'owed' END, w.campaign_id, w.month, l.id,
        l.supplier_id, e.at, e.id, NULL::bigint, e.batch_id,
        CASE e.from_status WHEN 'accepted' THEN -l.price END,
        CASE WHEN e.from_status = 'accepted' AND NOT e.payout_owed THEN -l.payout
             WHEN e.from_status <> 'accepted' THEN l.payout END,
        NOT l.is_final AND (l.accepted_at >= w.since AND l.accepted_at < w.until) IS NOT TRUE
    FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
    JOIN {_REACH} ON w.campaign_id = l.campaign_id AND e.at >= w.since AND e.at < w.until
    WHERE e.cause = 'client_rejected' AND e.at >= %(first)s::timestamptz AND e.at < %(last)s::timestamptz
      AND (e.from_status = 'accepted' OR e.payout_owed) AND l.status = 'client_rejected' AND {_LIVE}
      AND NOT EXISTS (SELECT FROM leads_statementline s WHERE s.event_id = e.id)
"""
_OTHERS = f"""
    {_REJECTED}
    UNION ALL
    SELECT 'adjustment', w.campaign_id, w.month, l.id, l.supplier_id, a.created_at, e.id, NULL, e.batch_id,
        nullif(a.client_amount, 0), nullif(a.supplier_amount, 0), false
    FROM leads_adjustment a JOIN leads_lead l ON l.id = a.lead_id JOIN leads_leadevent e ON e.id = a.event_id
    JOIN {_REACH} ON w.campaign_id = l.campaign_id AND a.created_at >= w.since AND a.created_at < w.until
    WHERE NOT a.is_final
    UNION ALL
    SELECT 'affiliate', w.campaign_id, w.month, l.id, l.supplier_id, f.occurred_at, NULL, f.id, NULL, NULL,
        f.payout, false
    FROM leads_affiliateevent f JOIN leads_lead l ON l.id = f.lead_id
    JOIN {_REACH} ON w.campaign_id = l.campaign_id AND f.occurred_at >= w.since AND f.occurred_at < w.until
    WHERE f.status = 'approved' AND NOT f.is_final
"""

#: Lines that stand in no closed month, of the reaches given by `reaching`. `closes`: closing makes its lead final; true
#: on one line of a lead.
OPEN = f"{_ACCEPTED} UNION ALL {_OTHERS}"

#: Lines of the closed months in %(closed)s, as they were frozen.
_FROZEN = """
SELECT s.kind, m.campaign_id, m.month, s.lead_id, s.supplier_id, s.at, s.event_id, s.affiliate_event_id, s.batch_id,
    s.client_amount, s.supplier_amount, false AS closes
FROM leads_statementline s JOIN leads_closedmonth m ON m.id = s.closed_id WHERE m.id = ANY(%(closed)s)
"""


class Reach(NamedTuple):
    """The dates whose open lines belong to a month of a campaign: from `since` on (None: ever), before `until`."""

    campaign_id: int
    month: date
    since: datetime | None
    until: datetime | None


def reaching(reaches: Sequence[Reach]) -> dict[str, Any]:
    """The parameters of `OPEN`."""
    since = ["-infinity" if one.since is None else one.since for one in reaches]
    until = ["infinity" if one.until is None else one.until for one in reaches]
    bounded = [one.since for one in reaches if one.since], [one.until for one in reaches if one.until]
    return {
        "open": [one.campaign_id for one in reaches],
        "months": [one.month for one in reaches],
        "since": [str(moment) for moment in since],
        "until": [str(moment) for moment in until],
        "first": min(bounded[0]) if reaches and len(bounded[0]) == len(reaches) else "-infinity",
        "last": max(bounded[1]) if reaches and len(bounded[1]) == len(reaches) else "infinity",
    }


class Scope(NamedTuple):
    """The lines of one statement: of a supplier, or (None) of the client of these campaigns, in one month.

    `open` are the reaches of campaigns whose month is open, `closed` the closed months of the others.
    """

    supplier_id: int | None
    open: Sequence[Reach]
    closed: Sequence[int]


class Sum(NamedTuple):
    """What the open lines of one campaign come to in one month, for its client (no supplier) or a supplier."""

    campaign_id: int
    supplier_id: int | None
    month: date
    lines: int
    amount: Decimal


class Group(NamedTuple):
    """Lines of one kind, batch and unit price; `at` is the first of them, `until` the last."""

    campaign_id: int
    kind: str
    batch_id: int | None
    unit: Decimal
    at: datetime
    until: datetime
    lines: int
    amount: Decimal


class Line(NamedTuple):
    """One line, with what a file says of its lead; `code` and what suppliers read of it belong to the reason."""

    campaign_id: int
    kind: str
    lead_id: int
    uid: str
    at: datetime
    batch_id: int | None
    reason: str
    code: str
    supplier_text: str
    amount: Decimal


def sums(reaches: Sequence[Reach], *, suppliers: bool) -> list[Sum]:
    """What open lines come to, by campaign and month, for their clients or for their suppliers."""
    side, party = ("supplier_amount", "supplier_id") if suppliers else ("client_amount", "NULL::bigint")
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT campaign_id, {party}, month, count(*), sum({side}) FROM ({OPEN}) x
            WHERE {side} IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """,
            reaching(reaches),
        )
        return [Sum(*row) for row in cursor.fetchall()]


def oldest(campaign_id: int, until: datetime | None = None) -> datetime | None:
    """The date of the campaign's oldest open line, of those before `until`."""
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT least((SELECT l.accepted_at FROM leads_unclosedlead l
                WHERE l.campaign_id = %(campaign)s AND l.accepted_at < %(last)s::timestamptz
                ORDER BY l.accepted_at LIMIT 1), (SELECT min(at) FROM ({_OTHERS}) x))
            """,
            {"campaign": campaign_id, **reaching([Reach(campaign_id, date.min, None, until)])},
        )
        found: datetime | None = cursor.fetchone()[0]
        return found


def _of(scope: Scope) -> tuple[str, str, dict[str, Any]]:
    """The scope's lines as a source, the amount on its side, and the parameters."""
    side = "client_amount" if scope.supplier_id is None else "supplier_amount"
    lines = " UNION ALL ".join(
        [*([OPEN] if scope.open else []), *([_FROZEN] if scope.closed or not scope.open else [])]
    )
    where = f"x.{side} IS NOT NULL"
    if scope.supplier_id is not None:
        where += " AND x.supplier_id = %(supplier)s"
    parameters = {**reaching(scope.open), "closed": list(scope.closed), "supplier": scope.supplier_id}
    return f"(SELECT * FROM ({lines}) x WHERE {where}) x", side, parameters


def groups(scope: Scope) -> list[Group]:
    """The lines of a statement, put together by campaign, kind, batch and unit price, in this order."""
    source, side, parameters = _of(scope)
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT campaign_id, kind, batch_id, {side}, min(at), max(at), count(*), sum({side}) FROM {source}
            GROUP BY 1, 2, 3, 4
            ORDER BY 1, array_position(ARRAY['accepted','credit','owed','adjustment','affiliate'], kind), 5, 4
            """,
            parameters,
        )
        return [Group(*row) for row in cursor.fetchall()]


_ORDER = "x.campaign_id, x.at, x.lead_id, x.kind, x.event_id, x.affiliate_event_id"
_LINES = f"""
    SELECT x.campaign_id, x.kind, x.lead_id, l.uid, x.at, x.batch_id, coalesce(e.reason, ''), coalesce(d.code, ''),
        coalesce(d.supplier_text, ''), x.{{side}}
    FROM {{source}} JOIN leads_lead l ON l.id = x.lead_id LEFT JOIN leads_leadevent e ON e.id = x.event_id
    LEFT JOIN campaigns_disposition d ON d.id = e.disposition_id ORDER BY {_ORDER}
"""


def lines(scope: Scope, group: Group, *, offset: int, limit: int) -> list[Line]:
    """Single lines of one of the statement's groups, oldest first."""
    source, side, parameters = _of(scope)
    page = f"""(SELECT * FROM {source} WHERE x.campaign_id = %(campaign)s AND x.kind = %(kind)s
        AND x.{side} = %(unit)s AND x.batch_id IS NOT DISTINCT FROM %(batch)s
        ORDER BY {_ORDER} OFFSET %(offset)s LIMIT %(limit)s) x"""
    parameters |= {
        "campaign": group.campaign_id,
        "kind": group.kind,
        "unit": group.unit,
        "batch": group.batch_id,
        "offset": offset,
        "limit": limit,
    }
    with walk(bitmaps=False), connection.cursor() as cursor:
        cursor.execute(_LINES.format(side=side, source=page), parameters)
        return [Line(*row) for row in cursor.fetchall()]


def all_lines(scope: Scope) -> Iterator[Line]:
    """Every single line of a statement: read from a server-side cursor, so memory stays flat."""
    source, side, parameters = _of(scope)
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINES.format(side=side, source=source), parameters)
        while rows := cursor.fetchmany(2000):
            yield from map(Line._make, rows)


class Balance(NamedTuple):
    """All statements of a party together, and its leads with their adjustments one by one: they are equal."""

    statements: Decimal
    leads: Decimal


_OWED = f"""
    SELECT l.id FROM leads_lead l JOIN leads_leadevent e ON e.lead_id = l.id
    WHERE l.campaign_id = ANY(%(open)s) AND l.status = 'client_rejected' AND e.cause = 'client_rejected'
      AND e.payout_owed AND {_LIVE}
"""

#: What leads are worth one by one: to the client what is Accepted, to the supplier what is owed beside it too.
_WORTH = {
    "client": "SELECT l.price AS amount, l.supplier_id FROM leads_lead l"
    " WHERE l.campaign_id = ANY(%(open)s) AND l.status = 'accepted'",
    "supplier": f"""
        SELECT l.payout AS amount, l.supplier_id FROM leads_lead l
        WHERE l.campaign_id = ANY(%(open)s) AND (l.status = 'accepted' OR l.id IN ({_OWED}))
        UNION ALL
        SELECT f.payout, l.supplier_id FROM leads_affiliateevent f JOIN leads_lead l ON l.id = f.lead_id
        WHERE l.campaign_id = ANY(%(open)s) AND f.status = 'approved'
    """,
}


def balance(campaign_ids: Sequence[int], supplier_id: int | None) -> Balance:
    """Both sums over campaigns, for one supplier or (None) the client: whatever month, open or closed."""
    side = "client" if supplier_id is None else "supplier"
    mine = "(%(supplier)s::bigint IS NULL OR x.supplier_id = %(supplier)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT
                coalesce((SELECT sum(x.{side}_amount) FROM ({OPEN}) x WHERE {mine}), 0)
                + coalesce((SELECT sum(x.total) FROM leads_statement x JOIN leads_closedmonth m ON m.id = x.closed_id
                    WHERE m.campaign_id = ANY(%(open)s) AND x.supplier_id IS NOT DISTINCT FROM %(supplier)s), 0),
                coalesce((SELECT sum(x.amount) FROM ({_WORTH[side]}) x WHERE {mine}), 0)
                + coalesce((SELECT sum(a.{side}_amount) FROM leads_adjustment a JOIN leads_lead x ON x.id = a.lead_id
                    WHERE x.campaign_id = ANY(%(open)s) AND {mine}), 0)
            """,
            {**reaching([Reach(pk, date.min, None, None) for pk in campaign_ids]), "supplier": supplier_id},
        )
        return Balance(*cursor.fetchone())
