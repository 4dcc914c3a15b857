"""The OpenAPI schema: what the framework cannot know by itself, and the page that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from campaigns.api.base import ApiView
from campaigns.api.problems import MEDIA_TYPE

INTRODUCTION = """
Other software does here what people do in the pages, by the same rules.

**Who calls.** `Authorization: Bearer <API key>`; a person makes one under *API keys* in its profile. A key sees what
its owner sees, and does what its owner may do, or less. What one may not see answers 404, like what never existed.

**Sending again.** Give every POST and PATCH an `Idempotency-Key` of its own, a UUID for example. The same request with
the same key is carried out once; whoever sends it again within 24 hours gets the first answer
(`Idempotency-Replayed: true`). While the first is still at work the second waits up to 30 seconds, then it is
409 `idempotency_in_flight`. Other content under the same key is 409 `idempotency_mismatch`. A check and its run are
two keys.

**Errors** are `application/problem+json` (RFC 9457). `code` does not change, sentences may: 400 is a request of
another shape than this page says, 422 one that is understood and refused by the rules. `detail` says what happened,
what was not changed, and what to do.

**How often.** `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds) come with every answer; 429 says
`Retry-After`, and nothing was carried out.

**Lists** come newest first, a page at a time: follow `next` until it is null.

**What people edit** has an `ETag`; a change names it in `If-Match`, and is 412 when somebody was faster.
""".strip()


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
    errors = ErrorSerializer(many=True, required=False, help_text="With code `invalid`: every field that is wrong.")


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


class Described(AutoSchema):
    """Operations are called after what they do: `leads_list`, `batches_start`."""

    def get_operation_id(self) -> str:
        named: dict[str, str] = getattr(self.view, "operations", {})
        return named.get(self.method.lower()) or super().get_operation_id()

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").partition("/")[0]]


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "campaigns.api.access.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key."}


class FormSchema(OpenApiSerializerExtension):
    """A form takes no name that it does not know."""

    target_class = "campaigns.api.fields.Form"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        found = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**found, "additionalProperties": False}


def finish(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """The introduction, and the headers that every answer has."""
    result["info"]["description"] = INTRODUCTION
    for operation in _operations(result):
        for answer in operation["responses"].values():
            answer.setdefault("headers", {}).update(_RATE)
    return result


_RATE = {
    f"RateLimit-{name}": {"schema": {"type": "integer"}, "description": text}
    for name, text in {
        "Limit": "Calls a minute.",
        "Remaining": "Calls left in this minute.",
        "Reset": "Seconds until the next minute begins.",
    }.items()
}


def _operations(result: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (operation for path in result["paths"].values() for operation in path.values() if "responses" in operation)


class SchemaView(ApiView, SpectacularJSONAPIView):
    """GET /api/v1/schema/"""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = SpectacularJSONAPIView.content_negotiation_class
    schema = None


class DocsView(SpectacularSwaggerSplitView):
    """GET /api/v1/docs/: try it out in the browser, signed in or with a key."""

    permission_classes = (AllowAny,)
    template_name = "api/docs.html"
    title = "leadrej API"
    url_name = "api_schema"
    schema = None
