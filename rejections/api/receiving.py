"""POST and GET /api/v1/batches/: files from other software, and what was made of them."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.access import allow
from campaigns.api.base import ApiView, PageQuery, page, page_of, query
from campaigns.api.fields import Json, Text, read
from campaigns.api.idempotency import once_per_key
from campaigns.api.schema import IDEMPOTENCY_KEY, answers_with, problems
from campaigns.models import Right, Source, User
from rejections import uploads
from rejections.api import shapes
from rejections.api.batches import told
from rejections.api.rejections import accepted, campaign_of
from rejections.api.sent import BatchIn
from rejections.api.shapes import BatchSerializer
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.tasks import ring

_READING = ("encoding", "delimiter", "sheet", "header_row")


class BatchQuery(PageQuery):
    """Which batches."""

    campaign = Text(max_length=40, required=False, help_text="A campaign's code.")
    kind = serializers.ChoiceField(shapes.KINDS, required=False)
    state = serializers.ListField(
        child=serializers.ChoiceField(shapes.STATES), required=False, help_text="One or several."
    )


class ListedBatchSerializer(serializers.Serializer):
    """A batch in a list; its own address tells what it did."""

    batch = serializers.IntegerField()
    kind = serializers.ChoiceField(shapes.KINDS)
    state = serializers.ChoiceField(shapes.STATES)
    rows = serializers.IntegerField()
    done = serializers.IntegerField()
    campaign = serializers.CharField()
    file_name = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()


class BatchesView(ApiView):
    """/api/v1/batches/"""

    operations = {"get": "batches_list", "post": "batches_send"}
    parser_classes = (MultiPartParser, Json)

    @extend_schema(
        summary="List batches",
        parameters=[BatchQuery],
        responses={200: page_of(ListedBatchSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Batches you see, the highest id first."""
        asked = query(request, BatchQuery)
        person: Any = request.user
        columns = {"campaign": "campaign__code", "kind": "kind", "state": "state__in"}
        wanted = {column: asked[name] for name, column in columns.items() if name in asked}
        found = Batch.objects.visible_to(person).filter(**wanted).select_related("campaign")
        return page(request, found, asked, lambda batches: [_listed(batch) for batch in batches])

    @extend_schema(
        summary="Send a file",
        parameters=[IDEMPOTENCY_KEY, answers_with("Location", "The batch's address.", 202)],
        request={"multipart/form-data": BatchIn},
        responses={
            202: OpenApiResponse(BatchSerializer, "Received: it is read and checked in the background."),
            **problems(400, 404, 409, 413, 415, 422),
        },
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """A client's rejections, corrected leads of a source, or a close-out without a file.

        It is read and checked in the background and stops at its check, state `checked`, unless `start` is true.
        `mapping` and `options` are JSON. A file that cannot be read makes the batch `failed`, with `error`.
        """
        asked = read(BatchIn, _plain(request.data))
        allow(request, Right.CORRECT if asked["kind"] == Kind.CORRECTION else Right.REJECT)
        makes = {Kind.REJECTION: _rejection, Kind.CORRECTION: _correction, Kind.CLOSE_OUT: _close_out}
        make = makes[asked["kind"]]
        person: Any = request.user
        batch_id = request.call.once("batch", lambda: make(person, asked).pk)  # type: ignore[attr-defined]
        ring(batch_id)
        return accepted(request, told(request, batch_id))


def _listed(batch: Batch) -> dict[str, Any]:
    names = ("kind", "state", "rows", "done", "file_name", "created_at")
    return {
        "batch": batch.pk,
        "campaign": batch.campaign.code,
        **{name: getattr(batch, name) for name in names},
    }


def _plain(data: Any) -> Any:
    """The parts of a form as JSON would have them."""
    if not hasattr(data, "lists"):
        return data
    plain = {name: values[-1] for name, values in data.lists()}
    for name in ("mapping", "options"):
        if isinstance(plain.get(name), str):
            plain[name] = _json(name, plain[name])
    if isinstance(start := plain.get("start"), str):
        plain["start"] = {"true": True, "false": False}.get(start.lower(), start)
    return plain


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise serializers.ValidationError({name: ["Send a JSON object."]}) from None


def _rejection(person: User, asked: dict[str, Any]) -> Batch:
    campaign, file, mapping = campaign_of(person, _given(asked, "campaign")), _file(asked), _mapping(asked)
    return uploads.receive(
        campaign,
        file.chunks(),
        file.name or "",
        person=person,
        via="api",
        at=timezone.now(),
        mapping={name: value for name, value in mapping.items() if name not in (*_READING, "blank_clears")},
        options=_options(asked),
        choices={name: mapping[name] for name in _READING if name in mapping},
        goes_through=asked["start"],
    )


def _correction(person: User, asked: dict[str, Any]) -> Batch:
    code, file, mapping = _given(asked, "source"), _file(asked), _mapping(asked)
    source = Source.objects.visible_to(person).filter(code=code).select_related("campaign").first()
    if source is None:
        raise Refused(
            "no_such_source",
            "There is no such source",
            "No source with this code is yours. Nothing was changed.",
        )
    return uploads.receive_correction(
        source,
        file.chunks(),
        file.name or "",
        person=person,
        via="api",
        at=timezone.now(),
        blank_clears=mapping.get("blank_clears", False),
        choices={name: mapping[name] for name in _READING if name in mapping},
        goes_through=asked["start"],
    )


def _close_out(person: User, asked: dict[str, Any]) -> Batch:
    campaign = campaign_of(person, _given(asked, "campaign"))
    return uploads.close_out(
        campaign, _options(asked), person=person, via="api", at=timezone.now(), goes_through=asked["start"]
    )


def _options(asked: dict[str, Any]) -> Options:
    return Options.from_json(asked.get("options", {}))


def _mapping(asked: dict[str, Any]) -> dict[str, Any]:
    mapping: dict[str, Any] = asked.get("mapping", {"identifier": "lead_id"})
    return mapping


def _given(asked: dict[str, Any], name: str) -> str:
    if name not in asked:
        raise Refused(
            f"no_{name}",
            f"Which {name}?",
            f"A batch of kind {asked['kind']} needs {name}. Nothing was changed.",
        )
    return str(asked[name])


def _file(asked: dict[str, Any]) -> UploadedFile:
    if "file" not in asked:
        raise Refused(
            "no_file", "There is no file", f"A batch of kind {asked['kind']} needs one. Nothing was changed."
        )
    file: UploadedFile = asked["file"]
    return file
