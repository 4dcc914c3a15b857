"""Leads in quarantine move up when a cap has room again: oldest received first, all caps must fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from campaigns.models import Campaign
from campaigns.rules import period_bounds
from leads.sql import caps
from leads.sql.caps import CapFacts, Waiting
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status

#: Leads looked at in one transaction.
CHUNK = 1000


def admit(waiting: Iterable[Waiting], room: Mapping[CapFacts, int]) -> list[Waiting]:
    """Those who fit every cap that binds them, in their order; each takes one place of each."""
    left = dict(room)
    admitted = []
    for lead in waiting:
        binding = [cap for cap in left if cap.supplier_id in (None, lead.supplier_id)]
        if all(left[cap] > 0 for cap in binding):
            admitted.append(lead)
            for cap in binding:
                left[cap] -= 1
    return admitted


def release(campaign: Campaign, *, at: datetime, actor_id: int | None, batch_id: int | None) -> int:
    """Move up to CHUNK quarantined leads into the room their caps have now; how many moved.

    Runs in the caller's transaction and locks caps by id, then leads. They are not judged again, and
    they hold their keys already.
    """
    bounds = {cap: period_bounds(cap.period, at, campaign.time_zone) for cap in caps.lock_caps(campaign.pk)}
    room = {
        cap: cap.limit - caps.used(campaign.pk, cap.supplier_id, begin, end)
        for cap, (begin, end) in bounds.items()
    }
    full = [cap.supplier_id for cap, left in room.items() if left <= 0]
    if None in full:
        return 0
    admitted = admit(caps.quarantined(campaign.pk, [s for s in full if s is not None], CHUNK), room)
    target = Status.ACCEPTED if campaign.return_window_days is None else Status.PENDING
    return len(
        move(
            Cause.QUARANTINE_RELEASED,
            target,
            [Moving(lead.lead_id) for lead in sorted(admitted)],
            at=at,
            actor_id=actor_id,
            batch_id=batch_id,
        )
    )
