"""Statements of the fix queue: rejected leads grouped by what is wrong with them first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from rejections.states import RUNNABLE

#: What people chose before is looked up in so many of a client's newest corrections, and leads of each.
_REMEMBERED_BATCHES, _REMEMBERED_LEADS = 50, 500


class Group(NamedTuple):
    """Rejected leads of one source whose first failure is the same. `field` is blank where it is no field's.

    `lead` is the first of them, by which the group is called; `worth` is their price.
    """

    source_id: int
    field: str
    value: str
    code: str
    leads: int = 0
    lead: int = 0
    worth: Decimal = Decimal(0)


@dataclass(frozen=True)
class Asked:
    """Which groups are asked for: of these sources (None: all), with this code, whose value, field or code
    contains the text; `fields` are the names that the text means by their labels."""

    sources: Sequence[int] | None = None
    code: str = ""
    text: str = ""
    fields: Sequence[str] = ()

    def parameters(self) -> dict[str, Any]:
        """As the statements take them."""
        escaped = self.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        return {
            "sources": None if self.sources is None else list(self.sources),
            "code": self.code,
            "like": f"%{escaped}%",
            "fields": list(self.fields),
        }


EVERYTHING = Asked()

_STATES = ", ".join(f"'{state}'" for state in RUNNABLE if state != "undoing")
_IN_HAND = f"b.state IN ({_STATES}) AND b.kind = 'correction'"
#: Groups that a fix, or judging again for a list, works on: they stay out until it has ended.
AT_WORK = f"""
    SELECT b.source_id, leads_failure(f->>'field', f->>'code', f->>'text')
    FROM rejections_batch b CROSS JOIN LATERAL (SELECT b.mapping->'fix') AS one(f)
    WHERE {_IN_HAND} AND b.mapping ? 'fix'
    UNION ALL
    SELECT b.source_id, leads_failure(g->>0, g->>1, g->>2)
    FROM rejections_batch b CROSS JOIN LATERAL jsonb_array_elements(b.mapping->'again') AS every(g)
    WHERE {_IN_HAND} AND b.mapping ? 'again'
"""
_GROUPED = f"""
    SELECT b.source_id, b.failure, count(*) AS leads, min(b.lead_id) AS lead, sum(b.price) AS worth
    FROM leads_leadblock b
    WHERE (%(sources)s::bigint[] IS NULL OR b.source_id = ANY(%(sources)s))
      AND (b.source_id, b.failure) NOT IN ({AT_WORK})
    GROUP BY b.source_id, b.failure
"""
_FIRST = "v.failures->0->>'field', v.failures->0->>'value', v.failures->0->>'code'"
_WANTED = """
    (%(code)s = '' OR v.failures->0->>'code' = %(code)s)
    AND (%(like)s = '%%' OR v.failures->0->>'value' ILIKE %(like)s OR v.failures->0->>'code' ILIKE %(like)s
         OR v.failures->0->>'field' = ANY(%(fields)s))
"""


def groups(asked: Asked = EVERYTHING, *, offset: int = 0, limit: int = 100) -> list[Group]:
    """Groups, biggest first."""
    narrowed = f"JOIN leads_leadvalues v ON v.lead_id = g.lead WHERE {_WANTED}"
    everything = not (asked.code or asked.text)
    return _found(
        f"""
        WITH g AS ({_GROUPED}), page AS (
            SELECT g.* FROM g {"" if everything else narrowed}
            ORDER BY leads DESC, source_id, lead OFFSET %(offset)s LIMIT %(limit)s
        )
        SELECT p.source_id, {_FIRST}, p.leads, p.lead, p.worth
        FROM page p JOIN leads_leadvalues v ON v.lead_id = p.lead
        ORDER BY p.leads DESC, p.source_id, p.lead
        """,
        {**asked.parameters(), "offset": offset, "limit": limit},
    )


class Total(NamedTuple):
    """What waits in one source."""

    source_id: int
    groups: int
    leads: int
    worth: Decimal


def totals(asked: Asked = EVERYTHING) -> dict[int, Total]:
    """What waits in each source that has any such leads, by source."""
    narrowed = f"JOIN leads_leadvalues v ON v.lead_id = g.lead WHERE {_WANTED}"
    statement = f"""
        WITH g AS ({_GROUPED})
        SELECT g.source_id, count(*), sum(g.leads)::bigint, sum(g.worth)
        FROM g {narrowed if asked.code or asked.text else ""} GROUP BY g.source_id
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, asked.parameters())
        return {row[0]: Total(*row) for row in cursor.fetchall()}


