"""Home, one for each side: what needs a decision, a file to send, leads that came back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, Disposition, Field, User
from campaigns.rules import begin, local_date
from campaigns.templatetags.figures import counted, round_money
from campaigns.views import later
from leads import periods, reports
from leads.cells import OF_FIELD
from leads.filters import Filters, Only
from leads.statuses import Status
from rejections import inbox, monthclosings, worklist
from rejections.forms import UploadForm
from rejections.models import Batch, Kind
from rejections.sql import reasons
from rejections.sql.credits import Rejections
from rejections.states import RUNNABLE
from rejections.views import attention, portal, shown, troubles
from rejections.views.upload import upload_context
from rejections.worklist import Unsettled

#: Batches in the list of the newest.
RECENT = 6
#: Lines on a client's home.
WINDOWS_LISTED, REASONS_LISTED = 8, 6
#: Columns of the list of Pending leads; no Reason among them, for that is what its reader writes.
PENDING_COLUMNS = ("id", "name", "campaign", "price", "valid")
#: Reasons on the operators' home are counted over so many days.
REASON_DAYS = 30
#: Days of the chart of rejection rates.
RATE_DAYS = 30


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page of the person's side."""
    person: Any = request.user
    if person.supplier_id:
        return portal.overview(request)
    if request.GET.get("part") == "rates":
        return render(request, "rejections/_rates.html", _rates(person, timezone.localdate()))
    if person.client_id:
        return _client_home(request, person, timezone.now())
    parts, part = later.parts(request, "all", "rates"), request.GET.get("part")
    context = {"later": parts, "today": timezone.localdate()}
    if not parts:
        context |= _staff(person, timezone.now())
    if part == "all":
        return render(request, "rejections/_home.html", context)
    if not parts:
        context |= _rates(person, timezone.localdate())
    return render(request, "rejections/home.html", context)


def _client_home(request: HttpRequest, person: User, at: datetime) -> HttpResponse:
    """A client's first page, or one of its costly parts."""
    campaigns = list(Campaign.objects.visible_to(person))
    parts, part = later.parts(request, "windows", "credits", "rates"), request.GET.get("part")
    context: dict[str, Any] = {"later": parts}
    if not parts and part != "credits":
        lines = worklist.closing_days(campaigns, at)[:WINDOWS_LISTED]
        context["windows"] = [_window(line) for line in lines]
    if not parts and part != "windows":
        context["credits"] = _credits(campaigns, worklist.this_month(campaigns, at), at)
    if part in ("windows", "credits"):
        return render(request, f"rejections/_{part}.html", context)
    if not parts:
        context |= _rates(person, timezone.localdate(at))
    return render(request, "rejections/home_client.html", context | _client(person, campaigns))


def _rates(person: User, last: date) -> dict[str, Any]:
    """The chart of the last days' rejection rates, and where analytics has them."""
    first, zone = last - timedelta(days=RATE_DAYS - 1), timezone.get_current_timezone_name()
    earliest = begin(first - timedelta(days=periods.SPAN - 1), zone)
    campaigns = list(Campaign.objects.visible_to(person).values_list("pk", flat=True))
    cohort = reports.Cohort(campaigns, earliest, begin(last + timedelta(days=1), zone), zone)
    return {
        "rates": periods.rates(reports.per_day(cohort), first, last),
        "rates_url": f"{reverse('analytics')}?{urlencode({'from': first, 'to': last})}",
    }


@login_required
@require_safe
def open_batches(request: HttpRequest) -> HttpResponse:
    """The open batches, renewed while one is at work."""
    person: Any = request.user
    if not person.is_staff:
        raise Http404
    return render(request, "rejections/_open_batches.html", _open(person, timezone.now()))


def _open(person: User, at: datetime) -> dict[str, Any]:
    batches = list(worklist.open_batches(person))
    return {
        "open_batches": shown.open_lines(batches, at),
        "live": any(batch.state in RUNNABLE for batch in batches),
    }


def _staff(person: User, at: datetime) -> dict[str, Any]:
    campaigns = list(Campaign.objects.visible_to(person).select_related("client"))
    lines = worklist.unsettled(campaigns, at)
    phrases = worklist.phrases_without_code()
    return _open(person, at) | {
        "metrics": _metrics(lines, worklist.this_month(campaigns, at)),
        "items": attention.items(
            lines,
            worklist.undecided(person, at),
            phrases,
            person,
            *troubles.of_sources(at),
            *attention.of_disputes(inbox.waiting(person, at)),
            *attention.of_months(monthclosings.due(campaigns, at)),
        ),
        "to_fix": troubles.sources_to_fix(),
        "reasons": _top_reasons(at),
    }


def _top_reasons(at: datetime) -> list[dict[str, Any]]:
    """The dispositions that most leads of the last days have, the most frequent first."""
    used = reasons.by_code(at - timedelta(days=REASON_DAYS))
    named = Disposition.objects.in_bulk(sorted(used, key=lambda code: -used[code])[:REASONS_LISTED])
    lines = [
        {"words": code.label, "leads": used[pk], "url": _leads(disposition=code.code)}
        for pk, code in named.items()
    ]
    return sorted(lines, key=lambda line: -line["leads"])


