"""Step 3: what will happen, option by option, before anything does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.rules import local_date
from rejections import control, rowlist, uploads
from rejections.decisions import Outcome
from rejections.effects import CapEffect, close_out_effect, effects
from rejections.forms import options_from, options_query
from rejections.models import Batch, Kind
from rejections.options import Options, check_days
from rejections.refusals import Refused
from rejections.sql import state, tables
from rejections.states import EXCLUSIVE, State
from rejections.views import corrections, paging, shown


@login_required
@require_safe
def batch_check(request: HttpRequest, pk: int) -> HttpResponse:
    """The check of a batch under the options in the address."""
    person: Any = request.user
    batch = get_object_or_404(
        Batch.objects.visible_to(person).select_related("campaign__client", "created_by", "source"), pk=pk
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
        if batch.kind == Kind.REJECTION:
            check_days(options, local_date(batch.created_at, batch.time_zone))
    except Refused as refusal:
        options, refused = Options.from_json(batch.options), refusal
    if refused and request.method == "GET" and request.headers.get("HX-Request"):
        return _whole(request)
    if batch.kind == Kind.CLOSE_OUT:
        template, context = "rejections/check_close_out.html", _close_out(batch)
    elif batch.kind == Kind.CORRECTION:
        template, context = "rejections/check_correction.html", corrections.check_context(request, batch)
    else:
        template, context = "rejections/check.html", _rejection(request, batch, options)
    busy = state.rivals_of(batch).filter(state__in=EXCLUSIVE).first()
    context |= {"batch": batch, "refused": refused, "busy": busy, "may": shown.may(person, batch)}
    return render(request, template, context, status=422 if refused else 200)


def _whole(request: HttpRequest) -> HttpResponse:
    """Have the browser open the page anew: what was refused stands above the part it asked for."""
    answer = HttpResponse()
    answer["HX-Redirect"] = request.get_full_path()
    return answer


def confirmation(batch: Batch, options: Options) -> int:
    """How many leads would move that the file does not name."""
    if batch.kind == Kind.CLOSE_OUT:
        return close_out_effect(batch)[0].leads
    if batch.kind == Kind.CORRECTION:
        return 0
    return effects(batch, options, timezone.now()).unnamed


def _rejection(request: HttpRequest, batch: Batch, options: Options) -> dict[str, Any]:
    person: Any = request.user
    would = effects(batch, options, timezone.now())
    sees_suppliers = shown.may(person, batch)["suppliers"]
    startable = would.rejected or would.accepted or would.credits_of_closed
    return {
        "effects": would,
        "today": local_date(batch.created_at, batch.time_zone),
        "withdrawn": uploads.withdrawn(person, batch.campaign),
        "query": urlencode(options_query(options)),
        "shown": urlencode(options_query(replace(options, through=would.through).as_started)),
        "came_inside": would.rejected - would.without_reject_from,
        "caps": [
            _cap(effect, options) for effect in would.caps if sees_suppliers or not effect.cap.supplier_id
        ],
        "confirm": _typed(would.unnamed),
        "review": _review(request, batch),
        "rows": _rows(request, batch, options, would.counts),
        "may_reject": control.may_reject(person),
        "grantors": [] if control.may_reject(person) else shown.grantors(person),
        "blocked": "" if startable else "No row would reject a lead, and no option accepts one.",
    }


def _cap(effect: CapEffect, options: Options) -> dict[str, Any]:
    cap = effect.cap
    after = effect.used - (effect.freed if options.free_cap else 0)
    words = f"{cap.supplier.name if cap.supplier else 'Whole campaign'}, {cap.get_period_display()}"
    return {"words": words, "limit": cap.limit, "used": effect.used, "after": after, "freed": effect.freed}


def _typed(unnamed: int) -> int | None:
    return unnamed if unnamed > control.UNNAMED_WITHOUT_TYPING else None


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


def _close_out(batch: Batch) -> dict[str, Any]:
    accepting, held = close_out_effect(batch)
    return {
        "through": None if "leads" in batch.mapping else Options.from_json(batch.options).through,
        "accepting": accepting,
        "held_back": held,
        "confirm": _typed(accepting.leads),
        "blocked": "" if accepting.leads else "No lead of this campaign is Pending up to that day.",
    }
