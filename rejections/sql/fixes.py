"""Statements of the fix queue: rejected leads grouped by what is wrong with them first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection


class Group(NamedTuple):
    """Rejected leads of one source whose first failure is the same. `field` is blank where it is no field's."""

    source_id: int
    field: str
    value: str
    code: str
    leads: int


_FAILED = """
    FROM leads_leadvalues v JOIN leads_lead l ON l.id = v.lead_id
    JOIN campaigns_disposition d ON d.id = l.disposition_id
    WHERE NOT (v.failures = '[]'::jsonb) AND NOT v.kept_rejected AND l.status = 'rejected'
"""
_SAME = """
    AND l.source_id = %s AND v.failures->0->>'field' = %s AND v.failures->0->>'value' = %s AND d.code = %s
"""


def groups(source_ids: Sequence[int] | None, *, offset: int = 0, limit: int = 100) -> list[Group]:
    """Groups, biggest first; of these sources, or of all."""
    sources = None if source_ids is None else list(source_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.source_id, v.failures->0->>'field', v.failures->0->>'value', d.code, count(*)
            {_FAILED} AND (%s::bigint[] IS NULL OR l.source_id = ANY(%s::bigint[]))
            GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 OFFSET %s LIMIT %s
            """,
            [sources, sources, offset, limit],
        )
        return list(map(Group._make, cursor.fetchall()))


def elsewhere(group: Group, fields: Sequence[tuple[int, str]]) -> list[Group]:
    """Groups with the same value and code of (source, field) pairs, biggest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.source_id, v.failures->0->>'field', v.failures->0->>'value', d.code, count(*)
            {_FAILED} AND v.failures->0->>'value' = %s AND d.code = %s
              AND (l.source_id, v.failures->0->>'field') IN (
                SELECT s, f FROM unnest(%s::bigint[], %s::text[]) AS w(s, f))
            GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1
            """,
            [group.value, group.code, [source for source, _ in fields], [field for _, field in fields]],
        )
        return list(map(Group._make, cursor.fetchall()))


def count(group: Group) -> int:
    """How many leads the group has now."""
    return _counted(f"SELECT count(*) {_FAILED} {_SAME}", list(group[:4]))


def lead_ids(group: Group, limit: int | None = None) -> list[int]:
    """The group's leads, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT l.id {_FAILED} {_SAME} ORDER BY l.id LIMIT %s", [*group[:4], limit])
        return [row[0] for row in cursor.fetchall()]


def chosen_before(client_id: int, field: str, value: str) -> dict[str, int]:
    """What people of the house made of this value in this field before, for one client: value → times."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT v.judged->>%s, count(*)
            FROM rejections_batch b JOIN campaigns_campaign c ON c.id = b.campaign_id
            JOIN leads_leadevent e ON e.batch_id = b.id
            JOIN leads_leadvalues v ON v.lead_id = e.lead_id
            WHERE b.kind = 'correction' AND c.client_id = %s AND e.cause = 'corrected' AND e.to_status <> 'rejected'
              AND e.was_values->'received'->>%s = %s AND v.judged->>%s <> %s
              AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = e.id)
            GROUP BY 1 ORDER BY 2 DESC LIMIT 20
            """,
            [field, client_id, field, value, field, value],
        )
        return dict(cursor.fetchall())


def _counted(statement: str, parameters: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])
