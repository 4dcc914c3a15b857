"""Large workbooks, made in the background and kept for a day for the person who asked."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from campaigns.models import Source, User
from leads import download
from leads.download import Wanted
from leads.models import Download

log = logging.getLogger(__name__)

#: Up to so many leads a workbook is made while the person waits.
AT_ONCE = 5_000
#: More than these are a CSV's: a worker's time is up before such a workbook is done.
MOST = 200_000
#: The same for the cells of another table, which may have many columns.
MOST_CELLS = 6_000_000
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


def ask_table(
    kind: str, asked: Mapping[str, Any], person: User, at: datetime, *, rows: int, columns: int, name: str,
    title: str, back: str,
) -> Download | None:  # fmt: skip
    """The same for another table than leads of a source: which rows `asked` says to who makes it."""
    if rows <= AT_ONCE:
        return None
    if too_large(rows, columns):
        raise TooLarge(f"{rows:,} rows with {columns} columns are too many for XLSX.")
    wanted = {"person": person, "kind": kind, "asked": dict(asked)}
    waiting = Download.objects.filter(state=Download.State.WAITING, **wanted).first()
    named = {"name": name, "title": title[:200], "back": back}
    return waiting or Download.objects.create(leads=rows, asked_at=at, **named, **wanted)


def too_large(rows: int, columns: int) -> bool:
    """Whether a table is for a CSV only."""
    return rows > MOST or rows * columns > MOST_CELLS


#: Writes the workbook of a job to a path and tells how far it is; returns its rows.
Maker = Callable[[Download, Path, Callable[[int], None]], int]


def told(
    rows: Iterable[Sequence[Any]], progress: Callable[[int], None], every: int = 1000
) -> Iterator[Sequence[Any]]:
    """The rows of a table, header first; `progress` hears of every thousandth."""
    for number, row in enumerate(rows):
        yield row
        if number and number % every == 0:
            progress(number)


def make_next(at: datetime, makers: Mapping[str, Maker] | None = None) -> Download | None:
    """Make the oldest workbook that waits and that nobody is at; None when there is none.

    `makers` know the kinds that are no leads of a source.
    """
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
        _make(job, at, _leads if job.kind == Download.Kind.LEADS else (makers or {})[job.kind])
    return job


def _leads(job: Download, path: Path, progress: Callable[[int], None]) -> int:
    return download.write_xlsx(wanted_by(job), path, progress)


def _make(job: Download, at: datetime, maker: Maker) -> None:
    name = f"downloads/{uuid.uuid4().hex}.xlsx"
    path = Path(settings.UPLOAD_DIR) / name
    path.parent.mkdir(parents=True, exist_ok=True)

    def progress(done: int) -> None:
        Download.objects.filter(pk=job.pk).update(done=done)

    try:
        job.leads = maker(job, path, progress)
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
    """What a workbook of leads holds."""
    source = Source.objects.select_related("campaign", "supplier").get(pk=job.source_id or 0)
    return Wanted(source, tuple(job.statuses), job.first, job.last)


def name_of(job: Download) -> str:
    """What its file is called."""
    return job.name or wanted_by(job).file_name("xlsx")


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
