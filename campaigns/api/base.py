"""The view all others are, pages of lists, entity tags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.http import urlencode
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from campaigns.api.described import LARGEST
from campaigns.api.fields import Form, Whole, read
from campaigns.lists import storable
from rejections.refusals import Refused

PAGE = 100
LARGEST_PAGE = 1000


class JsonOnly(DefaultContentNegotiation):
    """There is one format, whatever is asked for."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """Authenticated, throttled, answering in JSON. Says how many calls are left.

    A 404 does not: it is the same for what one may not see and what never was, to the byte.
    """

    content_negotiation_class = JsonOnly

    def perform_authentication(self, request: Request) -> None:
        """Every call is counted, also one that is refused at once: then for the address it comes from."""
        try:
            super().perform_authentication(request)
        finally:
            super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Done before."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if is_known(request, response):
            response = Response(status=304, headers={"ETag": response["ETag"]})
        response = super().finalize_response(request, response, *args, **kwargs)
        rate = getattr(getattr(request, "_request", request), "rate", None)
        if rate and response.status_code != 404:
            names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
            for name, number in zip(names, rate, strict=True):
                response[name] = str(number)
        response["Cache-Control"] = "no-store"
        return response


class NotThere(ApiView):
    """Every address below /api/v1/ that is none, whoever asks and how."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


class PageQuery(Form):
    """Which page of a list."""

    cursor = Whole(
        min_value=1,
        max_value=LARGEST,
        required=False,
        help_text="Only what is older than this id: follow `next`.",
    )
    page_size = Whole(
        min_value=1, max_value=LARGEST_PAGE, default=PAGE, help_text="At most so many on a page."
    )


def page(
    request: Request, found: QuerySet[Any], query: dict[str, Any], show: Callable[[list[Any]], list[Any]]
) -> Response:
    """One page of a list, the highest id first, and the address of the next one."""
    if "cursor" in query:
        found = found.filter(pk__lt=query["cursor"])
    size = query["page_size"]
    rows = list(found.order_by("-pk")[: size + 1])
    following = None
    if len(rows) > size:
        rows = rows[:size]
        sent = [
            (name, value)
            for name, values in request.query_params.lists()
            for value in values
            if name != "cursor"
        ]
        following = request.build_absolute_uri(
            f"{request.path}?{urlencode([*sent, ('cursor', rows[-1].pk)])}"
        )
    return Response({"next": following, "results": show(rows)})


def page_of(item: type[serializers.Serializer]) -> Any:
    """The page of a list, for the schema."""
    name = item.__name__.removesuffix("Serializer")
    return type(
        f"{name}Page",
        (serializers.Serializer,),
        {
            "__doc__": "A page of a list, the highest id first. `next` is null on the last one.",
            "next": serializers.URLField(allow_null=True),
            "results": item(many=True),
        },
    )


def etag(shown: Any) -> str:
    """A tag that changes with what is shown."""
    encoded = json.dumps(shown, sort_keys=True, cls=JSONEncoder)
    return f'"{hashlib.sha256(encoded.encode("utf-8", "surrogatepass")).hexdigest()[:20]}"'


def is_known(request: Request, response: Any) -> bool:
    """Whether If-None-Match names what would be answered: then there is nothing to tell."""
    if request.method not in SAFE_METHODS or response.status_code != 200 or "ETag" not in response:
        return False
    sent = [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]
    return response["ETag"] in sent or sent == ["*"]


def check_match(request: Request, shown: Any) -> None:
    """Raise Refused unless If-Match names what is there now: nobody overwrites what they have not seen."""
    sent = request.headers.get("If-Match", "").strip()
    if not sent:
        raise Refused(
            "if_match_missing",
            "Which version do you change?",
            "Send If-Match with the ETag of what you have read. Nothing was changed.",
        )
    if sent != "*" and etag(shown) not in [tag.strip() for tag in sent.split(",")]:
        raise Refused(
            "etag_mismatch",
            "It was changed meanwhile",
            "If-Match names an older version. Nothing was changed; read it again, then decide.",
        )


def query(request: Request, form: type[Form]) -> dict[str, Any]:
    """The parameters of the address, checked; one that is given twice is an error unless it is a list."""
    plain: dict[str, Any] = {}
    lists = {name for name, field in form().fields.items() if isinstance(field, serializers.ListField)}
    for name, values in request.query_params.lists():
        if len(values) > 1 and name not in lists:
            raise serializers.ValidationError({storable(name)[:100]: ["It is given twice."]})
        plain[name] = values if name in lists else values[-1]
    return read(form, plain, context={"written": True})
