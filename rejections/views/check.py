"""Step 3: what will happen, option by option, before anything does."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import User
from campaigns.rules import local_date
from rejections import control, rowlist, uploads
from rejections.decisions import Outcome
from rejections.effects import Effects, close_out_effect, effects
from rejections.forms import options_from, options_query
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.sql import state, tables
from rejections.states import EXCLUSIVE, State
from rejections.views import paging, shown


@login_required
@require_safe
def batch_check(request: HttpRequest, pk: int) -> HttpResponse:
    """The check of a batch under the options in the address."""
    batch = get_object_or_404(
        Batch.objects.visible_to(request.user).select_related("campaign__client", "created_by"), pk=pk
    )
    if batch.state != State.CHECKED:
        return redirect("batch", batch.pk)
    return answer(request, batch, None)


def answer(request: HttpRequest, batch: Batch, refused: Refused | None) -> HttpResponse:
    """The check page, with what was refused on the last try to start, if anything was."""
    person: Any = request.user
    data = request.POST if request.method == "POST" else request.GET
    try:
        options = options_from(data) if data else Options.from_json(batch.options)
    except Refused as refusal:
        options, refused = Options(), refusal
    page = _close_out if batch.kind == Kind.CLOSE_OUT else _rejection
    context = page(request, batch, options, person)
    busy = state.rivals_of(batch).filter(state__in=EXCLUSIVE).first()
    context |= {"batch": batch, "refused": refused, "busy": busy, "may": shown.may(person, batch)}
    return render(request, "rejections/check.html", context, status=422 if refused else 200)


def confirmation(batch: Batch, options: Options) -> int:
    """How many leads would move that the file does not name."""
    if batch.kind == Kind.CLOSE_OUT:
        batch.options = options.to_json()
        return close_out_effect(batch)[0].leads
    return effects(batch, options, timezone.now()).unnamed


def _rejection(request: HttpRequest, batch: Batch, options: Options, person: User) -> dict[str, Any]:
    would = effects(batch, options, timezone.now())
    may = shown.may(person, batch)
    review = _review(request, batch)
    accepted = would.accepted
    return {
        "options": options,
        "withdrawn": uploads.withdrawn(person, batch.campaign),
        "query": urlencode(options_query(options)),
        "counts": would.counts,
        "effect": _effect(batch, options, would),
        "money": _money(options, would, person),
        "suppliers": would.by_supplier if may["suppliers"] else None,
        "against": _against(would),
        "review": review,
        "rows": _rows(request, batch, options, would.counts),
        "label": would.label,
        "accepts": bool(accepted),
        "blocked": "" if would.rejected or accepted or would.counts.get(Outcome.FINAL) else _NOTHING,
    }


_NOTHING = "No row would reject a lead, and no option accepts one: there is nothing to start."


def _effect(batch: Batch, options: Options, would: Effects) -> dict[str, Any]:
    older, remaining = would.older, would.remaining
    return {
        "rejected": would.rejected,
        "credited_final": would.counts.get(Outcome.FINAL, 0),
        "opens": local_date(would.opens, batch.time_zone),
        "window_days": batch.window_days,
        "today": local_date(batch.created_at, batch.time_zone),
        "came_inside": would.rejected - would.without_reject_from,
        "outside": would.counts.get(Outcome.OUTSIDE_WINDOW, 0),
        "older": older.leads,
        "older_named": older.leads - older.unnamed,
        "older_billed": older.billed,
        "remaining": remaining.leads,
        "remaining_billed": remaining.billed,
        "held_back": would.held_back,
        "through": would.through,
        "events": would.rejecting.events,
        "events_payout": would.rejecting.events_payout,
        "slots": would.rejecting.slots,
        "slots_running": max((effect.freed for effect in would.caps), default=0),
        "caps": [
            _cap(effect.cap, effect.used, effect.freed if options.free_cap else 0) for effect in would.caps
        ],
        "unnamed": would.unnamed,
        "confirm": _typed(would.unnamed),
    }


def _cap(cap: Any, used: int, freed: int) -> dict[str, Any]:
    whose = cap.supplier.name if cap.supplier else "Whole campaign"
    words = f"{whose}, {cap.get_period_display()}"
    return {"words": words, "limit": cap.limit, "before": used, "after": used - freed}


def _typed(unnamed: int) -> int | None:
    return unnamed if unnamed > control.UNNAMED_WITHOUT_TYPING else None


def _money(options: Options, would: Effects, person: User) -> dict[str, Any]:
    rejecting = would.rejecting
    return {
        "not_billed": _sum(rejecting.pending, rejecting.not_billed),
        "credited": _sum(rejecting.accepted, rejecting.credited),
        "billed": _sum(would.accepted, would.billed),
        "payout_back": rejecting.payout if person.is_staff else None,
    }


def _sum(leads: int, amount: Decimal) -> SimpleNamespace:
    return SimpleNamespace(leads=leads, amount=amount)


def _against(would: Effects) -> dict[str, Any] | None:
    if would.compared_with is None:
        return None
    new, unchanged, withdrawn = would.compared
    return {"batch": would.compared_with, "new": new, "unchanged": unchanged, "withdrawn": withdrawn}


def _review(request: HttpRequest, batch: Batch) -> dict[str, Any] | None:
    total, undecided = tables.count_suggestions(batch.pk)
    if not total:
        return None
    pager = paging.Pager.of(request.GET, total, rowlist.PAGE, name="review")
    return {
        "undecided": undecided,
        "total": total,
        "lines": rowlist.suggested(batch, page=pager.page),
        "pager": pager if total > rowlist.PAGE else None,
    }


def _rows(request: HttpRequest, batch: Batch, options: Options, counts: dict[str, int]) -> dict[str, Any]:
    """The rows that will not be rejected, or those of one outcome."""
    quiet = {name: n for name, n in counts.items() if name != Outcome.REJECTED}
    hidden = list(options_query(options).items())
    return paging.row_table(request, batch, options, counts, all_of=quiet, hidden=hidden, undoable=False)


def _close_out(request: HttpRequest, batch: Batch, options: Options, person: User) -> dict[str, Any]:
    today = local_date(batch.created_at, batch.time_zone)
    if options.through is None:
        options = Options(accept_remaining=True, through=today - timedelta(days=(batch.window_days or 0) + 1))
    options = Options(accept_remaining=True, through=options.through)
    batch.options = options.to_json()
    accepting, held = close_out_effect(batch)
    leads = accepting.leads
    return {
        "options": options,
        "query": urlencode(options_query(options)),
        "effect": {
            "today": today,
            "remaining": leads,
            "remaining_billed": accepting.billed,
            "held_back": held,
            "confirm": _typed(leads),
            "caps": [],
        },
        "money": {"billed": _sum(leads, accepting.billed), "payout_back": None},
        "rows": {"hidden": []},
        "label": f"Accept {leads:,} lead{'' if leads == 1 else 's'}",
        "accepts": True,
        "blocked": ""
        if leads
        else "No lead of this campaign is Pending up to that day: there is nothing to accept.",
    }
