"""Statements that read a source's leads for a file, from a server-side cursor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection


class Row(NamedTuple):
    """One lead as a downloaded file tells it."""

    id: int
    uid: str
    status: str
    code: str
    reason: str
    received_at: datetime
    version: int
    received: dict[str, str]
    failures: list[dict[str, str]]


_WHERE = """
    l.source_id = %s AND l.status = ANY(%s)
    AND (%s::timestamptz IS NULL OR l.received_at >= %s) AND (%s::timestamptz IS NULL OR l.received_at < %s)
"""


def _parameters(
    source_id: int, statuses: Sequence[str], begin: datetime | None, end: datetime | None
) -> list[Any]:
    return [source_id, list(statuses), begin, begin, end, end]


def count(source_id: int, statuses: Sequence[str], begin: datetime | None, end: datetime | None) -> int:
    """How many leads of the source there are with these statuses, received in [begin, end)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM leads_lead l WHERE {_WHERE}", _parameters(source_id, statuses, begin, end)
        )
        return int(cursor.fetchone()[0])


def rows(
    source_id: int, statuses: Sequence[str], begin: datetime | None, end: datetime | None
) -> Iterator[Row]:
    """These leads in id order; memory stays flat."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"""
            SELECT l.id, l.uid, l.status, coalesce(d.code, ''), l.reason, l.received_at, v.version,
                v.received::text, v.failures::text
            FROM leads_lead l JOIN leads_leadvalues v ON v.lead_id = l.id
            LEFT JOIN campaigns_disposition d ON d.id = l.disposition_id
            WHERE {_WHERE} ORDER BY l.id
            """,
            _parameters(source_id, statuses, begin, end),
        )
        while found := cursor.fetchmany(2000):
            for row in map(Row._make, found):
                yield row._replace(
                    received=json.loads(str(row.received)), failures=json.loads(str(row.failures))
                )
