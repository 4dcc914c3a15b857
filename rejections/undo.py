"""Undo: a batch's moves are taken back lead by lead, in chunks; what changed since is kept and named."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import transaction

from leads.sql import find, undo
from rejections import closing
from rejections.models import Batch
from rejections.sql import state
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
        taken = undo.take_back(batch_id, leads, at=at, actor_id=batch.undone_by_id)
        kept = Counter(batch.kept) + Counter(t.kept for t in taken if t.kept)
        state.progress(batch_id, cursor_at=leads[-1], done=batch.done + len(taken), kept=dict(kept))


def _end(batch: Batch, at: datetime) -> None:
    """UNDONE; after an undo of some rows only, back to the state the batch ended in."""
    target = State.UNDONE if batch.undo_lines is None else State(batch.undo_from)
    closing.end(batch, target, at, undo_lines=None, cursor=0)
