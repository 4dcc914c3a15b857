"""One statement: one party, one currency, one month; its lines, what they come to, and its own check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Max

from campaigns.models import Campaign, Client, Supplier, User
from campaigns.rules import begin, local_date, window_opens
from leads.models import ClosedMonth, Statement, StatementLine
from leads.sql import money, months
from leads.sql.money import Balance, Group, Reach, Scope
from leads.sql.months import Span

Kind = StatementLine.Kind
CLIENTS, SUPPLIERS = "clients", "suppliers"


#: What a line says, to a client and to a supplier.
_WORDS = {
    Kind.ACCEPTED: ("Accepted", "Accepted"),
    Kind.CREDIT: ("Credit, Client Rejected", "Payout taken back, rejected by the client"),
    Kind.OWED: ("", "Payout owed, although rejected by the client"),
    Kind.ADJUSTMENT: ("Adjustment, lead of a closed month", "Adjustment, lead of a closed month"),
    Kind.AFFILIATE: ("", "Affiliate event"),
}


def words(kind: str, side: str) -> str:
    """What a line of this kind says on a statement of this side."""
    return _WORDS[Kind(kind)][side == SUPPLIERS]


class Party(NamedTuple):
    """Whose statement it is: of which side, and by which name."""

    side: str
    pk: int
    name: str
    code: str

    @property
    def supplier_id(self) -> int | None:
        """The supplier, None for a client."""
        return self.pk if self.side == SUPPLIERS else None


def parties(person: User, side: str) -> list[Party]:
    """Parties of a side whose statements this person may see: all for staff, else its own."""
    if not person.is_active:
        return []
    model: type[Client] | type[Supplier] = Client if side == CLIENTS else Supplier
    found = model._default_manager.all()
    if not person.is_staff:
        own = person.client_id if side == CLIENTS else person.supplier_id
        found = found.filter(pk=own) if own else found.none()
    return [Party(side, one.pk, one.name, one.code) for one in found]


def following(month: date) -> date:
    """The first day of the month after this one."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def span_of(campaign: Campaign, month: date) -> Span:
    """A month of the campaign, in its zone."""
    zone = campaign.time_zone
    return Span(campaign.pk, month, begin(month, zone), begin(following(month), zone))


def reach_of(campaign: Campaign, month: date, first_open: date | None) -> Reach:
    """The dates whose lines belong to the month while it is open: the first open one takes all before it too."""
    span = span_of(campaign, month)
    since = None if month == first_open else span.end if first_open and month < first_open else span.begin
    return Reach(campaign.pk, month, since, span.end)


def first_open(campaigns: Iterable[Campaign]) -> dict[int, date]:
    """Campaign → the month after its last closed one; campaigns without closed months are absent."""
    closed = ClosedMonth.objects.filter(campaign__in=campaigns).order_by()
    last = closed.values_list("campaign").annotate(last=Max("month"))
    return {campaign: following(month) for campaign, month in last}


@dataclass(frozen=True)
class Sheet:
    """One campaign on a statement: its state in that month, and its groups of lines."""

    campaign: Campaign
    closed: ClosedMonth | None
    over: bool
    groups: Sequence[Group]

    @property
    def state(self) -> str:
        """closed, over (it could be closed) or open."""
        return "closed" if self.closed else "over" if self.over else "open"

    @property
    def zone(self) -> ZoneInfo:
        """Where its dates are."""
        return ZoneInfo(self.campaign.time_zone)

    def name(self, viewer: User) -> str:
        """The campaign as this person knows it."""
        return self.campaign.public_name if viewer.supplier_id else self.campaign.name


@dataclass(frozen=True)
class Figures:
    """What a statement says in numbers: leads and amounts."""

    received: int
    accepted: int
    accepted_amount: Decimal
    rejected: int
    credits: int
    credits_amount: Decimal
    owed: int
    owed_amount: Decimal
    adjustments: int
    adjustments_amount: Decimal
    affiliate: int
    affiliate_amount: Decimal
    total: Decimal


@dataclass(frozen=True)
class Check:
    """Whether closed months come to what was frozen beside them, and all statements to the leads one by one."""

    frozen: bool
    balance: Balance

    @property
    def agrees(self) -> bool:
        """Nothing is missing and nothing is billed twice."""
        return self.frozen and self.balance.statements == self.balance.leads


@dataclass(frozen=True)
class OneStatement:
    """A party's statement of a month in one currency."""

    party: Party
    month: date
    currency: str
    scope: Scope
    sheets: Sequence[Sheet]
    figures: Figures
    check: Check | None

    @property
    def number(self) -> str:
        """How people call it: S-2026-10-BRIGHTWATER-GBP."""
        return f"S-{self.month:%Y-%m}-{self.party.code.upper()}-{self.currency}"

    @property
    def state(self) -> str:
        """closed when nothing of it is open any more; open while its month runs; over in between."""
        states = {sheet.state for sheet in self.sheets}
        return "closed" if states <= {"closed"} and states else "open" if "open" in states else "over"


