"""Statements for what a batch does beside its rows, and for what it would do."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from leads.statuses import Status
from rejections.decisions import HELD_BACK, REJECTING, Outcome
from rejections.sql.rows import EFFECTIVE


class Span(NamedTuple):
    """Which Pending leads a close-out takes: valid at or after `begin` and before `end`."""

    campaign_id: int
    begin: datetime | None
    end: datetime


class Accepting(NamedTuple):
    """What accepting a span would do: leads, their price, how many of them the file does not name."""

    leads: int
    billed: Decimal
    unnamed: int


#: Leads whose row has not said its last word, whose delivery to the client has not arrived, or that a person
#: has put back while the batch was stopped. Parameters: as `_held_parameters` has them.
_HELD = f"""
    SELECT r.lead_id FROM rejections_batchrow r
    WHERE r.lead_id IS NOT NULL AND {EFFECTIVE} = ANY(%s) AND r.batch_id = %s
    UNION
    SELECT (r.note->>'lead')::bigint FROM rejections_batchrow r
    WHERE r.batch_id = %s AND r.outcome = '{Outcome.NEEDS_REVIEW}' AND r.review IS NULL AND r.note ? 'lead'
    UNION
    SELECT k.lead_id FROM rejections_batchrow r
    JOIN leads_leadkey k ON k.campaign_id = %s AND k.slot = %s AND k.key = r.key COLLATE "C"
    WHERE r.batch_id = %s AND r.outcome = '{Outcome.AMBIGUOUS}'
    UNION
    SELECT candidate::bigint FROM rejections_batchrow r, jsonb_array_elements_text(r.note->'leads') candidate
    WHERE r.batch_id = %s AND r.outcome = '{Outcome.AMBIGUOUS}'
    UNION
    SELECT d.lead_id FROM leads_delivery d
    WHERE d.channel = 'destination' AND d.status IN ('pending', 'failed') AND d.lead_id IS NOT NULL
    UNION
    SELECT e.lead_id FROM leads_leadevent e WHERE e.batch_id = %s AND e.undoes_id IS NOT NULL
"""
#: A person has put the lead back whose row this batch had rejected. Parameter: batch.
_PUT_BACK = """
    EXISTS (SELECT FROM leads_leadevent e WHERE e.lead_id = l.id AND e.batch_id = %s AND e.undoes_id IS NOT NULL)
"""

REJECTING_ROWS = f"""
    SELECT r.lead_id, r.outcome FROM rejections_batchrow r
    WHERE r.batch_id = %s AND {EFFECTIVE} = ANY(%s)
"""

_PENDING = f"""
    l.campaign_id = %s AND l.status = '{Status.PENDING}'
    AND (%s::timestamptz IS NULL OR l.valid_at >= %s) AND l.valid_at < %s
"""


def _held_parameters(batch_id: int, campaign_id: int, slot: int | None, opens: datetime | None) -> list[Any]:
    named = [opens, list(HELD_BACK), batch_id, batch_id]
    return [*named, campaign_id, slot, batch_id, batch_id, batch_id]


def _span_parameters(span: Span) -> list[Any]:
    return [span.campaign_id, span.begin, span.begin, span.end]


def pending_leads(
    span: Span,
    *,
    after: int,
    limit: int,
    held: tuple[int, int | None, datetime | None] | None = None,
    only: list[int] | None = None,
) -> list[int]:
    """Ids above `after` of the span's Pending leads, in id order, locked.

    `held` = (batch, slot, window's opening) leaves out the leads that batch holds back; `only` keeps to
    these leads.
    """
    without_held = f"AND NOT EXISTS (SELECT FROM ({_HELD}) held WHERE held.lead_id = l.id)" if held else ""
    held_parameters = _held_parameters(held[0], span.campaign_id, *held[1:]) if held else []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.id FROM leads_lead l
            WHERE {_PENDING} {without_held} AND l.id > %s AND (%s::bigint[] IS NULL OR l.id = ANY(%s::bigint[]))
            ORDER BY l.id LIMIT %s FOR NO KEY UPDATE
            """,
            [*_span_parameters(span), *held_parameters, after, only, only, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def would_accept(
    span: Span,
    batch_id: int,
    *,
    opens: datetime | None,
    held_slot: int | None = None,
    leaves_held: bool = False,
    only: list[int] | None = None,
) -> Accepting:
    """What accepting the span would do after the batch's own rejections, which are left out.

    `leaves_held` leaves the held-back leads out too.
    """
    without_held = (
        f"AND NOT EXISTS (SELECT FROM ({_HELD}) held WHERE held.lead_id = l.id)" if leaves_held else ""
    )
    held_parameters = _held_parameters(batch_id, span.campaign_id, held_slot, opens) if leaves_held else []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH named AS (
                SELECT r.lead_id, bool_or({EFFECTIVE} = ANY(%s)) AS rejected FROM rejections_batchrow r
                WHERE r.batch_id = %s AND r.lead_id IS NOT NULL GROUP BY r.lead_id
            )
            SELECT count(*), coalesce(sum(l.price), 0), count(*) FILTER (WHERE named.lead_id IS NULL)
            FROM leads_lead l LEFT JOIN named ON named.lead_id = l.id
            WHERE {_PENDING} {without_held} AND (%s::bigint[] IS NULL OR l.id = ANY(%s::bigint[]))
              AND named.rejected IS DISTINCT FROM true
            """,
            [opens, list(REJECTING), batch_id, *_span_parameters(span), *held_parameters, only, only],
        )
        return Accepting(*cursor.fetchone())


def held_back(
    span: Span, batch_id: int, slot: int | None, opens: datetime | None, only: list[int] | None = None
) -> int:
    """How many Pending leads of the span (of `only` these) the batch holds back and does not reject."""
    held = _held_parameters(batch_id, span.campaign_id, slot, opens)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FROM leads_lead l WHERE {_PENDING} AND l.id IN ({_HELD})
              AND (NOT EXISTS (SELECT FROM ({REJECTING_ROWS}) x WHERE x.lead_id = l.id) OR {_PUT_BACK})
              AND (%s::bigint[] IS NULL OR l.id = ANY(%s::bigint[]))
            """,
            [*_span_parameters(span), *held, batch_id, opens, list(REJECTING), batch_id, only, only],
        )
        return int(cursor.fetchone()[0])


def newest_named(batch_id: int) -> datetime | None:
    """The newest `valid_at` among the leads the file names."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(valid_at) FROM rejections_batchrow WHERE batch_id = %s", [batch_id])
        return cursor.fetchone()[0]


def reject_affiliate_events(batch_id: int, *, after: int, limit: int) -> tuple[int | None, int]:
    """Reject open affiliate events of the next leads the batch rejected: (last lead or None, events)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH moved AS (
                SELECT e.lead_id FROM leads_leadevent e
                WHERE e.batch_id = %(batch)s AND e.lead_id > %(after)s AND e.cause = 'client_rejected'
                  AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
                ORDER BY e.lead_id LIMIT %(limit)s
            ), rejected AS (
                UPDATE leads_affiliateevent f SET was_status = f.status, status = 'rejected', batch_id = %(batch)s
                FROM moved WHERE f.lead_id = moved.lead_id AND f.status IN ('pending', 'approved') AND NOT f.is_final
                RETURNING f.id
            )
            SELECT (SELECT max(lead_id) FROM moved), (SELECT count(*) FROM rejected)
            """,
            {"batch": batch_id, "after": after, "limit": limit},
        )
        last, events = cursor.fetchone()
        return last, int(events)


def any_pending(span: Span) -> bool:
    """Whether the span holds a Pending lead at all."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM leads_lead l WHERE {_PENDING})", _span_parameters(span))
        return bool(cursor.fetchone()[0])


