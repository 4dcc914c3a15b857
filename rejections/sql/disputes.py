"""Statements about rejections that suppliers may contest, and about disputes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from campaigns.models import Agreement
from leads.sql import arrays
from leads.statuses import CONTESTABLE
from rejections.contests import Rejection
from rejections.states import State


class Terms(NamedTuple):
    """What was agreed about disputes when a lead came in."""

    dispute_days: int
    answer_days: int
    silence_grants: bool


#: Where nothing was agreed.
_USUAL = Agreement()


class Standing(NamedTuple):
    """The newest rejection a lead stands under, its batch, and what was agreed. `event_id` is None without one."""

    lead_id: int
    event_id: int | None
    batch_id: int | None
    terms: Terms
    rejection: Rejection


#: The newest rejection of lead `l` that nobody has taken back.
REJECTION = """
    SELECT e.* FROM leads_leadevent e
    WHERE e.lead_id = l.id AND e.cause = ANY(%(contestable)s)
      AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
    ORDER BY e.id DESC LIMIT 1
"""
#: What was agreed with the supplier of lead `l` when it came in, in campaign `c`.
AGREED = """
    SELECT a.dispute_days, a.answer_days, a.silence_grants FROM campaigns_agreement a
    WHERE a.campaign_id = l.campaign_id AND a.supplier_id = l.supplier_id
      AND a.starts_on <= (l.received_at AT TIME ZONE c.time_zone)::date
    ORDER BY a.starts_on DESC LIMIT 1
"""


def standing(supplier_id: int, lead_ids: Iterable[int]) -> list[Standing]:
    """How each of these leads of the supplier stands, in id order; leads of others are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.id, e.id, b.id, coalesce(a.dispute_days, %(dispute_days)s),
                coalesce(a.answer_days, %(answer_days)s), coalesce(a.silence_grants, %(silence_grants)s),
                d.id IS NOT NULL, b.state, b.finished_at, c.time_zone
            FROM leads_lead l JOIN campaigns_campaign c ON c.id = l.campaign_id
            LEFT JOIN LATERAL ({REJECTION}) e ON true
            LEFT JOIN rejections_batch b ON b.id = e.batch_id
            LEFT JOIN rejections_disputedlead d ON d.event_id = e.id
            LEFT JOIN LATERAL ({AGREED}) a ON true
            WHERE l.supplier_id = %(supplier)s AND l.id = ANY(%(leads)s::bigint[]) ORDER BY l.id
            """,
            {"supplier": supplier_id, "leads": arrays.numbers(lead_ids), **parameters()},
        )
        return [_standing(*row) for row in cursor.fetchall()]


def parameters() -> dict[str, Any]:
    """What REJECTION and the defaults of AGREED need."""
    return {
        "contestable": [cause.value for cause in CONTESTABLE],
        "dispute_days": _USUAL.dispute_days,
        "answer_days": _USUAL.answer_days,
        "silence_grants": _USUAL.silence_grants,
    }


def _standing(
    lead_id: int, event_id: int | None, batch_id: int | None, dispute_days: int, answer_days: int,
    silence_grants: bool, disputed: bool, state: str | None, finished_at: datetime | None, zone: str,
) -> Standing:  # fmt: skip
    rejection = Rejection(
        rejected=batch_id is not None,
        disputed=disputed,
        state=State(state or State.UNDONE),
        finished_at=finished_at,
        days=dispute_days,
        zone=zone,
    )
    return Standing(lead_id, event_id, batch_id, Terms(dispute_days, answer_days, silence_grants), rejection)


def overdue(at: datetime, limit: int) -> list[int]:
    """Disputes with open leads whose time to answer is over, the longest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.id FROM rejections_dispute d
            WHERE d.answer_by <= %s AND EXISTS (
                SELECT FROM rejections_disputedlead o WHERE o.dispute_id = d.id AND state = 'open')
            ORDER BY d.answer_by, d.id LIMIT %s
            """,
            [at, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def settle(
    ids: Sequence[int],
    state: str,
    *,
    at: datetime,
    actor_id: int | None,
    answer: str = "",
    silence: bool = False,
) -> int:
    """Close these disputed leads, where they are open; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE rejections_disputedlead
            SET state = %s, answered_at = %s, answered_by_id = %s, answer = %s, by_silence = %s
            WHERE id = ANY(%s) AND state = 'open'
            """,
            [state, at, actor_id, answer, silence, list(ids)],
        )
        return cursor.rowcount


def withdraw_undone(batch_id: int, lead_ids: Sequence[int], *, at: datetime, actor_id: int | None) -> None:
    """Close open disputes of leads that an undo of the batch has just put back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE rejections_disputedlead o SET state = 'withdrawn', answered_at = %s, answered_by_id = %s
            FROM rejections_dispute d
            WHERE d.id = o.dispute_id AND d.batch_id = %s AND o.lead_id = ANY(%s) AND state = 'open'
            """,
            [at, actor_id, batch_id, list(lead_ids)],
        )


def twins(lead_ids: Sequence[int]) -> dict[int, list[int]]:
    """Other leads of the same campaign that share an e-mail address, a phone number or a deduped key: lead → others.

    Where dedupe is off there are no keys, and the values as judged are compared. At most three each.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH keyed AS (
                SELECT k.lead_id, t.lead_id AS other
                FROM leads_leadkey k CROSS JOIN LATERAL (
                    SELECT o.lead_id FROM leads_leadkey o
                    WHERE o.campaign_id = k.campaign_id AND o.slot = k.slot AND o.key = k.key
                      AND o.lead_id <> k.lead_id LIMIT 3
                ) t
                WHERE k.lead_id = ANY(%(leads)s) AND k.slot <> 0
            ), plain AS MATERIALIZED (
                SELECT l.id, l.campaign_id, jsonb_build_object(f.name, v.judged->f.name) AS said
                FROM leads_lead l JOIN leads_leadvalues v ON v.lead_id = l.id
                JOIN campaigns_field f ON f.campaign_id = l.campaign_id
                WHERE l.id = ANY(%(leads)s) AND f.kind IN ('email', 'phone') AND NOT f.dedupe_ready
                  AND v.judged->>f.name <> ''
            ), valued AS (
                SELECT p.id, unnest(t.others) FROM plain p CROSS JOIN LATERAL (
                    SELECT (array_agg(o.lead_id))[1:3] AS others
                    FROM leads_leadvalues o JOIN leads_lead x ON x.id = o.lead_id
                    WHERE o.judged @> p.said AND x.campaign_id = p.campaign_id AND o.lead_id <> p.id
                ) t
            )
            SELECT lead_id, (array_agg(DISTINCT other))[1:3]
            FROM (SELECT * FROM keyed UNION ALL SELECT * FROM valued) found GROUP BY lead_id
            """,
            {"leads": list(lead_ids)},
        )
        return dict(cursor.fetchall())
