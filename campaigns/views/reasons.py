"""Reasons: phrases that wait for a code, the codes with their use, and what one client's words mean."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from campaigns.models import Client, Disposition
from campaigns.templatetags.figures import counted
from rejections import phrases
from rejections.phrases import Remembered
from rejections.refusals import Refused
from rejections.sql import reasons as statements
from rejections.views.paging import Pager

#: Leads are counted over so many days.
COUNTED_DAYS = 90
#: Waiting phrases on a page; phrases of one client's memory.
PAGE, MEMORY = 25, 40


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reasons(request: HttpRequest) -> HttpResponse:
    """The page, and phrases that are given a code on it."""
    person: Any = request.user
    if not person.is_staff:
        raise Http404
    refused, chosen = None, _chosen(request.POST)
    if request.method == "POST":
        try:
            mapped = phrases.map_phrases(chosen)
            messages.success(request, f"{counted(mapped, 'phrase')} mapped. It holds from the next check on.")
            return redirect(request.get_full_path())
        except Refused as refusal:
            refused = refusal
    context = _context(request.GET) | {
        "refused": refused,
        "days": COUNTED_DAYS,
        "ticked": set(chosen),
        "missing": {number for number, code in chosen.items() if not code},
    }
    return render(request, "campaigns/reasons.html", context, status=422 if refused else 200)


def _chosen(data: QueryDict) -> dict[int, str]:
    """Phrase → code: of one row, or of the ticked ones each with its own, or all with the same."""
    one, act = data.get("one", ""), data.get("do", "")
    numbers = [one] if one else data.getlist("phrase")
    same = "CLIENT_OTHER" if act == "other" else data.get("code", "") if act == "same" else None
    return {
        int(number): data.get(f"code-{number}", "") if same is None else same
        for number in numbers
        if number.isdecimal() and len(number) < 19
    }


def _context(asked: QueryDict) -> dict[str, Any]:
    since = timezone.now() - timedelta(days=COUNTED_DAYS)
    clients = list(Client.objects.all())
    client = next((client for client in clients if client.code == asked.get("client")), None)
    every = phrases.waiting(since)
    waiting = [line for line in every if client is None or line.phrase.client_id == client.pk]
    pager = Pager.of(asked, len(waiting), PAGE)
    of_whom = client or next(iter(clients), None)
    memory = phrases.remembered(of_whom.pk, since) if of_whom else []
    return {
        "waiting": waiting[pager.page * PAGE :][:PAGE],
        "waiting_leads": sum(line.leads for line in every),
        "waiting_of": _by_client(every, clients),
        "waits": len(every),
        "client": client,
        "pager": pager,
        "families": _families(statements.by_code(since)),
        "choices": Disposition.objects.filter(family=Disposition.Family.CLIENT),
        "clients": clients,
        "of_whom": of_whom,
        "memory": memory[:MEMORY],
        "remembered": len(memory),
        "change": asked.get("change", ""),
    }


def _by_client(lines: list[Remembered], clients: list[Client]) -> list[tuple[Client, int]]:
    """Clients with phrases that wait, and how many."""
    waiting = Counter(line.phrase.client_id for line in lines)
    return [(client, waiting[client.pk]) for client in clients if waiting[client.pk]]


def _families(used: dict[int, int]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The codes by family, a client's first, each with the leads it was used for lately."""
    codes = list(Disposition.objects.all())
    order = (Disposition.Family.CLIENT, Disposition.Family.DOOR, Disposition.Family.CAP)
    return [
        (
            str(family.label),
            [{"code": code, "leads": used.get(code.pk, 0)} for code in codes if code.family == family],
        )
        for family in order
    ]
