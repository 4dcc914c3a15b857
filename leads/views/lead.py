"""One lead's page, for every side; and rejecting or accepting it there."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import User
from campaigns.templatetags.frame import one_of, owner
from leads import changes, filters, listing, profile
from leads.forms import RejectForm
from leads.models import Lead, LeadEvent, LeadValues
from leads.statuses import RETURNABLE, Status
from leads.timeline import timeline, together, why
from leads.views import table
from rejections import byhand, control, hearings, lineage, uploads
from rejections.columns import LEAD_ID
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from rejections.tasks import ring
from rejections.views import shown


def seen(person: User, pk: int) -> Lead:
    """The lead with its parties, if this person may see it; else 404."""
    visible = Lead.objects.visible_to(person)
    return get_object_or_404(
        visible.select_related("campaign__client", "source", "supplier", "disposition", "adjustment__event"),
        pk=pk,
    )


@login_required
@require_safe
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead: where it stands and why, its data, its history."""
    return page(request, seen(request.user, pk))  # type: ignore[arg-type]


@login_required
@require_POST
def lead_reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Reject one lead: a batch of one row, by the same rules."""
    person: Any = request.user
    found = _acting_on(person, pk)
    form = RejectForm(request.POST)
    if not form.is_valid():
        return page(request, found, form)
    rows = [(str(found.pk), form.cleaned_data["reason"])]
    make = partial(uploads.receive_rows, found.campaign, rows, identifier=LEAD_ID)
    return _through(request, found, make, form)


@login_required
@require_POST
def lead_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept one Pending lead: a close-out of one."""
    found = _acting_on(request.user, pk)  # type: ignore[arg-type]
    make = partial(uploads.close_out, found.campaign, Options(), only=[found.pk])
    return _through(request, found, make, None)


def _acting_on(person: User, pk: int) -> Lead:
    found = seen(person, pk)
    if not control.may_reject(person):
        raise PermissionDenied
    return found


def _through(request: HttpRequest, found: Lead, make: Any, form: RejectForm | None) -> HttpResponse:
    """The one call: make the batch and ring for a worker; or the page again, with what was refused."""
    try:
        batch = make(person=request.user, via="page", at=timezone.now(), goes_through=True)
    except Refused as refusal:
        return page(request, found, form, refusal)
    transaction.on_commit(partial(ring, batch.pk))
    return redirect("batch", batch.pk)


def page(
    request: HttpRequest,
    found: Lead,
    form: RejectForm | None = None,
    refused: Refused | None = None,
    fixing: dict[str, Any] | None = None,
) -> HttpResponse:
    """The lead's page; with what was refused, or with what a fix would do."""
    person: Any = request.user
    values = LeadValues.objects.filter(lead=found).first()
    received = request.GET.get("values") == "received"
    events = list(found.events.select_related("actor", "disposition"))
    first = changes.first_received(events, values) if values else {}
    labels = profile.labels(found, person, values.received if values else {}, first)
    context = _told(found, person, values, events, labels) | _doable(found, person) | _around(request, found)
    context |= {"form": form or RejectForm(), "refused": refused, "received": received}
    context["data"] = profile.data(values, first, labels, person, received=received)
    if control.may_correct(person):
        context["fixes"] = byhand.fixable(found, values)
        context["in_queue"] = values is not None and not values.kept_rejected
        context |= fixing or {"version": values.version if values else 0, "typed": {}}
    return render(request, "leads/lead.html", context, status=422 if form or refused else 200)


def _around(request: HttpRequest, found: Lead) -> dict[str, Any]:
    """The list that the page was opened from, and the leads before and after this one in it."""
    person: Any = request.user
    if "in" not in request.GET:
        return {"around": None}
    asked = table.Asked.of(person, filters.read_query(request.GET["in"]), timezone.now())
    before, after = listing.neighbours(asked.leads, asked.filters.sort, found)
    query = asked.filters.query()
    return {"around": {"before": before, "after": after, "query": query, "in": query or "all"}}


def _told(
    found: Lead, person: User, values: LeadValues | None, events: list[LeadEvent], labels: dict[str, str]
) -> dict[str, Any]:
    """What this person may know of the lead."""
    disputed = hearings.of_lead(found, person)
    numbers = {event.batch_id for event in events if event.batch_id}
    batches = Batch.objects.visible_to(person).in_bulk(numbers)
    history = timeline(events, person, batches, changes.by_event(events, values, labels))
    adjusted = profile.adjusted(found, person)
    code = found.disposition.code if found.disposition and not person.supplier_id else ""
    return {
        "lead": profile.lead_of(found, person),
        "zone": found.campaign.time_zone,
        "title": profile.title(found, values),
        "names": profile.names(found, person),
        "why": why(found.disposition, "", person),
        "why_code": code,
        "events": together(history, hearings.entries(disputed, person)),
        "written": lineage.written(events, batches),
        "dispute": disputed[-1] if disputed else None,
        "contest": hearings.contest_of(found, person, timezone.now()),
        "money": profile.money(found, person),
        "adjusted": adjusted,
        "adjusted_by": batches.get(adjusted.batch_id or 0) if adjusted else None,
        "affiliate_events": profile.affiliate_events(found, person),
        "deliveries": profile.deliveries(found, numbers, person),
    }


def _doable(found: Lead, person: User) -> dict[str, Any]:
    """Whether it can be rejected or accepted here, and if not, why."""
    able = control.may_reject(person)
    window = None if person.supplier_id else profile.window(found, timezone.now())
    reject = able and window is not None and window.open
    accept = able and found.status == Status.PENDING and found.campaign.return_window_days is not None
    rejectable = found.status in RETURNABLE and not hasattr(found, "adjustment")
    no_act = "" if able or not rejectable else _no_act(person)
    keep = control.may_correct(person) and found.status == Status.REJECTED
    return {
        "window": window,
        "if_released": None if person.supplier_id else profile.window_if_released(found, timezone.now()),
        "may": {"reject": reject, "accept": accept, "keep": keep},
        "no_act": no_act,
    }


def _no_act(person: User) -> str:
    """Who can help a client user that lacks the permission; a supplier user has nothing to ask for."""
    if person.supplier_id:
        return ""
    names = one_of(shown.grantors(person)) or "An administrator"
    permission = "the permission “Reject leads as a client”"
    return f"You can look, but not reject leads: {names} at {owner()} can give you {permission}."
