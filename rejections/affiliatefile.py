"""A file of affiliate events: read like any upload, in the child process, and recorded row by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import BinaryIO, cast

from leads import affiliates
from leads.affiliates import Reported
from leads.models import LeadQuerySet
from rejections import reading, sandbox
from rejections.arrivals import CHUNK, NAMED, read_instant
from rejections.reader import Choices
from rejections.refusals import Refused
from rejections.sql import arrived

COLUMNS = ("lead_id", "reference", "status", "payout", "occurred_at")


@dataclass
class Outcome:
    """What became of the file: rows by answer (and `unreadable`), and the first lines that were not taken over."""

    rows: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    lines: dict[int, str] = field(default_factory=dict)

    def refuse(self, line: int, answer: str, why: str) -> None:
        """Count a line that was not taken over, and name it if there are not too many."""
        self.answers[answer] += 1
        if len(self.lines) < NAMED:
            self.lines[line] = why


def receive(path: Path, leads: LeadQuerySet, *, at: datetime) -> Outcome:
    """Record the rows of a CSV or XLSX file with the columns COLUMNS; raises Refused.

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
        arrived.staged(cast(BinaryIO, stream)),
    ):
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
