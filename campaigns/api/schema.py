"""What operations say of themselves in the schema: the problems they answer with, their headers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from campaigns.api.problems import MEDIA_TYPE


class ErrorSerializer(serializers.Serializer):
    """What is wrong with one field of the request."""

    field = serializers.CharField(allow_blank=True, help_text="Its path, like rows.3.id.")
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """What went wrong (RFC 9457). Programs read `code`, people `title` and `detail`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    errors = ErrorSerializer(  # type: ignore[assignment]
        many=True, required=False, help_text="With code `invalid`: every field that is wrong."
    )


_WORDS = {
    400: "The request is not as it should be: `invalid`, `malformed`, `bad_idempotency_key`.",
    401: "No API key in use, and no session: `not_authenticated`.",
    403: "The key, or its owner, may not do that: `right_missing`, `not_permitted`.",
    404: "Nothing there that the caller may see: `not_found`, `no_such_campaign`, `no_such_source`.",
    405: "This address does not take that method: `method_not_allowed`.",
    409: "Not now: `idempotency_in_flight`, `idempotency_mismatch`, `wrong_state`, `campaign_busy`, "
    "`correction_running`.",
    412: "It was changed since it was read: `etag_mismatch`.",
    413: "More than is read: `too_large`.",
    415: "Not a content type that is read here: `unsupported_media_type`.",
    422: "Understood, and refused by the rules; `code` says by which.",
    428: "If-Match is missing: `if_match_missing`.",
    429: "Too many calls in this minute: `throttled`.",
    503: "The database does not answer; send it again: `unavailable`.",
}
_ALWAYS = (401, 403, 405, 429, 503)
_EXAMPLE = {
    "type": "urn:leadrej:problem:not_found",
    "title": "Not found, or not yours",
    "status": 404,
    "code": "not_found",
    "detail": "There is nothing at this address that you may see. Nothing was changed.",
}


def problems(*statuses: int) -> dict[Any, Any]:
    """The answers of these statuses, and of those that every call may get."""
    return {(status, MEDIA_TYPE): _problem(status) for status in sorted({*statuses, *_ALWAYS})}


def _problem(status: int) -> OpenApiResponse:
    examples = [OpenApiExample("not_found", _EXAMPLE)] if status == 404 else []
    return OpenApiResponse(ProblemSerializer, _WORDS[status], examples)


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key, the call is carried out once.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of what you have read."
)


def answers_with(name: str, text: str, *statuses: int) -> OpenApiParameter:
    """A header of answers."""
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, response=list(statuses), required=True, description=text
    )
