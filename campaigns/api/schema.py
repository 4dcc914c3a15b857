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
#: One answer of each status, as it comes: code, title, detail.
_EXAMPLES = {
    400: (
        "invalid",
        "The request is not as it should be",
        "rows.0: A row has an id and a reason, and nothing else.",
    ),
    401: (
        "not_authenticated",
        "Who is calling?",
        "Send Authorization: Bearer with an API key that is in use.",
    ),
    403: ("right_missing", "This key may not do that", "It lacks the right “reject”. Make a key with it."),
    404: ("not_found", "Not found, or not yours", "There is nothing at this address that you may see."),
    405: ("method_not_allowed", "This address does not take that method", "Allow names those that it takes."),
    409: ("wrong_state", "Rejection import 17 is Completed now", "Somebody else was faster."),
    412: (
        "etag_mismatch",
        "It was changed meanwhile",
        "If-Match names an older version. Read it again, then decide.",
    ),
    413: ("too_large", "The request is too large", "At most 10 MB are read. Send it in parts."),
    415: ("unsupported_media_type", "This content type is not read here", "Send application/json."),
    422: (
        "no_window",
        "Solar UK has no maximum rejection days",
        "Without them no lead of it can be rejected.",
    ),
    428: (
        "if_match_missing",
        "Which version do you change?",
        "Send If-Match with the ETag of what you have read.",
    ),
    429: ("throttled", "Too many requests", "The call was not carried out. The next one is free in 23 s."),
    503: ("unavailable", "Back in a moment", "The database does not answer. Send it again."),
}


def problems(*statuses: int) -> dict[Any, Any]:
    """The answers of these statuses, and of those that every call may get."""
    return {(status, MEDIA_TYPE): _problem(status) for status in sorted({*statuses, *_ALWAYS})}


def _problem(status: int) -> OpenApiResponse:
    code, title, detail = _EXAMPLES[status]
    example: dict[str, Any] = {
        "type": f"urn:leadrej:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    example["detail"] = f"{detail} Nothing was changed."
    if code == "invalid":
        field, _, message = detail.partition(": ")
        example["errors"] = [{"field": field, "message": message}]
    return OpenApiResponse(ProblemSerializer, _WORDS[status], [OpenApiExample(code, example)])


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="Sent again with the same key, the call is carried out once.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r"\S"},
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of what you have read.",
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what you have: then the answer is 304 while nothing has changed.",
)
UNCHANGED = {304: OpenApiResponse(None, "It is still what If-None-Match names.")}


def answers_with(name: str, text: str, *statuses: int) -> OpenApiParameter:
    """A header of answers."""
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, response=list(statuses), required=True, description=text
    )