def _metrics(lines: list[Unsettled], month: list[Rejections]) -> list[dict[str, Any]]:
    """Money at stake, per currency: that of most campaigns first, the same in each figure."""
    currencies = {line.campaign.pk: line.campaign.currency for line in lines}
    usual = [currency for currency, _ in Counter(currencies.values()).most_common()]

    def sums(amounts: Iterable[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
        return sorted(_by_currency(amounts), key=lambda part: usual.index(part[0]))

    pending = sums((line.campaign.currency, line.standing.pending_amount) for line in lines)
    closing = sums((line.campaign.currency, line.standing.closing_amount) for line in lines)
    closed = sums((line.campaign.currency, line.standing.closed_amount) for line in lines)
    rejected = sums((currencies[part.campaign_id], part.amount) for part in month)
    leads = [sum(getattr(line.standing, of) for line in lines) for of in ("pending", "closing", "closed")]
    billed = sum(part.credited for part in month)
    with_clients, soon, over = (
        _leads(status=(Status.PENDING,)),
        _leads(only=Only.CLOSING),
        _leads(only=Only.CLOSED),
    )
    return [
        _metric("Pending with clients", "clock", "pending", pending, leads[0], with_clients),
        _metric("Window closes within two days", "hourglass-low", "warn", closing, leads[1], soon),
        _metric("Window closed, still Pending", "hourglass-empty", "warn", closed, leads[2], over),
        _metric(
            "Client Rejected this month",
            "arrow-back-up",
            "client",
            rejected,
            sum(part.leads for part in month),
            reverse("imports"),
            f", {billed:,} of them had been billed" if billed else "",
        ),
    ]


def _leads(**asked: Any) -> str:
    """The list of these leads."""
    return f"{reverse('leads')}?{Filters(**asked).query()}"


def _metric(
    words: str, icon: str, tone: str, amounts: list[tuple[str, Decimal]], leads: int, url: str, more: str = ""
) -> dict[str, Any]:
    text = counted(leads, "lead") + more
    shown = [round_money(amount, currency) for currency, amount in amounts]
    return {"words": words, "icon": icon, "tone": tone, "amounts": shown, "text": text, "url": url}


def _by_currency(amounts: Iterable[tuple[str, Decimal]]) -> list[tuple[str, Decimal]]:
    """One sum a currency, the largest first; one of nothing when all are nothing."""
    whole: dict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        whole[currency] += amount
    ordered = sorted(whole.items(), key=lambda part: -part[1])
    return [part for part in ordered if part[1]] or ordered[:1]


def _client(person: User, campaigns: list[Campaign]) -> dict[str, Any]:
    batches = Batch.objects.visible_to(person).select_related("campaign", "created_by")
    return upload_context(person, "") | {
        "form": UploadForm(person),
        "pending": _pending(campaigns),
        "recent": shown.recent(batches.exclude(kind=Kind.CORRECTION)[:RECENT], person),
    }


def _pending(campaigns: Iterable[Campaign]) -> list[tuple[str, str]]:
    """(campaign, address of its Pending leads as CSV): a file that can be sent back with a reason in each row."""
    kinds = (Field.Kind.EMAIL, Field.Kind.PHONE)
    fields: dict[int, list[str]] = defaultdict(list)
    for one in Field.objects.filter(campaign__in=campaigns, kind__in=kinds):
        fields[one.campaign_id].append(f"{OF_FIELD}{one.name}")
    lists = []
    for campaign in campaigns:
        if campaign.return_window_days is not None:
            columns = (*PENDING_COLUMNS, *fields[campaign.pk])
            asked = Filters(status=(Status.PENDING,), campaign=campaign.code, columns=columns)
            lists.append((campaign.name, f"{reverse('leads_download')}?{asked.query()}"))
    return lists


def _window(line: worklist.ClosingDay) -> dict[str, Any]:
    return {
        "day": line.day,
        "until": line.until,
        "days_left": line.days_left,
        "delivered": line.leads.leads,
        "rejected": line.leads.rejected,
        "pending": line.leads.pending,
        "amount": line.leads.amount,
        "currency": line.campaign.currency,
        "campaign": line.campaign.name,
        "url": _leads(
            status=(Status.PENDING,), campaign=line.campaign.code, valid_from=line.day, valid_to=line.day
        ),
    }


def _credits(campaigns: list[Campaign], month: list[Rejections], at: datetime) -> dict[str, Any]:
    """What the month's rejections of billed leads came to, by reason."""
    currencies = {campaign.pk: campaign.currency for campaign in campaigns}
    zone = campaigns[0].time_zone if campaigns else settings.TIME_ZONE
    reasons: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for part in month:
        if part.credited:
            reasons[part.label].append((currencies[part.campaign_id], part.credited_amount))
    nothing = [(campaign.currency, Decimal(0)) for campaign in campaigns]
    return {
        "month": f"{local_date(at, zone):%B}",
        "leads": sum(part.credited for part in month),
        "sums": _by_currency([*nothing, *(amount for amounts in reasons.values() for amount in amounts)]),
        "reasons": [(label, _by_currency(amounts)) for label, amounts in reasons.items()][:REASONS_LISTED],
    }
