"""Batches for other software: files received, checked, started, stopped, taken back, and told of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import urlencode
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.access import allow
from campaigns.api.base import ApiView, query
from campaigns.api.described import LARGEST
from campaigns.api.fields import Form, read
from campaigns.api.idempotency import once_per_key
from campaigns.api.schema import IDEMPOTENCY_KEY, answers_with, problems
from campaigns.models import Right
from leads import downloads
from rejections import control, results
from rejections.api import shapes
from rejections.api.rejections import accepted
from rejections.api.sent import ResultQuery, ReviewIn, RowQuery, StartIn, UndoIn
from rejections.api.shapes import BatchSerializer, RowSerializer
from rejections.models import Batch, BatchRow, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import State
from rejections.tasks import ring

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LOCATION = answers_with("Location", "The batch's address.", 202)


def batch_of(request: Request, pk: int) -> Batch:
    """The batch, if the caller may see it; else 404."""
    person: Any = request.user
    visible = Batch.objects.visible_to(person).select_related("campaign__client", "source", "created_by")
    return get_object_or_404(visible.filter(pk__lte=LARGEST), pk=pk)


def changeable(request: Request, pk: int) -> Batch:
    """The batch, if the caller sees it (else 404) and may change it (else 403)."""
    batch = batch_of(request, pk)
    allow(request, Right.CORRECT if batch.kind == Kind.CORRECTION else Right.REJECT)
    if not control.may_change(request.user, batch):  # type: ignore[arg-type]
        raise Refused(
            "not_permitted",
            "Not permitted",
            "Another side made this batch. Nothing was changed; an operator can do it.",
        )
    return batch


def told(request: Request, pk: int) -> dict[str, Any]:
    """The batch as it stands now."""
    person: Any = request.user
    batch = Batch.objects.select_related("campaign", "source", "created_by").get(pk=pk)
    return shapes.batch_shown(batch, person, timezone.now())


class BatchView(ApiView):
    """/api/v1/batches/<id>/"""

    operations = {"get": "batches_get"}

    @extend_schema(summary="One batch", responses={200: BatchSerializer, **problems(404)})
    def get(self, request: Request, pk: int) -> Response:
        """Where the batch stands, and what it did; before its start, what it would do."""
        return Response(told(request, batch_of(request, pk).pk))


class RowPageSerializer(serializers.Serializer):
    """A page of rows in the order of the file. `next` is null on the last one."""

    next = serializers.URLField(allow_null=True)
    results = RowSerializer(many=True)


class RowsView(ApiView):
    """/api/v1/batches/<id>/rows/"""

    operations = {"get": "batches_rows"}

    @extend_schema(
        summary="What became of each row",
        parameters=[RowQuery],
        responses={200: RowPageSerializer, **problems(400, 404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Rows in the order of the file; none before the batch is checked."""
        batch, asked = batch_of(request, pk), query(request, RowQuery)
        size, outcomes = asked["page_size"], sorted(asked.get("outcome", []))
        rows = shapes.rows_shown(batch, outcomes, after=asked["cursor"], size=size + 1)
        following = None
        if len(rows) > size:
            rows = rows[:size]
            sent = [("outcome", outcome) for outcome in outcomes] + [
                ("page_size", size),
                ("cursor", rows[-1]["line"]),
            ]
            following = request.build_absolute_uri(f"{request.path}?{urlencode(sent)}")
        return Response({"next": following, "results": rows})


