"""Statements that tell what a batch's rejections mean for the suppliers of its leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from rejections.decisions import REJECTING
from rejections.sql.closing import REJECTING_ROWS


class Dated(NamedTuple):
    """What was agreed about returns with a supplier for leads received in [begin, end).

    `opens` is the first instant inside its return days, None where the client's window decides.
    """

    supplier_id: int
    begin: datetime
    end: datetime
    reverses: bool
    opens: datetime | None


class SupplierEffect(NamedTuple):
    """What the rejections mean for one supplier; `share_of` is all it delivered inside the window.

    Of the `leads`, `final` are of a closed month: credited, not rejected. `payout` goes back. `beyond`
    of the leads are too old for that, with `beyond_payout`; of them `beyond_credited` were billed, so
    that the client gets a credit which nobody gives back.
    """

    supplier_id: int
    name: str
    leads: int
    payout: Decimal
    share_of: int
    beyond: int
    beyond_credited: int
    beyond_payout: Decimal
    final: int

    @property
    def rejected(self) -> int:
        """Leads that are moved."""
        return self.leads - self.final


def by_supplier(
    batch_id: int, campaign_id: int, opens: datetime, agreed: Sequence[Dated]
) -> list[SupplierEffect]:
    """Leads and payout of the rows that would reject, per supplier, most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH agreed AS (
                SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::boolean[],
                    %s::timestamptz[]) AS a(supplier_id, begins, ends, reverses, opens)
            ), mine AS (
                SELECT l.supplier_id, l.status, l.payout, x.outcome, coalesce(a.reverses, true) AS reverses,
                    coalesce(a.reverses AND l.valid_at < a.opens, false) AS beyond
                FROM ({REJECTING_ROWS}) x JOIN leads_lead l ON l.id = x.lead_id
                LEFT JOIN agreed a ON a.supplier_id = l.supplier_id
                    AND l.received_at >= a.begins AND l.received_at < a.ends
                WHERE NOT (l.is_final AND EXISTS (SELECT FROM leads_adjustment c WHERE c.lead_id = l.id))
            )
            SELECT s.id, s.name, count(*), coalesce(sum(payout) FILTER (WHERE reverses AND NOT beyond), 0), (
                SELECT count(*) FROM leads_lead d
                WHERE d.campaign_id = %s AND d.valid_at >= %s AND d.supplier_id = s.id),
                count(*) FILTER (WHERE beyond), count(*) FILTER (WHERE beyond AND status = 'accepted'),
                coalesce(sum(payout) FILTER (WHERE beyond), 0),
                count(*) FILTER (WHERE outcome = 'final')
            FROM mine JOIN campaigns_supplier s ON s.id = mine.supplier_id
            GROUP BY s.id, s.name ORDER BY 3 DESC, s.name
            """,
            [
                *([list(column) for column in zip(*agreed, strict=True)] or [[]] * 5),
                batch_id,
                opens,
                list(REJECTING),
                campaign_id,
                opens,
            ],
        )
        return [SupplierEffect(*row) for row in cursor.fetchall()]
