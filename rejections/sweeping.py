"""What nobody rings for: batches whose worker died, uploads that were never started, windows that close."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from campaigns import calls, sessions
from campaigns.models import Campaign
from campaigns.rules import begin, local_date
from leads.sql.door import lock_door
from rejections import affiliatefile, leadfiles, uploads
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.sql import closing, state
from rejections.sql.closing import Span
from rejections.states import EDITABLE

#: A batch that waits longer than this for a worker is rung for again (seconds).
PATIENCE_SECONDS = 10


def sweep(at: datetime) -> list[int]:
    """Batches to ring for; uploads left in Mapping or Checked for UPLOADS_KEPT_DAYS are removed, old answers too."""
    calls.forget(at)
    sessions.forget(at)
    forgotten = at - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    old = Batch.objects.filter(state__in=EDITABLE, created_at__lt=forgotten, started_at=None)
    for batch in old:
        uploads.discard(batch, old)  # somebody may start it while those before it are removed
    leadfiles.forget(at)
    affiliatefile.forget(at)
    return state.unattended(PATIENCE_SECONDS)


def close_windows(at: datetime) -> list[int]:
    """Start a close-out, once a night, in each campaign that accepts leads when their window closes."""
    started = []
    for campaign in Campaign.objects.filter(accept_when_window_closes=True, return_window_days__isnull=False):
        today = local_date(at, campaign.time_zone)
        last_closed = today - timedelta(days=(campaign.return_window_days or 0) + 1)
        tonight = Batch.objects.filter(
            campaign=campaign,
            kind=Kind.CLOSE_OUT,
            via="night",
            created_at__gte=begin(today, campaign.time_zone),
        )
        ended = Span(campaign.pk, None, begin(last_closed + timedelta(days=1), campaign.time_zone))
        options = Options(accept_remaining=True, through=last_closed)
        with transaction.atomic():
            lock_door(campaign.pk)  # the clock may strike twice at once
            if tonight.exists() or not closing.any_pending(ended):
                continue
            batch = uploads.close_out(campaign, options, person=None, via="night", at=at, goes_through=True)
        started.append(batch.pk)
    return started
