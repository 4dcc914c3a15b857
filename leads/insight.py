"""What the figures of `reports` say, arranged as pages show them: rates, a heat table, a spread over days.

Each number goes with the address (`query`) of the list of leads it counts, where there is such a list. `base` is the
list of all leads looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from campaigns.models import Campaign, Disposition, Field, Supplier
from leads.filters import HOUSE, Filters
from leads.periods import DELIVERED
from leads.reports import Flip, Offender, Returned, Share
from leads.sql.sources import Day
from leads.statuses import Status

#: Reasons that have a column of their own on the page; the rest stand together.
REASONS = 8
#: Values listed.
OFFENDERS = 12
#: Days with a bar of their own; later ones stand together.
BARS = 60
_RETURNED = (Status.CLIENT_REJECTED.value,)
_DELIVERED = tuple(status.value for status in DELIVERED)


@dataclass(frozen=True)
class Cell:
    """Leads rejected for one reason, their share of those delivered in per cent, and its shade."""

    leads: int
    percent: float
    shade: int
    query: str


@dataclass(frozen=True)
class Line:
    """One supplier (or campaign): a cell for each reason, all it had rejected, all it delivered."""

    name: str
    cells: tuple[Cell, ...]
    rejected: int
    leads: int
    rejected_query: str
    query: str


@dataclass(frozen=True)
class Reason:
    """A column of the heat table; `code` of its disposition, blank where it has none."""

    label: str
    code: str = ""


@dataclass(frozen=True)
class Heat:
    """Who delivered × why the client rejected: the highest rate first, the commonest reason first."""

    reasons: tuple[Reason, ...]
    lines: tuple[Line, ...]


def heat(
    shares: Sequence[Share],
    campaigns: Mapping[int, Campaign],
    base: Filters,
    *,
    by_supplier: bool,
    columns: int = REASONS,
) -> Heat:
    """The heat table of a cohort; reasons beyond `columns` stand together as “All others”."""
    delivered: Counter[int] = Counter()
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for share in shares:
        if share.status in DELIVERED:
            who = share.supplier_id if by_supplier else share.campaign_id
            delivered[who] += share.leads
            if share.status == Status.CLIENT_REJECTED:
                found[who][share.disposition_id or 0] += share.leads
    whole = sum(found.values(), Counter())
    known = Disposition.objects.in_bulk(whole)
    main = {
        pk: Reason(known[pk].label, known[pk].code) if pk in known else Reason("No disposition")
        for pk, _ in whole.most_common(columns)
    }
    others = [Reason("All others")] if len(whole) > len(main) else []
    names = _names(delivered, campaigns, base, by_supplier)
    lines = [_line(*names[who], found[who], main, bool(others), leads) for who, leads in delivered.items()]
    ordered = sorted(lines, key=lambda line: (-line.rejected / line.leads, line.name))
    return Heat((*main.values(), *others), tuple(ordered))


def _names(
    ids: Iterable[int], campaigns: Mapping[int, Campaign], base: Filters, by_supplier: bool
) -> dict[int, tuple[str, Filters]]:
    """Who delivered: the name, and the list of its leads."""
    if by_supplier:
        suppliers = Supplier.objects.in_bulk(list(ids)).items()
        return {pk: (one.name, replace(base, supplier=one.code)) for pk, one in suppliers}
    return {pk: (one.name, _of_campaign(base, one)) for pk, one in campaigns.items()}


def _of_campaign(base: Filters, campaign: Campaign) -> Filters:
    """The part of the list that is of one campaign, with its days as they were counted."""
    return replace(base, campaign=campaign.code, zone="" if base.campaign else HOUSE)


def _line(
    name: str, own: Filters, found: Counter[int], main: Mapping[int, Reason], more: bool, leads: int
) -> Line:
    returned = replace(own, status=_RETURNED)
    numbers = [(found[pk], reason.code) for pk, reason in main.items()]
    if more:
        numbers.append((found.total() - sum(number for number, _ in numbers), ""))
    cells = (
        Cell(
            number,
            100 * number / leads,
            _shade(100 * number / leads),
            returned.query(disposition=code) if number and code else "",
        )
        for number, code in numbers
    )
    return Line(name, tuple(cells), found.total(), leads, returned.query(), own.query(status=_DELIVERED))


def _shade(percent: float) -> int:
    """0 for next to nothing, then one more at 0.3, 1, 2, 3 and 4.5 per cent."""
    return sum(percent >= least for least in (0.3, 1, 2, 3, 4.5))


@dataclass(frozen=True)
class Bar:
    """Rejections after so many days; `last` stands for all later ones too."""

    days: int
    leads: int
    last: bool = False


def spread(returned: Sequence[Returned], window: int | None) -> list[Bar]:
    """One bar for each day from 0 to past the window, gaps filled; what comes after BARS days is put together."""
    if not returned:
        return []
    leads: Counter[int] = Counter()
    for one in returned:
        leads[min(max(one.days, 0), BARS)] += one.leads
    last = min(max(max(leads), (window or 0) + 1), BARS)
    return [Bar(day, leads[day], day == BARS) for day in range(last + 1)]


@dataclass(frozen=True)
class Listed:
    """The leads of one day, or of the week that begins with it: (how many, query) as the chart stacks them."""

    day: Day
    counts: tuple[tuple[int, str], ...]


def listed(days: Iterable[Day], base: Filters, *, weekly: bool) -> list[Listed]:
    """The days with the lists of their leads."""
    statuses = ((Status.PENDING.value, Status.ACCEPTED.value), (Status.REJECTED.value,), _RETURNED)
    found = []
    for day in days:
        first, last = day.day, day.day + timedelta(days=6 if weekly else 0)
        span = replace(
            base,
            received_from=max(first, base.received_from or first),
            received_to=min(last, base.received_to or last),
        )
        queries = (span.query(status=status) for status in statuses)
        found.append(Listed(day, tuple(zip(day.leads, queries, strict=True))))
    return found


def named(
    offenders: Iterable[Offender], campaigns: Mapping[int, Campaign], base: Filters
) -> list[dict[str, Any]]:
    """Offending values with the names of their campaign and field."""
    fields = Field.objects.filter(campaign__in=campaigns).values_list("campaign_id", "name", "label")
    labels = {(campaign, name): label for campaign, name, label in fields}
    return [
        {
            "campaign": campaigns[one.campaign_id],
            "name": one.field,
            "field": labels.get((one.campaign_id, one.field), one.field or "the lead as a whole"),
            "value": one.value or "",
            "code": one.code or "",
            "leads": one.leads,
            "query": _of_campaign(base, campaigns[one.campaign_id]).query(
                status=(Status.REJECTED.value,),
                disposition=one.code or "",
                field=one.field or "",
                value=one.value or "",
                blank="" if one.value else "yes",
            ),
        }
        for one in offenders
    ]


_FLIPS = {
    "credited": "Accepted, then rejected by the client",
    "given_back": "Rejected by the client, then given back",
    "released": "Rejected at the door, then valid after a correction",
}


def flipped(flips: Iterable[Flip], campaigns: Mapping[int, Campaign]) -> list[dict[str, Any]]:
    """Changes of side with their campaign and in words."""
    return [
        {
            "campaign": campaigns[one.campaign_id],
            "words": _FLIPS[one.kind],
            "leads": one.leads,
            "amount": one.amount,
        }
        for one in flips
    ]
