"""Statements that take a batch's moves back, lead by lead, where nothing has happened since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from leads.statuses import CONTESTABLE, UNDOABLE, Cause

#: The event has itself been taken back.
_UNDONE = "EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = {e}.id)"


class Taken(NamedTuple):
    """What Undo did with one lead: restored (`kept` is None), or kept for a reason."""

    lead_id: int
    kept: str | None


def undoable_leads(batch_id: int, *, after: int, limit: int, lines: list[int] | None) -> list[int]:
    """Ids of leads above `after` that the batch moved and nobody has put back, in id order.

    `lines` keeps to the leads of these rows; None means all of the batch, named by its file or not.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.lead_id FROM leads_leadevent e
            WHERE e.batch_id = %s AND e.lead_id > %s AND e.cause = ANY(%s)
              AND (%s::int[] IS NULL OR e.line = ANY(%s::int[])) AND NOT {_UNDONE.format(e="e")}
            ORDER BY e.lead_id LIMIT %s
            """,
            [batch_id, after, [c.value for c in UNDOABLE], lines, lines, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def count_undoable(batch_id: int, lines: list[int] | None = None) -> int:
    """How many leads of the batch Undo would look at."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FROM leads_leadevent e
            WHERE e.batch_id = %s AND e.cause = ANY(%s)
              AND (%s::int[] IS NULL OR e.line = ANY(%s::int[])) AND NOT {_UNDONE.format(e="e")}
            """,
            [batch_id, [c.value for c in UNDOABLE], lines, lines],
        )
        return int(cursor.fetchone()[0])


_KEPT = f"""
    CASE
        WHEN a.is_final OR (l.is_final AND a.id IS NULL) THEN 'month_closed'
        WHEN EXISTS (
            SELECT FROM leads_leadevent n
            WHERE n.lead_id = e.lead_id AND n.id > e.id AND n.undoes_id IS NULL AND NOT {_UNDONE.format(e="n")}
        ) THEN 'changed_since'
        WHEN e.cause = 'corrected' AND EXISTS (
            SELECT FROM leads_delivery d
            WHERE d.lead_id = e.lead_id AND d.channel = 'destination' AND d.created_at >= e.at
              AND (d.status = 'sent' OR d.claimed_until > now())
        ) THEN 'sent_to_client'
    END
