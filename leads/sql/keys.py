"""Statements that give leads the keys of one deduped field, and take them away again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection


class Valued(NamedTuple):
    """A lead with its value of one field, as judged; blank where it has none."""

    lead_id: int
    status: str
    value: str


class Keyed(NamedTuple):
    """A lead's key of one field, and whether the lead holds it."""

    lead_id: int
    key: str
    held: bool


def lock_valued(campaign_id: int, field: str, *, after: int, limit: int) -> list[Valued]:
    """The campaign's next leads above `after` with their value of the field, locked in id order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.id, l.status, coalesce(v.judged->>%s, '')
            FROM leads_lead l LEFT JOIN leads_leadvalues v ON v.lead_id = l.id
            WHERE l.campaign_id = %s AND l.id > %s ORDER BY l.id LIMIT %s FOR NO KEY UPDATE OF l
            """,
            [field, campaign_id, after, limit],
        )
        return [Valued(*row) for row in cursor.fetchall()]


def write(campaign_id: int, slot: int, keyed: Iterable[Keyed]) -> None:
    """Give leads their keys of one field; a lead that has one keeps it."""
    keyed = list(keyed)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO leads_leadkey (lead_id, slot, campaign_id, key, held)
            SELECT id, %s, %s, key, held FROM unnest(%s::bigint[], %s::text[], %s::boolean[]) AS k(id, key, held)
            ON CONFLICT (lead_id, slot) DO NOTHING
            """,
            [slot, campaign_id, *([list(column) for column in zip(*keyed, strict=True)] or [[], [], []])],
        )


def forget(campaign_id: int, slot: int, limit: int) -> int:
    """Take up to `limit` keys of one field away; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM leads_leadkey WHERE (lead_id, slot) IN (
                SELECT lead_id, slot FROM leads_leadkey WHERE campaign_id = %s AND slot = %s LIMIT %s)
            """,
            [campaign_id, slot, limit],
        )
        return cursor.rowcount
