"""Corrections: upload a file, see cell by cell what it would do, take repairs back, and see what it did."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.lists import storable
from campaigns.models import Source, User
from rejections import celllist, control, uploads
from rejections.corrected import Corrected, corrected
from rejections.forms import CorrectionForm
from rejections.models import Batch, Kind
from rejections.refusals import Refused
from rejections.sql import corrections as statements
from rejections.states import UNDOABLE, State
from rejections.tasks import ring
from rejections.views import paging, shown
from rejections.views.sources import named


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def source_upload(request: HttpRequest, code: str) -> HttpResponse:
    """Choose the corrected file, in a dialog or on a page of its own; a sent file becomes a batch."""
    source = named(request, code)
    form = CorrectionForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("batch", _receive(source, form, request.user).pk)  # type: ignore[arg-type]
        except Refused as refusal:
            refused = refusal
    running = uploads.running_correction(source)
    context = {"source": source, "form": form, "refused": refused, "running": running}
    context |= {"progress": shown.progress(running, timezone.now(), counted=False) if running else None}
    context |= {"limits": shown.limits()}
    in_dialog = request.headers.get("HX-Request") and request.method != "POST"
    template = "sources/_upload.html" if in_dialog else "sources/upload.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def _receive(source: Source, form: CorrectionForm, person: User) -> Batch:
    """The one call: keep the file and ring for a worker; raises Refused."""
    file = form.cleaned_data["file"]
    batch = uploads.receive_correction(
        source,
        file.chunks(),
        file.name,
        person=person,
        via="page",
        at=timezone.now(),
        blank_clears=form.cleaned_data["blank_clears"],
    )
    ring(batch.pk)
    return batch


def check_context(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    """What the check page of a correction shows."""
    numbers = corrected(batch)
    same = uploads.same_file(batch)
    by = shown.by(same, request.user) if same else ""  # type: ignore[arg-type]
    taken_back = bool(batch.mapping.get("as_written")) or bool(batch.mapping.get("all_as_written"))
    return _both(request, batch, numbers) | {
        "same_file": [{"batch": same, "by": by}] if same else [],
        "clears": bool(batch.mapping.get("blank_clears")),
        "unknown": batch.mapping.get("unknown", []),
        "taken_back": taken_back,
        "blocked": "" if numbers.passing or numbers.still else "No row of this file would change a lead.",
    }


def result_context(request: HttpRequest, batch: Batch, *, running: bool) -> dict[str, Any]:
    """What the result page of a correction shows beside what every result has."""
    return {"numbers": None, "rows": None} if running else _both(request, batch, corrected(batch))


def _both(request: HttpRequest, batch: Batch, numbers: Corrected) -> dict[str, Any]:
    return {
        "numbers": numbers,
        "damages": statements.damages(batch.pk) if numbers.repairs else [],
        "repaired": statements.repaired([batch.pk]).get(batch.pk) if numbers.repairs else None,
        "rows": _rows(request, batch, numbers) if numbers.counts else None,
    }


def _rows(request: HttpRequest, batch: Batch, numbers: Corrected) -> dict[str, Any]:
    """The table of rows, narrowed to an outcome, or to rows with changed, repaired or conflicting cells."""
    counts = numbers.counts
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in counts else ""
    only = request.GET.get("only", "")
    only = only if only in celllist.ONLY else ""
    outcomes = [outcome] if outcome else list(counts)
    total = statements.count(batch.pk, outcomes, only) if only else sum(counts[name] for name in outcomes)
    pager = paging.Pager.of(request.GET, total, celllist.PAGE)
    kept = {"only": only} if only else {}
    cells = {"changes": numbers.changes, "repairs": numbers.repairs, "conflicts": numbers.conflicts}
    lines = celllist.shown(batch, outcomes, only, page=pager.page)
    return {
        "lines": lines,
        "filters": paging.outcome_filters(counts, counts, outcome, kept, {}),
        "narrowed": [_narrow(name, cells[name], only, outcome) for name in celllist.ONLY if cells[name]],
        "pager": pager,
        "selectable": batch.state in UNDOABLE and any(line.undoable for line in lines),
    }


_NARROWED = {"changes": "Changed cells", "repairs": "Repairs", "conflicts": "Conflicts"}


def _narrow(name: str, cells: int, only: str, outcome: str) -> dict[str, Any]:
    """A link that narrows the list to rows with such cells, or widens it again."""
    here = name == only
    parameters = ({} if here else {"only": name}) | ({"outcome": outcome} if outcome else {})
    return {"label": _NARROWED[name], "cells": cells, "query": urlencode(parameters), "here": here}


@login_required
@require_POST
def batch_cells(request: HttpRequest, pk: int) -> HttpResponse:
    """Take repairs back, repair again, or have blank cells read otherwise; each checks the file anew."""
    person: Any = request.user
    visible = Batch.objects.visible_to(person).filter(kind=Kind.CORRECTION)
    batch = get_object_or_404(visible, pk=pk)
    data = request.POST
    try:
        if "blank_clears" in data:
            control.clear_blanks(batch, data["blank_clears"] == "on")
        elif "repair_again" in data:
            control.repair_again(batch)
        elif "take_all_back" in data:
            control.write_as_read(batch, None)
        else:
            control.write_as_read(batch, _named_cells(data.getlist("cell")))
        ring(batch.pk)
    except Refused as refusal:
        shown.say(request, refusal)
    return redirect("batch", batch.pk)


def _named_cells(texts: list[str]) -> list[tuple[int, str]]:
    """Cells as the page names them, “17:country”; what is none is left out."""
    pairs = (storable(text).partition(":") for text in texts)
    return [(int(line), field) for line, _, field in pairs if line.isdecimal() and len(line) < 10 and field]


def result_title(batch: Batch, numbers: Corrected | None, restored: int) -> str:
    """What a correction has come to, in its title."""
    match State(batch.state):
        case State.WAITING:
            return "Waiting its turn"
        case State.APPLYING:
            return "Releasing leads"
        case State.UNDOING:
            return "Putting leads back"
        case State.UNDONE:
            return f"{restored:,} lead{'' if restored == 1 else 's'} put back"
        case State.CANCELLED:
            return "Cancelled"
    passing = numbers.passing if numbers else 0
    kept = batch.mapping.get("fix", {}).get("action") == "keep"
    leads = f"lead{'' if batch.rows == 1 else 's'}"
    title = (
        f"{batch.rows:,} {leads} kept rejected" if kept else f"{passing:,} of {batch.rows:,} {leads} released"
    )
    return f"{title}, {restored:,} put back" if restored else title
