"""The rejection import's part of the workflow: decide a chunk of rows, and move what they reject.

Check and Start run the same loop; Start locks the leads, reads their facts anew, and moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple

from campaigns.lists import fold_phrase
from campaigns.models import Disposition, Field, Phrase
from campaigns.rules import local_date
from leads import identifiers
from leads.models import LeadKey
from leads.sql import find
from leads.sql.find import LeadFacts
from leads.sql.move import Moving, adjust, move
from leads.statuses import NAMEABLE, Cause, Status
from rejections.columns import LEAD_ID, UID, ColumnMap
from rejections.decisions import REJECTING, WINDOWED, Decision, Outcome, RowFacts, decide_rejection, settle
from rejections.models import Batch
from rejections.options import Options
from rejections.sql import rows as statements
from rejections.sql.rows import RawRow, Result

#: Leads read when looking for the one that a damaged identifier fits; two that fit decide already.
RESEMBLING_READ = 50
#: A text that names a lead as it stands is doubted only from this length on (digits a float loses).
SHORTEST_DOUBTED = 16


class Meaning(NamedTuple):
    """What a reason text means: its disposition, and whether leads are returnable for it."""

    disposition_id: int
    returnable: bool


@dataclass(frozen=True)
class Terms:
    """Everything a batch decides its rows by, read once per run."""

    campaign_id: int
    region: str
    kind: str
    slot: int | None
    mapping: ColumnMap
    positions: tuple[int | None, int | None, int | None]
    meanings: Mapping[str, Meaning]
    other: Meaning
    opens: datetime
    options: Options
    selected: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, batch: Batch) -> Terms:
        """The terms of a mapped batch."""
        mapping = ColumnMap.from_json(batch.mapping)
        options = Options.from_json(batch.options)
        kind, slot = identifier_kind(batch.campaign_id, mapping)
        where = mapping.only_where
        return cls(
            campaign_id=batch.campaign_id,
            region=batch.campaign.phone_region,
            kind=kind,
            slot=slot,
            mapping=mapping,
            positions=mapping.positions(batch.reading["columns"]),
            meanings=_meanings(batch.campaign.client_id),
            other=_other(),
            opens=opening(batch, options),
            options=options,
            selected=frozenset(value.strip().casefold() for value in where.values) if where else frozenset(),
        )

    def reason(self, raw: RawRow) -> str:
        """The row's reason as the client wrote it, else the one given for rows without."""
        return raw.reason.strip() or self.mapping.default_reason.strip()

    def meaning(self, reason: str) -> Meaning:
        """What a reason text means; a phrase without a mapping is CLIENT_OTHER."""
        return self.meanings.get(fold_phrase(reason), self.other)


def opening(batch: Batch, options: Options) -> datetime:
    """The first instant inside the batch's return window, under these options."""
    uploaded_on = local_date(batch.created_at, batch.time_zone)
    return options.opens(uploaded_on, batch.window_days or 0, batch.time_zone)


def identifier_kind(campaign_id: int, mapping: ColumnMap) -> tuple[str, int | None]:
    """The kind by which identifiers are normalised, and the slot they are looked up in (None: Lead ID)."""
    if mapping.identifier == LEAD_ID:
        return LEAD_ID, None
    if mapping.identifier == UID:
        return UID, LeadKey.UID_SLOT
    named = Field.objects.get(campaign_id=campaign_id, name=mapping.field_name)
    return named.kind, named.pk


def _meanings(client_id: int) -> dict[str, Meaning]:
    mapped = Phrase.objects.filter(client_id=client_id, disposition__isnull=False)
    known = mapped.values_list("folded", "disposition_id", "disposition__returnable")
    return {folded: Meaning(disposition_id, returnable) for folded, disposition_id, returnable in known}


def _other() -> Meaning:
    other = Disposition.objects.get(code="CLIENT_OTHER")
    return Meaning(other.pk, other.returnable)


