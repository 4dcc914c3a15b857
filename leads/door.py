"""The door: what becomes of leads whose values are judged. Duplicates, then caps, then where they end.

New leads come through here, and rejected ones a second time, after a correction.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from campaigns.judging import Failure, Verdict, hold_against, judge, rejudge
from campaigns.models import Campaign
from campaigns.rules import period_bounds
from campaigns.spec import Agreed
from campaigns.validators import SYSTEM_ERROR
from leads import identifiers
from leads.reasons import CAP_REACHED, OF_CAMPAIGN, OF_SUPPLIER
from leads.sql import caps, door
from leads.sql.caps import CapFacts
from leads.sql.door import Judged, Key, Stored
from leads.statuses import HOLDING, Status

log = logging.getLogger(__name__)

_PERIODS = {"day": "a day", "week": "a week", "month": "a month", "total": "in total"}


class Candidate(NamedTuple):
    """A lead before the door: its values as received, and the moment it would become valid at."""

    lead_id: int
    supplier_id: int
    received: Mapping[str, str]
    valid_at: datetime
    verdict: Verdict
    line: int | None = None


class Room:
    """Places under the caps that bind a lead, in the period it falls in; counted when first asked for."""

    def __init__(self, campaign_id: int, zone: str, binding: Iterable[CapFacts]) -> None:
        self.campaign_id, self.zone = campaign_id, zone
        self.caps = list(binding)
        #: Keys given out through this room, not written yet.
        self.taken: set[Key] = set()
        self._left: dict[tuple[int, datetime], int] = {}

    def take(self, supplier_id: int, instant: datetime) -> CapFacts | None:
        """Take one place of every cap that binds; or the cap that is full, and nothing is taken."""
        places = []
        for cap, place in self._binding(supplier_id, instant):
            if self._left[place] <= 0:
                return cap
            places.append(place)
        for place in places:
            self._left[place] -= 1
        return None

    def tightest(self, supplier_id: int, instant: datetime) -> tuple[int, CapFacts] | None:
        """The fewest places left under a cap that binds, and that cap; None where none does."""
        left = [(max(self._left[place], 0), cap) for cap, place in self._binding(supplier_id, instant)]
        return min(left, key=lambda one: one[0], default=None)

    def _binding(
        self, supplier_id: int, instant: datetime
    ) -> Iterator[tuple[CapFacts, tuple[int, datetime]]]:
        for cap in self.caps:
            if cap.supplier_id not in (None, supplier_id):
                continue
            begin, end = period_bounds(cap.period, instant, self.zone)
            place = (cap.id, begin)
            if place not in self._left:
                used = caps.used(self.campaign_id, cap.supplier_id, begin, end)
                self._left[place] = cap.limit - used
            yield cap, place


def reached(cap: CapFacts) -> str:
    """The sentence of a lead that met this cap."""
    whose = OF_CAMPAIGN if cap.supplier_id is None else OF_SUPPLIER
    return f"{whose} of {cap.limit:,} {_PERIODS[cap.period]} is reached"


def open_room(campaign: Campaign) -> Room:
    """Lock the campaign's door and its caps, in the caller's transaction, and see what room there is."""
    door.lock_door(campaign.pk)
    return Room(campaign.pk, campaign.time_zone, caps.lock_caps(campaign.pk))


def look_at_room(campaign: Campaign) -> Room:
    """The room as it is now, without any lock: for a check."""
    return Room(campaign.pk, campaign.time_zone, caps.read_caps(campaign.pk))


def judge_safely(agreed: Agreed, received: Mapping[str, str], lead_id: int) -> Verdict:
    """Judge values; should that crash, the verdict says so, and the lead is not lost."""
    try:
        return judge(agreed.spec, received)
    except Exception:
        log.exception("lead %s could not be judged", lead_id)
        return system_error(received)


def is_judged_by(agreed: Agreed, lead: Stored) -> bool:
    """Whether what is stored of a lead was found by these rules (picklists aside), and by them alone."""
    return lead.rules == agreed.rules and all(failure["field"] for failure in lead.failures)


def judge_again(
    agreed: Agreed, lead: Stored, received: Mapping[str, str], changed: Container[str]
) -> Verdict:
    """Judge a lead whose values `changed`; where it was judged by the same rules, the others are as they were."""
    if not is_judged_by(agreed, lead):
        return judge_safely(agreed, received, lead.id)
    was = Verdict(lead.judged, tuple(Failure(**failure) for failure in lead.failures))
    try:
        return rejudge(agreed.spec, was, received, changed)
    except Exception:
        log.exception("lead %s could not be judged", lead.id)
        return system_error(received)


def system_error(received: Mapping[str, str]) -> Verdict:
    """The verdict on a lead that nobody could judge."""
    sentence = "This lead could not be judged. It is kept as it came; upload it again, or tell an admin."
    return Verdict(dict(received), (Failure("", "", SYSTEM_ERROR, sentence),))


def _crashed(verdict: Verdict) -> bool:
    return any(not failure.field for failure in verdict.failures)


def keys_of(agreed: Agreed, verdict: Verdict) -> dict[str, Key]:
    """The keys of a lead by its deduped fields' names; blank fields have none."""
    found = {}
    failed = {failure.field for failure in verdict.failures}
    for name, keyed in agreed.keyed.items():
        value = verdict.judged.get(name, "")
        is_key = keyed.is_own and name not in failed
        key = value if is_key else identifiers.normalise(keyed.kind, value, agreed.region)
        if key:
            found[name] = (keyed.slot, key)
    return found


def place(campaign: Campaign, agreed: Agreed, candidates: Iterable[Candidate], room: Room) -> list[Judged]:
    """Where each candidate ends, in the order given: whoever comes first gets the key and the place."""
    candidates = list(candidates)
    keys = {one.lead_id: {} if _crashed(one.verdict) else keys_of(agreed, one.verdict) for one in candidates}
    taken = door.held(campaign.pk, {key for named in keys.values() for key in named.values()}) | room.taken
    target = Status.ACCEPTED if campaign.return_window_days is None else Status.PENDING
    placed = []
    for one in candidates:
        named = keys[one.lead_id]
        verdict = one.verdict
        doubles = {name for name, key in named.items() if key in taken}
        if doubles:
            verdict = hold_against(agreed.spec, one.received, verdict, doubles)
        found = _placed(one, verdict, frozenset(named.values()), target, room)
        if found.target in HOLDING:
            taken |= found.keys
            room.taken |= found.keys
        placed.append(found)
    return placed


def _placed(one: Candidate, verdict: Verdict, keys: frozenset[Key], target: Status, room: Room) -> Judged:
    """One lead: rejected for its failures, in quarantine for a full cap, or valid."""
    code, reason, valid_at = verdict.disposition, verdict.reason, None
    if not verdict.is_valid:
        target = Status.REJECTED
    elif (full := room.take(one.supplier_id, one.valid_at)) is not None:
        target, code = Status.QUARANTINED, CAP_REACHED
        reason = reached(full)
    else:
        valid_at = one.valid_at
    return Judged(
        one.lead_id,
        target,
        code,
        reason,
        valid_at,
        one.received,
        verdict.judged,
        [failure._asdict() for failure in verdict.failures],
        keys,
        one.line,
    )
