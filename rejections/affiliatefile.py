"""A file of affiliate events: read like any upload, in the child process, and recorded row by row.

In the browser it is checked first: recorded in a transaction that is taken back, so that the check says what recording
will do, line by line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction

from campaigns.models import User
from leads import affiliates
from leads.affiliates import Reported
from leads.models import Lead, LeadQuerySet
from rejections import reading, sandbox, uploads
from rejections.arrivals import CHUNK, NAMED, read_instant
from rejections.models import AffiliateFile
from rejections.reader import Choices
from rejections.refusals import Refused
from rejections.sql import arrived

COLUMNS = ("lead_id", "reference", "status", "payout", "occurred_at")
#: So many rows are checked, and recorded, while the person waits.
MOST = 10_000
State = AffiliateFile.State


@dataclass
class Outcome:
    """What became of the file: rows by answer (and `unreadable`), and the first lines that were not taken over."""

    rows: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    lines: dict[int, str] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As `AffiliateFile.found` keeps it."""
        return {"rows": self.rows, "answers": dict(self.answers), "lines": self.lines}

    def refuse(self, line: int, answer: str, why: str) -> None:
        """Count a line that was not taken over, and name it if there are not too many."""
        self.answers[answer] += 1
        if len(self.lines) < NAMED:
            self.lines[line] = why


def upload(content: Iterable[bytes], file_name: str, *, person: User, at: datetime) -> AffiliateFile:
    """Keep a file and check it; nothing is recorded. Raises Refused, then nothing is left behind."""
    path, _ = uploads.keep(content)
    try:
        found = _check(path, person, at)
        return AffiliateFile.objects.create(
            created_at=at, created_by=person, file=str(path.relative_to(settings.UPLOAD_DIR)),
            file_name=Path(file_name).name[:300], found=found.kept(),
        )  # fmt: skip
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _check(path: Path, person: User, at: datetime) -> Outcome:
    with transaction.atomic():
        found = receive(path, Lead.objects.visible_to(person), at=at, most=MOST)
        transaction.set_rollback(True)
    return found


def start(file: AffiliateFile, *, person: User, at: datetime) -> None:
    """Record what was checked; twice is once. Raises Refused; then nothing is recorded."""
    with transaction.atomic():
        held = AffiliateFile.objects.select_for_update().filter(pk=file.pk, state=State.CHECKED).first()
        if held is None:
            return
        found = receive(path_of(held), Lead.objects.visible_to(person), at=held.created_at, most=MOST)
        held.state, held.found, held.recorded_at, held.recorded_by = State.RECORDED, found.kept(), at, person
        held.save(update_fields=["state", "found", "recorded_at", "recorded_by"])


def path_of(file: AffiliateFile) -> Path:
    """Where the uploaded file lies."""
    return Path(settings.UPLOAD_DIR) / file.file


def forget(at: datetime) -> None:
    """Remove files that were checked and never recorded."""
    old = AffiliateFile.objects.filter(
        state=State.CHECKED, created_at__lt=at - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    )
    for file in old:
        if old.filter(pk=file.pk).delete()[0]:
            path_of(file).unlink(missing_ok=True)


def receive(path: Path, leads: LeadQuerySet, *, at: datetime, most: int | None = None) -> Outcome:
    """Record the rows of a CSV or XLSX file with the columns COLUMNS, `most` of them; raises Refused.

    Times without a zone are UTC; a blank one is now. Chunks already recorded stay; the file may come again.
    """
    found, _ = sandbox.look(path, Choices(), reading.limits())
    names = [name.strip().casefold().replace(" ", "_") for name in found.columns]
    if missing := [column for column in COLUMNS if column not in names]:
        raise Refused(
            "no_such_column", f"The file has no column “{missing[0]}”",
            f"It needs {', '.join(COLUMNS)}. Nothing was recorded.",
        )  # fmt: skip
    outcome, after = Outcome(), 0
    with (
        sandbox.copy_stream(path, found, reading.limits()) as stream,
        arrived.staged(cast(BinaryIO, stream)) as rows_in_all,
    ):
        if most is not None and rows_in_all > most:
            raise Refused(
                "too_many_rows", f"The file has {rows_in_all:,} rows; this page takes {most:,}",
                "Nothing was recorded. Send it in parts, or by the API or manage.py import_affiliate_events.",
            )  # fmt: skip
        while rows := arrived.take(after, CHUNK):
            after = rows[-1][0]
            outcome.rows += len(rows)
            _record(rows, names, leads, at, outcome)
    return outcome


def _record(
    rows: list[tuple[int, list[str], str | None]],
    names: list[str],
    leads: LeadQuerySet,
    at: datetime,
    outcome: Outcome,
) -> None:
    reports: list[tuple[int, Reported]] = []
    for line, cells, problem in rows:
        report = None if problem else _report(dict(zip(names, cells, strict=False)), at)
        if report is None:
            outcome.refuse(line, "unreadable", problem or "lead id, payout or time cannot be read")
        else:
            reports.append((line, report))
    answers = affiliates.record([report for _, report in reports], leads=leads)
    for (line, _), answer in zip(reports, answers, strict=True):
        if answer.sentence:
            outcome.refuse(line, answer, answer.sentence)
        else:
            outcome.answers[answer] += 1


def _report(row: dict[str, str], at: datetime) -> Reported | None:
    """The row as a report; None where a number or a time in it is none."""
    lead, said = row.get("lead_id", "").strip(), row.get("occurred_at", "").strip()
    occurred_at = read_instant(said, "UTC", at) if said else at
    try:
        payout = Decimal(row.get("payout", "").strip())
    except InvalidOperation:
        return None
    if not (lead.isascii() and lead.isdecimal() and len(lead) <= 18 and payout.is_finite() and occurred_at):
        return None
    status = row.get("status", "").strip().casefold()
    return Reported(int(lead), row.get("reference", "").strip(), status, payout, occurred_at)
