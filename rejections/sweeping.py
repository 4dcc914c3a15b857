"""What nobody rings for: batches whose worker died, uploads that were never started, e-mails to send."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from rejections import uploads
from rejections.models import Batch
from rejections.sql import state
from rejections.states import EDITABLE

#: A batch that waits longer than this for a worker is rung for again (seconds).
PATIENCE_SECONDS = 10


def sweep(at: datetime) -> list[int]:
    """Batches to ring for; uploads left in Mapping or Checked for UPLOADS_KEPT_DAYS are removed."""
    forgotten = at - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    for batch in Batch.objects.filter(state__in=EDITABLE, created_at__lt=forgotten, started_at=None):
        uploads.discard(batch)
    return state.unattended(PATIENCE_SECONDS)
