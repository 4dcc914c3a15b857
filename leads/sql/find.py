"""Statements that find leads by what a file calls them, and lock them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from leads.sql import arrays
from leads.statuses import NAMEABLE

#: More matches of one key than this are not read: the row is ambiguous anyway.
MATCHES_READ = 20

_FACTS = """l.id, l.status, l.valid_at, l.is_final, l.decided_for_supplier, l.supplier_id, l.received_at,
    CASE WHEN l.is_final THEN (SELECT e.batch_id FROM leads_adjustment a JOIN leads_leadevent e ON e.id = a.event_id
        WHERE a.lead_id = l.id AND e.cause = 'adjusted') END"""


class LeadFacts(NamedTuple):
    """What a decision, and the payout after it, need to know about a lead.

    `credited_by` is the batch that gave a final lead its one credit, None while there is none.
    """

    id: int
    status: str
    valid_at: datetime | None
    is_final: bool
    decided_for_supplier: bool
    supplier_id: int
    received_at: datetime
    credited_by: int | None = None


def find_by_id(campaign_id: int, keys: Iterable[str]) -> dict[str, list[LeadFacts]]:
    """Leads of the campaign by Lead ID: key (digits) → one lead. Keys that find nothing are absent."""
    ids = [int(key) for key in keys if key.isdigit()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_FACTS} FROM leads_lead l WHERE l.id = ANY(%s) AND l.campaign_id = %s",
            [ids, campaign_id],
        )
        return {str(row[0]): [LeadFacts(*row)] for row in cursor.fetchall()}


def find_by_key(campaign_id: int, slot: int, keys: Iterable[str]) -> dict[str, list[LeadFacts]]:
    """Leads of the campaign by UID (slot 0) or field: key → its leads, nameable ones first.

    At most MATCHES_READ leads a key; keys that find nothing are absent.
    """
    found: dict[str, list[LeadFacts]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT wanted.key, m.* FROM unnest(%s::text[]) AS wanted(key)
            CROSS JOIN LATERAL (
                SELECT {_FACTS} FROM leads_leadkey k JOIN leads_lead l ON l.id = k.lead_id
                WHERE k.campaign_id = %s AND k.slot = %s AND k.key = wanted.key COLLATE "C"
                ORDER BY l.status = ANY(%s) DESC, l.id LIMIT {MATCHES_READ}
            ) m
            """,
            [arrays.texts(keys), campaign_id, slot, list(NAMEABLE)],
        )
        for key, *facts in cursor.fetchall():
            found.setdefault(key, []).append(LeadFacts(*facts))
    return found


def ids_by_keys(keys: Iterable[tuple[int, int, str | None]], limit: int) -> list[int]:
    """Ids of leads known by one of these (campaign, slot, key), at most `limit` for each."""
    wanted = list(keys)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT m.lead_id FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS w(campaign_id, slot, key)
            CROSS JOIN LATERAL (
                SELECT k.lead_id FROM leads_leadkey k
                WHERE k.campaign_id = w.campaign_id AND k.slot = w.slot AND k.key = w.key COLLATE "C" LIMIT %s
            ) m
            """,
            [*([key[at] for key in wanted] for at in range(3)), limit],
        )
        return [row[0] for row in cursor.fetchall()]


def resembling_ids(campaign_id: int, low: int, high: int, limit: int) -> list[tuple[str, LeadFacts]]:
    """Nameable leads of the campaign with `low ≤ id ≤ high`: (key, lead), at most `limit`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.id::text, {_FACTS} FROM leads_lead l
            WHERE l.campaign_id = %s AND l.id BETWEEN %s AND %s AND l.status = ANY(%s) LIMIT %s
            """,
            [campaign_id, low, high, list(NAMEABLE), limit],
        )
        return [(key, LeadFacts(*facts)) for key, *facts in cursor.fetchall()]


def resembling_keys(
    campaign_id: int, slot: int, low: str, high: str, limit: int
) -> list[tuple[str, LeadFacts]]:
    """Nameable leads whose key lies between `low` and `high` (collation "C"), at most `limit`.

    Keys are as long as these, and digits, after a plus or not: nothing else can have become a number.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT k.key, {_FACTS} FROM leads_leadkey k JOIN leads_lead l ON l.id = k.lead_id
            WHERE k.campaign_id = %s AND k.slot = %s AND k.key BETWEEN %s AND %s
              AND length(k.key) = %s AND k.key ~ '^[+]?[0-9]+$' AND l.status = ANY(%s)
            LIMIT %s
            """,
            [campaign_id, slot, low, high, len(low), list(NAMEABLE), limit],
        )
        return [(key, LeadFacts(*facts)) for key, *facts in cursor.fetchall()]


def lock(lead_ids: Iterable[int]) -> dict[int, LeadFacts]:
    """Lock the leads in id order, so that writers never cross, and read their facts anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_FACTS} FROM leads_lead l WHERE l.id = ANY(%s::bigint[]) ORDER BY l.id FOR NO KEY UPDATE",
            [arrays.numbers(sorted(lead_ids))],
        )
        return {row[0]: LeadFacts(*row) for row in cursor.fetchall()}
