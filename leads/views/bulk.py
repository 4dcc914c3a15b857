"""What is done with leads picked from a list, or with all of a list: a question first, then batches like any other.

A whole list is named by its address. Its leads are looked up when the question is asked and again when it is
answered: what came in between is left alone, and if fewer are left, the question is asked anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns.models import Campaign, User
from leads import filters, listing, profile
from leads.forms import RejectForm
from leads.models import Lead, LeadQuerySet, LeadValues
from leads.sql.walk import walk
from leads.statuses import Status
from leads.views import table
from rejections import byhand, control, uploads
from rejections.columns import LEAD_ID
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from rejections.tasks import ring
from rejections.templatetags.batches import batch_number

#: Leads that can be picked at once; a page holds fewer.
PICKED = 200
#: Leads of a whole list that can be: as many as are counted.
EVERY = listing.COUNTED
#: What can be done: the verb, who may, and the sentence under the title.
ACTS = {
    "reject": ("Reject", control.may_reject, "They are checked first: the next page says what would happen."),
    "accept": (
        "Accept",
        control.may_reject,
        "They will be billed. They are checked first: the next page says what would happen.",
    ),
    "keep": (
        "Keep rejected:",
        control.may_correct,
        "They stay Rejected, and leave the fix queue until something else fails.",
    ),
}


@login_required
@require_POST
def leads_act(request: HttpRequest) -> HttpResponseBase:
    """Download what was picked; or ask about an act, and on the second call do it."""
    person: Any = request.user
    act, query = request.POST.get("act", ""), request.POST.get("query", "")
    picked = _picked(request, person)
    if why_not := picked.why_not:
        messages.error(request, f"{why_not} Nothing was changed.")
        return redirect(_back(query))
    if act == "download":
        return _download(person, picked, query)
    if act not in ACTS:
        raise Http404
    if not ACTS[act][1](person):
        raise PermissionDenied
    form = RejectForm(request.POST) if "sure" in request.POST else None
    if form is None or (act == "reject" and not form.is_valid()):
        return _ask(request, act, picked, form)
    try:
        batches = _do(act, picked, person, form)
    except Refused as refusal:
        return _ask(request, act, picked, form, refusal)
    return _begun(request, act, batches, query)


@dataclass(frozen=True)
class Picked:
    """The leads meant. With `every` they are all of a list, of which the person was told so many (`told`).

    `highest` is the highest Lead ID when the question was asked: leads that came later are not meant.
    """

    leads: list[Lead]
    every: bool = False
    told: int | None = None
    highest: int = 0

    @property
    def why_not(self) -> str:
        """Why nothing can be done with them, or “”."""
        if len(self.leads) > EVERY:
            return f"More than {EVERY:,} leads match. Narrow the list first, or do it in parts."
        return "" if self.leads or self.every else "No lead was selected. Tick some first."


def _picked(request: HttpRequest, person: User) -> Picked:
    known = Lead.objects.visible_to(person).select_related(
        "campaign__client", "source__campaign", "source__supplier", "supplier", "disposition", "adjustment"
    )
    if request.POST.get("every") == "yes":
        return _every(request, person, known)
    ids = _numbers(request, "lead")
    return Picked(list(known.filter(pk__in=ids[:PICKED]).order_by("-pk")))


def _every(request: HttpRequest, person: User, known: LeadQuerySet) -> Picked:
    """All of the list that the address means, of those that were there when the question was asked."""
    asked = table.Asked.of(person, filters.read_query(request.POST.get("query", "")), timezone.now())
    [highest, *_], [told, *_] = ([*_numbers(request, name), None] for name in ("highest", "told"))
    leads = asked.leads if highest is None else asked.leads.filter(pk__lte=highest)
    with walk():
        ids = list(listing.in_order(leads, asked.filters.sort).values_list("pk", flat=True)[: EVERY + 1])
    return Picked(list(known.filter(pk__in=ids).order_by("-pk")), True, told, highest or max(ids, default=0))


def _numbers(request: HttpRequest, name: str) -> list[int]:
    return [int(text) for text in request.POST.getlist(name) if text.isdecimal() and len(text) < 19]


def _back(query: str) -> str:
    kept = filters.read_query(query).query()
    return f"{reverse('leads')}?{kept}" if kept else reverse("leads")


def _download(person: User, picked: Picked, query: str) -> HttpResponseBase:
    asked = table.Asked.of(person, filters.read_query(query), timezone.now())
    leads = Lead.objects.visible_to(person).filter(pk__in=[lead.pk for lead in picked.leads])
    return table.as_file(replace(asked, leads=leads))


def _ask(
    request: HttpRequest,
    act: str,
    picked: Picked,
    form: RejectForm | None,
    refused: Refused | None = None,
) -> HttpResponse:
    at = timezone.now()
    listed = [] if picked.every else picked.leads
    values = LeadValues.objects.in_bulk([lead.pk for lead in listed])
    fit = [_fits(act, lead, at) for lead in picked.leads]
    kinds = Counter((lead.status, why_not) for lead, why_not in zip(picked.leads, fit, strict=True))
    verb, _, text = ACTS[act]
    context = {
        "act": act,
        "verb": verb,
        "text": text,
        "lines": [
            {"lead": lead, "name": profile.title(lead, values.get(lead.pk)), "why_not": why_not}
            for lead, why_not in zip(listed, fit, strict=False)
        ],
        "every": picked if picked.every else None,
        "kinds": sorted(((*kind, leads) for kind, leads in kinds.items()), key=lambda kind: kind[1:]),
        "fitting": fit.count(""),
        "campaigns": len({lead.campaign_id for lead in picked.leads}),
        "form": form or RejectForm(),
        "refused": refused,
        "query": request.POST.get("query", ""),
        "back": _back(request.POST.get("query", "")),
    }
    return render(request, "leads/act.html", context, status=422 if form else 200)


def _fits(act: str, lead: Lead, at: datetime) -> str:
    """Why this lead will be left out, or “”."""
    status = Status(lead.status)
    if act == "reject":
        window = profile.window(lead, at)
        if window is None:
            if hasattr(lead, "adjustment"):
                return "its month is closed, and it was adjusted before"
            if lead.decided_for_supplier:
                return "a dispute about it was decided for its supplier"
            return f"{status.label}: not to be rejected"
        return "" if window.open else "its return window has closed"
    needed = Status.PENDING if act == "accept" else Status.REJECTED
    return "" if status == needed else f"{status.label}, not {needed.label}"


def _do(act: str, picked: Picked, person: User, form: RejectForm) -> list[Batch]:
    """The batches, all or none; raises Refused."""
    at = timezone.now()
    leads = _still_meant(act, picked, at) if picked.every else picked.leads
    with transaction.atomic():
        if act == "keep":
            batches = byhand.keep(leads, person=person, via="page", at=at)
        else:
            by_campaign: dict[Campaign, list[Lead]] = defaultdict(list)
            for lead in leads:
                by_campaign[lead.campaign].append(lead)
            batches = [_batch(act, *pair, form, person=person, at=at) for pair in by_campaign.items()]
        for batch in batches:
            transaction.on_commit(partial(ring, batch.pk))
    return batches


def _still_meant(act: str, picked: Picked, at: datetime) -> list[Lead]:
    """Those of a whole list that fit, if they are as many as the person was told; raises Refused."""
    leads = [lead for lead in picked.leads if not _fits(act, lead, at)]
    if len(leads) != picked.told:
        raise Refused(
            "list_changed",
            "The list has changed since you were asked",
            f"It was about {picked.told or 0:,} of its leads, and is about {len(leads):,} now. "
            "Nothing was changed. See below what it is about now.",
        )
    return leads


def _batch(act: str, campaign: Campaign, leads: list[Lead], form: RejectForm, **by: Any) -> Batch:
    if act == "accept":
        ids = [lead.pk for lead in leads if lead.status == Status.PENDING]
        return uploads.close_out(campaign, Options(), only=ids, via="page", **by)
    rows = [(str(lead.pk), form.cleaned_data["reason"]) for lead in leads]
    return uploads.receive_rows(campaign, rows, identifier=LEAD_ID, via="page", **by)


def _begun(request: HttpRequest, act: str, batches: list[Batch], query: str) -> HttpResponse:
    if len(batches) == 1:
        return redirect("batch", batches[0].pk)
    numbers = ", ".join(batch_number(batch) for batch in batches)
    if act == "keep":
        messages.success(request, f"One batch for each source is at work: {numbers}.")
        return redirect(_back(query))
    messages.info(request, f"One batch for each campaign waits to be started: {numbers}. Nothing has moved.")
    return redirect("imports")
