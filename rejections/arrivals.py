"""A file of new leads: read like any upload, in the child process, and received through the intake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

from dateutil import parser as dateutil_parser

from campaigns.models import Source
from campaigns.spec import Prices
from leads import intake
from leads.intake import Incoming, Tally
from rejections import reading, sandbox
from rejections.reader import Choices, Reading
from rejections.refusals import Refused
from rejections.sql import arrived

#: Leads handed to the intake at a time.
CHUNK = 1000
#: So many lines are named when something is wrong with them.
NAMED = 20


@dataclass
class Arrivals:
    """What became of a file of leads: `rows` of `total`. `unreadable` and `undated` count lines."""

    total: int = 0
    rows: int = 0
    tally: Tally = field(default_factory=Tally)
    unreadable: int = 0
    undated: int = 0
    lines: dict[int, str] = field(default_factory=dict)

    def name(self, line: int, why: str) -> None:
        """Name a line, if there are not too many."""
        if len(self.lines) < NAMED:
            self.lines[line] = why


def receive_file(
    source: Source,
    path: Path,
    *,
    at: datetime,
    actor_id: int | None = None,
    received_at_column: str = "",
    choices: dict[str, Any] | None = None,
    seen: Callable[[Arrivals], None] = lambda arrivals: None,
) -> Arrivals:
    """Receive every row of a CSV or XLSX file as a lead of the source; raises Refused.

    `received_at_column` holds when each came in: with a zone, or in the campaign's. A line where it cannot be
    read, or lies ahead, is received now. `seen` is told after each chunk. Chunks already received stay.
    """
    found, _ = sandbox.look(path, Choices(**(choices or {})), reading.limits())
    check_column(found, received_at_column)
    check_agreed(source)
    arrivals = Arrivals()
    with (
        sandbox.copy_stream(path, found, reading.limits()) as stream,
        arrived.staged(cast(BinaryIO, stream)) as total,
    ):
        arrivals.total = total
        after = 0
        while rows := arrived.take(after, CHUNK):
            after = rows[-1][0]
            arrivals.rows += len(rows)
            leads = incoming(rows, found, source.campaign.time_zone, received_at_column, at, arrivals)
            arrivals.tally.add(intake.receive(source, leads, at=at, actor_id=actor_id))
            seen(arrivals)
    return arrivals


def check_column(found: Reading, received_at_column: str) -> None:
    """Raise Refused unless the file has this column, or none is asked for."""
    if received_at_column and received_at_column not in found.columns:
        raise Refused(
            "no_such_column",
            f"The file has no column “{received_at_column}”",
            f"Its columns are {', '.join(found.columns)}. Nothing was received.",
        )


def check_agreed(source: Source) -> None:
    """Raise Refused when a lead of the source would have no price."""
    if not Prices(source.campaign_id, source.supplier_id):
        raise Refused(
            "not_agreed",
            f"Nothing is agreed between {source.campaign} and {source.supplier}",
            "A lead would have no price. An admin can write the agreement; nothing was received.",
        )


def incoming(
    rows: list[tuple[int, list[str], str | None]],
    found: Reading,
    zone: str,
    received_at_column: str,
    at: datetime,
    arrivals: Arrivals,
) -> list[Incoming]:
    """The rows as leads; what is wrong with a line is noted."""
    leads = []
    for line, cells, problem in rows:
        if problem is not None:
            arrivals.unreadable += 1
            arrivals.name(line, problem)
            continue
        values = dict(zip(found.columns, cells, strict=False))
        came = None
        if received_at_column:
            came = read_instant(values.pop(received_at_column, ""), zone, at)
            if came is None:
                arrivals.undated += 1
                arrivals.name(line, f"no date is readable in {received_at_column}: received now")
        leads.append(Incoming(values, received_at=came))
    return leads


def read_instant(text: str, zone: str, latest: datetime) -> datetime | None:
    """The instant a text tells, in `zone` unless it names its own; None when unreadable or after `latest`."""
    try:
        instant = dateutil_parser.isoparse(text.strip().replace(" +", "+").replace(" UTC", "Z"))
    except ValueError:
        try:
            instant = dateutil_parser.parse(text.strip(), dayfirst=True)
        except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError):
            return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=ZoneInfo(zone))
    try:
        return instant if instant <= latest + timedelta(minutes=5) else None
    except (OverflowError, ValueError):
        return None
