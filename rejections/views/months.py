"""Closing a month of a campaign: the question, asking for it, and how far it is."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Campaign, User
from campaigns.views import later
from campaigns.views.campaign import named
from leads.statements import CLIENTS
from rejections import monthclosings, months
from rejections.models import Batch, MonthClosing
from rejections.refusals import Refused
from rejections.tasks import ring_for_closings


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def close(request: HttpRequest, code: str, month: date) -> HttpResponse:
    """Ask what closing the month would do and make impossible; then have it closed. Staff only."""
    campaign, person = _found(request, code)
    if request.GET.get("part") == "lost":
        return render(request, "statements/_lost.html", {"lost": _lost(campaign, month, person)})
    if request.method != "POST":
        return _page(request, campaign, month)
    typed = request.POST.get("word", "")
    try:
        monthclosings.ask(campaign, month, person=person, typed=typed, at=timezone.now())
    except Refused as refusal:
        return _page(request, campaign, month, refusal)
    ring_for_closings()
    return redirect(_statement_of(campaign, month))


@login_required
@require_safe
@never_cache
def closing(request: HttpRequest, code: str, month: date) -> HttpResponse:
    """Whether the month is closed by now, for the page that shows it; then the page renews itself whole."""
    campaign, _ = _found(request, code)
    asked = monthclosings.last_asked(campaign, month)
    if asked is None:
        raise Http404
    if not request.headers.get("HX-Request"):
        return redirect(_statement_of(campaign, month))
    answer = render(request, "statements/_closing.html", {"closing": asked})
    if asked.state != MonthClosing.State.ASKED:
        answer["HX-Refresh"] = "true"
        if asked.state == MonthClosing.State.CLOSED:
            messages.success(request, f"{asked} of {campaign.name} is closed")
    return answer


def _found(request: HttpRequest, code: str) -> tuple[Campaign, User]:
    """The campaign, and the person who is staff; else 404."""
    person: Any = request.user
    campaign = named(person, code)
    if not person.is_staff:
        raise Http404
    return campaign, person


def _page(
    request: HttpRequest, campaign: Campaign, month: date, refused: Refused | None = None
) -> HttpResponse:
    """Where closing stands, or the question: a fragment for the dialog, else a page."""
    asked = monthclosings.last_asked(campaign, month)
    back = _statement_of(campaign, month)
    context = {"campaign": campaign, "month": month, "closing": asked, "back": back}
    if asked and asked.state == MonthClosing.State.ASKED:
        context |= {"refused": refused, "part": "statements/_under_way.html"}
    else:
        context |= _question(request, campaign, month, refused) | {"part": "statements/_close.html"}
    in_dialog = request.headers.get("HX-Request") and refused is None
    template = context["part"] if in_dialog else "statements/close.html"
    return render(request, str(template), context, status=422 if refused else 200)


def _question(
    request: HttpRequest, campaign: Campaign, month: date, refused: Refused | None
) -> dict[str, Any]:
    """What closing would do; a month that cannot be closed says why."""
    person: Any = request.user
    effect, parts = months.effect(campaign, month, timezone.now()), later.parts(request, "lost")
    why = refused or months.refusal(campaign, month, timezone.now())
    return {
        "effect": effect,
        "lost": [] if parts else _lost(campaign, month, person),
        "later": parts,
        "refused": why and _told(why, campaign),
        "closable": why is None or why.code == "word_not_typed",
    }


def _statement_of(campaign: Campaign, month: date) -> str:
    return reverse("statement", args=[CLIENTS, campaign.client_id, month, campaign.currency])


def _lost(campaign: Campaign, month: date, person: User) -> list[tuple[Batch, int]]:
    """Batches that could no longer be undone, with their leads of the month."""
    lost = months.lost(campaign, month)
    batches = Batch.objects.visible_to(person).in_bulk([one.batch_id for one in lost])
    return [(batches[one.batch_id], one.leads) for one in lost if one.batch_id in batches]


def _told(refused: Refused, campaign: Campaign) -> dict[str, str]:
    """The refusal with the way out of it."""
    told = {"code": refused.code, "title": refused.title, "detail": refused.detail}
    if refused.code == "campaign_busy" and (batch := months.running(campaign)):
        told |= {"url": reverse("batch", args=[batch.pk]), "action": "See the batch"}
    elif refused.code == "earlier_month_open" and (oldest := months.oldest_open(campaign)):
        told |= {
            "url": reverse("month_close", args=[campaign.code, oldest]),
            "action": f"Close {oldest:%B %Y}",
        }
    return told
