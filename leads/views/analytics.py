"""Analytics: how leads fared, by supplier and reason, by day, by value; each chart with its table and its file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, User
from campaigns.rules import begin, local_date
from leads import insight, periods, reports
from leads.filters import Filters
from leads.reports import Cohort, Returned, Share
from leads.sheet import shield
from leads.statuses import Status

#: Days looked at unless others are asked for, at most, and up to which each is a bar of its own.
USUAL_DAYS, MOST_DAYS, DAILY = 30, 366, 45
#: A what-if offers windows of up to so many days.
LONGEST_WINDOW = 365


@dataclass(frozen=True)
class Asked:
    """What the page is about: these campaigns (one, when chosen), these days, and whether suppliers are told apart."""

    person: User
    campaigns: dict[int, Campaign]
    chosen: Campaign | None
    first: date
    last: date
    zone: str

    @classmethod
    def of(cls, person: User, data: QueryDict) -> Asked:
        """What the address asks for; suppliers have no such page."""
        if person.supplier_id:
            raise Http404
        visible = Campaign.objects.visible_to(person)
        known = {campaign.pk: campaign for campaign in visible}
        chosen = next((one for one in known.values() if one.code == data.get("campaign")), None)
        zone = chosen.time_zone if chosen else settings.TIME_ZONE
        today = local_date(timezone.now(), zone)
        last = min(_day(data.get("to", "")) or today, today)
        first = _day(data.get("from", "")) or last - timedelta(days=USUAL_DAYS - 1)
        first = min(max(first, last - timedelta(days=MOST_DAYS - 1)), last)
        return cls(person, known, chosen, first, last, zone)

    @property
    def cohort(self) -> Cohort:
        """The leads meant."""
        ids = [self.chosen.pk] if self.chosen else list(self.campaigns)
        after = self.last + timedelta(days=1)
        return Cohort(ids, begin(self.first, self.zone), begin(after, self.zone), self.zone)

    @property
    def before(self) -> Asked:
        """As many days, right before these."""
        last = self.first - timedelta(days=1)
        return replace(self, first=last - (self.last - self.first), last=last)

    @property
    def base(self) -> Filters:
        """All these leads, as a list."""
        code = self.chosen.code if self.chosen else ""
        return Filters(campaign=code, received_from=self.first, received_to=self.last)

    @property
    def still_open(self) -> bool:
        """Whether some of these leads can still be rejected by their client."""
        asked = [self.chosen] if self.chosen else self.campaigns.values()
        longest = max((one.return_window_days or 0 for one in asked), default=0)
        return self.last + timedelta(days=longest) >= local_date(timezone.now(), self.zone)

    @property
    def by_supplier(self) -> bool:
        """Whether suppliers are told apart; else campaigns are."""
        shows = self.chosen is not None and self.chosen.show_suppliers_to_client
        return self.person.is_staff or shows

    @property
    def query(self) -> str:
        """The address of these charts."""
        code = {"campaign": self.chosen.code} if self.chosen else {}
        return urlencode({**code, "from": self.first.isoformat(), "to": self.last.isoformat()})


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if date(1970, 1, 1) < found < date(9000, 1, 1) else None


@login_required
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    """All charts, under the filters in the address."""
    person: Any = request.user
    asked = Asked.of(person, request.GET)
    shares = reports.shares(asked.cohort)
    returned = reports.days_to_reject(asked.cohort)
    weekly = (asked.last - asked.first).days >= DAILY
    days = reports.per_day(asked.cohort)
    days = reports.by_week(days) if weekly else days
    window = asked.chosen.return_window_days if asked.chosen else None
    context = {
        "asked": asked,
        "campaigns": asked.campaigns.values(),
        **_figures(asked, shares, returned),
        "heat": insight.heat(shares, asked.campaigns, asked.base, by_supplier=asked.by_supplier),
        "days": days,
        "listed": insight.listed(days, asked.base, weekly=weekly),
        "weekly": weekly,
        "returned": insight.spread(returned, window),
        "window": window,
        "offenders": insight.named(
            reports.offenders(asked.cohort, insight.OFFENDERS), asked.campaigns, asked.base
        ),
        "flips": insight.flipped(reports.flips(asked.cohort), asked.campaigns),
        "what_if": _what_if(asked.chosen, returned, request.GET),
    }
    return render(request, "leads/analytics.html", context)


def _figures(asked: Asked, shares: list[Share], returned: list[Returned]) -> dict[str, Any]:
    """The figures, how each stands against the days before, and the lists of leads behind them."""
    before = asked.before
    now = periods.figures(shares, asked.campaigns, returned)
    was = periods.figures(
        reports.shares(before.cohort), asked.campaigns, reports.days_to_reject(before.cohort)
    )
    lists = {status.value: asked.base.query(status=(status.value,)) for status in Status}
    return {"figures": now, "before": before, "changes": periods.compared(now, was), "lists": lists}


@login_required
@require_safe
def what_if(request: HttpRequest, code: str) -> HttpResponse:
    """The fragment “if maximum rejection days were N” of one campaign: over the days given, else its last year.

    Without JavaScript its form leads to the page that holds it.
    """
    person: Any = request.user
    data = request.GET.copy()
    data["campaign"] = code
    data.setdefault("from", (timezone.now().date() - timedelta(days=MOST_DAYS - 1)).isoformat())
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('analytics')}?{data.urlencode()}")
    asked = Asked.of(person, data)
    if asked.chosen is None:
        raise Http404
    found = _what_if(asked.chosen, reports.days_to_reject(asked.cohort), data)
    context = {"what_if": found, "asked": asked, "campaign": asked.chosen}
    return render(request, "leads/_what_if.html", context)


def last_year(campaign: Campaign, at: datetime, data: QueryDict) -> dict[str, Any] | None:
    """What a window of the days asked for would have kept out of the campaign's last year."""
    zone, today = campaign.time_zone, local_date(at, campaign.time_zone)
    year = begin(today - timedelta(days=MOST_DAYS - 1), zone), begin(today + timedelta(days=1), zone)
    return _what_if(campaign, reports.days_to_reject(Cohort([campaign.pk], *year, zone)), data)


