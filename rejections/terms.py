"""Everything a rejection import decides its rows by, read once per run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from campaigns.lists import fold_phrase
from campaigns.models import Disposition, Field, Phrase
from campaigns.rules import local_date
from leads.models import LeadKey
from leads.sheet import unshield
from rejections.columns import LEAD_ID, RESULT_COLUMNS, UID, ColumnMap
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused


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
    is_result: bool = False

    @classmethod
    def of(cls, batch: Batch) -> Terms:
        """The terms of a mapped batch."""
        mapping = ColumnMap.from_json(batch.mapping)
        columns = batch.reading["columns"]
        options = Options.from_json(batch.options)
        kind, slot = identifier_kind(batch.campaign_id, mapping)
        where = mapping.only_where
        return cls(
            campaign_id=batch.campaign_id,
            region=batch.campaign.phone_region,
            kind=kind,
            slot=slot,
            mapping=mapping,
            positions=mapping.positions(columns),
            meanings=_meanings(batch.campaign.client_id),
            other=_other(),
            opens=opening(batch, options),
            options=options,
            is_result=tuple(columns[-len(RESULT_COLUMNS) :]) == RESULT_COLUMNS,
            selected=frozenset(value.strip().casefold() for value in where.values) if where else frozenset(),
        )

    def reason(self, text: str) -> str:
        """The row's reason as the client wrote it, else the one given for rows without.

        In a result file of ours that comes back, the guard against formulas is taken off again.
        """
        reason = unshield(text) if self.is_result else text
        return reason.strip() or self.mapping.default_reason.strip()

    def meaning(self, reason: str) -> Meaning:
        """What a reason text means; a phrase without a mapping is CLIENT_OTHER."""
        return self.meanings.get(fold_phrase(reason), self.other)


def opening(batch: Batch, options: Options) -> datetime:
    """The first instant inside the batch's return window, under these options."""
    uploaded_on = local_date(batch.created_at, batch.time_zone)
    return options.opens(uploaded_on, batch.window_days or 0, batch.time_zone)


def identifier_kind(campaign_id: int, mapping: ColumnMap) -> tuple[str, int | None]:
    """The kind by which identifiers are normalised, and the slot they are looked up in (None: Lead ID).

    Raises Refused when the campaign has no such field (any more).
    """
    if mapping.identifier == LEAD_ID:
        return LEAD_ID, None
    if mapping.identifier == UID:
        return UID, LeadKey.UID_SLOT
    named = Field.objects.filter(campaign_id=campaign_id, name=mapping.field_name).first()
    if named is None:
        raise Refused(
            "no_such_identifier", f"“{mapping.identifier}” does not identify leads here",
            "The campaign has no such field any more. Nothing was changed; choose another identifier.",
        )  # fmt: skip
    return named.kind, named.pk


def _meanings(client_id: int) -> dict[str, Meaning]:
    mapped = Phrase.objects.filter(client_id=client_id, disposition__isnull=False)
    known = mapped.values_list("folded", "disposition_id", "disposition__returnable")
    return {folded: Meaning(disposition_id, returnable) for folded, disposition_id, returnable in known}


def _other() -> Meaning:
    other = Disposition.objects.get(code="CLIENT_OTHER")
    return Meaning(other.pk, other.returnable)
