"""Large workbooks, made in the background and kept for a day for the person who asked."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from campaigns.models import User
from leads import download
from leads.download import Wanted
from leads.models import Download

log = logging.getLogger(__name__)

#: Up to so many leads a workbook is made while the person waits.
AT_ONCE = 5_000
#: More than these are a CSV's: a worker's time is up before such a workbook is done.
MOST = 200_000
KEPT = timedelta(hours=24)
_CLAIM = timedelta(minutes=6)
_TRIES = 3


class TooLarge(Exception):
    """So many leads do not go into a workbook; as CSV they can be had at once."""


def ask(wanted: Wanted, person: User, at: datetime) -> Download | None:
    """Have a workbook made in the background; None when it is small enough to be made at once.

    Asked twice while it waits, it is made once. Raises TooLarge. The door rings for a worker; the sweeper does
    without.
    """
    leads = wanted.count()
    if leads <= AT_ONCE:
        return None
    if leads > MOST:
        raise TooLarge(f"{leads:,} leads are too many for XLSX. Choose CSV, or fewer days or statuses.")
    asked = {
        "person": person,
        "source": wanted.source,
        "statuses": list(wanted.statuses),
        "first": wanted.first,
        "last": wanted.last,
    }
    waiting = Download.objects.filter(state=Download.State.WAITING, **asked).first()
    return waiting or Download.objects.create(leads=leads, asked_at=at, **asked)


def make_next(at: datetime) -> Download | None:
    """Make the oldest workbook that waits and that nobody is at; None when there is none."""
    with transaction.atomic():
        job = (
            Download.objects.select_for_update(skip_locked=True)
            .filter(Q(claimed_until=None) | Q(claimed_until__lt=at), state=Download.State.WAITING)
            .order_by("id")
            .first()
        )
        if job is None:
            return None
        job.tries += 1
        job.claimed_until = at + _CLAIM
        if job.tries > _TRIES:
            job.state = Download.State.FAILED
        job.save()
    if job.state == Download.State.WAITING:
        _make(job, at)
    return job


def _make(job: Download, at: datetime) -> None:
    name = f"downloads/{uuid.uuid4().hex}.xlsx"
    path = Path(settings.UPLOAD_DIR) / name
    path.parent.mkdir(parents=True, exist_ok=True)

    def progress(done: int) -> None:
        Download.objects.filter(pk=job.pk).update(done=done)

    try:
        job.leads = download.write_xlsx(wanted_by(job), path, progress)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    job.state, job.done, job.ready_at, job.claimed_until, job.file = (
        Download.State.READY,
        job.leads,
        at,
        None,
        name,
    )
    job.save()


def wanted_by(job: Download) -> Wanted:
    """What the workbook holds."""
    source = type(job.source).objects.select_related("campaign", "supplier").get(pk=job.source_id)
    return Wanted(source, tuple(job.statuses), job.first, job.last)


def path_of(job: Download) -> Path:
    """Where a workbook that is ready lies."""
    return Path(settings.UPLOAD_DIR) / job.file


def forget_old(at: datetime) -> int:
    """Remove workbooks asked for more than a day ago, and those that failed then; how many."""
    old = list(
        Download.objects.filter(asked_at__lt=at - KEPT).filter(
            Q(claimed_until=None) | Q(claimed_until__lt=at)
        )
    )
    for job in old:
        if job.file:
            path_of(job).unlink(missing_ok=True)
        job.delete()
    return len(old)
