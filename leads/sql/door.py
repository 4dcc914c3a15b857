"""Statements of the door, where values are judged: receive leads, settle what judging found, turn away.

Like `move` they write the lead and its event in one statement, from the statuses the cause allows. They
also write the values and keys; `was_values` of the event holds what is needed to go back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from leads.models import LeadKey
from leads.sql import arrays
from leads.statuses import DOOR_MOVES, HOLDING, Cause, Status

Key = tuple[int, str]


class Arrival(NamedTuple):
    """A lead that comes in: field values by name, as received."""

    uid: str
    uid_key: str | None
    received: Mapping[str, str]
    received_at: datetime
    price: Decimal
    payout: Decimal


class Stored(NamedTuple):
    """A lead with its values, as the door reads it under lock."""

    id: int
    status: str
    source_id: int
    supplier_id: int
    received_at: datetime
    received: dict[str, str]
    judged: dict[str, str]
    failures: list[dict[str, str]]
    version: int
    rules: int | None


class Judged(NamedTuple):
    """What judging found for one lead: where it goes, its values, and the keys it is known by there."""

    lead_id: int
    target: Status
    code: str | None
    reason: str
    valid_at: datetime | None
    received: Mapping[str, str]
    judged: Mapping[str, str]
    failures: Sequence[Mapping[str, str]]
    keys: frozenset[Key]
    line: int | None = None


def lock_door(campaign_id: int) -> None:
    """Let one at a time judge leads of a campaign: after the batch, before caps and leads.

    Keys and cap places are given out here only, so nobody meets a place or key that another just took.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM campaigns_campaign WHERE id = %s FOR NO KEY UPDATE", [campaign_id])


_RECEIVE = """
WITH given AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(uids)s::text[], %(uid_keys)s::text[], %(received)s::text[],
        %(received_at)s::timestamptz[], %(prices)s::numeric[], %(payouts)s::numeric[])
        AS g(id, uid, uid_key, received, received_at, price, payout)
), leads AS (
    INSERT INTO leads_lead (id, uid, status, campaign_id, source_id, supplier_id, reason, received_at, in_cap,
        is_final, decided_for_supplier, price, payout)
    SELECT id, coalesce(nullif(uid, ''), uuidv7()::text), 'processing', %(campaign)s, %(source)s, %(supplier)s, '',
        received_at, false, false, false, price, payout
    FROM given RETURNING id, uid
), stored AS (
    INSERT INTO leads_leadvalues (lead_id, received, judged, failures, version, kept_rejected)
    SELECT id, received::jsonb, '{}', '[]', 0, false FROM given
), named AS (
    INSERT INTO leads_leadkey (lead_id, slot, campaign_id, key, held)
    SELECT g.id, %(uid_slot)s, %(campaign)s, coalesce(g.uid_key, replace(l.uid, '-', '')), false
    FROM given g JOIN leads l ON l.id = g.id
)
INSERT INTO leads_leadevent (lead_id, cause, from_status, to_status, reason, actor_id, at, was_reason, was_in_cap)
SELECT id, 'received', '', 'processing', '', %(actor)s, %(at)s, '', false FROM given
"""


