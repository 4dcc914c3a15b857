"""A file of new leads in the browser: kept, its columns matched to fields, its first rows judged, then received.

The work is done in the background, chunk by chunk. A chunk's leads and how far the file has come are one
transaction, so that a row is received once, whoever dies when.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from campaigns.judging import judge
from campaigns.models import Source, User
from campaigns.spec import agreed
from leads import intake
from leads.intake import Tally
from leads.presets import Names
from rejections import arrivals, reading, sandbox, uploads
from rejections.arrivals import CHUNK, NAMED, Arrivals
from rejections.models import LeadFile
from rejections.reader import Choices, Reading
from rejections.refusals import Refused
from rejections.sql import arrived

#: Rows that are shown, and judged, before anything is received.
SAMPLED = 8
_CLAIM = timedelta(minutes=5)
State = LeadFile.State


def receive(
    source: Source, content: Iterable[bytes], file_name: str, *, person: User, at: datetime
) -> LeadFile:
    """Keep a file and look at it; raises Refused, then nothing is left behind."""
    arrivals.check_agreed(source)
    path, sha256 = uploads.keep(content)
    try:
        found, rows = sandbox.look(path, Choices(), reading.limits())
        return LeadFile.objects.create(
            source=source,
            created_at=at,
            created_by=person,
            file=str(path.relative_to(settings.UPLOAD_DIR)),
            file_name=Path(file_name).name[:300],
            sha256=sha256,
            reading=asdict(found),
            sample=[[row.line, list(row.cells), row.problem] for row in rows[:SAMPLED]],
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def same_file(file: LeadFile) -> LeadFile | None:
    """The last file with the same bytes that was received for this source, if there is one."""
    earlier = LeadFile.objects.filter(source=file.source_id, sha256=file.sha256, pk__lt=file.pk)
    return earlier.exclude(state=State.MAPPING).select_related("created_by").first()


def names(file: LeadFile, field_map: Mapping[str, str]) -> Names:
    """What the file's headers mean: as chosen, else as the source's map and the presets have it."""
    source = file.source
    return Names(source.kind, intake.field_names(source.campaign_id), {**source.field_map, **field_map})


@dataclass(frozen=True)
class Foreseen:
    """One of the first rows: its cells, and what is wrong with it; “” when it would pass by itself."""

    line: int
    cells: list[str]
    code: str
    reason: str


def foresee(file: LeadFile, field_map: Mapping[str, str], received_at_column: str) -> list[Foreseen]:
    """The first rows judged under this map. Keys that other leads hold, and caps, are met on arrival only."""
    spec, named = agreed(file.source.campaign).spec, names(file, field_map)
    columns = file.reading["columns"]
    found = []
    for line, cells, problem in file.sample:
        values = dict(zip(columns, cells, strict=False))
        values.pop(received_at_column, None)
        verdict = judge(spec, named.values(values))
        code, reason = ("", problem) if problem else (verdict.disposition or "", verdict.reason)
        found.append(Foreseen(line, cells, code, reason))
    return found


def start(file: LeadFile, field_map: Mapping[str, str], received_at_column: str, at: datetime) -> None:
    """Receive the file with these columns; the source remembers what was chosen. Twice is once. Raises Refused."""
    arrivals.check_column(Reading(**file.reading), received_at_column)
    arrivals.check_agreed(file.source)
    with transaction.atomic():
        source = Source.objects.select_for_update(no_key=True).get(pk=file.source_id)
        begun = LeadFile.objects.filter(pk=file.pk, state=State.MAPPING).update(
            state=State.WAITING,
            field_map=dict(field_map),
            received_at_column=received_at_column,
            started_at=at,
        )
        if begun and field_map:
            source.field_map = {**source.field_map, **field_map}
            source.save(update_fields=["field_map"])


def stop(file: LeadFile, at: datetime) -> bool:
    """Receive no more of a file than the chunk at work; whether it was being received. What came in stays."""
    waiting = LeadFile.objects.filter(pk=file.pk, state=State.WAITING)
    return bool(waiting.update(state=State.STOPPED, ended_at=at, claimed_until=None))


def resume(file: LeadFile) -> None:
    """Go on with a file that failed or was stopped, behind the last row that came in."""
    LeadFile.objects.filter(pk=file.pk, state__in=[State.FAILED, State.STOPPED]).update(
        state=State.WAITING, error="", tries=0, ended_at=None, claimed_until=None
    )


def work_next(at: datetime, seconds: float) -> bool:
    """Receive from the oldest file that waits and that nobody is at; whether there may be more to do."""
    file = _claim(at)
    if file is None:
        return False
    try:
        ended = _work(file, at, seconds)
    except Refused as refusal:
        _end(file, State.FAILED, at, error=f"{refusal.title}. {refusal.detail}")
    else:
        if ended:
            _end(file, State.FINISHED, at)
        else:
            LeadFile.objects.filter(pk=file.pk).update(claimed_until=None)
    return True


def _claim(at: datetime) -> LeadFile | None:
    free = Q(claimed_until=None) | Q(claimed_until__lt=at)
    with transaction.atomic():
        waiting = LeadFile.objects.select_for_update(skip_locked=True, of=("self",))
        file = waiting.filter(free, state=State.WAITING).select_related(
            "source__campaign", "source__supplier"
        )
        found = file.order_by("pk").first()
        if found is None:
            return None
        found.tries += 1
        found.claimed_until = at + _CLAIM
        found.save(update_fields=["tries", "claimed_until"])
    if found.tries > settings.MAX_ATTEMPTS:
        _end(
            found,
            State.FAILED,
            at,
            error="The work stopped three times at the same place. Continue, or tell an admin.",
        )
        return _claim(at)
    return found


def _end(file: LeadFile, state: State, at: datetime, **columns: object) -> None:
    LeadFile.objects.filter(pk=file.pk, state=State.WAITING).update(
        state=state, ended_at=at, claimed_until=None, **columns
    )


def path_of(file: LeadFile) -> Path:
    """Where the uploaded file lies."""
    return Path(settings.UPLOAD_DIR) / file.file


def _work(file: LeadFile, at: datetime, seconds: float) -> bool:
    """Chunk after chunk; True at the end of the file, False when time is up or another worker has gone on."""
    deadline = time.monotonic() + seconds
    found = Reading(**file.reading)
    file.source.field_map = {**file.source.field_map, **file.field_map}
    with (
        sandbox.copy_stream(path_of(file), found, reading.limits()) as stream,
        arrived.staged(cast(BinaryIO, stream)) as total,
    ):
        LeadFile.objects.filter(pk=file.pk).update(rows=total)
        while rows := arrived.take(file.line, CHUNK):
            ids = _store(file, found, rows, at)
            if ids is None:
                return False
            _count(file, ids, at)
            if time.monotonic() > deadline:
                return False
    return True


def _store(
    file: LeadFile, found: Reading, rows: list[tuple[int, list[str], str | None]], at: datetime
) -> list[int] | None:
    """Store the leads of these rows, and that they are; None when another worker did."""
    noted = Arrivals(lines={int(line): why for line, why in file.lines.items()})
    with transaction.atomic():
        locked = LeadFile.objects.select_for_update().get(pk=file.pk)
        if locked.line != file.line or locked.state != State.WAITING:
            return None
        leads = arrivals.incoming(
            rows, found, file.source.campaign.time_zone, file.received_at_column, file.started_at or at, noted
        )
        ids = intake.store(file.source, leads, at=at, actor_id=file.created_by_id) if leads else []
        file.line, file.done = rows[-1][0], locked.done + len(rows)
        file.unreadable += noted.unreadable
        file.undated += noted.undated
        file.lines = {str(line): why for line, why in list(noted.lines.items())[:NAMED]}
        file.tries, file.claimed_until = 0, at + _CLAIM
        file.save(update_fields=["line", "done", "unreadable", "undated", "lines", "tries", "claimed_until"])
    return ids


def _count(file: LeadFile, ids: list[int], at: datetime) -> None:
    """Judge the stored leads and count what became of them: beside another worker, when the file was continued."""
    results = intake.judge_stored(file.source.campaign, ids, at=at)
    with transaction.atomic():
        known = LeadFile.objects.select_for_update().get(pk=file.pk).tally
        tally = Tally(
            known.get("received", 0), dict(known.get("statuses", {})), dict(known.get("dispositions", {}))
        )
        tally.add(results)
        LeadFile.objects.filter(pk=file.pk).update(tally=asdict(tally))


def forget(at: datetime) -> int:
    """Remove files that were never imported, with what they left on disk; how many."""
    old = LeadFile.objects.filter(
        state=State.MAPPING, created_at__lt=at - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    )
    removed = 0
    for file in old:
        with transaction.atomic():  # somebody may begin its import while those before it are removed
            if not old.select_for_update(skip_locked=True).filter(pk=file.pk):
                continue
            file.delete()
        path_of(file).unlink(missing_ok=True)
        removed += 1
    return removed
