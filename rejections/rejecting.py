"""The rejection import's part of the workflow: decide a chunk of rows, and move what they reject.

Check and Start run the same loop; Start locks the leads, reads their facts anew, and moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from leads import identifiers
from leads.models import LeadKey
from leads.sql import find, push
from leads.sql.adjust import adjust
from leads.sql.find import LeadFacts
from leads.sql.move import Moving, move
from leads.statuses import NAMEABLE, Cause, Status
from rejections.decisions import (
    REJECTING,
    WINDOWED,
    Decision,
    Outcome,
    RowFacts,
    credited_before,
    decide_rejection,
    settle,
)
from rejections.doubting import Doubt, doubt
from rejections.models import Batch
from rejections.sql import rows as statements
from rejections.sql.rows import RawRow, Result
from rejections.terms import Meaning, Terms


class Memory:
    """What one run remembers of the texts it has met, so that each is worked out once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.key = cache(lambda text: identifiers.normalise(terms.kind, text, terms.region))
        self.reason = cache(self._reason)
        self.damageable = identifiers.can_be_damaged(terms.kind, terms.region)

    def _reason(self, text: str) -> tuple[str, Meaning]:
        reason = self.terms.reason(text)
        return reason, self.terms.meaning(reason)

    def forget(self) -> None:
        """Keep memory flat: called between chunks."""
        self.key.cache_clear()
        self.reason.cache_clear()


def take(batch_id: int, memory: Memory, *, after: int) -> list[RawRow]:
    """The next rows of the batch."""
    return statements.take(batch_id, after=after, limit=settings.CHUNK_ROWS, columns=memory.terms.positions)


def check_rows(batch_id: int, memory: Memory, raws: Sequence[RawRow]) -> None:
    """Decide rows with the window left aside, and record them; nothing moves."""
    keys = {raw.line: memory.key(raw.identifier) for raw in raws if raw.problem is None}
    found = _find(memory.terms, keys.values())
    doubts = {
        raw.line: found_doubt
        for raw in raws
        if memory.damageable and raw.problem is None
        if (found_doubt := doubt(memory.terms, raw.identifier, _hits(found, keys[raw.line]))) is not None
    }
    results = []
    for raw in raws:
        key = keys.get(raw.line)
        doubted = doubts.get(raw.line)
        accepted = raw.review == "accept" and doubted is not None and doubted.suggested
        leads = doubted.leads if doubted and (accepted or not doubted.suggested) else found.get(key or "", [])
        facts = _row_facts(memory, raw, key, suggested=bool(doubted and doubted.suggested and not accepted))
        decision = decide_rejection(facts, leads, None)
        results.append(_checked(raw, key, decision, leads, doubted))
    statements.record(batch_id, results)


def apply_rows(batch: Batch, memory: Memory, raws: Sequence[RawRow], at: datetime) -> None:
    """Decide rows on fresh, locked facts; move and record them, in the caller's transaction."""
    terms = memory.terms
    named = {raw.line: _named(terms, raw) for raw in raws}
    found = _find(terms, (raw.key for raw in raws if raw.key and not named[raw.line]))
    fresh = find.lock(
        {lead.id for leads in found.values() for lead in leads}
        | {lead for leads in named.values() for lead in leads}
    )
    results: list[Result] = []
    moving: list[Moving] = []
    crediting: list[Moving] = []
    for raw in raws:
        ids = named[raw.line] or [lead.id for lead in found.get(raw.key or "", [])]
        leads = [fresh[lead_id] for lead_id in ids if lead_id in fresh]
        facts = _row_facts(memory, raw, raw.key, suggested=raw.outcome == Outcome.NEEDS_REVIEW)
        decision = decide_rejection(facts, leads, terms.opens)
        result = _settled(raw, decision, leads, terms.opens)
        if result is not None:
            results.append(result)
        outcome = result.outcome if result else raw.outcome
        if outcome in REJECTING and decision.lead is not None:
            (moving if outcome == Outcome.REJECTED else crediting).append(
                _moving(memory, raw, fresh[decision.lead.id])
            )
    actor_id, batch_id = batch.created_by_id, batch.pk
    moved = move(
        Cause.CLIENT_REJECTED,
        Status.CLIENT_REJECTED,
        moving,
        at=at,
        actor_id=actor_id,
        batch_id=batch_id,
        frees_slot=terms.options.free_cap,
    )
    push.reconcile(moved, at=at)
    adjust(Cause.ADJUSTED, crediting, at=at, actor_id=actor_id, batch_id=batch_id)
    statements.record(batch.pk, results)


