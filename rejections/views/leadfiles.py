"""Import leads: choose a file, see what its columns mean and what becomes of its first rows, receive it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns.models import Disposition, Source
from leads.presets import FieldName, Names
from leads.statuses import Status
from rejections import leadfiles
from rejections.forms import LeadFileForm
from rejections.models import LeadFile
from rejections.refusals import Refused
from rejections.tasks import ring_for_lead_files
from rejections.views import shown
from rejections.views.sources import ICONS, named

#: Columns that are shown with their choice; those of a wider file are found by their name.
COLUMNS = 60


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def source_import(request: HttpRequest, code: str) -> HttpResponse:
    """Choose a file of new leads; a sent one waits for its columns to be confirmed."""
    source = named(request, code)
    form = LeadFileForm(request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = leadfiles.receive(
                source, file.chunks(), file.name, person=request.user, at=timezone.now()  # type: ignore[arg-type]
            )  # fmt: skip
            return redirect("lead_file", made.pk)
        except Refused as refusal:
            refused = refusal
    files = LeadFile.objects.visible_to(request.user).filter(source=source)  # type: ignore[arg-type]
    context = {"source": source, "icon": ICONS[Source.Kind(source.kind)], "form": form, "refused": refused}
    context |= {"limits": shown.limits(), "files": files.select_related("created_by")[:8]}
    return render(request, "sources/import.html", context, status=422 if request.method == "POST" else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def lead_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The page that fits where the file stands; on POST: another map, the import, an end to it, or going on."""
    file = _visible(request, pk)
    if request.method == "POST":
        return _act(request, file)
    if file.state == LeadFile.State.MAPPING:
        return _mapping(request, file, file.field_map, "")
    in_part = request.headers.get("HX-Request") and file.state == LeadFile.State.WAITING
    answer = render(request, "sources/_receiving.html" if in_part else "sources/received.html", _told(file))
    if request.headers.get("HX-Request") and not in_part:
        answer["HX-Refresh"] = "true"
    return answer


def _visible(request: HttpRequest, pk: int) -> LeadFile:
    person: Any = request.user
    visible = LeadFile.objects.visible_to(person)
    return get_object_or_404(visible.select_related("source__campaign__client", "created_by"), pk=pk)


def _act(request: HttpRequest, file: LeadFile) -> HttpResponse:
    if request.POST.get("do") == "stop":
        if not leadfiles.stop(file, timezone.now()):
            messages.info(request, "There was nothing to stop any more. Nothing was changed.")
        return redirect("lead_file", file.pk)
    if file.state in (LeadFile.State.FAILED, LeadFile.State.STOPPED):
        leadfiles.resume(file)
    elif file.state == LeadFile.State.MAPPING:
        chosen, received_at = _chosen(request, file), request.POST.get("received_at", "")
        if request.POST.get("do") != "import":
            return _mapping(request, file, chosen, received_at)
        try:
            leadfiles.start(file, chosen, received_at, timezone.now())
        except Refused as refusal:
            return _mapping(request, file, chosen, received_at, refusal)
    ring_for_lead_files()
    return redirect("lead_file", file.pk)


def _chosen(request: HttpRequest, file: LeadFile) -> dict[str, str]:
    """Header → field, where the person chose otherwise than the source's names say."""
    guessed = leadfiles.names(file, {})
    fields = {field.name for field in guessed.fields}
    chosen = {}
    for at, header in enumerate(file.reading["columns"][:COLUMNS]):
        field = request.POST.get(f"field_{at}")
        if field is not None and field in fields | {""} and field != (guessed.field(header) or ""):
            chosen[header] = field
    return chosen


def _mapping(
    request: HttpRequest,
    file: LeadFile,
    field_map: dict[str, str],
    received_at: str,
    refused: Refused | None = None,
) -> HttpResponse:
    columns, meant = file.reading["columns"], leadfiles.names(file, field_map)
    foreseen = leadfiles.foresee(file, field_map, received_at)
    context = {
        "file": file,
        "source": file.source,
        "refused": refused,
        "same_file": leadfiles.same_file(file),
        "columns": [
            {"at": at, "header": header, "field": meant.field(header) or ""}
            for at, header in enumerate(columns[:COLUMNS])
        ],
        "more": max(0, len(columns) - COLUMNS),
        "fields": meant.fields,
        "missing": _missing(file.source, meant, columns),
        "dates": columns[:COLUMNS],
        "received_at": received_at,
        "foreseen": [(row, row.cells[:COLUMNS]) for row in foreseen],
        "passing": sum(not row.reason for row in foreseen),
    }
    return render(request, "sources/match.html", context, status=422 if refused else 200)


def _missing(source: Source, meant: Names, columns: list[str]) -> list[FieldName]:
    """Required fields that no column stands for: every lead would be rejected."""
    required = set(source.campaign.fields.filter(required=True).values_list("name", flat=True))
    found = {meant.field(header) for header in columns}
    return [field for field in meant.fields if field.name in required - found]


def _told(file: LeadFile) -> dict[str, Any]:
    """What the receipt says: leads by status and by disposition; those judged a moment later apart."""
    statuses, codes = file.tally.get("statuses", {}), file.tally.get("dispositions", {})
    labels = dict(Disposition.objects.filter(code__in=codes).values_list("code", "label"))
    received = file.done - file.unreadable
    return {
        "file": file,
        "source": file.source,
        "received": received,
        "statuses": [(status.value, statuses[status]) for status in Status if statuses.get(status)],
        "codes": sorted(
            ((code, labels.get(code, ""), n) for code, n in codes.items()), key=lambda one: -one[2]
        ),
        "unjudged": received - file.tally.get("received", 0),
        "lines": sorted(((int(line), why) for line, why in file.lines.items())),
    }
