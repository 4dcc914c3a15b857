"""What the figures of `reports` say, arranged as pages show them: rates, a heat table, a spread over days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign, Disposition, Field, Supplier
from leads.reports import Flip, Offender, Returned, Share, median_days
from leads.statuses import Status

#: Reasons that have a column of their own on the page; the rest stand together.
REASONS = 8
#: Values listed.
OFFENDERS = 12
#: Days with a bar of their own; later ones stand together.
BARS = 60
#: Statuses of leads that were delivered: a client could reject them.
DELIVERED = frozenset({Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED})


@dataclass(frozen=True)
class Figures:
    """The four figures above the charts; `amounts` of the leads that clients rejected, by currency."""

    received: int
    delivered: int
    door: int
    returned: int
    amounts: list[tuple[str, Decimal]]
    median: int | None


def figures(
    shares: Iterable[Share], campaigns: Mapping[int, Campaign], returned: Sequence[Returned]
) -> Figures:
    """The cohort in six numbers."""
    by_status: Counter[str] = Counter()
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for share in shares:
        by_status[share.status] += share.leads
        if share.status == Status.CLIENT_REJECTED:
            amounts[campaigns[share.campaign_id].currency] += share.amount
    return Figures(
        received=by_status.total(),
        delivered=sum(by_status[status] for status in DELIVERED),
        door=by_status[Status.REJECTED],
        returned=by_status[Status.CLIENT_REJECTED],
        amounts=sorted(amounts.items(), key=lambda pair: -pair[1]),
        median=median_days(returned),
    )


@dataclass(frozen=True)
class Cell:
    """Leads rejected for one reason, their share of those delivered in per cent, and its shade."""

    leads: int
    percent: float
    shade: int


@dataclass(frozen=True)
class Line:
    """One supplier (or campaign): a cell for each reason, all it had rejected, all it delivered."""

    name: str
    cells: tuple[Cell, ...]
    rejected: int
    leads: int


@dataclass(frozen=True)
class Reason:
    """A column of the heat table."""

    label: str


@dataclass(frozen=True)
class Heat:
    """Who delivered × why the client rejected: the highest rate first, the commonest reason first."""

    reasons: tuple[Reason, ...]
    lines: tuple[Line, ...]


def heat(
    shares: Sequence[Share], campaigns: Mapping[int, Campaign], *, by_supplier: bool, columns: int = REASONS
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
    labels = dict(Disposition.objects.filter(pk__in=whole).values_list("pk", "label"))
    main = [reason for reason, _ in whole.most_common(columns)]
    more = len(whole) > len(main)
    names = _names(delivered, campaigns, by_supplier)
    lines = [_line(names[who], found[who], main, more, leads) for who, leads in delivered.items()]
    titles = [Reason(labels.get(reason, "No disposition")) for reason in main] + [Reason("All others")] * more
    return Heat(
        tuple(titles), tuple(sorted(lines, key=lambda line: (-line.rejected / line.leads, line.name)))
    )


def _names(ids: Iterable[int], campaigns: Mapping[int, Campaign], by_supplier: bool) -> dict[int, str]:
    if by_supplier:
        return dict(Supplier.objects.filter(pk__in=list(ids)).values_list("pk", "name"))
    return {pk: campaign.name for pk, campaign in campaigns.items()}


def _line(name: str, found: Counter[int], main: Sequence[int], more: bool, leads: int) -> Line:
    numbers = [found[reason] for reason in main]
    if more:
        numbers.append(found.total() - sum(numbers))
    cells = (Cell(number, 100 * number / leads, _shade(100 * number / leads)) for number in numbers)
    return Line(name, tuple(cells), found.total(), leads)


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


def named(offenders: Iterable[Offender], campaigns: Mapping[int, Campaign]) -> list[dict[str, Any]]:
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
