"""Undo: a batch's moves are taken back lead by lead, in chunks; what changed since is kept and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from campaigns.models import Picklist, User
from leads.models import Delivery
from leads.sql import find, push, undo
from leads.statuses import UNDOABLE, Status
from leads.timeline import name_of
from rejections import closing, lists
from rejections.models import Batch, BatchRow, Kind
from rejections.sql import disputes, receipt, state
from rejections.states import State


def chunk(batch_id: int, owner: str, at: datetime) -> None:
    """Take back the next leads, or end the undo: one transaction."""
    with transaction.atomic():
        batch = state.fence(batch_id, owner, State.UNDOING)
        leads = undo.undoable_leads(
            batch_id, after=batch.cursor, limit=settings.CHUNK_ROWS, lines=batch.undo_lines
        )
        if not leads:
            _end(batch, at)
            return
        find.lock(leads)
        push.hold(leads)
        taken = undo.take_back(batch_id, leads, at=at, actor_id=batch.undone_by_id)
        push.reconcile(leads, at=at)
        restored = [t.lead_id for t in taken if t.kept is None]
        disputes.withdraw_undone(batch_id, restored, at=at, actor_id=batch.undone_by_id)
        kept = Counter(batch.kept) + Counter(t.kept for t in taken if t.kept)
        state.progress(batch_id, cursor_at=leads[-1], done=batch.done + len(taken), kept=dict(kept))


def _end(batch: Batch, at: datetime) -> None:
    """UNDONE; after an undo of some rows only, back to the state and the progress the batch ended with."""
    if batch.undo_lines is None:
        lists.take_back(batch, at)
        closing.end(batch, State.UNDONE, at)
        return
    settled = BatchRow.objects.filter(batch=batch, line__lte=batch.settled_line).count()
    was = State(batch.undo_from)
    # An undo may have failed on the way: what is to be continued is the run, not that.
    failed_in = State.APPLYING if was == State.FAILED else ""
    closing.end(batch, was, at, undo_lines=None, cursor=0, done=settled, failed_in=failed_in)


#: Why a lead is kept as it is, in words.
KEPT = {
    "changed_since": "moved or edited since",
    "month_closed": "its month is closed",
    "sent_to_client": "released and already sent to the client",
}


@dataclass(frozen=True)
class Forecast:
    """What Undo would do: leads put back by (words, number), kept by (why, number)."""

    restored: int
    moves: list[tuple[str, int]]
    kept: list[tuple[str, int]]
    told: bool
    later: list[Batch]
    lists: str = ""
    list_stays: Picklist | None = None
    moved_up: int = 0


def forecast(batch: Batch, lines: list[int] | None) -> Forecast:
    """What undoing the batch, or the leads of these rows, would do now."""
    found = undo.forecast(batch.pk, lines)
    moves, kept = Counter[str](), Counter[str]()
    for f in found:
        if f.kept:
            kept[KEPT[f.kept]] += f.leads
        elif f.to_status == f.from_status == Status.REJECTED:
            moves["Values and disposition as they were"] += f.leads
        elif f.to_status == f.from_status:
            moves["Credit of a closed month withdrawn"] += f.leads
        else:
            moves[f"{Status(f.to_status).label} → {Status(f.from_status).label}"] += f.leads
    told = Delivery.objects.filter(batch_id=batch.pk, kind=Delivery.Kind.REJECTIONS)
    return Forecast(
        restored=sum(moves.values()),
        moves=moves.most_common(),
        kept=kept.most_common(),
        told=told.exclude(status=Delivery.Status.CANCELLED).exists(),
        later=naming_later(batch),
        lists="" if lines else _listed(batch.mapping.get("list") or {}),
        list_stays=list_that_stays(batch),
        moved_up=receipt.moved_up(batch.pk),
    )


def list_that_stays(batch: Batch) -> Picklist | None:
    """The picklist whose save led to judging these leads again: undoing the batch leaves it as it is."""
    return Picklist.objects.filter(pk=batch.mapping.get("relisted")).first()


def _listed(added: Mapping[str, Any]) -> str:
    """What the fix put on a list, in words."""
    if not added:
        return ""
    what = "list mapper entry" if "entry" in added else "picklist value"
    return f"The {what} “{added['text']}”"


def naming_later(batch: Batch) -> list[Batch]:
    """Later batches whose rows ended `already_rejected` on leads of this one."""
    return list(Batch.objects.filter(pk__in=receipt.naming_later(batch.pk, batch.campaign_id)))


@dataclass(frozen=True)
class KeptLead:
    """A lead that Undo left as it is, and why, in words."""

    lead_id: int
    words: str


def kept_leads(batch: Batch, limit: int, viewer: User) -> list[KeptLead]:
    """Leads the undone batch moved and did not put back, with who changed them since; at most `limit`.

    People and batches are named as the viewer may know them.
    """
    zone = ZoneInfo(batch.time_zone)
    found = receipt.kept(batch.pk, [str(cause) for cause in UNDOABLE], limit)
    people = User.objects.in_bulk({kept.actor_id for kept in found if kept.actor_id})
    batches = Batch.objects.visible_to(viewer).in_bulk({kept.batch_id for kept in found if kept.batch_id})

    def words(kept: receipt.Kept) -> str:
        if kept.at is None:
            return KEPT["sent_to_client" if batch.kind == Kind.CORRECTION else "month_closed"]
        name = name_of(people.get(kept.actor_id or 0), viewer)
        by = f" by {name}" if name else ""
        batch_too = f", import {kept.batch_id}" if kept.batch_id in batches.keys() - {batch.pk} else ""
        return f"{KEPT['changed_since']}{by}{batch_too}, {kept.at.astimezone(zone):%-d %b %Y %H:%M}"

    return [KeptLead(kept.lead_id, words(kept)) for kept in found]