def _what_if(
    campaign: Campaign | None, returned: Sequence[reports.Returned], data: QueryDict
) -> dict[str, Any] | None:
    """What a window of the days asked for would have kept out; without a campaign or rejections there is none."""
    if campaign is None or not returned:
        return None
    text = data.get("days", "")
    now = campaign.return_window_days
    asked = int(text) if text.isdecimal() and len(text) < 4 else max((now or 14) - 7, 0)
    days = min(asked, LONGEST_WINDOW)
    return {"outside": reports.what_if(returned, days), "now": now, "currency": campaign.currency}


@login_required
@require_safe
def analytics_download(request: HttpRequest, report: str) -> HttpResponse:
    """The table behind one chart as CSV."""
    person: Any = request.user
    asked = Asked.of(person, request.GET)
    if report not in _TABLES:
        raise Http404
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{report}.csv"'
    answer["Cache-Control"] = "no-store"
    answer.write("\ufeff" + _csv(_TABLES[report](asked)))
    return answer


def _csv(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([shield(str(cell)) for cell in row] for row in rows)
    return out.getvalue()


def _heat(asked: Asked) -> Iterable[Sequence[object]]:
    heat = insight.heat(
        reports.shares(asked.cohort),
        asked.campaigns,
        asked.base,
        by_supplier=asked.by_supplier,
        columns=99,
    )
    titles = [reason.label for reason in heat.reasons]
    yield ["Supplier" if asked.by_supplier else "Campaign", *titles, "All reasons", "Leads"]
    for line in heat.lines:
        yield [line.name, *(cell.leads for cell in line.cells), line.rejected, line.leads]


def _days(asked: Asked) -> Iterable[Sequence[object]]:
    yield ["Day", "Accepted or Pending", "Rejected", "Client Rejected"]
    for day in reports.per_day(asked.cohort):
        yield [day.day.isoformat(), *day.leads]


def _returned(asked: Asked) -> Iterable[Sequence[object]]:
    yield ["Days", "Leads"]
    for one in reports.days_to_reject(asked.cohort):
        yield [one.days, one.leads]


def _offenders(asked: Asked) -> Iterable[Sequence[object]]:
    yield ["Campaign", "Field", "Value", "Disposition", "Leads"]
    for one in insight.named(reports.offenders(asked.cohort, 1000), asked.campaigns, asked.base):
        yield [one["campaign"], one["field"], one["value"], one["code"], one["leads"]]


def _flips(asked: Asked) -> Iterable[Sequence[object]]:
    yield ["Campaign", "Change", "Leads", "Price", "Currency"]
    for one in insight.flipped(reports.flips(asked.cohort), asked.campaigns):
        yield [one["campaign"], one["words"], one["leads"], one["amount"], one["campaign"].currency]


_TABLES = {
    "suppliers-and-reasons": _heat,
    "days": _days,
    "days-to-reject": _returned,
    "values": _offenders,
    "changes": _flips,
}
