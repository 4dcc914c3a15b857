"""How a source fares: where its leads stand, what the door turns away, and when that is unusual."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from campaigns.models import Field, Source
from campaigns.rules import begin, local_date
from leads.sql import sources as statements
from leads.sql.sources import Code, Commonest, Day
from leads.statuses import Status
from leads.surges import BEFORE, LATELY, Door, is_surge

#: Days in the chart, and dispositions beside it.
DAYS, CODES = 21, 6


@dataclass(frozen=True)
class Surge:
    """A source whose door turns away far more than before. `label`: what the campaign calls the field."""

    source_id: int
    lately: Door
    before: Door
    commonest: Commonest | None
    label: str


@dataclass(frozen=True)
class Summary:
    """What a source's page tells. `days` are the last DAYS, days without leads among them."""

    statuses: dict[str, int]
    last: datetime | None
    to_fix: int
    days: list[Day]
    codes: list[Code]
    surge: Surge | None

    @property
    def leads(self) -> int:
        """Its leads in all."""
        return sum(self.statuses.values())


def summary(source: Source, at: datetime) -> Summary:
    """How one source fares at `at`."""
    found = statements.standing(source.pk).get(source.pk)
    return Summary(
        statuses={status.value: found.statuses.get(status, 0) if found else 0 for status in Status},
        last=found.last if found else None,
        to_fix=statements.to_fix(source.pk).get(source.pk, 0),
        days=_days(source, at),
        codes=statements.codes(source.pk, CODES),
        surge=next(iter(surges(at, [source.pk])), None),
    )


def _days(source: Source, at: datetime) -> list[Day]:
    zone = source.campaign.time_zone
    today = local_date(at, zone)
    first = today - timedelta(days=DAYS - 1)
    found = {day.day: day for day in statements.days(source.pk, zone, begin(first, zone))}
    dates: list[date] = [first + timedelta(days=n) for n in range(DAYS)]
    return [found.get(day, Day(day, 0, 0, 0)) for day in dates]


def surges(at: datetime, source_ids: list[int] | None = None) -> list[Surge]:
    """Sources, of these or of all, whose door rejects over three times the share of before; most first."""
    lately = statements.at_the_door(at - LATELY, at, source_ids)
    suspects = [source for source, door in lately.items() if is_surge(door, Door(0, 0))]
    before = statements.at_the_door(at - LATELY - BEFORE, at - LATELY, suspects) if suspects else {}
    rising = [source for source in suspects if is_surge(lately[source], before.get(source, Door(0, 0)))]
    rising.sort(key=lambda source: -lately[source].rejected)
    return [_surge(source, lately[source], before.get(source, Door(0, 0)), at) for source in rising]


def _surge(source_id: int, lately: Door, before: Door, at: datetime) -> Surge:
    commonest = statements.commonest(source_id, at - LATELY, at)
    labels = Field.objects.filter(campaign__sources=source_id, name=commonest.field if commonest else "")
    label = labels.values_list("label", flat=True).first() or ""
    return Surge(source_id, lately, before, commonest, label)
