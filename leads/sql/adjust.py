"""The only writers of adjustments: what a final lead gets in the open month, instead of a move.

An adjustment is what is missing between what both sides' statements hold of the lead and what they should:
after a rejection the client owes nothing and the supplier is paid only where the payout is owed all the same;
after a granted dispute both are due in full. A lead gets one ever; one that the open month still holds is
withdrawn by its opposite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from leads.sql.move import EVENT_COLUMNS, MOVING, Moving, columns
from leads.statuses import Cause, Status

_ADJUST = f"""
WITH moving AS (
    {MOVING}
), due AS (
    SELECT l.*, m.line, m.disposition_id AS given_id, m.reason AS given, m.payout_owed,
        coalesce((SELECT e.payout_owed FROM leads_leadevent e
            WHERE e.lead_id = l.id AND e.cause = 'client_rejected'
              AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
            ORDER BY e.id DESC LIMIT 1), false) AS was_owed
    FROM moving m JOIN leads_lead l ON l.id = m.id
    WHERE l.is_final AND l.status = %(stands)s
      AND NOT EXISTS (SELECT FROM leads_adjustment a WHERE a.lead_id = l.id)
), told AS (
    INSERT INTO leads_leadevent ({EVENT_COLUMNS})
    SELECT id, line, %(cause)s, status, status, given_id, given, %(actor)s, %(at)s, %(batch)s, NULL,
        disposition_id, reason, valid_at, accepted_at, in_cap, payout_owed
    FROM due RETURNING id, lead_id
)
INSERT INTO leads_adjustment (lead_id, event_id, client_amount, supplier_amount, created_at, is_final)
SELECT due.id, told.id,
    CASE %(cause)s WHEN 'adjusted' THEN -price ELSE price END,
    CASE WHEN %(cause)s = 'adjusted' AND NOT payout_owed THEN -payout
         WHEN %(cause)s <> 'adjusted' AND NOT was_owed THEN payout ELSE 0 END,
    %(at)s, false
FROM due JOIN told ON told.lead_id = due.id
RETURNING lead_id
"""

_WITHDRAW = f"""
WITH moving AS (
    {MOVING}
), withdrawn AS (
    DELETE FROM leads_adjustment a USING moving m, leads_leadevent e
    WHERE a.lead_id = m.id AND e.id = a.event_id AND e.cause = 'adjusted' AND NOT a.is_final
    RETURNING a.lead_id, a.event_id
)
INSERT INTO leads_leadevent ({EVENT_COLUMNS})
SELECT l.id, m.line, 'undone', l.status, l.status, l.disposition_id, l.reason, %(actor)s, %(at)s, %(batch)s,
    w.event_id, l.disposition_id, l.reason, l.valid_at, l.accepted_at, l.in_cap, false
FROM withdrawn w JOIN moving m ON m.id = w.lead_id JOIN leads_lead l ON l.id = w.lead_id
RETURNING lead_id
"""

_STANDS = {Cause.ADJUSTED: Status.ACCEPTED, Cause.CHARGED_BACK: Status.CLIENT_REJECTED}


def adjust(
    cause: Cause, moving: Sequence[Moving], *, at: datetime, actor_id: int | None, batch_id: int | None
) -> list[int]:
    """Adjust final leads (locked before) in the open month; returns those for which it was done.

    `cause` is ADJUSTED (a client rejects a final Accepted lead) or CHARGED_BACK (a dispute about a final
    lead is granted: what stands Client Rejected is due again, a credit that is still open is withdrawn, and
    the lead cannot be rejected again). A lead that had its one adjustment in a closed month gets none.
    """
    stands = _STANDS[cause]
    if not moving:
        return []
    values = {
        **columns(moving),
        "cause": cause.value,
        "stands": stands.value,
        "at": at,
        "actor": actor_id,
        "batch": batch_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADJUST, values)
        done = [row[0] for row in cursor.fetchall()]
        if cause == Cause.CHARGED_BACK:
            cursor.execute(_WITHDRAW, values)
            done = sorted([*done, *(row[0] for row in cursor.fetchall())])
            cursor.execute("UPDATE leads_lead SET decided_for_supplier = true WHERE id = ANY(%s)", [done])
    return done
