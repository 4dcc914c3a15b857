"""What goes wrong, as `application/problem+json` (RFC 9457) with a `code` that does not change."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from campaigns.calls import LostCall
from rejections.refusals import Refused

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: Refusals by what they say of the request; the others are 422.
_STATUS_OF_REFUSAL = {
    "too_large": 413,
    "no_such_campaign": 404,
    "no_such_source": 404,
    "wrong_state": 409,
    "campaign_busy": 409,
    "correction_running": 409,
    "idempotency_in_flight": 409,
    "idempotency_mismatch": 409,
    "etag_mismatch": 412,
    "if_match_missing": 428,
    "bad_idempotency_key": 400,
    "not_permitted": 403,
    "right_missing": 403,
}
#: What the framework refuses: status → (code, title, detail).
_KNOWN = {
    400: ("malformed", "The request cannot be read", ""),
    401: (
        "not_authenticated",
        "Who is calling?",
        "Send Authorization: Bearer with an API key that is in use. Nothing was changed.",
    ),
    403: ("not_permitted", "Not permitted", "Nothing was changed."),
    404: (
        "not_found",
        "Not found, or not yours",
        "There is nothing at this address that you may see. Addresses end with a slash. Nothing was changed.",
    ),
    405: ("method_not_allowed", "This address does not take that method", "Allow names those that it takes."),
    415: (
        "unsupported_media_type",
        "This content type is not read here",
        "Send application/json, or multipart/form-data where a file belongs to it. Nothing was changed.",
    ),
    429: ("throttled", "Too many requests", ""),
}


def answer(
    status_code: int, code: str, title: str, detail: str, *, errors: Any = None, headers: Any = None
) -> Response:
    """The problem as a response. It does not name its address: what one may not see reads like what never was."""
    body = {"type": f"urn:leadrej:problem:{code}", "title": title, "status": status_code, "code": code}
    body["detail"] = detail
    if errors is not None:
        body["errors"] = errors
    return Response(body, status=status_code, headers=headers, content_type=MEDIA_TYPE)


def handler(error: Exception, context: Any) -> Response:
    """The answer to whatever a view raised. A bug is logged, told as one, and says no more."""
    set_rollback()
    match error:
        case Refused():
            known = _STATUS_OF_REFUSAL.get(error.code, 422)
            return answer(known, error.code, error.title, error.detail)
        case LostCall():
            return in_flight()
        case exceptions.ValidationError():
            return invalid(error.detail)
        case exceptions.APIException():
            return _of_framework(error)
        case Http404():
            return answer(404, *_KNOWN[404])
        case PermissionDenied():
            return answer(403, *_KNOWN[403])
        case SuspiciousOperation():
            return answer(
                400, "malformed", "The request cannot be read", "It has too many parts. Nothing was changed."
            )
        case OperationalError():
            log.exception("the database did not answer")
            detail = "The database does not answer. Nothing was changed by this call; send it again."
            return answer(503, "unavailable", "Back in a moment", detail, headers={"Retry-After": "5"})
    log.error("a call failed", exc_info=error)
    request = getattr(context.get("request"), "_request", None)
    got_request_exception.send(sender=None, request=request)
    detail = (
        "It is noted. Whatever had been done stays; sending the call again with its Idempotency-Key is safe."
    )
    return answer(500, "internal_error", "Something broke on our side", detail)


def in_flight() -> Response:
    """Another call with the same key is still being worked on."""
    detail = (
        "A call with this Idempotency-Key is being worked on. Send it again a little later for its answer."
    )
    return answer(409, "idempotency_in_flight", "Not done yet", detail, headers={"Retry-After": "5"})


def invalid(detail: Any) -> Response:
    """The request has another shape than the schema says; each error names its field."""
    said = f"{first(detail)} Nothing was changed."
    errors = list(_flat("", detail))
    return answer(400, "invalid", "The request is not as it should be", said, errors=errors)


def first(detail: Any) -> str:
    """The first thing that is wrong with a request, or a part of it, with its field."""
    error = next(_flat("", detail))
    return f"{error['field']}: {error['message']}" if error["field"] else error["message"]


def _flat(path: str, detail: Any) -> Iterator[dict[str, str]]:
    """Errors by the path of their field: `rows.3.id`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _flat(here, inner)
    elif isinstance(detail, list):
        for at, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            if inner:
                yield from _flat(f"{path}.{at}".lstrip(".") if nested else path, inner)
    else:
        yield {"field": path, "message": str(detail)}


def _of_framework(error: exceptions.APIException) -> Response:
    code, title, detail = _KNOWN.get(error.status_code, ("refused", "Refused", ""))
    headers = {}
    if auth := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
        detail = (
            f"The call was not carried out. The next one is free in {int(wait)} s; the same key can be used."
        )
    if error.status_code in (status.HTTP_400_BAD_REQUEST, status.HTTP_403_FORBIDDEN):
        detail = f"{error.detail} {detail}".strip()
    return answer(error.status_code, code, title, detail, headers=headers)
