"""Pages of campaigns: their terms, where their leads stand, and *Accept leads*."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.forms import AcceptForm
from campaigns.models import Campaign, Cap, User
from campaigns.rules import period_bounds
from leads.sql import caps, standing
from leads.statuses import Status
from rejections import control, uploads, worklist
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.views import shown
from rejections.worklist import Unsettled

#: Batches in the list of the newest.
RECENT = 8


def _visible(person: User) -> QuerySet[Campaign]:
    """Campaigns whose pages this person may open; suppliers have none."""
    if person.supplier_id:
        raise Http404
    return Campaign.objects.visible_to(person).select_related("client")


def named(person: User, code: str) -> Campaign:
    """The campaign with this code, if this person may see it; else 404."""
    if "\0" in code:  # the database knows no such text
        raise Http404
    return get_object_or_404(_visible(person), code=code)


@login_required
@require_safe
def campaigns(request: HttpRequest) -> HttpResponse:
    """The campaigns this person may see, with what is not settled in them."""
    person: Any = request.user
    lines = [_line(line) for line in worklist.unsettled(_visible(person), timezone.now())]
    return render(request, "campaigns/list.html", {"lines": lines})


def _line(line: Unsettled) -> dict[str, Any]:
    return {
        "campaign": line.campaign,
        "opens": line.opens,
        "pending": line.standing.pending,
        "closed": line.standing.closed,
    }


@login_required
@require_safe
def campaign(request: HttpRequest, code: str) -> HttpResponse:
    """One campaign: its terms and where its leads stand."""
    person: Any = request.user
    found = named(person, code)
    at = timezone.now()
    line = worklist.unsettled([found], at)[0]
    counts = standing.statuses(campaign_id=found.pk)
    batches = Batch.objects.visible_to(person).filter(campaign=found).exclude(kind=Kind.CORRECTION)
    context = {
        "campaign": found,
        "statuses": [(status.value, counts.get(status, 0)) for status in Status],
        "opens": line.opens,
        "closed": {"leads": line.standing.closed, "amount": line.standing.closed_amount},
        "fields": [{"label": f.label, "dedupe": True, "ready": f.dedupe_ready} for f in _deduped(found)],
        "caps": [_cap(cap, at) for cap in caps_of(found, person)],
        "recent": shown.recent(batches.select_related("campaign", "created_by")[:RECENT], person),
        "may_accept": control.may_reject(person),
    }
    return render(request, "campaigns/campaign.html", context)


def _deduped(campaign: Campaign) -> QuerySet[Any]:
    """The fields a file may name leads by."""
    return campaign.fields.filter(dedupe=True)


def caps_of(campaign: Campaign, person: User) -> QuerySet[Cap]:
    """The campaign's caps; those of one supplier are not for everybody."""
    found = campaign.caps.select_related("supplier", "campaign")
    shows = person.is_staff or campaign.show_suppliers_to_client
    return found if shows else found.filter(supplier=None)


def _cap(cap: Cap, at: datetime) -> dict[str, Any]:
    words = f"{cap.supplier.name if cap.supplier else 'Whole campaign'}, {cap.get_period_display()}"
    return {"words": words, "limit": cap.limit, "used": used_of(cap, at)}


def used_of(cap: Cap, at: datetime) -> int:
    """Leads that use the cap in its period now."""
    begin, end = period_bounds(cap.period, at, cap.campaign.time_zone)
    return caps.used(cap.campaign_id, cap.supplier_id, begin, end)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def accept_leads(request: HttpRequest, code: str) -> HttpResponse:
    """Choose the last day; the close-out is then checked, and started from its check."""
    person: Any = request.user
    found = named(person, code)
    accepting = _accepting(found, person)
    form = AcceptForm(request.POST if request.method == "POST" else None, initial=_suggested(accepting))
    refused = None
    if request.method == "POST":
        if not control.may_reject(person):
            raise PermissionDenied
        if form.is_valid():
            try:
                return redirect("batch", _close_out(found, form, person).pk)
            except Refused as refusal:
                refused = refusal
    context = accepting | {"form": form, "refused": refused}
    return render(request, "campaigns/accept.html", context, status=422 if form.errors or refused else 200)


def _close_out(campaign: Campaign, form: AcceptForm, person: User) -> Batch:
    """The one call: a close-out to be checked; raises Refused."""
    options = Options(accept_remaining=True, through=form.cleaned_data["through"])
    return uploads.close_out(campaign, options, person=person, via="page", at=timezone.now())


def _suggested(accepting: dict[str, Any]) -> dict[str, Any]:
    """The last day whose window has closed: the client can reject none of its leads any more."""
    opens = accepting["facts"]["opens"]
    return {"through": opens - timedelta(days=1)} if opens else {}


def _accepting(campaign: Campaign, person: User) -> dict[str, Any]:
    line = worklist.unsettled([campaign], timezone.now())[0]
    return {
        "campaign": campaign,
        "facts": {
            "pending": line.standing.pending,
            "closed": line.standing.closed,
            "opens": line.opens,
            "today": line.today,
        },
        "may_start": control.may_reject(person),
        "grantors": shown.grantors(person),
        "senders": shown.senders(person),
    }
