"""A supplier's own pages: the overview, its rejected leads, what to fix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, Disposition, User
from campaigns.views import later
from leads.models import Download
from rejections import inbox, portal
from rejections.models import Dispute
from rejections.sql import portal as statements
from rejections.sql.portal import Asked
from rejections.views import downloads
from rejections.views.files import table_file
from rejections.views.paging import Pager

#: Rejected leads on the overview, and on a page of their list.
LATELY, PAGE = 7, 25
DISPUTES = 3
#: Days, and months, that can be looked at.
DAYS, MONTHS = 30, 6


def overview(request: HttpRequest) -> HttpResponse:
    """A supplier's first page: some days of its leads, in one campaign or in all."""
    person: Any = request.user
    now = timezone.now()
    campaigns = list(Campaign.objects.visible_to(person))
    chosen = next((c for c in campaigns if str(c.pk) == request.GET.get("campaign")), None)
    periods = _periods(timezone.localdate(now))
    period = next((one for one in periods if one.value == request.GET.get("period")), periods[0])
    parts, in_part = later.parts(request, "all"), request.GET.get("part") == "all"
    context = {
        "later": parts,
        "in_part": in_part,
        "campaigns": campaigns,
        "chosen": chosen,
        "periods": periods,
        "period": period,
        "now": now,
    }
    if not parts:
        context |= _counted(person, [chosen] if chosen else campaigns, chosen, period)
    template = "rejections/_portal.html" if in_part else "rejections/portal.html"
    return render(request, template, context)


def _counted(
    person: User, campaigns: list[Campaign], chosen: Campaign | None, period: Period
) -> dict[str, Any]:
    """What the overview counts, and what it lists."""
    now = timezone.now()
    asked = Asked(person.supplier_id or 0, chosen.pk if chosen else None)
    visible = Dispute.objects.visible_to(person)
    return {
        "overview": portal.overview(person, campaigns, period.first, period.last, now),
        "lately": portal.rejected(asked, person, now, offset=0, limit=LATELY),
        "disputes": inbox.lines(inbox.urgent(visible)[:DISPUTES], person),
        "waiting": inbox.in_tab(visible, "").count(),
    }


@dataclass(frozen=True)
class Period:
    """Days that can be looked at: its name in the address, its words, the first and the last of them."""

    value: str
    words: str
    first: date
    last: date


def _periods(today: date) -> list[Period]:
    """The last days, then months, the running one first."""
    found = [Period("", f"the last {DAYS} days", today - timedelta(days=DAYS), today)]
    last = today
    for _ in range(MONTHS):
        first = last.replace(day=1)
        found.append(Period(f"{first:%Y-%m}", f"{first:%B %Y}", first, last))
        last = first - timedelta(days=1)
    return found


@login_required
@require_safe
def rejected(request: HttpRequest) -> HttpResponse:
    """The supplier's rejected leads, those rejected last on top, to be read and disputed."""
    person = _supplier(request)
    asked, form = _asked(request.GET, person)
    pager = Pager.of(request.GET, statements.count_rejected(asked), PAGE)
    now = timezone.now()
    context = {
        "lines": portal.rejected(asked, person, now, offset=pager.page * PAGE, limit=PAGE),
        "pager": pager,
        "form": form,
        "campaigns": Campaign.objects.visible_to(person),
        "reasons": [
            (d.pk, d.supplier_text or d.label) for d in Disposition.objects.filter(code__startswith="CLIENT_")
        ],
        "query": request.GET.urlencode(),
    }
    return render(request, "rejections/rejected.html", context)


@login_required
@require_safe
def rejected_download(request: HttpRequest, format: str) -> HttpResponseBase:
    """All rejected leads under the filters in the address."""
    person = _supplier(request)
    asked, _ = _asked(request.GET, person)
    made_later = format == "xlsx" and downloads.made_later(
        request,
        Download.Kind.REJECTED,
        asked._asdict(),
        rows=statements.count_rejected(asked),
        columns=len(portal.COLUMNS),
        name="rejected-leads.xlsx",
        title="Rejected leads",
        back=reverse("rejected"),
    )
    return made_later or table_file(portal.rejected_table(asked, person), "rejected-leads", format, "Leads")


@login_required
@require_safe
def to_fix(request: HttpRequest) -> HttpResponse:
    """The values that turn most of the supplier's leads away at the door."""
    person = _supplier(request)
    return render(request, "rejections/to_fix.html", {"lines": portal.to_fix(person)})


def _supplier(request: HttpRequest) -> User:
    person: Any = request.user
    if not person.supplier_id:
        raise Http404
    return person


def _asked(sent: QueryDict, person: User) -> tuple[Asked, dict[str, str]]:
    """The filters as sent; a campaign that is not theirs counts as none."""
    form = {name: sent.get(name, "").replace("\0", "").strip()[:100] for name in ("campaign", "reason", "q")}
    mine = Campaign.objects.visible_to(person).filter(pk=_number(form["campaign"])).first()
    disposition = Disposition.objects.filter(pk=_number(form["reason"])).first()
    form["campaign"] = str(mine.pk) if mine else ""
    form["reason"] = str(disposition.pk) if disposition else ""
    asked = Asked(
        person.supplier_id or 0,
        mine.pk if mine else None,
        disposition.pk if disposition else None,
        form["q"],
    )
    return asked, form


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