def receive(
    arrivals: Sequence[Arrival],
    *,
    campaign_id: int,
    source_id: int,
    supplier_id: int,
    at: datetime,
    actor_id: int | None,
) -> list[int]:
    """Store leads as PROCESSING, version 0; their ids in the order given. A blank UID gets one of ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('leads_lead', 'id')) FROM generate_series(1, %s)",
            [len(arrivals)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        values: dict[str, Any] = {
            "ids": arrays.numbers(ids),
            "uids": arrays.texts(a.uid for a in arrivals),
            "uid_keys": arrays.texts(a.uid_key for a in arrivals),
            "received": arrays.texts(json.dumps(a.received) for a in arrivals),
            "received_at": arrays.instants(a.received_at for a in arrivals),
            "prices": [a.price for a in arrivals],
            "payouts": [a.payout for a in arrivals],
            "campaign": campaign_id,
            "source": source_id,
            "supplier": supplier_id,
            "uid_slot": LeadKey.UID_SLOT,
            "at": at,
            "actor": actor_id,
        }
        cursor.execute(_RECEIVE, values)
    return ids


def read(lead_ids: Iterable[int], *, lock: bool) -> dict[int, Stored]:
    """Leads with their values, by id; `lock` takes them in id order first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.id, l.status, l.source_id, l.supplier_id, l.received_at,
                v.received::text, v.judged::text, v.failures::text, v.version, v.rules
            FROM leads_lead l JOIN leads_leadvalues v ON v.lead_id = l.id
            WHERE l.id = ANY(%s::bigint[]) ORDER BY l.id {"FOR NO KEY UPDATE OF l" if lock else ""}
            """,
            [arrays.numbers(sorted(lead_ids))],
        )
        rows = cursor.fetchall()
    texts = ",".join(text for row in rows for text in row[5:8])
    values = iter(json.loads(f"[{texts}]"))  # at once: three calls a lead cost more than the reading
    return {
        row[0]: Stored._make((*row[:5], next(values), next(values), next(values), *row[8:])) for row in rows
    }


def held(campaign_id: int, keys: Iterable[Key]) -> set[Key]:
    """Of these (slot, key), those that a lead of the campaign holds."""
    keys = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.slot, w.key FROM unnest(%s::int[], %s::text[]) AS w(slot, key)
            CROSS JOIN LATERAL (
                SELECT FROM leads_leadkey k
                WHERE k.campaign_id = %s AND k.slot = w.slot AND k.key = w.key COLLATE "C" AND k.held LIMIT 1
            ) h
            """,
            [
                arrays.numbers(slot for slot, _ in keys),
                arrays.texts(key for _, key in keys),
                campaign_id,
            ],
        )
        return set(cursor.fetchall())


def keys_of(lead_ids: Iterable[int]) -> dict[int, frozenset[Key]]:
    """The keys of leads' deduped fields, by lead."""
    found: dict[int, set[Key]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id, slot, key FROM leads_leadkey WHERE lead_id = ANY(%s) AND slot <> %s",
            [list(lead_ids), LeadKey.UID_SLOT],
        )
        for lead_id, slot, key in cursor.fetchall():
            found.setdefault(lead_id, set()).add((slot, key))
    return {lead_id: frozenset(keys) for lead_id, keys in found.items()}


# The guard is a CASE, so that the planner does not count on its statistics of statuses: hardly a lead is PROCESSING
# when they are taken, and for the one row it then expects it would compare every lead with every other.
_SETTLE = """
WITH given AS (
    SELECT g.*, d.id AS disposition_id FROM ROWS FROM (unnest(%(ids)s::bigint[]), unnest(%(lines)s::int[]),
        unnest(%(targets)s::text[]), unnest(%(codes)s::text[]), unnest(%(reasons)s::text[]),
        unnest(%(valid_at)s::timestamptz[]), jsonb_array_elements(%(received)s), jsonb_array_elements(%(judged)s),
        jsonb_array_elements(%(failures)s)) AS g(id, line, target, code, reason, valid_at, received, judged, failures)
    LEFT JOIN campaigns_disposition d ON d.code = g.code
), moved AS (
    UPDATE leads_lead l
    SET status = g.target, disposition_id = g.disposition_id, reason = g.reason, valid_at = g.valid_at,
        accepted_at = CASE g.target WHEN 'accepted' THEN %(at)s::timestamptz END,
        in_cap = g.target IN ('pending', 'accepted')
    FROM given g
    WHERE l.id = g.id AND CASE WHEN l.status = ANY(%(sources)s) THEN NOT l.is_final ELSE false END
    RETURNING l.id AS lead_id, g.line, l.status AS to_status, l.disposition_id, l.reason, old.status AS from_status,
        old.disposition_id AS was_disposition_id, old.reason AS was_reason, old.valid_at AS was_valid_at,
        old.accepted_at AS was_accepted_at, old.in_cap AS was_in_cap, g.received, g.judged, g.failures
), written AS (
    UPDATE leads_leadvalues v
    SET received = m.received, judged = m.judged, failures = m.failures,
        version = v.version + (v.version = 0 OR v.received <> m.received)::int,
        rules = CASE WHEN %(keeps)s THEN v.rules ELSE %(rules)s::bigint END,
        kept_rejected = %(keeps)s OR (v.kept_rejected AND m.to_status = 'rejected'
            AND m.disposition_id IS NOT DISTINCT FROM m.was_disposition_id)
    FROM moved m WHERE v.lead_id = m.lead_id
    RETURNING v.lead_id, CASE WHEN old.version > 0 THEN jsonb_build_object('version', old.version,
        'received', old.received, 'judged', old.judged, 'failures', old.failures, 'kept', old.kept_rejected,
        'keys', (SELECT coalesce(jsonb_object_agg(k.slot, k.key), '{}') FROM leads_leadkey k
            WHERE k.lead_id = v.lead_id AND k.slot <> %(uid_slot)s)) END AS was_values
)
INSERT INTO leads_leadevent (lead_id, line, cause, from_status, to_status, disposition_id, reason, actor_id, at,
    batch_id, was_disposition_id, was_reason, was_valid_at, was_accepted_at, was_in_cap, was_values)
SELECT m.lead_id, m.line, %(cause)s, m.from_status, m.to_status, m.disposition_id, m.reason, %(actor)s, %(at)s,
    %(batch)s, m.was_disposition_id, m.was_reason, m.was_valid_at, m.was_accepted_at, m.was_in_cap, w.was_values
FROM moved m JOIN written w ON w.lead_id = m.lead_id ORDER BY m.lead_id
RETURNING lead_id
"""


