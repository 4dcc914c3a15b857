"""The correction's part of the workflow: compare a chunk of rows, judge their leads again, release them.

It stands beside `rejecting` and does the same: check and Start run one loop; Start locks door, caps and leads,
reads their values anew, and writes what the judging found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from campaigns.spec import Agreed
from leads import door
from leads.door import Candidate, Room
from leads.models import Lead
from leads.sql import door as statements
from leads.sql import push
from leads.sql.door import Judged, Stored
from leads.statuses import Cause, Status
from rejections.decisions import Outcome
from rejections.edits import (
    CorrectionFacts,
    Edits,
    compare,
    decide_correction,
    settle_correction,
    typed_over,
)
from rejections.meaning import Memory, Row
from rejections.models import Batch
from rejections.platform import platform_of
from rejections.sql import corrections, rows
from rejections.sql.corrections import CorrectionRow
from rejections.sql.rows import Result

#: Rows of one transaction: the campaign's door is closed to others while they are judged.
CHUNK = 2000
NOTHING = Edits()


@dataclass
class Found:
    """What was found for a row: its outcome, and what its note says."""

    row: Row
    outcome: Outcome | None
    lead: Stored | None = None
    edits: Edits = NOTHING
    ignored: tuple[str, ...] = ()
    judged: Judged | None = None


def take(memory: Memory, *, after: int) -> list[CorrectionRow]:
    """The next rows of the batch."""
    return corrections.take(memory.batch.pk, after=after, limit=min(CHUNK, settings.CHUNK_ROWS))


def check_rows(batch_id: int, memory: Memory, raws: Sequence[CorrectionRow], at: datetime) -> None:
    """Decide rows and record them; nothing moves."""
    found = look_at(memory, [memory.row(raw) for raw in raws], at)
    rows.record(batch_id, [_result(one) for one in found])


def look_at(memory: Memory, meant: Sequence[Row], at: datetime) -> list[Found]:
    """Decide rows as things stand, caps and keys without a lock; nothing is written."""
    return _decide(memory, meant, _read(memory, meant, lock=False), memory.room, at)


def apply_rows(batch: Batch, memory: Memory, raws: Sequence[CorrectionRow], at: datetime) -> None:
    """Decide rows on fresh, locked facts; settle and record them, in the caller's transaction."""
    meant = [memory.row(raw) for raw in raws]
    room = door.open_room(batch.campaign)
    found = _decide(memory, meant, _read(memory, meant, lock=True), room, at, checked=True)
    written = [
        one.judged
        for one in found
        if one.judged and one.outcome in (Outcome.RELEASED, Outcome.STILL_REJECTED)
    ]
    settled = statements.settle(
        Cause.KEPT_REJECTED if memory.keeps else Cause.CORRECTED,
        written,
        campaign_id=batch.campaign_id,
        at=at,
        actor_id=batch.created_by_id,
        batch_id=batch.pk,
        rules=memory.terms.rules,
    )
    push.reconcile(settled, at=at)
    rows.record(
        batch.pk,
        [
            result
            for one in found
            if not _is_recorded(result := _result(one, one.row.raw.outcome), one.row.raw)
        ],
    )


def _read(memory: Memory, meant: Sequence[Row], *, lock: bool) -> dict[int, Stored]:
    """The leads the rows name and the person may see, with their values."""
    ids = {row.lead_id for row in meant if row.lead_id}
    person = memory.batch.created_by
    if person is not None and not person.is_staff:
        ids &= set(Lead.objects.visible_to(person).filter(pk__in=ids).values_list("pk", flat=True))
    return statements.read(ids, lock=lock)


