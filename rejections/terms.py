"""Everything a rejection import decides its rows by, read once per run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import NamedTuple

from campaigns.lists import fold_phrase
from campaigns.models import Disposition, Field, Phrase
from campaigns.payouts import ReturnTerms, is_owed
from campaigns.rules import local_date
from campaigns.spec import Returns
from leads.models import LeadKey
from leads.sheet import unshield
from leads.sql.find import LeadFacts
from rejections.columns import LEAD_ID, RESULT_COLUMNS, UID, ColumnMap
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused


class Meaning(NamedTuple):
    """What a reason text means: its disposition, whether leads are returnable for it, and keep their payout."""

    disposition_id: int
    returnable: bool
    keeps_payout: bool


class Payouts:
    """Which suppliers are paid for leads that the batch sends back: by what was agreed when they came in."""

    def __init__(self, batch: Batch) -> None:
        zone, returns = batch.time_zone, Returns(batch.campaign_id)
        returned_on = local_date(batch.created_at, zone)

        @cache
        def agreed(supplier_id: int, day: date) -> tuple[ReturnTerms, datetime | None]:
            terms = returns.on(supplier_id, day)
            return terms, terms.opens(returned_on, zone)

        self._agreed, self._zone = agreed, zone

    def owed(self, lead: LeadFacts, meaning: Meaning) -> bool:
        """Whether the payout of the (valid) lead is owed although the client rejects it for this."""
        terms, opens = self._agreed(lead.supplier_id, local_date(lead.received_at, self._zone))
        valid_at = lead.valid_at or lead.received_at
        return is_owed(terms, kept=meaning.keeps_payout, valid_at=valid_at, opens=opens)


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
    payouts: Payouts
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
            payouts=Payouts(batch),
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
    mapped = Phrase.objects.filter(client_id=client_id, disposition__isnull=False).select_related(
        "disposition"
    )
    return {phrase.folded: _meaning(phrase.disposition) for phrase in mapped if phrase.disposition}


def _other() -> Meaning:
    return _meaning(Disposition.objects.get(code="CLIENT_OTHER"))


def _meaning(disposition: Disposition) -> Meaning:
    return Meaning(disposition.pk, disposition.returnable, disposition.keeps_payout)