class Reader:
    """What one run remembers of the texts it has met, so that each is worked out once."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.key = cache(lambda text: identifiers.normalise(terms.kind, text, terms.region))
        self.meaning = cache(terms.meaning)

    def forget(self) -> None:
        """Keep memory flat: called between chunks."""
        self.key.cache_clear()


def check_rows(batch_id: int, reader: Reader, raws: Sequence[RawRow]) -> None:
    """Decide rows with the window left aside, and record them; nothing moves."""
    keys = {raw.line: reader.key(raw.identifier) for raw in raws if raw.problem is None}
    found = _find(reader.terms, keys.values())
    suggestions = {
        raw.line: suggestion
        for raw in raws
        if raw.problem is None
        if (suggestion := _suggestion(reader.terms, raw.identifier, _hits(found, keys[raw.line]))) is not None
    }
    results = []
    for raw in raws:
        key = keys.get(raw.line)
        leads = found.get(key, []) if key else []
        suggestion = suggestions.get(raw.line)
        accepted = suggestion is not None and raw.review == "accept"
        if suggestion is not None and accepted:
            leads = [suggestion.lead]
        facts = _row_facts(reader, raw, key, suggested=suggestion is not None and not accepted)
        decision = decide_rejection(facts, leads, None)
        results.append(_checked(raw, key, decision, leads, suggestion))
    statements.record(batch_id, results)


def apply_rows(batch: Batch, reader: Reader, raws: Sequence[RawRow], at: datetime) -> None:
    """Decide rows on fresh, locked facts; move and record them, in the caller's transaction."""
    terms = reader.terms
    found = _find(terms, (raw.key for raw in raws if raw.key))
    accepted = {raw.line: raw.note["lead"] for raw in raws if raw.review == "accept" and raw.note}
    fresh = find.lock({lead.id for leads in found.values() for lead in leads} | set(accepted.values()))
    results: list[Result] = []
    moving: list[Moving] = []
    crediting: list[Moving] = []
    for raw in raws:
        named = [accepted[raw.line]] if raw.line in accepted else [f.id for f in found.get(raw.key or "", [])]
        leads = [fresh[lead_id] for lead_id in named if lead_id in fresh]
        facts = _row_facts(reader, raw, raw.key, suggested=raw.outcome == Outcome.NEEDS_REVIEW)
        decision = decide_rejection(facts, leads, terms.opens)
        result = _settled(raw, decision, terms.opens)
        if result is not None:
            results.append(result)
        outcome = result.outcome if result else raw.outcome
        if outcome in REJECTING and decision.lead is not None:
            (moving if outcome == Outcome.REJECTED else crediting).append(
                _moving(reader, raw, decision.lead.id)
            )
    actor_id, batch_id = batch.created_by_id, batch.pk
    move(
        Cause.CLIENT_REJECTED,
        Status.CLIENT_REJECTED,
        moving,
        at=at,
        actor_id=actor_id,
        batch_id=batch_id,
        frees_slot=terms.options.free_cap,
    )
    adjust(crediting, at=at, actor_id=actor_id, batch_id=batch_id)
    statements.record(batch.pk, results)


def _moving(reader: Reader, raw: RawRow, lead_id: int) -> Moving:
    reason = reader.terms.reason(raw)
    return Moving(lead_id, raw.line, reader.meaning(reason).disposition_id, reason)


def _row_facts(reader: Reader, raw: RawRow, key: str | None, *, suggested: bool) -> RowFacts:
    terms = reader.terms
    reason = terms.reason(raw)
    return RowFacts(
        key=key,
        readable=raw.problem is None,
        selected=not terms.selected or raw.selector.strip().casefold() in terms.selected,
        suggested=suggested,
        first_line=raw.first_line,
        has_reason=bool(reason),
        returnable=reader.meaning(reason).returnable,
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


class Suggestion(NamedTuple):
    """The one lead a damaged identifier fits, and what happened to the text."""

    lead: LeadFacts
    key: str
    how: str


def _suggestion(terms: Terms, text: str, hit: bool) -> Suggestion | None:
    """The one nameable lead whose key can have been turned into this damaged text, if it is one.

    `hit` says that the text as it stands names a lead.
    """
    if hit and len(text) < SHORTEST_DOUBTED:
        return None
    damage = identifiers.damage(terms.kind, text, terms.region)
    if damage is None or (hit and not damage.doubts_hit):
        return None
    fitting: list[tuple[str, LeadFacts]] = []
    if terms.slot is None:
        fitting = find.resembling_ids(terms.campaign_id, *damage.id_range, RESEMBLING_READ)
    else:
        for span in damage.spans:
            fitting += find.resembling_keys(
                terms.campaign_id, terms.slot, span.low, span.high, RESEMBLING_READ
            )
    fitting = [(key, lead) for key, lead in fitting if damage.could_be(key)]
    if len({lead.id for _, lead in fitting}) != 1:
        return None
    key, lead = fitting[0]
    return Suggestion(lead, key, damage.how)


def _checked(
    raw: RawRow,
    key: str | None,
    decision: Decision,
    leads: Sequence[LeadFacts],
    suggestion: Suggestion | None,
) -> Result:
    """What the check records of a row."""
    note = None
    if suggestion is not None:
        note = {"lead": suggestion.lead.id, "key": suggestion.key, "how": suggestion.how}
    elif decision.outcome == Outcome.AMBIGUOUS:
        note = {"leads": [lead.id for lead in leads if lead.status in NAMEABLE]}
    lead = decision.lead
    return Result(
        raw.line,
        decision.outcome,
        key,
        lead.id if lead else None,
        lead.valid_at if lead else None,
        note,
    )


def _settled(raw: RawRow, decision: Decision, opens: datetime) -> Result | None:
    """What Start records of a row, or None when it is just what the check said."""
    checked = Outcome(raw.outcome or Outcome.NOT_FOUND)
    if checked in WINDOWED and raw.valid_at and raw.valid_at < opens:
        checked = Outcome.OUTSIDE_WINDOW
    outcome = settle(checked, decision.outcome)
    lead = decision.lead
    lead_id, valid_at = (lead.id, lead.valid_at) if lead else (None, None)
    if outcome == raw.outcome and lead_id == raw.lead_id and valid_at == raw.valid_at:
        return None
    differs = str(checked) if outcome != checked else None
    return Result(raw.line, outcome, raw.key, lead_id, valid_at, raw.note, differs)
