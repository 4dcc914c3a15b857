"""Statements that tell how many leads stand where: queries over leads, never stored counters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from leads.sql.walk import walk


class Bounds(NamedTuple):
    """A campaign's return window: it opens at `opens`, and at `soon` if nobody acts before then.

    Both are None in a campaign without a window.
    """

    campaign_id: int
    opens: datetime | None
    soon: datetime | None


class Standing(NamedTuple):
    """A campaign's leads that are not settled yet, in numbers and money.

    `closed`: Pending leads whose window has closed; `closing`: Pending ones that leave it before `soon`,
    the first and the last of them valid since `first_closing` and `last_closing`; `stuck`: Processing for too long.
    """

    campaign_id: int
    pending: int
    pending_amount: Decimal
    closed: int
    closed_amount: Decimal
    last_closed: datetime | None
    closing: int
    closing_amount: Decimal
    first_closing: datetime | None
    last_closing: datetime | None
    quarantined: int
    quarantined_amount: Decimal
    stuck: int


def standing(bounds: Sequence[Bounds], stuck_before: datetime) -> dict[int, Standing]:
    """What is not settled yet in each campaign that has such leads, by campaign."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.campaign_id,
                count(*) FILTER (WHERE p), coalesce(sum(l.price) FILTER (WHERE p), 0),
                count(*) FILTER (WHERE p AND l.valid_at < w.opens),
                coalesce(sum(l.price) FILTER (WHERE p AND l.valid_at < w.opens), 0),
                max(l.valid_at) FILTER (WHERE p AND l.valid_at < w.opens),
                count(*) FILTER (WHERE p AND l.valid_at >= w.opens AND l.valid_at < w.soon),
                coalesce(sum(l.price) FILTER (WHERE p AND l.valid_at >= w.opens AND l.valid_at < w.soon), 0),
                min(l.valid_at) FILTER (WHERE p AND l.valid_at >= w.opens AND l.valid_at < w.soon),
                max(l.valid_at) FILTER (WHERE p AND l.valid_at >= w.opens AND l.valid_at < w.soon),
                count(*) FILTER (WHERE l.status = 'quarantined'),
                coalesce(sum(l.price) FILTER (WHERE l.status = 'quarantined'), 0),
                count(*) FILTER (WHERE l.status = 'processing' AND l.received_at < %s)
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS w(campaign_id, opens, soon)
            JOIN leads_lead l USING (campaign_id)
            CROSS JOIN LATERAL (SELECT l.status = 'pending' AS p) pending
            WHERE l.status IN ('pending', 'quarantined', 'processing')
            GROUP BY l.campaign_id
            """,
            [stuck_before, *_columns(bounds, 3)],
        )
        return {row[0]: Standing(*row) for row in cursor.fetchall()}


def statuses(*, campaign_id: int | None = None, supplier_id: int | None = None) -> dict[str, int]:
    """Leads by status of one campaign or of one supplier, non-zero only."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT status, count(*) FROM leads_lead
            WHERE (%s::bigint IS NULL OR campaign_id = %s) AND (%s::bigint IS NULL OR supplier_id = %s)
            GROUP BY status
            """,
            [campaign_id, campaign_id, supplier_id, supplier_id],
        )
        return dict(cursor.fetchall())


class Span(NamedTuple):
    """Leads of a campaign that became valid from `begin` (included) to `end` (not)."""

    campaign_id: int
    begin: datetime
    end: datetime


class Delivered(NamedTuple):
    """What became of the leads of a span; `amount` is the price of those still Pending."""

    leads: int
    rejected: int
    pending: int
    amount: Decimal


def delivered(spans: Sequence[Span]) -> list[Delivered]:
    """What became of the leads of each span, in the order of the spans."""
    with walk(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(l.id), count(*) FILTER (WHERE l.status = 'client_rejected'),
                count(*) FILTER (WHERE l.status = 'pending'),
                coalesce(sum(l.price) FILTER (WHERE l.status = 'pending'), 0)
            FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])
                WITH ORDINALITY AS w(campaign_id, begins, ends, n)
            LEFT JOIN leads_lead l
                ON l.campaign_id = w.campaign_id AND l.valid_at >= w.begins AND l.valid_at < w.ends
            GROUP BY w.n ORDER BY w.n
            """,
            _columns(spans, 3),
        )
        return [Delivered(*row) for row in cursor.fetchall()]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as one array a column, as `unnest` takes them."""
    return [[row[at] for row in rows] for at in range(width)]


#: With more leads than these a figure that is added up lead by lead takes longer than a page should.
MANY = 30_000


def are_many() -> bool:
    """Whether there are so many leads."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM leads_lead OFFSET %s LIMIT 1)", [MANY])
        return bool(cursor.fetchone()[0])
