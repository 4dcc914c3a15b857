"""The only writers of `Lead.status` after intake; each writes the lead event in the same statement.

A lead is moved only from a status the cause allows, and never when it is final: whoever comes with
stale facts moves nothing. Leads are locked in id order before (`find.lock`), so writers never cross.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from leads.sql import arrays
from leads.statuses import MOVES, Cause, Status


class Moving(NamedTuple):
    """One lead to move: on which line of the file, with which disposition and reason.

    `payout_owed` says that its supplier is paid for it although its client sends it back.
    """

    lead_id: int
    line: int | None = None
    disposition_id: int | None = None
    reason: str = ""
    payout_owed: bool = False


EVENT_COLUMNS = """
    lead_id, line, cause, from_status, to_status, disposition_id, reason, actor_id, at, batch_id, undoes_id,
    was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap, payout_owed
"""

#: The leads to move, as rows, from the parameters of `columns`.
MOVING = """
    SELECT * FROM unnest(%(ids)s::bigint[], %(lines)s::int[], %(dispositions)s::bigint[], %(reasons)s::text[],
        %(owed)s::boolean[]) AS m(id, line, disposition_id, reason, payout_owed)
"""


def columns(moving: Sequence[Moving]) -> dict[str, Any]:
    """The parameters of `MOVING`, in the order of the leads: what lies together is written together."""
    moving = sorted(moving, key=lambda m: m.lead_id)
    return {
        "ids": arrays.numbers(m.lead_id for m in moving),
        "lines": arrays.numbers(m.line for m in moving),
        "dispositions": arrays.numbers(m.disposition_id for m in moving),
        "reasons": arrays.texts(m.reason for m in moving),
        "owed": arrays.flags(m.payout_owed for m in moving),
    }


_MOVE = f"""
WITH moving AS (
    {MOVING}
), moved AS (
    UPDATE leads_lead l
    SET status = %(target)s, disposition_id = m.disposition_id, reason = m.reason,
        in_cap = (l.in_cap OR %(takes_slot)s) AND NOT %(frees_slot)s,
        valid_at = CASE WHEN %(takes_slot)s THEN %(at)s ELSE l.valid_at END,
        accepted_at = CASE WHEN %(target)s = 'accepted' THEN %(at)s ELSE l.accepted_at END
    FROM moving m
    WHERE l.id = m.id AND l.status = ANY(%(sources)s) AND NOT l.is_final
    RETURNING l.id AS lead_id, m.line, m.disposition_id, m.reason, m.payout_owed, old.status AS from_status,
        old.disposition_id AS was_disposition_id, old.reason AS was_reason, old.valid_at AS was_valid_at,
        old.accepted_at AS was_accepted_at, old.in_cap AS was_in_cap
)
INSERT INTO leads_leadevent ({EVENT_COLUMNS})
SELECT lead_id, line, %(cause)s, from_status, %(target)s, disposition_id, reason, %(actor)s, %(at)s, %(batch)s,
    NULL, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap, payout_owed
FROM moved
RETURNING lead_id
"""


def move(
    cause: Cause,
    target: Status,
    moving: Sequence[Moving],
    *,
    at: datetime,
    actor_id: int | None,
    batch_id: int | None,
    frees_slot: bool = False,
) -> list[int]:
    """Move leads to `target`, writing one event each; returns the ids of those that moved.

    A released lead takes its slot and its `valid_at` at that moment; `frees_slot` gives slots back.
    """
    allowed = MOVES[cause]
    if target not in allowed.targets:
        raise ValueError(f"{cause} does not lead to {target}")
    if not moving:
        return []
    values: dict[str, Any] = {
        **columns(moving),
        "target": target.value,
        "sources": [status.value for status in allowed.sources],
        "takes_slot": Status.QUARANTINED in allowed.sources,
        "frees_slot": frees_slot,
        "cause": cause.value,
        "at": at,
        "actor": actor_id,
        "batch": batch_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, values)
        return [row[0] for row in cursor.fetchall()]
