"""The fix queue: what blocks rejected leads, group by group; one decision for all leads of a group."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Client, Disposition, Source, User
from leads.models import Lead
from rejections import blocked, control, fixes
from rejections.blocked import Action, Card, Fix
from rejections.fix_effects import preview
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql.fixes import EVERYTHING
from rejections.tasks import ring
from rejections.views import fixes_shown
from rejections.views.paging import Pager

#: Groups on a page of the queue, decisions on a page of theirs.
PAGE, DECISIONS = 30, 25
#: The longest text a field is changed to.
TYPED = 2000
FILTERS = ("source", "client", "code", "q")


def corrector(request: HttpRequest) -> User:
    """Who corrects leads; for everybody else these pages do not exist."""
    person: Any = request.user
    if not control.may_correct(person):
        raise Http404
    return person


@login_required
@require_safe
@never_cache
def fix_queue(request: HttpRequest) -> HttpResponse:
    """Groups of rejected leads, the biggest first, and the chosen one beside them."""
    person = corrector(request)
    kept = filters_of(request.GET)
    asked = blocked.asked_by(
        person, source=kept["source"], client=kept["client"], code=kept["code"], text=kept["q"]
    )
    totals = blocked.totals(asked)
    pager = Pager.of(request.GET, sum(total.groups for total in totals.values()), PAGE)
    cards = blocked.cards(blocked.queue(asked, offset=pager.page * PAGE, limit=PAGE))
    sources = Source.objects.visible_to(person).filter(pk__in=totals).select_related("campaign")
    context = {
        "kept": kept,
        "query": query_of(kept),
        "filtered": any(kept.values()),
        "cards": cards,
        "leads": sum(total.leads for total in totals.values()),
        "groups": pager.total,
        "worth": fixes_shown.worth(totals, sources),
        "pager": pager,
        "choices": _choices(person, totals if asked == EVERYTHING else blocked.totals()),
        "panel": _panel(cards[0], request.GET, kept) if cards else None,
        "work": fixes_shown.lately(person, timezone.now()),
    }
    return render(request, "rejections/fix_queue.html", context)


def filters_of(data: QueryDict) -> dict[str, str]:
    return {name: data.get(name, "").replace("\0", "").strip()[:200] for name in FILTERS}


def query_of(kept: dict[str, str]) -> str:
    return urlencode({name: value for name, value in kept.items() if value})


def _choices(person: User, waiting_in: Iterable[int]) -> dict[str, Any]:
    """What the filters offer: sources with leads in the queue, their clients, the door's codes."""
    waiting = Source.objects.visible_to(person).filter(pk__in=waiting_in)
    return {
        "sources": waiting.select_related("campaign"),
        "clients": Client.objects.filter(campaigns__sources__in=waiting).distinct(),
        "codes": Disposition.objects.filter(family=Disposition.Family.DOOR).values_list("code", flat=True),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def fix_group(request: HttpRequest, pk: int) -> HttpResponse:
    """The group this lead is in: choose, see the effect, do it."""
    person = corrector(request)
    get_object_or_404(Lead.objects.visible_to(person), pk=pk)
    groups = blocked.groups_of(person, [pk])
    kept = filters_of(request.POST or request.GET)
    if not groups:
        messages.info(
            request, f"Lead {pk} is not in the fix queue any more: it was fixed, or is kept rejected."
        )
        return redirect(f"{reverse('fix_queue')}?{query_of(kept)}")
    card = blocked.card(groups[0])
    if request.method == "POST":
        return _do(request, card, person, kept)
    return _group_page(request, card, kept)


def _group_page(
    request: HttpRequest, card: Card, kept: dict[str, str], refused: Refused | None = None
) -> HttpResponse:
    context = {"panel": _panel(card, request.POST or request.GET, kept), "refused": refused}
    template = (
        "rejections/_fix_panel.html" if request.headers.get("HX-Request") else "rejections/fix_group.html"
    )
    return render(request, template, context, status=422 if refused else 200)


def _do(request: HttpRequest, card: Card, person: User, kept: dict[str, str]) -> HttpResponse:
    """The one call; or the page again, with what was refused."""
    fix = _fix(request.POST, card)
    try:
        if request.POST.get("shown") != told(card) or fix is None:
            raise Refused(
                "changed_meanwhile",
                "This group changed while you looked at it",
                "Nothing was changed. Look at it as it is now, and decide again.",
            )
        batches = fixes.start(_groups(card, request.POST), fix, person=person, via="page", at=timezone.now())
    except Refused as refusal:
        return _group_page(request, card, kept, refusal)
    for batch in batches:
        transaction.on_commit(partial(ring, batch.pk))
    return redirect(f"{reverse('fix_queue')}?{query_of(kept)}")


def _groups(card: Card, data: QueryDict) -> list[Any]:
    return [card.group, *(card.elsewhere if "also" in data else ())]


def told(card: Card, value: str = "") -> str:
    """What the page told of, so that a click never fixes something else."""
    said = "\0".join([str(card.source.pk), card.group.field, card.group.code, card.group.value, value])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _fix(data: QueryDict, card: Card) -> Fix | None:
    """The fix as chosen, else the likeliest; None while its value is missing."""
    action = next((one for one in card.actions if one.value == data.get("do")), card.actions[0])
    if action == Action.MAP:
        likely = card.suggestions[0].value if card.suggestions else ""
        value = (data.get("other") or data.get("to") or likely).replace("\0", "").strip()
        return Fix(action, value) if value else None
    if action == Action.CHANGE:
        text = data.get("text", card.group.value).replace("\0", "").strip()[:TYPED]
        if text in (card.group.value, card.group.value[:TYPED].strip()):
            return None
        clears = "text" in data and card.field is not None and not card.field.required
        return Fix(action, text) if text or clears else None
    return Fix(action)


def _panel(card: Card, data: QueryDict, kept: dict[str, str]) -> dict[str, Any]:
    """One group with what was chosen for it, and what that would do."""
    fix, refused, effect = _fix(data, card), None, None
    if fix is not None:
        try:
            effect = preview(_groups(card, data), fix, timezone.now())
        except Refused as refusal:
            refused = refusal
    chosen = next((one for one in card.actions if one.value == data.get("do")), card.actions[0])
    return {
        "card": card,
        "kept": [(name, value) for name, value in kept.items() if value],
        "query": query_of(kept),
        "shown": told(card),
        "chosen": chosen.value,
        "fix": fix,
        "effect": effect,
        "refused": refused,
        "text": data.get("text", card.group.value)[:TYPED],
        "also": "also" in data,
        "values": fixes_shown.values(card),
        "leads": fixes_shown.first_leads(card.group),
        "since": fixes_shown.since(card.group),
        "zone": card.source.campaign.time_zone,
        "listed": fixes_shown.listed(card),
    }


@login_required
@require_safe
@never_cache
def fix_work(request: HttpRequest) -> HttpResponse:
    """Fixes at work and just done, renewed while one is at work."""
    person = corrector(request)
    return render(request, "rejections/_fix_work.html", {"work": fixes_shown.lately(person, timezone.now())})


@login_required
@require_safe
@never_cache
def fix_decisions(request: HttpRequest) -> HttpResponse:
    """Who decided what, newest first, with the way back."""
    person = corrector(request)
    decided = fixes_shown.decided(person)
    pager = Pager.of(request.GET, decided.count(), DECISIONS)
    page: list[Batch] = list(decided[pager.page * DECISIONS :][:DECISIONS])
    context = {"lines": fixes_shown.lines(page, person, timezone.now()), "pager": pager}
    return render(request, "rejections/fix_decisions.html", context)
