"""`Idempotency-Key`: a call that is sent again gets the first answer."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns import calls
from campaigns.api import problems
from campaigns.api.access import caller
from campaigns.calls import Answer, Call
from rejections.refusals import Refused

#: How long a call waits for the answer of another with the same key.
PATIENCE_SECONDS = 30
_LOOK_EVERY = 0.1
#: Answers about who asks, not about what: they may be others once a right was granted.
_NOT_KEPT = frozenset((401, 403, 404, 429))
_KEPT_HEADERS = ("Location", "ETag", "Content-Type")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

Handler = Callable[..., Any]


def once_per_key(handler: Handler) -> Handler:
    """The handler of a view, carried out once for each caller, endpoint and key.

    It finds its call at `request.call`: what it does there with `once` is not done again by a retry.
    """

    @wraps(handler)
    def keyed(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            request.call = Call()  # type: ignore[attr-defined]
            return handler(view, request, *args, **kwargs)
        begun = _begin(request, key)
        if begun is None:
            return problems.in_flight()
        if isinstance(begun, Answer):
            return _again(begun, replayed=True)
        request.call = begun  # type: ignore[attr-defined]
        return _work(begun, lambda: handler(view, request, *args, **kwargs), view)

    return keyed


def _begin(request: Request, key: str) -> Call | Answer | None:
    """The call, when it is ours; the answer, as soon as there is one; None when that takes too long."""
    if not _KEY.fullmatch(key):
        raise Refused(
            "bad_idempotency_key",
            "That is no Idempotency-Key",
            "It has 1 to 255 visible ASCII characters, a UUID for example. Nothing was changed.",
        )
    match: Any = request.resolver_match
    endpoint, content = f"{request.method} {match.route}", fingerprint(request)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            begun = calls.begin(caller(request), endpoint, key, content, timezone.now())
        except calls.OtherContent:
            raise Refused(
                "idempotency_mismatch",
                "This key stands for another request",
                "The same Idempotency-Key came with other content within 24 hours. Nothing was changed by this call; "
                "give each request a key of its own.",
            ) from None
        if begun is not None or time.monotonic() > deadline:
            return begun
        time.sleep(_LOOK_EVERY)


def _work(call: Call, handle: Callable[[], Any], view: Any) -> Any:
    """Carry it out and keep the answer.

    What broke on our side is not kept, for a retry goes on from there; nor is what this caller may not do yet.
    """
    try:
        response = handle()
    except Exception as error:
        response = view.handle_exception(error)
    if response.status_code >= 500 or response.status_code in _NOT_KEPT:
        call.release(timezone.now())
        return response
    answer = _answer(response)
    call.answer(answer)
    return _again(answer, replayed=False)


def _answer(response: Response) -> Answer:
    body = "" if response.data is None else JSONRenderer().render(response.data).decode()
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    headers["Content-Type"] = response.content_type or "application/json"
    return Answer(response.status_code, headers, body)


def _again(answer: Answer, *, replayed: bool) -> HttpResponse:
    headers = {**answer.headers, **({"Idempotency-Replayed": "true"} if replayed else {})}
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def fingerprint(request: Request) -> str:
    """SHA-256 of method, path, parsed content; of files their bytes count."""
    data: Any = request.data
    if hasattr(data, "lists"):
        data = {name: [_plain(value) for value in values] for name, values in data.lists()}
    content = [request.method, request.get_full_path(), data]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for part in value.chunks():
        digest.update(part)
    value.seek(0)
    return {"sha256": digest.hexdigest()}
