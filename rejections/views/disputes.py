"""Disputes: the operators' inbox with one dispute open beside it, their answers, and the evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from campaigns.lists import storable
from campaigns.models import Campaign, Supplier, User
from campaigns.templatetags.figures import counted
from leads import profile
from leads.changes import first_received
from leads.models import Download, Lead, LeadValues
from rejections import disputes as stories
from rejections import evidence, inbox
from rejections.models import Dispute, DisputedLead
from rejections.refusals import Refused
from rejections.views import contesting, downloads
from rejections.views.files import table_file
from rejections.views.paging import Pager

#: Disputes on a page, fields of a lead beside what both sides say.
PAGE = 25
FIELDS = 6
#: The longest answer.
ANSWER = 2000


@login_required
@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """The inbox with its first dispute open; for a supplier, its own disputes."""
    person: Any = request.user
    if person.supplier_id:
        return contesting.listed(request)
    if not person.is_staff:
        raise Http404
    return _inbox(request, None)


@login_required
@require_safe
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """One dispute: beside the inbox for staff, on its own page for its supplier."""
    found = _seen(request, pk)
    person: Any = request.user
    return contesting.one(request, found) if person.supplier_id else _inbox(request, found)


@login_required
@require_POST
def dispute_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant and refuse as chosen, lead by lead, or all alike; nothing is answered while a lead is undecided."""
    found = _to_answer(request, pk)
    person: Any = request.user
    waiting = _waiting(found)
    grant, refuse = _decisions(waiting, request.POST)
    if undecided := len(waiting) - len(grant) - len(refuse):
        return _inbox(request, found, _undecided(undecided))
    said = storable(request.POST.get("answer", "")).strip()[:ANSWER]
    try:
        granted, refused = stories.answer(
            found, grant=grant, refuse=refuse, answer=said, person=person, at=timezone.now()
        )
    except Refused as refusal:
        return _inbox(request, found, refusal)
    messages.success(request, f"{found}: {_answered(granted, refused)}. Both sides see it.")
    return redirect("disputes")


@login_required
@require_POST
def dispute_effect(request: HttpRequest, pk: int) -> HttpResponse:
    """What the answer as chosen so far would do; nothing is answered."""
    found = _to_answer(request, pk)
    waiting = _waiting(found)
    effect = inbox.effect(waiting, *_decisions(waiting, request.POST))
    context = {"dispute": found, "effect": effect, "fragment": True}
    return render(request, "rejections/_dispute_effect.html", context)


@login_required
@require_POST
def disputes_answer(request: HttpRequest) -> HttpResponse:
    """Grant, or refuse, everything that waits in the selected disputes."""
    person: Any = request.user
    if not stories.may_answer(person):
        raise Http404
    grants = request.POST.get("do") == "grant"
    numbers = [int(pk) for pk in request.POST.getlist("dispute")[:PAGE] if pk.isdecimal() and len(pk) < 19]
    chosen = Dispute.objects.visible_to(person).filter(pk__in=numbers).order_by("pk")
    leads, before = stories.answer_many(
        chosen, grants=grants, answer_text="", person=person, at=timezone.now()
    )
    if leads:
        done = _answered(leads, 0) if grants else _answered(0, leads)
        messages.success(request, f"{done}. Both sides see it.")
    if before:
        messages.info(
            request, f"{counted(before, 'dispute')} had been answered before, and stayed as answered."
        )
    if not numbers:
        messages.info(request, "Select at least one dispute first. Nothing was answered.")
    return redirect("disputes")


@login_required
@require_safe
def disputes_download(request: HttpRequest, format: str) -> HttpResponseBase:
    """All disputes this person may see, a line for each lead."""
    person: Any = request.user
    if person.client_id:
        raise Http404
    made_later = format == "xlsx" and downloads.made_later(
        request,
        Download.Kind.DISPUTES,
        {},
        rows=DisputedLead.objects.visible_to(person).count(),
        columns=len(inbox.COLUMNS),
        name="disputes.xlsx",
        title="Disputes",
        back=reverse("disputes"),
    )
    return made_later or table_file(inbox.table(person), "disputes", format, "Disputes")


