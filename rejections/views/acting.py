"""What people do to a batch: start, stop, continue, review, undo, cancel. Each is one call and a redirect."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from rejections import control, undo
from rejections.forms import options_from, typed_number
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.sql import tables
from rejections.states import UNDOABLE, State
from rejections.tasks import ring
from rejections.templatetags.batches import batch_number
from rejections.views import check, shown


def _changeable(request: HttpRequest, pk: int) -> Batch:
    """The batch, if this person sees it (else 404) and may change it (else 403)."""
    person: Any = request.user
    batch = get_object_or_404(
        Batch.objects.visible_to(person).select_related("campaign__client", "created_by", "source"), pk=pk
    )
    if not control.may_change(person, batch):
        raise PermissionDenied
    return batch


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def batch_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Start under the options the page was calculated for.

    What was refused is answered by the check at this address, so links of that page come back here.
    """
    batch = _changeable(request, pk)
    if batch.state != State.CHECKED:
        return redirect("batch", batch.pk)
    if request.method != "POST":
        return redirect(f"{reverse('batch_check', args=[batch.pk])}?{request.GET.urlencode()}")
    try:
        chosen = batch.kind == Kind.REJECTION
        options = options_from(request.POST) if chosen else Options.from_json(batch.options)
        _check_shown(request, options)
        control.start(
            batch,
            options,
            person=request.user,  # type: ignore[arg-type]
            unnamed=check.confirmation(batch, options),
            typed=typed_number(request.POST.get("confirm", "")),
        )
    except Refused as refusal:
        batch.refresh_from_db(fields=["state"])
        if batch.state != State.CHECKED:  # the same click twice, or two people at once: both see one result
            return redirect("batch", batch.pk)
        return check.answer(request, batch, refusal)
    ring(batch.pk)
    return redirect("batch_result", batch.pk)


def _check_shown(request: HttpRequest, options: Options) -> None:
    """Raise Refused where options were chosen after the page had shown what they do.

    With JavaScript the button waits for the new effect; without it, the page names the options it was made for.
    """
    shown = request.GET.get("shown")
    if shown is not None and options_from(QueryDict(shown)) != options.as_started:
        raise Refused(
            "options_changed",
            "You chose other options than this page had shown",
            "Nothing was changed. It shows now what they do: look at it, then press the button again.",
        )


@login_required
@require_POST
def batch_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop after the present chunk."""
    batch = _changeable(request, pk)
    try:
        control.stop(batch, timezone.now())
    except Refused as refusal:
        shown.say(request, refusal)
    return redirect("batch", batch.pk)


@login_required
@require_POST
def batch_continue(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on where it stopped or failed."""
    batch = _changeable(request, pk)
    try:
        control.resume(batch)
        ring(batch.pk)
    except Refused as refusal:
        shown.say(request, refusal)
    return redirect("batch", batch.pk)


@login_required
@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Drop a batch that has not started."""
    batch = _changeable(request, pk)
    try:
        control.cancel(batch, timezone.now())
        messages.success(request, f"{batch_number(batch)} was cancelled. Nothing was changed.")
    except Refused as refusal:
        shown.say(request, refusal)
    return redirect("source", batch.source.code) if batch.source else redirect("imports")


@login_required
@require_POST
def batch_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept or skip damaged identifiers."""
    batch = _changeable(request, pk)
    accept = _lines(request, "accept")
    if "accept_all" in request.POST:
        accept = tables.undecided_lines(batch.pk)
    try:
        control.review(batch, accept=accept, skip=_lines(request, "skip"))
    except Refused as refusal:
        shown.say(request, refusal)
    query = request.GET.urlencode()
    answer = redirect("batch_check", batch.pk)
    answer["Location"] += f"?{query}#review" if query else "#review"
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def batch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what Undo would do; then do it."""
    batch = _changeable(request, pk)
    lines = _lines(request, "line") or None
    if lines is None and {"ticked", "line"} & {*request.GET, *request.POST}:  # never all instead of none
        messages.error(request, "Tick the rows to put back first. Nothing was changed.")
        return redirect("batch_result", batch.pk)
    if request.method == "POST":
        try:
            control.undo(batch, person=request.user, lines=lines, at=timezone.now())  # type: ignore[arg-type]
            ring(batch.pk)
        except Refused as refusal:
            shown.say(request, refusal)
        if "fix" in batch.mapping:  # a decision, not a file: back to where it was made
            return redirect("fix_decisions")
        return redirect("batch_result", batch.pk)
    if batch.state not in UNDOABLE:
        return _nothing_to_undo(request, batch)
    before = control.unfinished_undo(batch) if lines else []
    lines = sorted({*lines, *before}) if lines else None
    context = {"batch": batch, "lines": lines or [], "before": before, "undo": undo.forecast(batch, lines)}
    template = "rejections/_undo.html" if request.headers.get("HX-Request") else "rejections/undo.html"
    return render(request, template, context)


def _nothing_to_undo(request: HttpRequest, batch: Batch) -> HttpResponse:
    """The page of the undo with the sentence why there is none now, and the way back to the batch."""
    why = {
        State.WAITING: "It waits for its turn: stop it first.",
        State.APPLYING: "It is at work: stop it first, then take back what it did.",
        State.UNDOING: "It is being put back already.",
        State.UNDONE: "Its leads were put back before.",
    }.get(State(batch.state), "It has not been started, so no lead was moved.")
    refused = {
        "title": f"{batch_number(batch)} cannot be undone now",
        "detail": f"{why} Nothing was changed.",
        "url": reverse("batch", args=[batch.pk]),
        "action": f"Back to {batch_number(batch)}",
    }
    return render(request, "rejections/undo.html", {"batch": batch, "refused": refused}, status=409)


def _lines(request: HttpRequest, name: str) -> list[int]:
    data = request.POST if request.method == "POST" else request.GET
    return [int(line) for line in data.getlist(name) if line.isdecimal() and len(line) < 10]
