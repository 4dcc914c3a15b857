"""Loads the demo: parties, then 60 days of leads and of what clients did with them, by the real stories."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from campaigns.models import Campaign, User
from campaigns.rules import local_date
from leads.models import Lead
from rejections import control, uploads, workflows
from rejections.columns import ColumnMap
from rejections.demo import disputes, kept, money, notices, programs
from rejections.demo.corrections import correct
from rejections.demo.door import Door
from rejections.demo.fixes import decide
from rejections.demo.history import CLOSED_AT, MONTH_END_BEFORE, Turn, history
from rejections.demo.parties import settle_terms
from rejections.demo.plan import Draft, plan
from rejections.demo.sheets import csv_bytes
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import State

#: The one lead id that is never given: for rows that name nothing.
NO_LEAD = "999999"
_OWNER = "demo"
_PATIENCE_SECONDS = 120


def is_loaded() -> bool:
    """Whether the demo is in this database."""
    return Campaign.objects.filter(code="SOLAR-UK", sources__code="META-SOLAR-UK", lead__pk=1).exists()


def load(now: datetime) -> None:
    """Write the whole demo, as seen at `now`, or nothing; raises Refused when other leads are there."""
    if Lead.objects.exists() or Campaign.objects.exists():
        raise Refused(
            "not_empty",
            "There are campaigns or leads already",
            "The demo is for an empty database only. Nothing was changed.",
        )
    with transaction.atomic():
        settle_terms(now)
        money.agree_on_returns()
        notices.settle_endpoints(now)
        _live(now)
        notices.deliver_history(now)
        programs.connect(now)
        kept.keep()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _live(now: datetime) -> None:
    """Day after day: the leads that came, then what their client did."""
    planned = plan()
    turns = history(planned)
    door, waiting = Door(now), list(planned.drafts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('leads_lead', 'id'), %s)", [len(waiting)])
    closed = False
    for turn in turns:
        if not closed and turn.act.age < CLOSED_AT:
            money.close_months(now - timedelta(days=CLOSED_AT), before=now - timedelta(days=MONTH_END_BEFORE))
            closed = True
        waiting = _receive(door, waiting, turn.act.age)
        _Doing(turn, now).do()
    _receive(door, waiting, 0)
    correct(now)
    decide(now)
    disputes.contest(turns, now)
    money.agree_on_a_new_price(now)


def _receive(door: Door, waiting: list[Draft], age: float) -> list[Draft]:
    """Bring in the leads that are older than this; the others."""
    door.receive(draft for draft in waiting if draft.age > age)
    with connection.cursor() as cursor:
        # All is one transaction, which autovacuum cannot see into: the planner must be told.
        cursor.execute("ANALYZE leads_lead, leads_leadkey, leads_leadevent")
    return [draft for draft in waiting if draft.age <= age]


class _Doing:
    """One act, done by the stories with the clock set back to it."""

    def __init__(self, turn: Turn, now: datetime) -> None:
        self.turn, self.act = turn, turn.act
        self.at = now - timedelta(days=self.act.age)
        self.began = time.monotonic()
        self.campaign = Campaign.objects.get(code=self.act.campaign)
        self.person = User.objects.get(username=self.act.by)

    def clock(self) -> datetime:
        """The time of the act, running on while it is done."""
        return self.at + timedelta(seconds=time.monotonic() - self.began)

    def do(self) -> None:
        batch = _HOWS[self.act.how](self)
        if self.act.stops == "undone":
            control.undo(batch, person=self.person, lines=None, at=self.clock())
            self._work(batch)
        if batch.state != self.act.stops:
            raise RuntimeError(f"{self.act} ended {batch.state}: {batch.error}")

    def _work(self, batch: Batch) -> None:
        # Somebody looks on, so that nobody is sent an e-mail about it.
        Batch.objects.filter(pk=batch.pk).update(seen_at=self.clock())
        workflows.run(batch.pk, owner=_OWNER, clock=self.clock, seconds=_PATIENCE_SECONDS)
        batch.refresh_from_db()

    def _lines(self) -> list[tuple[str, str]]:
        """(identifier, phrase) of the leads, with a line that names none and one that repeats the first."""
        lines = [(self._identifier(draft), text) for draft, text in self.turn.returned + self.turn.credited]
        return [*lines, (NO_LEAD, lines[0][1]), lines[0]]

    def _identifier(self, draft: Draft) -> str:
        kind = self.act.identifier
        if kind == "lead_id":
            return str(draft.id)
        return draft.uid if kind == "uid" else draft.values[kind.removeprefix("field:")]

    def _options(self) -> Options:
        act = self.act
        through = None
        if act.through is not None:
            through = local_date(self.at - timedelta(days=act.through - act.age), self.campaign.time_zone)
        return Options(
            accept_older=act.accept_older,
            accept_remaining=through is not None,
            through=through,
            reject_affiliate_events=act.affiliate,
            free_cap=act.free_cap,
        )

    def by_file(self) -> Batch:
        """Upload · Map · Check · Start, as a person does it, as far as the act goes."""
        act = self.act
        content = csv_bytes(act.header, self._lines(), encoding=act.encoding, delimiter=act.delimiter)
        batch = uploads.receive(
            self.campaign, [content], act.file_name, person=self.person, via="page", at=self.at
        )
        self._work(batch)
        if act.stops == State.MAPPING:
            return batch
        columns = batch.reading["columns"]
        control.map_columns(batch, ColumnMap(act.identifier, columns[0], columns[1]))
        self._work(batch)
        if act.stops == State.CHECKED:
            return batch
        control.start(batch, self._options(), person=self.person)
        self._work(batch)
        return batch

    def by_rows(self) -> Batch:
        """A program sends identifiers and reasons; the batch goes through."""
        batch = uploads.receive_rows(
            self.campaign,
            self._lines(),
            identifier=self.act.identifier,
            person=self.person,
            via="api",
            at=self.at,
            options=self._options(),
            goes_through=True,
        )
        self._work(batch)
        return batch

    def by_close_out(self) -> Batch:
        """Leads are accepted without a file."""
        options = self._options()
        batch = uploads.close_out(
            self.campaign, options, person=self.person, via="page", at=self.at, goes_through=True
        )
        self._work(batch)
        return batch


_HOWS: dict[str, Callable[[_Doing], Batch]] = {
    "file": _Doing.by_file,
    "rows": _Doing.by_rows,
    "close_out": _Doing.by_close_out,
}