@login_required
@require_safe
def dispute_evidence(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file that came with a dispute: handed out to be kept, never shown by the browser."""
    found = _seen(request, pk)
    if not found.file or not evidence.path_of(found).exists():
        raise Http404
    answer = FileResponse(evidence.path_of(found).open("rb"), content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(True, found.file_name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _seen(request: HttpRequest, pk: int) -> Dispute:
    person: Any = request.user
    visible = Dispute.objects.visible_to(person).select_related(
        "supplier", "batch__campaign__client", "opened_by"
    )
    return get_object_or_404(visible, pk=pk)


def _to_answer(request: HttpRequest, pk: int) -> Dispute:
    """The dispute, if this person answers disputes; its supplier sees it, and may not."""
    found = _seen(request, pk)
    person: Any = request.user
    if not stories.may_answer(person):
        raise PermissionDenied
    return found


def _waiting(found: Dispute) -> list[DisputedLead]:
    return list(found.leads.filter(state=DisputedLead.State.OPEN).select_related("lead", "event"))


def _decisions(waiting: list[DisputedLead], sent: QueryDict) -> tuple[set[int], set[int]]:
    """Open leads to grant and to refuse, as chosen; what was not chosen is in neither."""
    chosen = {one.pk: sent.get("all") or sent.get(f"decision-{one.pk}") for one in waiting}
    grant, refuse = ({pk for pk in chosen if chosen[pk] == decision} for decision in ("grant", "refuse"))
    return grant, refuse


def _undecided(leads: int) -> Refused:
    return Refused(
        "undecided",
        f"{counted(leads, 'lead')} {'has' if leads == 1 else 'have'} no decision yet",
        "Nothing was answered. Choose Grant or Refuse for each lead, or use the buttons above the table "
        "that decide all alike.",
    )


def _answered(granted: int, refused: int) -> str:
    parts = [f"{counted(granted, 'rejection')} taken back"] if granted else []
    return " and ".join([*parts, *([f"{counted(refused, 'rejection')} kept"] if refused else [])])


def _inbox(request: HttpRequest, chosen: Dispute | None, refused: Refused | None = None) -> HttpResponse:
    person: Any = request.user
    now = timezone.now()
    form = _filters(request.GET)
    visible = Dispute.objects.visible_to(person)
    found = _filtered(visible, form)
    pager = Pager.of(request.GET, inbox.in_tab(found, form["tab"]).count(), PAGE)
    ordered = inbox.in_tab(found, form["tab"])
    if form["order"] == "money":
        ordered = inbox.by_money(ordered)
    lines = inbox.lines(ordered[pager.page * PAGE :][:PAGE], person)
    if chosen is None and lines:
        chosen = lines[0].dispute
    context = {
        "tabs": _tabs(request.GET, found, form["tab"]),
        "form": form,
        "suppliers": Supplier.objects.filter(pk__in=visible.values("supplier")),
        "campaigns": Campaign.objects.filter(pk__in=visible.values("batch__campaign")),
        "lines": lines,
        "pager": pager,
        "kept": _kept(request.GET),
        "waiting": inbox.waiting(person, now),
        "chosen": _opened(request, chosen, now) if chosen else None,
        "now": now,
        "refused": refused,
    }
    status = 200 if refused is None else 422 if refused.code == "undecided" else 409
    return render(request, "rejections/disputes.html", context, status=status)


def _filters(sent: QueryDict) -> dict[str, str]:
    """The filters as sent; a tab there is not counts as the first."""
    form = {name: sent.get(name, "").replace("\0", "").strip()[:100] for name in ("supplier", "campaign")}
    form["order"] = "money" if sent.get("order") == "money" else ""
    return form | {"tab": sent.get("tab", "") if sent.get("tab", "") in inbox.TABS else ""}


def _filtered(found: QuerySet[Dispute], form: dict[str, str]) -> Any:
    if form["supplier"]:
        found = found.filter(supplier__code=form["supplier"])
    if form["campaign"]:
        found = found.filter(batch__campaign__code=form["campaign"])
    return found


def _tabs(sent: QueryDict, found: Any, here: str) -> list[dict[str, Any]]:
    """The tabs with their numbers under the other filters."""

    def query(tab: str) -> str:
        parameters = sent.copy()
        for name in ("page", "lead"):
            parameters.pop(name, None)
        parameters["tab"] = tab
        return parameters.urlencode()

    return [
        {"words": words, "count": inbox.in_tab(found, tab).count(), "query": query(tab), "here": tab == here}
        for tab, words in inbox.TABS.items()
    ]


def _kept(sent: QueryDict) -> str:
    """The address's filters for a link to another dispute."""
    parameters = sent.copy()
    parameters.pop("lead", None)
    return parameters.urlencode()


def _fields(lead: Lead, person: User) -> list[profile.Value]:
    """The first of a lead's fields, as it came and as it is."""
    values = LeadValues.objects.filter(lead=lead).first()
    first = first_received(lead.events.exclude(was_values=None), values) if values else {}
    labels = profile.labels(lead, person, values.received if values else {}, first)
    return profile.data(values, first, labels, person)[:FIELDS]


def _opened(request: HttpRequest, found: Dispute, now: datetime) -> dict[str, Any]:
    """One dispute with its leads, one of them side by side, and what the answer would do."""
    person: Any = request.user
    rows = inbox.rows(found, person)
    asked = request.GET.get("lead", "")
    shown = next((row for row in rows if str(row.one.lead_id) == asked), rows[0])
    waiting = [row.one for row in rows if not row.decided]
    grant, refuse = _decisions(waiting, request.POST)
    return {
        "dispute": found,
        "campaign": found.batch.campaign,
        "rows": rows,
        "waiting": len(waiting),
        "grants": grant,
        "refusals": refuse,
        "shown": shown,
        "also": inbox.same_reason(shown, rows),
        "fields": _fields(shown.one.lead, person),
        "effect": inbox.effect(waiting, grant, refuse),
        "answer": request.POST.get("answer", ""),
        "whole": max(1, int((found.answer_by - found.opened_at).total_seconds() // 3600)),
        "used": max(0, int((now - found.opened_at).total_seconds() // 3600)),
    }
