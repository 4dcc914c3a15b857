"""Several groups of the fix queue at once: each as suggested, or all kept rejected; the effect first."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.models import User
from rejections import blocked, fixes
from rejections.blocked import Action, Card, Fix
from rejections.fix_effects import preview_each
from rejections.refusals import Refused
from rejections.tasks import ring
from rejections.views.fixing import PAGE, corrector, filters_of, query_of, told


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def fix_several(request: HttpRequest) -> HttpResponse:
    """The ticked groups with what is suggested for each, or keeping them; then doing it."""
    person = corrector(request)
    data = request.POST if request.method == "POST" else request.GET
    kept, keeps = filters_of(data), data.get("do") == Action.KEEP
    leads = [int(lead) for lead in data.getlist("g")[:PAGE] if lead.isdecimal() and len(lead) < 18]
    cards = blocked.cards(blocked.groups_of(person, leads))
    back = f"{reverse('fix_queue')}?{query_of(kept)}"
    if not cards:
        messages.info(request, "No group was ticked, or somebody else was faster. Nothing was changed.")
        return redirect(back)
    chosen = {card.group: fix for card in cards if (fix := Fix(Action.KEEP) if keeps else card.likely)}
    if request.method == "POST":
        _do(request, [card for card in cards if card.group in chosen], chosen, person)
        return redirect(back)
    context = {
        "lines": [_line(card, chosen) for card in cards],
        "groups": len(chosen),
        "keeps": keeps,
        "effect": preview_each(chosen, timezone.now()) if chosen else None,
        "kept": [(name, value) for name, value in kept.items() if value],
        "back": back,
    }
    return render(request, "rejections/fix_several.html", context)


def _line(card: Card, chosen: dict[Any, Fix]) -> dict[str, Any]:
    return {"card": card, "fix": chosen.get(card.group), "told": told(card, _value(chosen, card))}


def _value(chosen: dict[Any, Fix], card: Card) -> str:
    return chosen[card.group].value if card.group in chosen else ""


def _do(request: HttpRequest, cards: list[Card], chosen: dict[Any, Fix], person: User) -> None:
    """Each group is a fix of its own; one that cannot be done holds up no other."""
    shown = set(request.POST.getlist("shown"))
    for card in cards:
        try:
            if told(card, _value(chosen, card)) not in shown:
                raise Refused(
                    "changed_meanwhile", f"“{card.group.value}” changed meanwhile", "It was left as it is."
                )
            fix = chosen[card.group]
            batches = fixes.start([card.group], fix, person=person, via="page", at=timezone.now())
        except Refused as refusal:
            messages.warning(request, f"{refusal.title}. {refusal.detail}")
            continue
        for batch in batches:
            transaction.on_commit(partial(ring, batch.pk))
