"""What people are told when a request cannot be carried out: too large, not understood, broken, no page at all."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

#: Seconds after which a page that could not be shown is asked for again.
RETRY_SECONDS = 10
#: What a request may carry beside its file.
BESIDE_THE_FILE = 5_000_000
#: Without letters and digits that are taken for each other on the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

log = logging.getLogger(__name__)


def refuse_too_large(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a request larger than any file may be is refused before a byte of it is read."""

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = max(settings.CSV_MAX_BYTES, settings.XLSX_MAX_BYTES)
        if length.isdecimal() and int(length) > limit + BESIDE_THE_FILE:
            return too_large(request, limit)
        return get_response(request)

    return middleware


def explain_buttons(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: who opens the address of a button, as after signing in again, is told and led to its page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = get_response(request)
        if not (isinstance(answer, HttpResponseNotAllowed) and request.method == "GET"):
            return answer
        page = _page_above(request.path)
        told = _answer(request, 405, "not_a_page", "There is no page at this address", {"page": page})
        told["Allow"] = answer["Allow"]
        return told

    return middleware


def _page_above(path: str) -> str:
    """The nearest address above this one that is known; a button's is that of its page and a word."""
    while (path := path.rstrip("/").rpartition("/")[0] + "/") != "/":
        with suppress(Resolver404):
            resolve(path)
            return path
    return path


def too_large(request: HttpRequest, limit: int) -> HttpResponse:
    """413, with the largest size that is taken."""
    return _answer(request, 413, "too_large", "The request is too large", {"limit": limit})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 where the form was larger than a form may be."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return _answer(request, 400, "bad_request", "The request could not be read", {})


def broken(request: HttpRequest) -> HttpResponse:
    """500 with a reference that stands in the log too; 503 where the database cannot be reached."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        again = request.method in ("GET", "HEAD")
        answer = _answer(
            request, 503, "unavailable", "Back in a moment", {"again": again, "retry": RETRY_SECONDS}
        )
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    reference = _reference()
    log.error("%s: %s %s", reference, request.method, request.path, exc_info=True)
    return _answer(request, 500, "broken", "Something broke on our side", {"reference": reference})


def _reference() -> str:
    """Something to read out: E-7K2M-943B."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"E-{letters[:4]}-{letters[4:]}"


def _answer(request: HttpRequest, status: int, code: str, title: str, facts: dict[str, Any]) -> HttpResponse:
    """A page, or a problem for programs. Neither asks for a database or a session."""
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": title, "status": status, "code": code, **facts}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    return HttpResponse(render_to_string(f"{status}.html", facts), status=status)
