"""Step 2: how the file is read, which column means what, what the client's phrases mean."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.models import Disposition
from leads import identifiers
from rejections import control, phrases, uploads
from rejections.columns import LEAD_ID, UID, ColumnMap, suggests_selector
from rejections.forms import MappingForm, ReadingForm
from rejections.models import Batch, Kind
from rejections.reading import field_facts
from rejections.refusals import Refused
from rejections.sql import tables
from rejections.states import EDITABLE
from rejections.tasks import ring
from rejections.terms import identifier_kind
from rejections.views import shown

SAMPLE_ROWS = 8
#: A column with more different texts than this is no decision.
DECISION_WORDS = 12

ENCODINGS = [
    ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8 with BOM"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16 LE"),
    ("utf-16-be", "UTF-16 BE"), ("cp1252", "Windows-1252"), ("cp1250", "Windows-1250"),
    ("cp1251", "Windows-1251"), ("cp1253", "Windows-1253"), ("cp1254", "Windows-1254"),
    ("cp932", "Shift_JIS"), ("gb18030", "GB18030"), ("big5", "Big5"), ("euc_kr", "EUC-KR"),
]  # fmt: skip
DELIMITERS = [(",", "Comma ,"), (";", "Semicolon ;"), ("\t", "Tab"), ("|", "Bar |")]
QUOTES = [('"', 'Double "'), ("'", "Single '"), ("none", "None")]
HEADER_ROWS = [(0, "none")] + [(row, str(row)) for row in range(1, 21)]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def batch_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the mapping, or take what was sent: another reading, another look, or on to the check."""
    person: Any = request.user
    batch = get_object_or_404(Batch.objects.visible_to(person).select_related("campaign__client"), pk=pk)
    if batch.state not in EDITABLE or not batch.file or batch.kind != Kind.REJECTION:
        return redirect("batch", batch.pk)
    form = MappingForm(request.POST if "identifier_column" in request.POST else None)
    refused = None
    if request.method == "POST":
        if not control.may_change(person, batch):
            raise PermissionDenied
        try:
            if _act(request, batch, form):
                ring(batch.pk)
                return redirect("batch", batch.pk)
        except Refused as refusal:
            refused = refusal
    mapping = form.mapping() if form.is_bound and form.is_valid() else ColumnMap.from_json(batch.mapping)
    context = _context(batch, mapping, form) | {"refused": refused}
    context["may_change"] = control.may_change(person, batch)
    context["same_file"] = _same_file(batch, person)
    return render(request, "rejections/map.html", context, status=422 if refused else 200)


def _act(request: HttpRequest, batch: Batch, form: MappingForm) -> bool:
    """Do what the button said; True when a worker has something to do."""
    do = request.POST.get("do")
    if do == "read":
        reading = ReadingForm(request.POST)
        if not reading.is_valid():
            raise Refused("bad_reading", "That reading is not possible", "Nothing was changed.")
        control.read_again(batch, reading.choices(batch.reading))
        return True
    if do == "check" and form.is_valid():
        phrases.decide(batch.campaign.client_id, form.codes())
        control.map_columns(batch, form.mapping())
        return True
    return False


def _same_file(batch: Batch, person: Any) -> list[dict[str, Any]]:
    earlier = uploads.same_file(batch)
    return [{"batch": earlier, "by": shown.by(earlier, person)}] if earlier else []