def statement(
    person: User, party: Party, month: date, currency: str, at: datetime, *, checked: bool = True
) -> OneStatement:
    """The party's statement as it stands at `at`; without lines it is an empty one.

    Its check reads every lead of its campaigns, of whatever month: who does not show it leaves it out.
    """
    campaigns = _campaigns(person, party, currency, month)
    closed = {
        one.campaign_id: one
        for one in ClosedMonth.objects.filter(campaign__in=campaigns, month=month).select_related("closed_by")
    }
    firsts = first_open(campaigns)
    still_open = [campaign for campaign in campaigns if campaign.pk not in closed]
    reaches = [reach_of(one, month, firsts.get(one.pk)) for one in still_open]
    scope = Scope(party.supplier_id, reaches, [one.pk for one in closed.values()])
    groups = money.groups(scope)
    stored = list(Statement.objects.filter(closed__in=closed.values(), supplier=party.supplier_id))
    seen = {group.campaign_id for group in groups} | set(closed)
    return OneStatement(
        party=party,
        month=month,
        currency=currency,
        scope=scope,
        sheets=[_sheet(campaign, closed, month, groups, at) for campaign in campaigns if campaign.pk in seen],
        figures=_figures(groups, *_counts(party, still_open, month, stored)),
        check=_check(party, campaigns, closed, groups, stored) if checked else None,
    )


def _campaigns(person: User, party: Party, currency: str, month: date) -> list[Campaign]:
    """The party's campaigns in this currency, by name; a closed month keeps the currency it was closed in."""
    visible = Campaign.objects.visible_to(person)
    mine = (
        visible.filter(client=party.pk)
        if party.side == CLIENTS
        else visible.filter(sources__supplier=party.pk)
    )
    frozen = dict(ClosedMonth.objects.filter(month=month).values_list("campaign_id", "currency"))
    found = mine.select_related("client").distinct().order_by("name", "pk")
    return [campaign for campaign in found if frozen.get(campaign.pk, campaign.currency) == currency]


def _sheet(
    campaign: Campaign, closed: dict[int, ClosedMonth], month: date, groups: Iterable[Group], at: datetime
) -> Sheet:
    over = at >= begin(following(month), campaign.time_zone)
    return Sheet(
        campaign, closed.get(campaign.pk), over, [one for one in groups if one.campaign_id == campaign.pk]
    )


def _counts(
    party: Party, still_open: Iterable[Campaign], month: date, stored: Iterable[Statement]
) -> tuple[int, int]:
    """Leads received and rejected in the month: those of closed campaigns as they were frozen."""
    counted = [
        one
        for one in months.counted([span_of(campaign, month) for campaign in still_open])
        if party.supplier_id in (None, one.supplier_id)
    ]
    received = sum(one.received for one in counted) + sum(one.received for one in stored)
    return int(received), int(sum(one.rejected for one in counted) + sum(one.rejected for one in stored))


def _figures(groups: Sequence[Group], received: int, rejected: int) -> Figures:
    def leads(kind: Kind) -> int:
        return sum(group.lines for group in groups if group.kind == kind)

    def amount(kind: Kind | None = None) -> Decimal:
        return sum((group.amount for group in groups if kind in (None, group.kind)), Decimal("0.00"))

    return Figures(
        received=received,
        accepted=leads(Kind.ACCEPTED),
        accepted_amount=amount(Kind.ACCEPTED),
        rejected=rejected,
        credits=leads(Kind.CREDIT),
        credits_amount=amount(Kind.CREDIT),
        owed=leads(Kind.OWED),
        owed_amount=amount(Kind.OWED),
        adjustments=leads(Kind.ADJUSTMENT),
        adjustments_amount=amount(Kind.ADJUSTMENT),
        affiliate=leads(Kind.AFFILIATE),
        affiliate_amount=amount(Kind.AFFILIATE),
        total=amount(),
    )


def _check(
    party: Party,
    campaigns: Iterable[Campaign],
    closed: dict[int, ClosedMonth],
    groups: Sequence[Group],
    stored: Iterable[Statement],
) -> Check:
    frozen = [group for group in groups if group.campaign_id in closed]
    stored = list(stored)
    return Check(
        frozen=(sum(group.lines for group in frozen), sum(group.amount for group in frozen))
        == (sum(one.lines for one in stored), sum(one.total for one in stored)),
        balance=money.balance([campaign.pk for campaign in campaigns], party.supplier_id),
    )


def earned(found: OneStatement) -> list[tuple[str, Decimal]]:
    """What suppliers earn of a client's statement, by name, the most first. For staff only."""
    scope, amounts = found.scope, dict[int, Decimal]()
    for one in money.sums(scope.open, suppliers=True):
        if one.supplier_id:
            amounts[one.supplier_id] = amounts.get(one.supplier_id, Decimal(0)) + one.amount
    for stored in Statement.objects.filter(closed__in=scope.closed, supplier__isnull=False, lines__gt=0):
        supplier_id = stored.supplier_id or 0
        amounts[supplier_id] = amounts.get(supplier_id, Decimal(0)) + stored.total
    names = dict(Supplier.objects.filter(pk__in=amounts).values_list("pk", "name"))
    return sorted(
        ((names[pk], amount) for pk, amount in amounts.items()), key=lambda pair: (-pair[1], pair[0])
    )


def returnable(campaigns: Iterable[Campaign], at: datetime) -> list[months.Returnable]:
    """Billed leads that clients may still reject, by campaign, supplier and month."""
    opens = [
        (one.pk, window_opens(local_date(at, one.time_zone), one.return_window_days, one.time_zone))
        for one in campaigns
        if one.return_window_days is not None
    ]
    return months.returnable(opens)