"""


class Forecast(NamedTuple):
    """Leads that Undo would take from one status to another, or keep for a reason."""

    to_status: str
    from_status: str
    kept: str | None
    leads: int


def forecast(batch_id: int, lines: list[int] | None) -> list[Forecast]:
    """What Undo would do, counted; nothing moves."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT e.to_status, e.from_status, {_KEPT} AS kept, count(*)
            FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
            LEFT JOIN leads_adjustment a ON a.event_id = e.id
            WHERE e.batch_id = %s AND e.cause = ANY(%s)
              AND (%s::int[] IS NULL OR e.line = ANY(%s::int[])) AND NOT {_UNDONE.format(e="e")}
            GROUP BY 1, 2, 3 ORDER BY 4 DESC
            """,
            [batch_id, [c.value for c in UNDOABLE], lines, lines],
        )
        return [Forecast(*row) for row in cursor.fetchall()]


_OF_BATCH = "e.batch_id = %(batch)s AND e.lead_id = ANY(%(leads)s) AND e.cause = ANY(%(undoable)s)"
_TAKE_BACK = f"""
WITH picked AS (
    SELECT e.*, {_KEPT} AS kept
    FROM leads_leadevent e
    JOIN leads_lead l ON l.id = e.lead_id
    LEFT JOIN leads_adjustment a ON a.event_id = e.id
    WHERE {{which}} AND NOT {_UNDONE.format(e="e")}
), credits AS (
    DELETE FROM leads_adjustment a USING picked p WHERE a.event_id = p.id AND p.kept IS NULL
), restored AS (
    UPDATE leads_lead l
    SET status = p.from_status, disposition_id = p.was_disposition_id, reason = p.was_reason,
        valid_at = p.was_valid_at, in_cap = p.was_in_cap,
        accepted_at = CASE WHEN p.from_status IN ('accepted', 'client_rejected') THEN p.was_accepted_at END,
        decided_for_supplier = l.decided_for_supplier OR %(for_supplier)s
    FROM picked p WHERE l.id = p.lead_id AND p.kept IS NULL AND l.status = p.to_status
    RETURNING l.id, p.id AS event_id, p.batch_id, p.line, old.status AS from_status, new.status AS to_status,
        new.disposition_id, new.reason, old.disposition_id AS was_disposition_id, old.reason AS was_reason,
        old.valid_at AS was_valid_at, old.accepted_at AS was_accepted_at, old.in_cap AS was_in_cap
), given_back AS (
    UPDATE leads_leadvalues v
    SET received = p.was_values->'received', judged = p.was_values->'judged', failures = p.was_values->'failures',
        kept_rejected = (p.was_values->>'kept')::boolean, rules = NULL,
        version = v.version + (v.received <> p.was_values->'received')::int
    FROM picked p JOIN restored r ON r.event_id = p.id WHERE v.lead_id = p.lead_id AND p.was_values IS NOT NULL
    RETURNING v.lead_id, jsonb_build_object('version', old.version, 'received', old.received,
        'judged', old.judged, 'failures', old.failures, 'kept', old.kept_rejected) AS was_values
), told AS (
    INSERT INTO leads_leadevent (lead_id, line, cause, from_status, to_status, disposition_id, reason, actor_id,
        at, batch_id, undoes_id, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap,
        was_values)
    SELECT r.id, line, %(cause)s, from_status, to_status, disposition_id, reason, %(actor)s,
        %(at)s, batch_id, event_id, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap,
        g.was_values
    FROM restored r LEFT JOIN given_back g ON g.lead_id = r.id RETURNING lead_id
), affiliate AS (
    UPDATE leads_affiliateevent f SET status = f.was_status, was_status = '', batch_id = NULL
    FROM restored r
    WHERE f.lead_id = r.id AND f.batch_id = r.batch_id AND f.status = 'rejected' AND NOT f.is_final
)
SELECT lead_id, kept FROM picked
"""


def take_back(batch_id: int, lead_ids: Sequence[int], *, at: datetime, actor_id: int | None) -> list[Taken]:
    """Put the (locked) leads back to what they were before the batch, where nothing happened since.

    Status, disposition, reason, values, keys, `valid_at`, `accepted_at`, `in_cap`, affiliate events and
    an open adjustment go back; one event per lead names the event it undoes, so that twice is once.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_BACK.format(which=_OF_BATCH),
            {
                "batch": batch_id,
                "leads": list(lead_ids),
                "undoable": [c.value for c in UNDOABLE],
                "for_supplier": False,
                "cause": Cause.UNDONE.value,
                "at": at,
                "actor": actor_id,
            },
        )
        taken = [Taken(*row) for row in cursor.fetchall()]
        _give_keys_back(cursor, batch_id, [lead_id for lead_id, kept in taken if kept is None])
        return taken


def grant(event_ids: Sequence[int], *, at: datetime, actor_id: int | None) -> list[Taken]:
    """Take these rejections of (locked) leads back for good: from now on the leads are decided for the supplier.

    The same happens to each lead as when its batch is undone; the event says that a dispute was granted.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_BACK.format(which="e.id = ANY(%(events)s) AND e.cause = ANY(%(undoable)s)"),
            {
                "events": list(event_ids),
                "undoable": [c.value for c in CONTESTABLE],
                "for_supplier": True,
                "cause": Cause.DISPUTE_GRANTED.value,
                "at": at,
                "actor": actor_id,
            },
        )
        return [Taken(*row) for row in cursor.fetchall()]


def _give_keys_back(cursor: Any, batch_id: int, lead_ids: list[int]) -> None:
    """Restored leads whose values went back get the keys of these; as Rejected ones they hold none."""
    corrected = "e.batch_id = %s AND e.lead_id = ANY(%s) AND e.was_values ? 'keys'"
    cursor.execute(
        f"DELETE FROM leads_leadkey k USING leads_leadevent e WHERE k.lead_id = e.lead_id AND k.slot <> 0"
        f" AND {corrected}",
        [batch_id, lead_ids],
    )
    cursor.execute(
        f"""
        INSERT INTO leads_leadkey (lead_id, slot, campaign_id, key, held)
        SELECT e.lead_id, k.slot::int, l.campaign_id, k.key, false
        FROM leads_leadevent e JOIN leads_lead l ON l.id = e.lead_id
        CROSS JOIN LATERAL jsonb_each_text(e.was_values->'keys') AS k(slot, key)
        WHERE {corrected}
        """,
        [batch_id, lead_ids],
    )