def _named(terms: Terms, raw: RawRow) -> list[int]:
    """Leads that the check settled on for the row; empty where its key must be looked up anew.

    A held key is one lead's and a Lead ID its own, so they need no second look; a UID may have come
    to name another lead since.
    """
    if raw.note is not None:
        suggested = [raw.note["lead"]] if "lead" in raw.note and raw.review == "accept" else []
        return suggested or list(raw.note.get("leads", []))
    return [raw.lead_id] if raw.lead_id is not None and terms.slot != LeadKey.UID_SLOT else []


def _moving(memory: Memory, raw: RawRow, lead: LeadFacts) -> Moving:
    reason, meaning = memory.reason(raw.reason)
    owed = memory.terms.payouts.owed(lead, meaning)
    return Moving(lead.id, raw.line, meaning.disposition_id, reason, owed)


def _row_facts(memory: Memory, raw: RawRow, key: str | None, *, suggested: bool) -> RowFacts:
    terms = memory.terms
    reason, meaning = memory.reason(raw.reason)
    return RowFacts(
        key=key,
        readable=raw.problem is None,
        selected=not terms.selected or raw.selector.strip().casefold() in terms.selected,
        suggested=suggested,
        first_line=raw.first_line,
        has_reason=bool(reason),
        returnable=meaning.returnable,
    )


def _find(terms: Terms, keys: Iterable[str | None]) -> dict[str, list[LeadFacts]]:
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    if terms.slot is None:
        return find.find_by_id(terms.campaign_id, wanted)
    return find.find_by_key(terms.campaign_id, terms.slot, wanted)


def _hits(found: Mapping[str, list[LeadFacts]], key: str | None) -> bool:
    return any(lead.status in NAMEABLE for lead in found.get(key or "", []))


def _checked(
    raw: RawRow,
    key: str | None,
    decision: Decision,
    leads: Sequence[LeadFacts],
    doubted: Doubt | None,
) -> Result:
    """What the check records of a row."""
    note: dict[str, Any] | None = None
    if doubted is not None and doubted.suggested:
        note = {"lead": doubted.leads[0].id, "key": doubted.key, "how": doubted.how}
    elif decision.outcome == Outcome.AMBIGUOUS:
        note = {"leads": [lead.id for lead in leads if lead.status in NAMEABLE]}
    lead = decision.lead
    return Result(
        raw.line,
        decision.outcome,
        key,
        lead.id if lead else None,
        lead.valid_at if lead else None,
        _noted(note, decision.outcome, leads),
    )


def _noted(
    note: dict[str, Any] | None, outcome: Outcome, leads: Sequence[LeadFacts]
) -> dict[str, Any] | None:
    """The note, with the sentence that a final lead was credited before where it was, and without it elsewhere."""
    if note is None and outcome != Outcome.FINAL:
        return None
    kept = {name: value for name, value in (note or {}).items() if name != "sentence"}
    credited = next((lead.credited_by for lead in leads if lead.credited_by), None)
    if outcome == Outcome.FINAL and credited:
        kept["sentence"] = credited_before(credited)
    return kept or None


def _settled(raw: RawRow, decision: Decision, leads: Sequence[LeadFacts], opens: datetime) -> Result | None:
    """What Start records of a row, or None when it is just what the check said."""
    checked = Outcome(raw.outcome or Outcome.NOT_FOUND)
    if checked in WINDOWED and raw.valid_at and raw.valid_at < opens:
        checked = Outcome.OUTSIDE_WINDOW
    lead = decision.lead
    # Of another lead than the one it showed, the check said nothing.
    said = checked if lead is None or lead.id == raw.lead_id else Outcome.NOT_FOUND
    outcome = settle(said, decision.outcome)
    lead_id, valid_at = (lead.id, lead.valid_at) if lead else (None, None)
    note = _noted(raw.note, outcome, leads)
    if (outcome, lead_id, valid_at, note) == (raw.outcome, raw.lead_id, raw.valid_at, raw.note):
        return None
    differs = str(checked) if outcome != checked else None
    return Result(raw.line, outcome, raw.key, lead_id, valid_at, note, differs)
