"""Fixing a Rejected lead on its own page: look what the fix would do, then do it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from leads.models import Lead, LeadValues
from leads.statuses import Status
from leads.views.lead import page, seen
from rejections import byhand, control
from rejections.byhand import Foreseen
from rejections.decisions import Outcome
from rejections.refusals import Refused
from rejections.tasks import ring

_PREFIX = "field_"
#: Longer than this is no value that a person types.
_LONGEST = 2000


@login_required
@require_POST
def lead_fix(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the fix would do; when the person has seen it, make it: a batch of one row."""
    person: Any = request.user
    found = seen(person, pk)
    if not control.may_correct(person):
        raise PermissionDenied
    values = LeadValues.objects.filter(lead=found).first()
    typed = _typed(request, found, values)
    version = _version(request)
    try:
        if request.POST.get("sure") == "yes":
            batch = byhand.fix(found, typed, version, person=person, via="page", at=timezone.now())
            transaction.on_commit(partial(ring, batch.pk))
            return redirect("batch", batch.pk)
        return page(request, found, fixing=_foreseen(found, values, typed, version))
    except Refused as refusal:
        return page(request, found, refused=refusal)


def _typed(request: HttpRequest, found: Lead, values: LeadValues | None) -> dict[str, str]:
    """The values typed for fields that failed, where they are not what the lead has."""
    failed = {one.field.name: one.value for one in byhand.fixable(found, values)}
    given = {name: request.POST.get(f"{_PREFIX}{name}", value)[:_LONGEST] for name, value in failed.items()}
    seen_as = {name: request.POST.get(f"was_{name}", failed[name]) for name in given}
    return {name: text for name, text in given.items() if text != seen_as[name]}


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _foreseen(found: Lead, values: LeadValues | None, typed: dict[str, str], version: int) -> dict[str, Any]:
    """What the page shows of the fix; after a conflict it goes on from how the lead is now."""
    now = values.version if values else 0
    foreseen = byhand.foresee(found, typed, version, at=timezone.now())
    return {
        "foreseen": foreseen,
        "says": _says(foreseen),
        "typed": typed,
        "version": now if foreseen.conflicts else version,
        "goes": foreseen.outcome in (Outcome.RELEASED, Outcome.STILL_REJECTED),
    }


def _says(foreseen: Foreseen) -> str:
    """One sentence on what would become of the lead."""
    if foreseen.outcome == Outcome.RELEASED and foreseen.target == Status.QUARANTINED:
        return f"It would be valid, and Quarantined. {foreseen.sentence}."
    if foreseen.outcome == Outcome.RELEASED and foreseen.target:
        return f"It would become {foreseen.target.label}."
    if foreseen.outcome == Outcome.STILL_REJECTED:
        return f"It would stay Rejected. {foreseen.sentence}."
    return foreseen.outcome.advice
