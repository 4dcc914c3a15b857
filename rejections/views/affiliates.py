"""Affiliate events for operators: a file checked, then recorded; and what was reported, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import User
from campaigns.rules import begin, local_date
from campaigns.templatetags.figures import counted
from leads.affiliates import Recorded
from leads.sql import affiliates as statements
from leads.statements import following
from rejections import affiliatefile
from rejections.forms import LeadFileForm
from rejections.models import AffiliateFile
from rejections.refusals import Refused
from rejections.views import files, shown

#: Files in the list, and months to choose from.
FILES, MONTHS = 8, 12
_COLUMNS = (
    "lead_id", "reference", "status", "payout", "currency", "occurred_at", "campaign", "supplier", "rejected_by",
)  # fmt: skip
#: What a row comes to, in words: before it is recorded, and after.
_WORDS = {
    Recorded.RECORDED: ("New", "Recorded", "accepted", "check"),
    Recorded.CHANGED: ("Change an event", "Changed", "pending", "history"),
    Recorded.UNCHANGED: ("Known already, unchanged", "Known already, unchanged", "neutral", "copy"),
    Recorded.NOT_FOUND: ("No such lead", "No such lead", "rejected", "zoom-question"),
    Recorded.INVALID: ("Not valid", "Not valid", "rejected", "ban"),
    Recorded.SETTLED: ("Settled, stays as it is", "Settled, stays as it is", "dark", "lock"),
    "unreadable": ("Unreadable", "Unreadable", "rejected", "file-broken"),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def affiliate_events(request: HttpRequest) -> HttpResponse:
    """The events of a month by supplier, and a file to check."""
    person, at = _staff(request), timezone.now()
    form = LeadFileForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            made = affiliatefile.upload(sent.chunks(), sent.name, person=person, at=at)
            return redirect("affiliate_file", made.pk)
        except Refused as refusal:
            refused = refusal
    months = _months(at)
    month = next((one for one in months if f"{one:%Y-%m}" == request.GET.get("month")), months[0])
    lines = statements.reports(*_span(month))
    kept = AffiliateFile.objects.visible_to(person).select_related("created_by")
    context: dict[str, Any] = {"form": form, "refused": refused, "limits": shown.limits()}
    context |= {
        "most": affiliatefile.MOST,
        "months": months,
        "month": month,
        "lines": lines,
        "files": kept[:FILES],
    }
    return render(request, "affiliates/list.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def affiliate_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What recording the file would do, or what it did; POST records it."""
    person = _staff(request)
    visible = AffiliateFile.objects.visible_to(person).select_related("created_by", "recorded_by")
    file = get_object_or_404(visible, pk=pk)
    if request.method == "POST":
        try:
            affiliatefile.start(file, person=person, at=timezone.now())
        except Refused as refusal:
            shown.say(request, refusal)
        else:
            file.refresh_from_db()
            taken = _taken(file)
            messages.success(request, f"{counted(taken, 'event')} recorded or changed")
        return redirect("affiliate_file", file.pk)
    recorded = file.state == AffiliateFile.State.RECORDED
    answers = file.found["answers"]
    context = {
        "file": file,
        "recorded": recorded,
        "taken": _taken(file),
        "answers": [
            {"words": words[recorded], "tone": words[2], "icon": words[3], "rows": answers[answer]}
            for answer, words in _WORDS.items()
            if answers.get(answer)
        ],
        "lines": sorted((int(line), why) for line, why in file.found["lines"].items()),
        "left": sum(answers.get(answer, 0) for answer in ("not_found", "invalid", "settled", "unreadable")),
    }
    return render(request, "affiliates/file.html", context)


@login_required
@require_safe
def affiliate_events_csv(request: HttpRequest) -> HttpResponseBase:
    """Every event of a month as CSV."""
    _staff(request)
    months = _months(timezone.now())
    month = next((one for one in months if f"{one:%Y-%m}" == request.GET.get("month")), months[0])
    return files.table_file(_table(month), f"affiliate-events-{month:%Y-%m}", "csv", "Events")


def _table(month: date) -> Iterator[Sequence[str]]:
    yield _COLUMNS
    for one in statements.events(*_span(month)):
        rejected_by = f"IMP-{one.batch_id}" if one.batch_id else ""
        yield [
            str(one.lead_id), one.reference, one.status, f"{one.payout:.2f}", one.currency,
            one.occurred_at.isoformat(" ", "seconds"), one.campaign, one.supplier, rejected_by,
        ]  # fmt: skip


def _taken(file: AffiliateFile) -> int:
    answers = file.found["answers"]
    return int(answers.get("recorded", 0) + answers.get("changed", 0))


def _staff(request: HttpRequest) -> User:
    person: Any = request.user
    if not person.is_staff:
        raise Http404
    return person


def _months(at: datetime) -> list[date]:
    """The running month and those before it, the newest first; days are those of the house."""
    found = [local_date(at, settings.TIME_ZONE).replace(day=1)]
    while len(found) < MONTHS:
        year, month = divmod(found[-1].year * 12 + found[-1].month - 2, 12)
        found.append(date(year, month + 1, 1))
    return found


def _span(month: date) -> tuple[datetime, datetime]:
    return begin(month, settings.TIME_ZONE), begin(following(month), settings.TIME_ZONE)
