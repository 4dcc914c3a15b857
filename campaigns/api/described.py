"""The OpenAPI schema as a whole: what the framework cannot know by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

#: The highest number the database has for an id.
LARGEST = 2**63 - 1
#: A list of leads that is sent in has at most so many.
MOST_LEADS = 1000

INTRODUCTION = """
Other software does here what people do in the pages, by the same rules.

**Who calls.** `Authorization: Bearer <API key>`; a person makes one under *API keys* in its profile. A key sees what
its owner sees, and does what its owner may do, or less. What one may not see answers 404, like what never existed.

**Sending again.** Give every POST and PATCH an `Idempotency-Key` of its own, a UUID for example. The same request with
the same key is carried out once; whoever sends it again within 24 hours gets the first answer
(`Idempotency-Replayed: true`), unless that was 401, 403, 404 or 429: what you may not do yet can be sent again with
the same key. While the first is still at work the second waits up to 30 seconds, then it is
409 `idempotency_in_flight`. Other content under the same key is 409 `idempotency_mismatch`. A check and its run are
two keys.

**Errors** are `application/problem+json` (RFC 9457). `code` does not change, sentences may: 400 is a request of
another shape than this page says, 422 one that is understood and refused by the rules. `detail` says what happened,
what was not changed, and what to do.

**How often.** `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds) come with every answer; 429 says
`Retry-After`, and nothing was carried out.

**Lists** come with the highest id first, a page at a time: follow `next` until it is null.

**What people edit** has an `ETag`; a change names it in `If-Match`, and is 412 when somebody was faster. Asked for with
`If-None-Match`, it is 304 while nothing has changed.
""".strip()


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
    """The introduction, the headers that every answer has, and bounds of what is sent."""
    result["info"]["description"] = INTRODUCTION
    for operation in _operations(result):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path" and parameter["name"] == "id":
                parameter["schema"] |= {"minimum": 0, "maximum": LARGEST}
        _say_what_is_needed(operation, result["components"]["schemas"])
        for answer in operation["responses"].values():
            answer.setdefault("headers", {}).update(_RATE)
    for form in result["components"]["schemas"]["LeadOrLeadsRequest"]["oneOf"]:
        if form.get("type") == "array":
            form |= {"minItems": 1, "maxItems": MOST_LEADS}
    return result


def _say_what_is_needed(operation: dict[str, Any], known: dict[str, Any]) -> None:
    """A body is needed where something in it is."""
    body: dict[str, Any] = operation.get("requestBody", {})
    for content in body.get("content", {}).values():
        form = known[content["schema"]["$ref"].rpartition("/")[2]]
        if "required" in form or "oneOf" in form:
            body["required"] = True


_RATE = {
    f"RateLimit-{name}": {"schema": {"type": "integer"}, "description": text}
    for name, text in {
        "Limit": "Calls a minute.",
        "Remaining": "Calls left in this minute.",
        "Reset": "Seconds until the next minute begins.",
    }.items()
}


def _operations(result: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (
        operation
        for path in result["paths"].values()
        for operation in path.values()
        if "responses" in operation
    )
