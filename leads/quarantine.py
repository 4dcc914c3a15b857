"""Leads in quarantine move up when a cap has room again: oldest received first, all caps must fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from campaigns.models import Campaign
from campaigns.rules import period_bounds
from leads.sql import caps, leaving, push
from leads.sql.caps import CapFacts, Waiting
from leads.sql.leaving import Leaving
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
    moved = move(
        Cause.QUARANTINE_RELEASED,
        target,
        [Moving(lead.lead_id) for lead in sorted(admitted)],
        at=at,
        actor_id=actor_id,
        batch_id=batch_id,
    )
    push.reconcile(moved, at=at)
    return len(moved)


def expire(campaign: Campaign, *, at: datetime) -> int:
    """Reject up to CHUNK leads kept in quarantine longer than the campaign's days; how many.

    Runs in the caller's transaction. They let go of their keys.
    """
    days = campaign.quarantine_days
    kept_too_long = leaving.expired(campaign.pk, at - timedelta(days=days), CHUNK)
    why = f"Kept in quarantine for {days} day" + ("" if days == 1 else "s") + ": the cap had no room"
    return len(leaving.turn_away(Cause.CAP_EXPIRED, [Leaving(lead, why) for lead in kept_too_long], at=at))


def tend(at: datetime) -> int:
    """Wherever leads wait in quarantine: those kept too long leave, the others move up; how many moved.

    A new period and a raised cap release nobody by themselves: whoever tends the quarantine finds the room.
    """
    moved = 0
    for campaign in Campaign.objects.filter(pk__in=caps.campaigns_with_quarantine()):
        for step in (expire, partial(release, actor_id=None, batch_id=None)):
            with transaction.atomic():
                moved += step(campaign, at=at)
    return moved
