"""What waits for a person: windows that close, imports that need a decision, phrases without a code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Case, Count, Q, QuerySet, Value, When

from campaigns.models import Campaign, Client, User
from campaigns.rules import begin, local_date, window_opens
from leads.sql import standing as statements
from leads.sql.standing import Bounds, Delivered, Span, Standing
from rejections.models import Batch
from rejections.sql import credits
from rejections.sql.credits import Month, Rejections
from rejections.states import EDITABLE, RUNNABLE, State

#: A window that closes within so many days, today's among them, is soon.
SOON_DAYS = 2
#: So many of the next closing days are shown to a client.
CLOSING_DAYS = 5
#: Open batches listed at most.
OPEN_LISTED = 12


@dataclass(frozen=True)
class Unsettled:
    """A campaign with what is not settled in it. Dates are the campaign's.

    `opens`: the oldest day still inside the window; `closed_on`, `closes_on` and `all_closed_on`: the last date
    on which the newest lead outside could be rejected, and the oldest and the newest that close soon can be.
    """

    campaign: Campaign
    today: date
    opens: date | None
    standing: Standing
    closed_on: date | None = None
    closes_on: date | None = None
    all_closed_on: date | None = None


def opens_on(campaign: Campaign, at: datetime) -> date | None:
    """The oldest day whose leads can be rejected today; None without a return window."""
    days, zone = campaign.return_window_days, campaign.time_zone
    return None if days is None else local_date(window_opens(local_date(at, zone), days, zone), zone)


def unsettled(campaigns: Iterable[Campaign], at: datetime) -> list[Unsettled]:
    """Each of the campaigns with its leads that are not settled yet, in one query."""
    listed = list(campaigns)
    stuck_before = at - timedelta(minutes=settings.STUCK_MINUTES)
    found = statements.standing([_bounds(campaign, at) for campaign in listed], stuck_before)
    return [_unsettled(campaign, found.get(campaign.pk, _nothing(campaign)), at) for campaign in listed]


def _bounds(campaign: Campaign, at: datetime) -> Bounds:
    opens, zone = opens_on(campaign, at), campaign.time_zone
    if opens is None:
        return Bounds(campaign.pk, None, None)
    return Bounds(campaign.pk, begin(opens, zone), begin(opens + timedelta(days=SOON_DAYS), zone))


def _nothing(campaign: Campaign) -> Standing:
    none = Decimal(0)
    return Standing(campaign.pk, 0, none, 0, none, None, 0, none, None, None, 0, none, 0)


def _unsettled(campaign: Campaign, standing: Standing, at: datetime) -> Unsettled:
    return Unsettled(
        campaign=campaign,
        today=local_date(at, campaign.time_zone),
        opens=opens_on(campaign, at),
        standing=standing,
        closed_on=_last_date(campaign, standing.last_closed),
        closes_on=_last_date(campaign, standing.first_closing),
        all_closed_on=_last_date(campaign, standing.last_closing),
    )


def _last_date(campaign: Campaign, valid_at: datetime | None) -> date | None:
    """The last date on which a lead valid at this moment can be rejected."""
    if valid_at is None or campaign.return_window_days is None:
        return None
    return local_date(valid_at, campaign.time_zone) + timedelta(days=campaign.return_window_days)


@dataclass(frozen=True)
class ClosingDay:
    """Leads of a campaign that became valid on one day, and the last date on which they can be rejected."""

    campaign: Campaign
    day: date
    until: date
    days_left: int
    leads: Delivered


def closing_days(campaigns: Iterable[Campaign], at: datetime) -> list[ClosingDay]:
    """Days with Pending leads whose windows close next, the first to close first."""
    days = [
        (campaign, opens + timedelta(days=left), left)
        for campaign in campaigns
        if (opens := opens_on(campaign, at)) is not None
        for left in range(min(CLOSING_DAYS, (campaign.return_window_days or 0) + 1))
    ]
    spans = [_day_span(campaign, day) for campaign, day, _ in days]
    found = zip(days, statements.delivered(spans), strict=True)
    closing = [
        ClosingDay(campaign, day, day + timedelta(days=campaign.return_window_days or 0), left, leads)
        for (campaign, day, left), leads in found
        if leads.pending
    ]
    return sorted(closing, key=lambda line: (line.days_left, line.campaign.name))


def _day_span(campaign: Campaign, day: date) -> Span:
    zone = campaign.time_zone
    return Span(campaign.pk, begin(day, zone), begin(day + timedelta(days=1), zone))


def this_month(campaigns: Iterable[Campaign], at: datetime) -> list[Rejections]:
    """What was rejected in the campaigns since the month began in each one's zone."""
    months = [Month(c.pk, begin(local_date(at, c.time_zone).replace(day=1), c.time_zone)) for c in campaigns]
    return credits.rejections(months)


def open_batches(user: User) -> QuerySet[Batch]:
    """Batches at work, then those that wait for a person, the newest first."""
    at_work = Case(When(state__in=RUNNABLE, then=Value(0)), default=Value(1))
    listed = Batch.objects.visible_to(user).filter(state__in=[*RUNNABLE, *EDITABLE, State.STOPPED])
    return listed.select_related("campaign").order_by(at_work, "-pk")[:OPEN_LISTED]


def undecided(user: User, at: datetime) -> QuerySet[Batch]:
    """Batches that go on only when a person decides: to map, to start, to continue or to undo.

    One that failed is named for as long as an upload is kept.
    """
    lately = at - timedelta(days=settings.UPLOADS_KEPT_DAYS)
    waiting = Q(state__in=[*EDITABLE, State.STOPPED]) | Q(state=State.FAILED, ended_at__gte=lately)
    return Batch.objects.visible_to(user).filter(waiting).select_related("campaign__client")[:OPEN_LISTED]


def phrases_without_code() -> list[tuple[Client, int]]:
    """Clients with phrases that nobody has given a disposition, and how many."""
    counted = Client.objects.annotate(undecided=Count("phrases", filter=Q(phrases__disposition=None)))
    return [(client, client.undecided) for client in counted.filter(undecided__gt=0).order_by("name")]