def _context(batch: Batch, mapping: ColumnMap, form: MappingForm) -> dict[str, Any]:
    names = batch.reading["columns"]
    roles = {mapping.identifier_column: "identifier", mapping.reason_column: "reason"}
    columns = [{"name": name, "role": roles.get(name, "")} for name in names]
    reason = names.index(mapping.reason_column) if mapping.reason_column in names else None
    texts = tables.phrases(batch.pk, reason) if reason is not None else []
    lines, left = phrases.lines(batch.campaign.client_id, texts)
    return {
        "batch": batch,
        "reading": {**batch.reading, "quote": batch.reading.get("quote") or "none"},
        "unreadable": tables.unreadable(batch.pk),
        "overridden": [name for name, value in batch.choices.items() if value is not None],
        "encodings": _encodings(batch),
        "delimiters": DELIMITERS,
        "quotes": QUOTES,
        "header_rows": HEADER_ROWS,
        "columns": columns,
        "sample": _sample(batch, mapping, columns),
        "kinds": (kinds := _kinds(batch, mapping)),
        "unusable": [kind for kind in kinds if kind["why_not"]],
        "form": form if form.is_bound else MappingForm(initial={"default_reason": mapping.default_reason}),
        "only": (only := _only(batch, mapping)),
        "only_chosen": any(column["chosen"] for column in only),
        "phrases": lines,
        "phrases_left": left,
        "dispositions": Disposition.objects.filter(family=Disposition.Family.CLIENT),
    }


def _encodings(batch: Batch) -> list[tuple[str, str]]:
    detected = batch.reading.get("encoding")
    extra = [(detected, detected)] if detected and detected not in dict(ENCODINGS) else []
    return extra + ENCODINGS


def _sample(batch: Batch, mapping: ColumnMap, columns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    try:
        kind, _ = identifier_kind(batch.campaign_id, mapping)
    except Refused:
        kind = LEAD_ID
    region = batch.campaign.phone_region

    def cell(column: dict[str, Any], text: str) -> dict[str, Any]:
        damaged = column["role"] == "identifier" and identifiers.damage(kind, text, region) is not None
        return {"text": text, "damaged": damaged, "role": column["role"]}

    return [
        {"line": line, "cells": [cell(column, text) for column, text in zip(columns, cells, strict=False)]}
        for line, cells in tables.line_range(batch.pk, after=0, limit=SAMPLE_ROWS)
    ]


def _kinds(batch: Batch, mapping: ColumnMap) -> list[dict[str, Any]]:
    fixed = [
        (LEAD_ID, "Lead ID", "The number leadrej gave the lead. One number, one lead."),
        (UID, "UID", "The consumer session ID, as the landing page or the supplier sent it."),
    ]
    kinds: list[dict[str, Any]] = [
        {"value": value, "label": label, "help": help, "why_not": ""} for value, label, help in fixed
    ]
    for field in field_facts(batch.campaign_id):
        why_not = ""
        if not field.dedupe:
            why_not = (
                f"Dedupe is off for {field.label} in this campaign, so one value can belong to several leads."
            )
        elif not field.ready:
            why_not = f"Dedupe for {field.label} was just switched on; its keys are still being built."
        kinds.append(
            {
                "value": f"field:{field.name}",
                "label": field.label,
                "help": f"Dedupe is on for {field.label}, so one value belongs to one lead.",
                "why_not": why_not,
                "deduped": True,
            }
        )
    for kind in kinds:
        kind["recommended"] = kind["value"] == LEAD_ID
        kind["chosen"] = kind["value"] == mapping.identifier
    return kinds


def _only(batch: Batch, mapping: ColumnMap) -> list[dict[str, Any]]:
    """Columns that hold words like accepted and rejected, and the one chosen."""
    names = batch.reading["columns"]
    rows = [cells for _, cells in tables.line_range(batch.pk, after=0, limit=200)]
    where = mapping.only_where
    found = []
    for at, name in enumerate(names):
        words = {cells[at] for cells in rows if at < len(cells)}
        chosen = where is not None and where.column == name
        suggested = suggests_selector(words) if len(words) <= DECISION_WORDS else ()
        if not chosen and not suggested:
            continue
        picked = {value.strip().casefold() for value in where.values} if chosen and where else set(suggested)
        values = [
            {"text": text, "rows": count, "chosen": text.strip().casefold() in picked}
            for text, count in tables.column_words(batch.pk, at)
        ]
        found.append({"name": name, "chosen": chosen, "values": values})
    return found
