"""The supplier's side of disputes: send one, read its own, take one back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.templatetags.figures import counted
from rejections import contests, disputes, evidence, inbox
from rejections.forms import ContestForm
from rejections.models import Dispute
from rejections.refusals import Refused
from rejections.sql import disputes as statements
from rejections.sql.disputes import Standing
from rejections.views.paging import Pager

#: Disputes on a page, and leads that one dispute holds at most.
PAGE = 25
MOST = 500


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def dispute_new(request: HttpRequest) -> HttpResponse:
    """Contest the rejections of the leads in the address, or in the form."""
    person: Any = request.user
    if not person.supplier_id:
        raise Http404
    sent = request.POST if request.method == "POST" else request.GET
    leads = list(dict.fromkeys(int(pk) for pk in sent.getlist("lead") if pk.isdecimal() and len(pk) < 19))
    standing = statements.standing(person.supplier_id, leads[: MOST + 1])
    if not standing or len(standing) < len(leads[: MOST + 1]):
        raise Http404
    form = ContestForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _asking(request, standing, form)
    if not form.is_valid():
        return _asking(request, standing, form)
    try:
        opened = _send(person, leads, form)
    except Refused as refusal:
        return _asking(request, standing, form, refusal)
    messages.success(request, f"{_named(opened)} sent: {counted(len(leads), 'rejection')} disputed.")
    return redirect("dispute", opened[0].pk) if len(opened) == 1 else redirect("disputes")


def _send(person: Any, leads: list[int], form: ContestForm) -> list[Dispute]:
    """The one call, with the file kept before."""
    if len(leads) > MOST:
        raise Refused(
            "too_many",
            f"At most {MOST} leads in one dispute",
            "Nothing was sent. Choose fewer leads, and send another dispute for the others.",
        )
    file, given = form.cleaned_data["file"], form.cleaned_data
    kept = evidence.keep(file.chunks(), file.name) if file else None
    return disputes.contest(
        leads, person=person, note=given["note"], proof=given["evidence"], file=kept, at=timezone.now()
    )


def _named(opened: list[Dispute]) -> str:
    return ", ".join(str(dispute) for dispute in opened)


def _asking(
    request: HttpRequest, standing: list[Standing], form: ContestForm, refused: Refused | None = None
) -> HttpResponse:
    """The form, in a dialog or on a page of its own, with the leads it is about."""
    now = timezone.now()
    person: Any = request.user
    able = [one for one in standing if contests.hindrance(one.rejection, now) is None]
    hindered = [
        (one.lead_id, why.sentence) for one in standing if (why := contests.hindrance(one.rejection, now))
    ]
    first = min(
        able or standing, key=lambda one: (one.rejection.contest_by is None, one.rejection.contest_by)
    )
    context = {
        "leads": [one.lead_id for one in standing],
        "hindered": hindered,
        "reasons": inbox.reasons([one.event_id for one in able if one.event_id], person),
        "terms": first.terms,
        "differ": len({one.terms for one in able}) > 1,
        "until": contests.last_day(first.rejection.finished_at, first.rejection.days, first.rejection.zone)
        if first.rejection.finished_at
        else None,
        "form": form,
        "refused": refused,
        "limit": evidence.limit_mb(),
        "back": reverse("rejected"),
    }
    if request.htmx and request.method != "POST":  # type: ignore[attr-defined]
        return render(request, "rejections/_contest.html", context)
    failed = bool(refused) or (request.method == "POST")
    return render(request, "rejections/contest.html", context, status=422 if failed else 200)


def listed(request: HttpRequest) -> HttpResponse:
    """The supplier's disputes, newest first, with what became of them."""
    person: Any = request.user
    visible = Dispute.objects.visible_to(person)
    pager = Pager.of(request.GET, visible.count(), PAGE)
    lines = inbox.lines(inbox.in_tab(visible, "all")[pager.page * PAGE :][:PAGE], person)
    context = {"lines": lines, "pager": pager, "waiting": inbox.in_tab(visible, "").count()}
    return render(request, "rejections/disputes_supplier.html", context)


def one(request: HttpRequest, found: Dispute, refused: Refused | None = None) -> HttpResponse:
    """One dispute of the supplier: what it sent, until when it is answered, the answers."""
    person: Any = request.user
    rows = inbox.rows(found, person)
    context = {
        "dispute": found,
        "campaign": found.batch.campaign,
        "rows": rows,
        "waiting": sum(not row.decided for row in rows),
        "refused": refused,
    }
    return render(request, "rejections/dispute_supplier.html", context, status=409 if refused else 200)


@login_required
@require_POST
def dispute_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The supplier takes its dispute back."""
    person: Any = request.user
    found = get_object_or_404(Dispute.objects.visible_to(person).select_related("batch__campaign"), pk=pk)
    if not person.supplier_id:
        raise PermissionDenied
    try:
        withdrawn = disputes.withdraw(found, person=person, at=timezone.now())
    except Refused as refusal:
        return one(request, found, refusal)
    messages.success(request, f"{found} withdrawn: {counted(withdrawn, 'rejection')} stand.")
    return redirect("dispute", found.pk)
