"""Statements behind the charts: how leads of some campaigns, received in a span of time, fared. Plain values out.

Each reads a cohort once: leads received in [begin, end), wherever they stand now. What was taken back
counts as never done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from leads.sql.sources import Day


class Cohort(NamedTuple):
    """The leads a report is about; `zone` says which day a moment belongs to."""

    campaign_ids: Sequence[int]
    begin: datetime
    end: datetime
    zone: str


class Share(NamedTuple):
    """Leads of one campaign and supplier with one status and disposition, and their price."""

    campaign_id: int
    supplier_id: int
    status: str
    disposition_id: int | None
    leads: int
    amount: Decimal


def shares(cohort: Cohort) -> list[Share]:
    """The whole cohort, counted by who sent it and what became of it."""
    return [
        Share(*row)
        for row in _read(
            """
            SELECT campaign_id, supplier_id, status, disposition_id, count(*), sum(price) FROM leads_lead
            WHERE campaign_id = ANY(%s) AND received_at >= %s AND received_at < %s GROUP BY 1, 2, 3, 4
            """,
            [list(cohort.campaign_ids), cohort.begin, cohort.end],
        )
    ]


def per_day(cohort: Cohort) -> list[Day]:
    """The cohort by day received; days without leads are absent."""
    return [
        Day(*row)
        for row in _read(
            """
            SELECT (received_at AT TIME ZONE %s)::date, count(*) FILTER (WHERE status IN ('pending', 'accepted')),
                count(*) FILTER (WHERE status = 'rejected'), count(*) FILTER (WHERE status = 'client_rejected')
            FROM leads_lead WHERE campaign_id = ANY(%s) AND received_at >= %s AND received_at < %s
            GROUP BY 1 ORDER BY 1
            """,
            [cohort.zone, list(cohort.campaign_ids), cohort.begin, cohort.end],
        )
    ]


class Offender(NamedTuple):
    """A value that was turned away at the door, and how many leads are Rejected for it."""

    campaign_id: int
    field: str
    value: str
    code: str
    leads: int


def offenders(cohort: Cohort, limit: int) -> list[Offender]:
    """The commonest values that leads of the cohort are Rejected for; the first failure of each lead counts."""
    return [
        Offender(*row)
        for row in _read(
            """
            SELECT l.campaign_id, v.failures->0->>'field', v.failures->0->>'value', v.failures->0->>'code', count(*)
            FROM leads_lead l JOIN leads_leadvalues v ON v.lead_id = l.id
            WHERE l.campaign_id = ANY(%s) AND l.received_at >= %s AND l.received_at < %s
              AND l.status = 'rejected' AND NOT (v.failures = '[]'::jsonb)
            GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3 LIMIT %s
            """,
            [list(cohort.campaign_ids), cohort.begin, cohort.end, limit],
        )
    ]


class Returned(NamedTuple):
    """Leads that a client rejected so many days after they became valid, and their price."""

    days: int
    leads: int
    amount: Decimal


def days_to_reject(cohort: Cohort) -> list[Returned]:
    """The client rejections of the cohort that stand, by days from valid to rejected, in dates of the zone."""
    return [
        Returned(*row)
        for row in _read(
            """
            SELECT (e.at AT TIME ZONE %s)::date - (l.valid_at AT TIME ZONE %s)::date AS days, count(*), sum(l.price)
            FROM leads_lead l CROSS JOIN LATERAL (
                SELECT at FROM leads_leadevent WHERE lead_id = l.id AND cause = 'client_rejected'
                ORDER BY id DESC LIMIT 1) e
            WHERE l.campaign_id = ANY(%s) AND l.received_at >= %s AND l.received_at < %s
              AND l.status = 'client_rejected'
            GROUP BY days ORDER BY days
            """,
            [cohort.zone, cohort.zone, list(cohort.campaign_ids), cohort.begin, cohort.end],
        )
    ]


class Flip(NamedTuple):
    """Leads of a campaign that changed sides, and their price.

    `kind`: `credited` (Accepted, then rejected by the client, though in a closed month it stays Accepted),
    `given_back` (rejected by the client, then not), `released` (Rejected at the door, then valid).
    """

    campaign_id: int
    kind: str
    leads: int
    amount: Decimal


def flips(cohort: Cohort) -> list[Flip]:
    """How many leads of the cohort changed sides; of what was taken back only that counts that took it back."""
    return [
        Flip(*row)
        for row in _read(
            """
            SELECT campaign_id, kind, count(*), sum(price) FROM (
                SELECT DISTINCT l.id, l.campaign_id, l.price, CASE
                    WHEN e.cause IN ('client_rejected', 'adjusted') AND e.from_status = 'accepted' THEN 'credited'
                    WHEN e.undoes_id IS NOT NULL AND e.from_status = 'client_rejected' THEN 'given_back'
                    WHEN e.cause = 'corrected' AND e.to_status <> 'rejected' THEN 'released' END AS kind
                FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
                WHERE (e.cause IN ('client_rejected', 'adjusted', 'corrected') OR e.undoes_id IS NOT NULL)
                  AND (e.undoes_id IS NOT NULL OR NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id))
                  AND l.campaign_id = ANY(%s) AND l.received_at >= %s AND l.received_at < %s
            ) told WHERE kind IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
            """,
            [list(cohort.campaign_ids), cohort.begin, cohort.end],
        )
    ]


class Outside(NamedTuple):
    """What a shorter window would have kept out: rejections, of how many, and the price of those kept out."""

    days: int
    leads: int
    of: int
    amount: Decimal


def what_if(returned: Iterable[Returned], days: int) -> Outside:
    """How many of these rejections would have fallen outside a window of so many days."""
    listed = list(returned)
    late = [one for one in listed if one.days > days]
    amount = sum((one.amount for one in late), Decimal(0))
    return Outside(days, sum(one.leads for one in late), sum(one.leads for one in listed), amount)


def median_days(returned: Sequence[Returned]) -> int | None:
    """The day by which half of the rejections had come; None without any."""
    total, seen = sum(one.leads for one in returned), 0
    for one in returned:
        seen += one.leads
        if 2 * seen >= total:
            return one.days
    return None


def by_week(days: Iterable[Day]) -> list[Day]:
    """The same numbers by week, each under its Monday."""
    weeks: dict[date, list[int]] = {}
    for day in days:
        monday = date.fromordinal(day.day.toordinal() - day.day.weekday())
        weeks[monday] = [was + now for was, now in zip(weeks.get(monday, [0, 0, 0]), day.leads, strict=True)]
    return [Day(monday, *leads) for monday, leads in sorted(weeks.items())]


def _read(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
