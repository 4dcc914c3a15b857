"""Statements that tell what a month's rejections came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from leads.sql.walk import walk


class Month(NamedTuple):
    """A campaign and the first instant of the month in its zone."""

    campaign_id: int
    begin: datetime


class Rejections(NamedTuple):
    """Leads of a campaign rejected for one disposition, and those of them that had been billed.

    `amount` is the price of all of them, `credited_amount` that of the billed ones.
    """

    campaign_id: int
    label: str
    leads: int
    amount: Decimal
    credited: int
    credited_amount: Decimal


def rejections(months: Sequence[Month]) -> list[Rejections]:
    """What was rejected since the months began and has not been taken back, the highest credit first."""
    with walk(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.campaign_id, coalesce(d.label, ''), count(*), sum(l.price),
                count(*) FILTER (WHERE billed), coalesce(sum(l.price) FILTER (WHERE billed), 0)
            FROM leads_leadevent e JOIN rejections_batch b ON b.id = e.batch_id
            JOIN unnest(%s::bigint[], %s::timestamptz[]) AS w(campaign_id, begins)
                ON w.campaign_id = b.campaign_id AND e.at >= w.begins
            JOIN leads_lead l ON l.id = e.lead_id
            LEFT JOIN campaigns_disposition d ON d.id = e.disposition_id
            CROSS JOIN LATERAL (SELECT e.from_status = 'accepted' AS billed) was
            WHERE e.cause IN ('client_rejected', 'adjusted') AND e.at >= %s
              AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
            GROUP BY w.campaign_id, d.label ORDER BY 6 DESC, 3 DESC, 2
            """,
            [
                [month.campaign_id for month in months],
                [month.begin for month in months],
                min((month.begin for month in months), default=None),
            ],
        )
        return [Rejections(*row) for row in cursor.fetchall()]
