"""Intake: leads come in for a source, are stored before anything else, and judged.

`receive` is the one way in, for files, the API and forms alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from campaigns.lists import storable
from campaigns.models import Campaign, Field, Source
from campaigns.rules import local_date
from campaigns.spec import Agreed, Prices, agreed
from leads import door, identifiers, presets
from leads.presets import FieldName
from leads.sql import door as statements
from leads.sql import leaving, push
from leads.sql.door import Arrival, Judged, Stored
from leads.statuses import Cause, Status

log = logging.getLogger(__name__)

#: Leads received and judged in one transaction each.
CHUNK = 1000
_LONGEST_UID = 200


class NotAgreed(Exception):
    """Nothing is agreed with the source's supplier, so a lead of it would have no price."""


@dataclass(frozen=True)
class Incoming:
    """One lead as its source sends it: values by the source's own names for the fields.

    Names that mean no field of the campaign are kept with the values, and judged by nothing. `received_at`
    is given by an operator's import only; otherwise it is now.
    """

    values: Mapping[str, str]
    uid: str = ""
    received_at: datetime | None = None


class Result(NamedTuple):
    """What became of one lead that came in; `code` and `reason` are blank for a valid one."""

    lead_id: int
    status: Status
    code: str
    reason: str
    failures: Sequence[Mapping[str, str]]


@dataclass
class Tally:
    """How many leads came in, by status and by disposition."""

    received: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    dispositions: dict[str, int] = field(default_factory=dict)

    def add(self, results: Iterable[Result]) -> None:
        """Count these."""
        for result in results:
            self.received += 1
            self.statuses[result.status] = self.statuses.get(result.status, 0) + 1
            if result.code:
                self.dispositions[result.code] = self.dispositions.get(result.code, 0) + 1


def receive(
    source: Source, incoming: Sequence[Incoming], *, at: datetime, actor_id: int | None = None
) -> list[Result]:
    """Store leads and judge them; one result each, in the order given.

    They are committed as PROCESSING before they are judged, so that whatever happens then, no lead is
    lost. Raises NotAgreed when there is no agreement with the source's supplier; then nothing was stored.
    """
    results: list[Result] = []
    for start in range(0, len(incoming), CHUNK):
        ids = store(source, incoming[start : start + CHUNK], at=at, actor_id=actor_id)
        results += judge_stored(source.campaign, ids, at=at)
    return results


def judge_stored(campaign: Campaign, lead_ids: Sequence[int], *, at: datetime) -> list[Result]:
    """Judge what `store` has stored; one result each, in the order given."""
    judged = {one.lead_id: one for one in judge(campaign, lead_ids, at=at)}
    return [_result(lead_id, judged.get(lead_id)) for lead_id in lead_ids]


def store(
    source: Source, incoming: Sequence[Incoming], *, at: datetime, actor_id: int | None = None
) -> list[int]:
    """Store leads as PROCESSING, to be judged next; their ids in the order given. Raises NotAgreed."""
    prices = Prices(source.campaign_id, source.supplier_id)
    if not prices:
        raise NotAgreed(f"Nothing is agreed between {source.campaign} and {source.supplier}.")
    named = presets.Names(source.kind, field_names(source.campaign_id), source.field_map)
    return statements.receive(
        [_arrival(source, named, prices, one, at) for one in incoming],
        campaign_id=source.campaign_id,
        source_id=source.pk,
        supplier_id=source.supplier_id,
        at=at,
        actor_id=actor_id,
    )


def field_names(campaign_id: int) -> list[FieldName]:
    """The campaign's fields, as presets see them."""
    fields = Field.objects.filter(campaign_id=campaign_id)
    return [FieldName(one.name, one.label, one.kind) for one in fields]


def judge(campaign: Campaign, lead_ids: Sequence[int], *, at: datetime) -> list[Judged]:
    """Judge PROCESSING leads of one campaign; those that are not any more are left alone.

    Where a whole chunk fails they are judged one by one, and a lead that fails alone is stored as
    REJECT_LEAD_SYSTEM_ERROR. One for which not even that can be done waits, and holds up no other.
    """
    terms = agreed(campaign)
    try:
        return _judge(campaign, terms, lead_ids, at)
    except Exception:
        log.exception("leads of %s could not be judged together", campaign.code)
    found: list[Judged] = []
    for lead_id in lead_ids:
        try:
            found += _judge(campaign, terms, [lead_id], at)
        except Exception:
            log.exception("lead %s could not be judged", lead_id)
            found += _give_up(campaign, terms, lead_id, at)
    return found


def _give_up(campaign: Campaign, terms: Agreed, lead_id: int, at: datetime) -> list[Judged]:
    try:
        return _judge(campaign, terms, [lead_id], at, give_up=True)
    except Exception:
        log.exception("lead %s could not be given up either", lead_id)
        return []


def _judge(
    campaign: Campaign, terms: Agreed, lead_ids: Sequence[int], at: datetime, *, give_up: bool = False
) -> list[Judged]:
    """One transaction: lock door, caps and leads, judge, place, settle, queue the pushes."""
    with transaction.atomic():
        room = door.open_room(campaign)
        stored = [one for one in statements.read(lead_ids, lock=True).values() if one.version == 0]
        stored.sort(key=lambda one: (one.received_at, one.id))
        placed = door.place(
            campaign, terms, [_candidate(terms, one, give_up=give_up) for one in stored], room
        )
        settled = statements.settle(
            Cause.JUDGED,
            placed,
            campaign_id=campaign.pk,
            at=at,
            actor_id=None,
            batch_id=None,
            rules=terms.rules,
        )
        push.reconcile(settled, at=at)
    return placed


def _candidate(terms: Agreed, lead: Stored, *, give_up: bool) -> door.Candidate:
    verdict = (
        door.system_error(lead.received) if give_up else door.judge_safely(terms, lead.received, lead.id)
    )
    return door.Candidate(lead.id, lead.supplier_id, lead.received, lead.received_at, verdict)


def _arrival(source: Source, named: presets.Names, prices: Prices, one: Incoming, at: datetime) -> Arrival:
    received_at = one.received_at or at
    values = {storable(name): storable(value) for name, value in named.values(one.values).items()}
    uid = storable(one.uid or named.uid(one.values)).strip()[:_LONGEST_UID]
    price, payout = prices.on(local_date(received_at, source.campaign.time_zone))
    return Arrival(
        uid, identifiers.normalise("uid", uid) if uid else None, values, received_at, price, payout
    )


def _result(lead_id: int, found: Judged | None) -> Result:
    if found is None:  # another worker was faster: it is judged, and its page tells how
        return Result(lead_id, Status.PROCESSING, "", "", [])
    return Result(lead_id, found.target, found.code or "", found.reason, found.failures)


def judge_stuck(at: datetime) -> int:
    """Judge again what was received STUCK_MINUTES ago and by nobody judged; how many leads."""
    stuck = leaving.unjudged(at - timedelta(minutes=settings.STUCK_MINUTES), CHUNK)
    campaigns = Campaign.objects.in_bulk({campaign_id for campaign_id, _ in stuck})
    done = 0
    for campaign_id, leads in groupby(sorted(stuck), key=lambda pair: pair[0]):
        done += len(judge(campaigns[campaign_id], [lead_id for _, lead_id in leads], at=at))
    return done