def groups_of(lead_ids: Sequence[int]) -> list[Group]:
    """The groups these leads are in, as they are now, biggest first; a lead that nothing blocks is in none."""
    return _found(
        f"""
        WITH wanted AS (SELECT DISTINCT source_id, failure FROM leads_leadblock WHERE lead_id = ANY(%(leads)s)), g AS (
            SELECT source_id, failure, count(*) AS leads, min(lead_id) AS lead, sum(price) AS worth
            FROM leads_leadblock JOIN wanted USING (source_id, failure) GROUP BY source_id, failure
        )
        SELECT g.source_id, {_FIRST}, g.leads, g.lead, g.worth FROM g JOIN leads_leadvalues v ON v.lead_id = g.lead
        ORDER BY g.leads DESC, g.source_id, g.lead
        """,
        {"leads": list(lead_ids)},
    )


def elsewhere(group: Group, fields: Sequence[tuple[int, str]]) -> list[Group]:
    """Groups with the same value and code of (source, field) pairs, biggest first."""
    return _found(
        f"""
        WITH g AS (
            SELECT b.source_id, b.failure, count(*) AS leads, min(b.lead_id) AS lead, sum(b.price) AS worth
            FROM unnest(%(sources)s::bigint[], %(fields)s::text[]) AS w(source_id, field)
            JOIN leads_leadblock b
                ON b.source_id = w.source_id AND b.failure = leads_failure(w.field, %(code)s, %(value)s)
            GROUP BY b.source_id, b.failure
        )
        SELECT g.source_id, {_FIRST}, g.leads, g.lead, g.worth FROM g JOIN leads_leadvalues v ON v.lead_id = g.lead
        ORDER BY g.leads DESC, g.source_id
        """,
        {
            "sources": [source for source, _ in fields],
            "fields": [field for _, field in fields],
            "code": group.code,
            "value": group.value,
        },
    )


def lead_ids(group: Group, limit: int | None = None) -> list[int]:
    """The group's leads, in id order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT lead_id FROM leads_leadblock WHERE source_id = %s AND failure = leads_failure(%s, %s, %s)
            ORDER BY lead_id LIMIT %s
            """,
            [group.source_id, group.field, group.code, group.value, limit],
        )
        return [row[0] for row in cursor.fetchall()]


class Question(NamedTuple):
    """A value received in a field, for one client."""

    client_id: int
    field: str
    value: str


def chosen_before(questions: Iterable[Question]) -> Mapping[Question, dict[str, int]]:
    """What people of the house made of these values before: value → times, the commonest first."""
    asked = list(questions)
    found: dict[Question, dict[str, int]] = {}
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH asked AS (
                SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS a(client_id, field, value)
            ), recent AS (
                SELECT c.client_id, b.id FROM (SELECT DISTINCT client_id FROM asked) c CROSS JOIN LATERAL (
                    SELECT b.id FROM rejections_batch b JOIN campaigns_campaign k ON k.id = b.campaign_id
                    WHERE b.kind = 'correction' AND k.client_id = c.client_id
                    ORDER BY b.id DESC LIMIT {_REMEMBERED_BATCHES}) b
            ), made AS (
                SELECT r.client_id, e.id, e.lead_id, e.was_values->'received' AS received
                FROM recent r CROSS JOIN LATERAL (
                    SELECT * FROM leads_leadevent e
                    WHERE e.batch_id = r.id AND e.cause = 'corrected' AND e.to_status <> 'rejected'
                    LIMIT {_REMEMBERED_LEADS}) e
            )
            SELECT a.client_id, a.field, a.value, v.judged->>a.field, count(*)
            FROM made m JOIN asked a ON a.client_id = m.client_id AND m.received->>a.field = a.value
            JOIN leads_leadvalues v ON v.lead_id = m.lead_id
            WHERE v.judged->>a.field <> a.value AND NOT EXISTS (SELECT FROM leads_leadevent u WHERE u.undoes_id = m.id)
            GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 4
            """,
            [list(column) for column in zip(*asked, strict=True)],
        )
        for client_id, field, value, chosen, times in cursor.fetchall():
            found.setdefault(Question(client_id, field, value), {})[chosen] = times
    return found


def ended(batch_ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
    """Settled rows of batches by (outcome, the status their lead got or kept), by batch."""
    found: dict[int, dict[tuple[str, str], int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.batch_id, r.outcome, coalesce(r.note->>'to', ''), count(*)
            FROM rejections_batchrow r JOIN rejections_batch b ON b.id = r.batch_id
            WHERE r.batch_id = ANY(%s) AND r.outcome IS NOT NULL AND r.line <= b.settled_line GROUP BY 1, 2, 3
            """,
            [list(batch_ids)],
        )
        for batch_id, outcome, target, rows in cursor.fetchall():
            found.setdefault(batch_id, {})[outcome, target] = rows
    return found


def _found(statement: str, parameters: Mapping[str, Any]) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(map(Group._make, cursor.fetchall()))