def settle(
    cause: Cause,
    found: Sequence[Judged],
    *,
    campaign_id: int,
    at: datetime,
    actor_id: int | None,
    batch_id: int | None,
    rules: int | None = None,
) -> list[int]:
    """Write what judging found by `rules`, values and keys included; returns the ids of the leads it was written for.

    Runs under `lock_door`, after the leads were locked by `read`. The version rises with each change of a
    value as received (and to 1 with the first judgement).
    """
    allowed = DOOR_MOVES[cause]
    if stray := {one.target for one in found} - allowed.targets:
        raise ValueError(f"{cause} does not lead to {', '.join(stray)}")
    if not found:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _SETTLE,
            {
                "ids": arrays.numbers(one.lead_id for one in found),
                "lines": arrays.numbers(one.line for one in found),
                "targets": arrays.texts(one.target.value for one in found),
                "codes": arrays.texts(one.code for one in found),
                "reasons": arrays.texts(one.reason for one in found),
                "valid_at": arrays.instants(one.valid_at for one in found),
                "received": json.dumps([one.received for one in found]),
                "judged": json.dumps([one.judged for one in found]),
                "failures": json.dumps([one.failures for one in found]),
                "sources": [status.value for status in allowed.sources],
                "rules": rules,
                "keeps": cause == Cause.KEPT_REJECTED,
                "uid_slot": LeadKey.UID_SLOT,
                "cause": cause.value,
                "at": at,
                "actor": actor_id,
                "batch": batch_id,
            },
        )
        settled = [row[0] for row in cursor.fetchall()]
        _write_keys(cursor, campaign_id, found, set(settled))
        return settled


# What a lead keeps is not written again, for each new key asks after its lead and campaign. No lead that comes
# through the door holds a key, so none is in the way of another here.
_KEYS = """
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(%(ids)s::bigint[], %(slots)s::int[], %(keys)s::text[], %(held)s::boolean[])
        AS g(lead_id, slot, key, held)
), gone AS (
    DELETE FROM leads_leadkey k WHERE k.lead_id = ANY(%(leads)s::bigint[]) AND k.slot <> %(uid_slot)s
        AND (k.lead_id, k.slot) NOT IN (SELECT lead_id, slot FROM given)
)
INSERT INTO leads_leadkey AS k (lead_id, slot, campaign_id, key, held)
SELECT lead_id, slot, %(campaign)s, key, held FROM given
ON CONFLICT (lead_id, slot) DO UPDATE SET key = EXCLUDED.key, held = EXCLUDED.held
WHERE k.key <> EXCLUDED.key OR k.held <> EXCLUDED.held
"""


def _write_keys(cursor: Any, campaign_id: int, found: Sequence[Judged], settled: set[int]) -> None:
    """Give the leads the keys of their values now; they hold them where their status does."""
    rows = [
        (one.lead_id, slot, key, one.target in HOLDING)
        for one in found
        if one.lead_id in settled
        for slot, key in one.keys
    ]
    cursor.execute(
        _KEYS,
        {
            "leads": arrays.numbers(settled),
            "ids": arrays.numbers(row[0] for row in rows),
            "slots": arrays.numbers(row[1] for row in rows),
            "keys": arrays.texts(row[2] for row in rows),
            "held": arrays.flags(row[3] for row in rows),
            "campaign": campaign_id,
            "uid_slot": LeadKey.UID_SLOT,
        },
    )
