"""Brings the demo's leads in: judged like any lead, and written by COPY with values, keys and events."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from campaigns.judging import CampaignSpec, Verdict, judge
from campaigns.models import Agreement, Campaign, Disposition, Field, Source
from campaigns.rules import begin, local_date
from campaigns.spec import agreed
from leads import identifiers
from leads.models import LeadKey
from leads.statuses import HOLDING, Cause, Status
from rejections.demo.plan import FIRST_LEADS, Draft

CAP_REACHED = "CAP_REACHED"
#: Every how many leads an affiliate reported a conversion, and what it is paid.
_AFFILIATE_EVERY = 17
_AFFILIATE_PAYOUT = Decimal("2.50")
_APPROVED_AFTER_DAYS = 10
#: From the first byte to the verdict.
_JUDGING = timedelta(seconds=0.4)

_NULL = r"\N"
_TABLES = {
    "leads_lead": (
        "id, uid, status, campaign_id, source_id, supplier_id, disposition_id, reason, received_at, valid_at,"
        " accepted_at, in_cap, is_final, decided_for_supplier, price, payout"
    ),
    "leads_leadvalues": "lead_id, received, judged, failures, version",
    "leads_leadkey": "lead_id, slot, campaign_id, key, held",
    "leads_leadevent": (
        "lead_id, cause, from_status, to_status, disposition_id, reason, at, was_reason, was_in_cap"
    ),
    "leads_affiliateevent": "lead_id, reference, status, payout, occurred_at, is_final, was_status",
}


class Terms(NamedTuple):
    """What the door needs to know of one campaign."""

    campaign: Campaign
    spec: CampaignSpec
    slots: dict[str, tuple[int, str]]
    sources: dict[str, Source]
    money: dict[int, tuple[Decimal, Decimal]]


class Door:
    """Receives drafts as leads; `now` is the moment of loading."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.terms = {campaign.code: _terms(campaign) for campaign in Campaign.objects.all()}
        self.dispositions = dict(Disposition.objects.values_list("code", "pk"))

    def receive(self, drafts: Iterable[Draft]) -> None:
        """Write these leads as the door left them."""
        written: dict[str, list[Sequence[Any]]] = {table: [] for table in _TABLES}
        for draft in drafts:
            self._write(draft, written)
        for table, rows in written.items():
            _copy(table, rows)

    def received_at(self, draft: Draft) -> datetime:
        """When the lead came in: by its age; the first two at noon of yesterday in their campaign's zone."""
        if draft.id in FIRST_LEADS:
            zone = self.terms[draft.campaign].campaign.time_zone
            yesterday = local_date(self.now, zone) - timedelta(days=1)
            return begin(yesterday, zone) + timedelta(hours=12, minutes=draft.id)
        return self.now - timedelta(days=draft.age)

    def _write(self, draft: Draft, written: dict[str, list[Sequence[Any]]]) -> None:
        terms, at = self.terms[draft.campaign], self.received_at(draft)
        judged = draft.status != Status.PROCESSING
        verdict = judge(terms.spec, draft.values, draft.taken) if judged else Verdict({})
        written["leads_lead"].append(self._lead(draft, terms, verdict, at))
        failures = json.dumps([failure._asdict() for failure in verdict.failures], ensure_ascii=False)
        values = [json.dumps(texts, ensure_ascii=False) for texts in (draft.values, verdict.judged)]
        written["leads_leadvalues"].append([draft.id, *values, failures, 1])
        written["leads_leadkey"] += _keys(draft, terms)
        written["leads_leadevent"] += self._events(draft, verdict, at)
        if draft.id % _AFFILIATE_EVERY == 0 and draft.status in (Status.PENDING, Status.ACCEPTED):
            written["leads_affiliateevent"].append(self._affiliate_event(draft, at))

    def _disposition(self, draft: Draft, verdict: Verdict) -> tuple[int | None, str]:
        if draft.status == Status.QUARANTINED:
            return self.dispositions[CAP_REACHED], "The supplier's cap is reached"
        code = verdict.disposition
        return (self.dispositions[code], verdict.reason) if code else (None, "")

    def _lead(self, draft: Draft, terms: Terms, verdict: Verdict, at: datetime) -> Sequence[Any]:
        source = terms.sources[draft.source.code]
        is_valid = draft.status in (Status.PENDING, Status.ACCEPTED)
        return [
            draft.id, draft.uid, draft.status.value, terms.campaign.pk, source.pk, source.supplier_id,
            *self._disposition(draft, verdict), at, at if is_valid else None,
            at if draft.status == Status.ACCEPTED else None, is_valid, False, False,
            *terms.money[source.supplier_id],
        ]  # fmt: skip

    def _events(self, draft: Draft, verdict: Verdict, at: datetime) -> list[Sequence[Any]]:
        came = [draft.id, Cause.RECEIVED.value, "", Status.PROCESSING.value, None, "", at, "", False]
        if draft.status == Status.PROCESSING:
            return [came]
        disposition = self._disposition(draft, verdict)
        was = Status.PROCESSING.value
        return [
            came,
            [draft.id, Cause.JUDGED.value, was, draft.status.value, *disposition, at + _JUDGING, "", False],
        ]

    def _affiliate_event(self, draft: Draft, at: datetime) -> Sequence[Any]:
        status = "approved" if draft.age > _APPROVED_AFTER_DAYS else "pending"
        reference = f"aff-{draft.id:06}"
        return [draft.id, reference, status, _AFFILIATE_PAYOUT, at + timedelta(minutes=7), False, ""]


def _terms(campaign: Campaign) -> Terms:
    return Terms(
        campaign,
        agreed(campaign).spec,
        {f.name: (f.pk, f.kind) for f in Field.objects.filter(campaign=campaign, dedupe=True)},
        {source.code: source for source in Source.objects.filter(campaign=campaign)},
        {a.supplier_id: (a.price, a.payout) for a in Agreement.objects.filter(campaign=campaign)},
    )


def _keys(draft: Draft, terms: Terms) -> list[Sequence[Any]]:
    """Rows of the keys a file may name the lead by."""
    region, holds = terms.campaign.phone_region, draft.status in HOLDING
    keys = [(LeadKey.UID_SLOT, identifiers.normalise("uid", draft.uid), False)]
    for name, (slot, kind) in terms.slots.items():
        keys.append((slot, identifiers.normalise(kind, draft.values.get(name, ""), region), holds))
    return [[draft.id, slot, terms.campaign.pk, key, held] for slot, key, held in keys if key]


def _copy(table: str, rows: Iterable[Sequence[Any]]) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows([_NULL if cell is None else cell for cell in row] for row in rows)
    stream.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({_TABLES[table]}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')", stream
        )