class ResultView(ApiView):
    """/api/v1/batches/<id>/result/"""

    operations = {"get": "batches_result"}

    @extend_schema(
        summary="The result as a file",
        parameters=[ResultQuery],
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "CSV: the file's own columns, and ours."),
            (200, XLSX): OpenApiResponse(OpenApiTypes.BINARY, "The same as XLSX."),
            **problems(400, 404, 409, 422),
        },
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Every row with `line, outcome, advice, lead_id, status`, in the order of the file; importable again."""
        batch, kind = batch_of(request, pk), query(request, ResultQuery)["format"]
        if not results.has_result(batch):
            raise Refused(
                "wrong_state", "It is not checked yet", "There is no result before the check has ended."
            )
        if kind == "xlsx" and downloads.too_large(results.size(batch), results.width(batch)):
            raise Refused("too_many_rows", "It has too many rows for XLSX", "The CSV holds them all.")
        answer = _csv(batch) if kind == "csv" else _xlsx(batch)
        name = f"{Path(batch.file_name).stem or f'batch-{batch.pk}'}-result.{kind}"
        answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        return answer


def _csv(batch: Batch) -> HttpResponseBase:
    return StreamingHttpResponse(results.as_csv(batch), content_type="text/csv; charset=utf-8")


def _xlsx(batch: Batch) -> HttpResponseBase:
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    try:
        results.write_xlsx(batch, path)
        return FileResponse(path.open("rb"), content_type=XLSX)
    finally:
        path.unlink()


class ReviewView(ApiView):
    """/api/v1/batches/<id>/review/"""

    operations = {"post": "batches_review"}

    @extend_schema(
        summary="Accept or skip leads that damaged identifiers fit",
        parameters=[IDEMPOTENCY_KEY],
        request=ReviewIn,
        responses={200: BatchSerializer, **problems(400, 404, 409, 413, 415, 422)},
        examples=[OpenApiExample("Two accepted", {"accept": [17, 21], "skip": [40]}, request_only=True)],
    )
    @once_per_key
    def post(self, request: Request, pk: int) -> Response:
        """Rows with outcome `needs_review` name one lead in `suggested_lead`: rejected only when accepted here."""
        batch, asked = changeable(request, pk), read(ReviewIn, request.data)
        accept, skip = asked.get("accept", []), asked.get("skip", [])

        def review() -> None:
            control.review(batch, accept=_suggested(batch, accept), skip=_suggested(batch, skip))

        request.call.once("reviewed", review)  # type: ignore[attr-defined]
        return Response(told(request, pk))


def _suggested(batch: Batch, lines: list[int]) -> list[int]:
    """These lines, if each has a suggestion; raises Refused, for a mistyped line must not be left aside."""
    known = BatchRow.objects.filter(batch=batch, line__in=lines, note__has_key="lead")
    if missing := sorted(set(lines) - set(known.values_list("line", flat=True))):
        raise Refused(
            "no_suggestion",
            f"Line {missing[0]} needs no review",
            "No lead is suggested for it. Nothing was changed.",
        )
    return lines


class _ActionView(ApiView):
    """Something a batch is asked for; a worker then goes on."""

    form: type[Form] = Form

    def act(self, request: Request, pk: int, act: Callable[[Batch, dict[str, Any]], None]) -> Response:
        batch, asked = changeable(request, pk), read(self.form, request.data)
        request.call.once("asked", lambda: act(batch, asked))  # type: ignore[attr-defined]
        ring(batch.pk)
        return accepted(request, told(request, batch.pk))


class StartView(_ActionView):
    """/api/v1/batches/<id>/start/"""

    operations = {"post": "batches_start"}
    form = StartIn

    @extend_schema(
        summary="Start, or go on",
        parameters=[IDEMPOTENCY_KEY, _LOCATION],
        request=StartIn,
        responses={202: BatchSerializer, **problems(400, 404, 409, 413, 415, 422)},
    )
    @once_per_key
    def post(self, request: Request, pk: int) -> Response:
        """Start a checked batch, under other options if some are sent; go on with one that stopped or failed."""

        def start(batch: Batch, asked: dict[str, Any]) -> None:
            if "options" not in asked and batch.state in (State.STOPPED, State.FAILED):
                control.resume(batch)
                return
            options = Options.from_json(asked.get("options", batch.options))
            control.start(batch, options, person=request.user)  # type: ignore[arg-type]

        return self.act(request, pk, start)


class StopView(_ActionView):
    """/api/v1/batches/<id>/stop/"""

    operations = {"post": "batches_stop"}

    @extend_schema(
        summary="Stop",
        parameters=[IDEMPOTENCY_KEY, _LOCATION],
        request=None,
        responses={202: BatchSerializer, **problems(400, 404, 409, 413, 415)},
    )
    @once_per_key
    def post(self, request: Request, pk: int) -> Response:
        """Stop after the present rows; what was done stays done. Start goes on, Undo takes it back."""
        return self.act(request, pk, lambda batch, asked: control.stop(batch, timezone.now()))


class UndoView(_ActionView):
    """/api/v1/batches/<id>/undo/"""

    operations = {"post": "batches_undo"}
    form = UndoIn

    @extend_schema(
        summary="Undo",
        parameters=[IDEMPOTENCY_KEY, _LOCATION],
        request=UndoIn,
        responses={202: BatchSerializer, **problems(400, 404, 409, 413, 415, 422)},
    )
    @once_per_key
    def post(self, request: Request, pk: int) -> Response:
        """Put every lead the batch moved, or those of some rows, back to what it was.

        Leads that were changed since, or stand in a closed month, are kept and counted in `kept`.
        """

        def undo(batch: Batch, asked: dict[str, Any]) -> None:
            person: Any = request.user
            control.undo(batch, person=person, lines=asked.get("lines"), at=timezone.now())

        return self.act(request, pk, undo)