class Rejecting(NamedTuple):
    """What rejecting the rows would mean, before any option: leads with their price, slots, events.

    `credited_before` are leads of a closed month that have had their one credit and get nothing more.
    """

    pending: int
    not_billed: Decimal
    accepted: int
    credited: Decimal
    payout: Decimal
    slots: int
    events: int
    events_payout: Decimal
    credited_before: int


def would_reject(batch_id: int, opens: datetime | None) -> Rejecting:
    """Sums over the rows that would reject a lead, or credit one whose month is closed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH rejecting AS MATERIALIZED (
                SELECT l.id, l.status, l.price, l.payout, l.in_cap, l.is_final, a.id AS adjusted
                FROM ({REJECTING_ROWS}) x JOIN leads_lead l ON l.id = x.lead_id
                LEFT JOIN leads_adjustment a ON a.lead_id = l.id
            ), events AS (
                SELECT count(*) AS n, coalesce(sum(f.payout), 0) AS payout
                FROM rejecting r JOIN leads_affiliateevent f ON f.lead_id = r.id
                WHERE NOT r.is_final AND f.status IN ('pending', 'approved') AND NOT f.is_final
            )
            SELECT count(*) FILTER (WHERE status = 'pending'),
                coalesce(sum(price) FILTER (WHERE status = 'pending'), 0),
                count(*) FILTER (WHERE status = 'accepted' AND adjusted IS NULL),
                coalesce(sum(price) FILTER (WHERE status = 'accepted' AND adjusted IS NULL), 0),
                coalesce(sum(payout) FILTER (WHERE status = 'accepted' AND adjusted IS NULL), 0),
                count(*) FILTER (WHERE in_cap AND NOT is_final),
                (SELECT n FROM events), (SELECT payout FROM events),
                count(*) FILTER (WHERE status = 'accepted' AND is_final AND adjusted IS NOT NULL)
            FROM rejecting
            """,
            [batch_id, opens, list(REJECTING)],
        )
        return Rejecting(*cursor.fetchone())


def slots_between(
    batch_id: int, opens: datetime | None, supplier_id: int | None, begin: datetime, end: datetime
) -> int:
    """Cap slots the rows would give back that lie in [begin, end), of one supplier or all."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FROM ({REJECTING_ROWS}) x JOIN leads_lead l ON l.id = x.lead_id
            WHERE l.in_cap AND NOT l.is_final AND l.valid_at >= %s AND l.valid_at < %s
              AND (%s::bigint IS NULL OR l.supplier_id = %s)
            """,
            [batch_id, opens, list(REJECTING), begin, end, supplier_id, supplier_id],
        )
        return int(cursor.fetchone()[0])


def compared_with(batch_id: int, earlier_id: int) -> tuple[int, int, int]:
    """Leads named here and not in the earlier batch, in both, and only in the earlier one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE old.lead_id IS NULL),
                count(*) FILTER (WHERE old.lead_id IS NOT NULL AND new.lead_id IS NOT NULL),
                count(*) FILTER (WHERE new.lead_id IS NULL)
            FROM (SELECT DISTINCT lead_id FROM rejections_batchrow WHERE batch_id = %s AND lead_id IS NOT NULL) new
            FULL JOIN
                (SELECT DISTINCT lead_id FROM rejections_batchrow WHERE batch_id = %s AND lead_id IS NOT NULL) old
            USING (lead_id)
            """,
            [batch_id, earlier_id],
        )
        new, both, withdrawn = cursor.fetchone()
        return int(new), int(both), int(withdrawn)
