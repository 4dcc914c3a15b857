"""Statements side by side: what each client owes or each supplier earns, month by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from campaigns.models import Campaign, User
from campaigns.rules import begin, local_date
from leads.models import Adjustment, Statement
from leads.sql import money
from leads.sql.money import Reach
from leads.statements import (
    CLIENTS,
    SUPPLIERS,
    Party,
    first_open,
    following,
    parties,
    reach_of,
    returnable,
)

MONTHS = 6


@dataclass
class Cell:
    """One statement in the grid; `waiting` are billed leads that can still be rejected."""

    month: date
    amount: Decimal = Decimal("0.00")
    lines: int = 0
    states: set[str] = field(default_factory=set)
    waiting: int = 0

    @property
    def state(self) -> str:
        """closed, ready (it could be closed, and no lead of it can be rejected any more), over or open."""
        if self.states == {"closed"}:
            return "closed"
        if "open" in self.states:
            return "open"
        return "over" if self.waiting else "ready"


@dataclass
class Row:
    """A party's statements in one currency, one cell a month; None where there is none."""

    party: Party
    currency: str
    cells: list[Cell | None]


@dataclass(frozen=True)
class Grid:
    """The months (oldest first, the last one runs), the rows, and the totals by currency."""

    months: list[date]
    rows: list[Row]
    totals: list[tuple[str, list[Decimal]]]


def grid(person: User, side: str, at: datetime, months: int = MONTHS) -> Grid:
    """The statements of a side that this person may see, of the last months."""
    shown = {party.pk: party for party in parties(person, side)}
    campaigns = list(Campaign.objects.visible_to(person)) if shown else []
    columns = _columns(campaigns, at, months)
    cells = _cells(side, shown, campaigns, columns, at)
    rows = [
        Row(party, currency, [cells.get((party.pk, currency, month)) for month in columns])
        for party in shown.values()
        for currency in sorted({currency for pk, currency, _ in cells if pk == party.pk})
    ]
    rows = [row for row in rows if any(row.cells)]
    # Months before the first line of anybody are left out.
    empty = min((n for row in rows for n, cell in enumerate(row.cells) if cell), default=0)
    for row in rows:
        del row.cells[:empty]
    return Grid(columns[empty:], rows, _totals(rows, len(columns) - empty))


def _columns(campaigns: Iterable[Campaign], at: datetime, months: int) -> list[date]:
    """The running month and those before it; where zones differ, the later one."""
    running = max((local_date(at, one.time_zone) for one in campaigns), default=at.date()).replace(day=1)
    columns = [running]
    while len(columns) < months:
        year, month = divmod(columns[0].year * 12 + columns[0].month - 2, 12)
        columns.insert(0, date(year, month + 1, 1))
    return columns


Key = tuple[int, str, date]


def _cells(
    side: str,
    shown: dict[int, Party],
    campaigns: Sequence[Campaign],
    columns: Iterable[date],
    at: datetime,
) -> dict[Key, Cell]:
    by_id = {one.pk: one for one in campaigns}
    cells: dict[Key, Cell] = {}

    def cell(campaign_id: int, supplier_id: int | None, currency: str, month: date) -> Cell | None:
        party = by_id[campaign_id].client_id if side == CLIENTS else supplier_id
        if party not in shown or party is None:
            return None
        return cells.setdefault((party, currency, month), Cell(month))

    for stored in _frozen(side, by_id):
        closed = stored.closed
        if found := cell(closed.campaign_id, stored.supplier_id, closed.currency, closed.month):
            found.amount, found.lines = found.amount + stored.total, found.lines + stored.lines
            found.states.add("closed")
    for one in money.sums(_reaches(campaigns, columns), suppliers=side == SUPPLIERS):
        campaign = by_id[one.campaign_id]
        if found := cell(one.campaign_id, one.supplier_id, campaign.currency, one.month):
            found.amount, found.lines = found.amount + one.amount, found.lines + one.lines
            found.states.add("over" if at >= begin(following(one.month), campaign.time_zone) else "open")
    for left in returnable(campaigns, at):
        currency = by_id[left.campaign_id].currency
        party = by_id[left.campaign_id].client_id if side == CLIENTS else left.supplier_id
        if counted := cells.get((party, currency, left.month)):
            counted.waiting += left.leads
    return cells


def _reaches(campaigns: Iterable[Campaign], columns: Iterable[date]) -> list[Reach]:
    """What is open of these months, of each campaign."""
    firsts, months = first_open(campaigns), list(columns)
    return [reach_of(one, month, firsts.get(one.pk)) for one in campaigns for month in months]


def _frozen(side: str, by_id: dict[int, Campaign]) -> Iterable[Statement]:
    found = Statement.objects.filter(closed__campaign__in=by_id).select_related("closed")
    return found.filter(supplier__isnull=side == CLIENTS)


def _totals(rows: Iterable[Row], width: int) -> list[tuple[str, list[Decimal]]]:
    totals: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal("0.00")] * width)
    for row in rows:
        amounts = [cell.amount if cell else Decimal(0) for cell in row.cells]
        totals[row.currency] = [a + b for a, b in zip(totals[row.currency], amounts, strict=True)]
    return sorted(totals.items())


def waiting_adjustments(person: User, side: str) -> list[dict[str, Any]]:
    """Adjustments that stand in no closed month yet, by campaign and batch, the newest first.

    Each has `campaign`, `batch_id`, `cause`, `leads`, `amount` (of this side) and `currency`.
    """
    amount = "client_amount" if side == CLIENTS else "supplier_amount"
    open_ones = Adjustment.objects.filter(
        is_final=False, lead__campaign__in=Campaign.objects.visible_to(person)
    )
    if person.supplier_id:
        open_ones = open_ones.filter(lead__supplier=person.supplier_id)
    grouped = open_ones.exclude(**{amount: 0}).values("lead__campaign", "event__batch_id", "event__cause")
    found = list(grouped.annotate(leads=Count("pk"), amount=Sum(amount)).order_by("-event__batch_id")[:50])
    campaigns = Campaign.objects.select_related("client").in_bulk({one["lead__campaign"] for one in found})
    return [
        {
            "campaign": campaigns[one["lead__campaign"]],
            "batch_id": one["event__batch_id"],
            "cause": one["event__cause"],
            "leads": one["leads"],
            "amount": one["amount"],
        }
        for one in found
    ]