def _decide(
    memory: Memory,
    meant: Sequence[Row],
    leads: Mapping[int, Stored],
    room: Room,
    at: datetime,
    *,
    checked: bool = False,
) -> list[Found]:
    """Outcomes of all rows; those that judge a lead again get what the judging found.

    What was typed in columns A to K is looked up once, by the check; of `checked` rows it is known.
    """
    was = corrections.values_at(
        (row.lead_id, row.version)
        for row in meant
        if (lead := leads.get(row.lead_id)) and row.version is not None and row.version < lead.version
    )
    typed = len(memory.platform) > 1 and not checked
    facts = platform_of(leads, memory.batch.source_id or 0, memory.terms) if typed else {}
    found = [_look(memory, row, leads.get(row.lead_id), was, facts, checked) for row in meant]
    again = {one.row.raw.line: one for one in found if one.outcome is None and one.lead}
    if memory.keeps:
        placed = _kept(list(again.values()))
    else:
        candidates = [_candidate(memory.terms, one, at) for one in again.values()]
        placed = door.place(memory.batch.campaign, memory.terms, candidates, room)
    for judged in placed:
        one = again[judged.line or 0]
        one.judged = judged
        one.outcome = settle_correction(
            judged.target,
            changed=bool(one.edits.changes) or memory.keeps,
            same_judgement=one.lead is not None and list(judged.failures) == one.lead.failures,
        )
    return found


def _look(
    memory: Memory,
    row: Row,
    lead: Stored | None,
    was: Mapping[int, dict[str, str]],
    facts: Mapping[int, Mapping[str, str]],
    checked: bool,
) -> Found:
    """What is known of a row before its lead is judged."""
    here = lead is not None and lead.source_id == memory.batch.source_id
    first = row.raw.first_line is None and (row.lead_id not in memory.seen or row.raw.outcome is not None)
    edits = NOTHING
    ignored: tuple[str, ...] = ()
    if lead is not None and here:
        memory.seen.add(lead.id)
        if lead.status == Status.REJECTED and first:
            edits = compare(
                was.get(lead.id, lead.received),
                lead.received,
                row.cells,
                lambda field, value: memory.passes_for(lead, field, value),
                memory.reading_of(row.raw.line),
            )
            if checked:
                ignored = tuple((row.raw.note or {}).get("ignored", ()))
            elif lead.id in facts:
                ignored = typed_over(facts[lead.id], row.platform)
    outcome = decide_correction(
        CorrectionFacts(
            key=row.key,
            readable=row.raw.problem is None,
            status=Status(lead.status) if lead else None,
            is_of_source=here,
            is_first=first,
            has_conflict=bool(edits.conflicts),
        )
    )
    return Found(row, outcome, lead if here else None, edits, ignored)


def _candidate(terms: Agreed, one: Found, at: datetime) -> Candidate:
    assert one.lead is not None
    received = one.edits.applied(one.lead.received)
    verdict = door.judge_again(terms, one.lead, received, {change.field for change in one.edits.changes})
    return Candidate(one.lead.id, one.lead.supplier_id, received, at, verdict, one.row.raw.line)


def _kept(found: Sequence[Found]) -> list[Judged]:
    """The leads as they are, to be kept rejected: their failures stay, and their dispositions with them."""
    leads = {one.lead.id: one.row.raw.line for one in found if one.lead}
    facts, keys = corrections.platform_facts(leads), statements.keys_of(leads)
    return [
        Judged(
            lead.id, Status.REJECTED, facts[lead.id].code or None, facts[lead.id].reason, None, lead.received,
            lead.judged, lead.failures, keys.get(lead.id, frozenset()), leads[lead.id],
        )
        for lead in (one.lead for one in found)
        if lead is not None
    ]  # fmt: skip


def _result(one: Found, before: str | None = None) -> Result:
    """What is recorded of a row: Start keeps what the check said (`before`) where it found otherwise."""
    outcome = one.outcome or Outcome.NOT_FOUND
    edits, judged = one.edits, one.judged
    told = (
        ("changes", list(map(list, edits.changes))),
        ("repairs", list(map(list, edits.repairs))),
        ("conflicts", list(map(list, edits.conflicts))),
        ("ignored", list(one.ignored)),
        ("to", judged and judged.target.value),
        ("code", judged and judged.code),
        ("sentence", judged and judged.reason),
    )
    note: dict[str, Any] = {name: value for name, value in told if value}
    return Result(
        one.row.raw.line,
        outcome,
        one.row.key,
        one.lead.id if one.lead else None,
        None,
        note or None,
        before if before not in (None, outcome) else None,
    )


def _is_recorded(result: Result, raw: CorrectionRow) -> bool:
    """Whether the check recorded the same of the row."""
    return (
        (result.outcome, result.key, result.lead_id) == (raw.outcome, raw.key, raw.lead_id)
        and result.checked is None
        and result.note == raw.note
    )
