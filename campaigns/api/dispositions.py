"""Dispositions for other software: read by everybody in the words of its side, kept by admins."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import listed
from campaigns.api.base import ApiView, PageQuery, check_match, page, page_of, query
from campaigns.api.fields import read
from campaigns.api.idempotency import once_per_key
from campaigns.api.lists import CHANGED, ETAG, MADE, keep, named_once, once, tagged
from campaigns.api.schema import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, UNCHANGED, problems
from campaigns.models import Disposition


class DispositionsView(ApiView):
    """/api/v1/dispositions/"""

    operations = {"get": "dispositions_list", "post": "dispositions_make"}

    @extend_schema(
        summary="List dispositions",
        parameters=[PageQuery],
        responses={200: page_of(listed.DispositionSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """All codes, in the words of your side."""
        person: Any = request.user
        found = Disposition.objects.all()
        return page(
            request,
            found,
            query(request, PageQuery),
            lambda rows: [listed.disposition_shown(one, person) for one in rows],
        )

    @extend_schema(
        summary="Make a disposition",
        parameters=[IDEMPOTENCY_KEY, ETAG],
        request=listed.DispositionIn,
        responses={201: listed.DispositionSerializer, **MADE},
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """A new code that clients' phrases can mean. For admins."""
        keep(request)
        asked = read(listed.DispositionIn, request.data)

        def make() -> None:
            with named_once():
                Disposition.objects.create(family=Disposition.Family.CLIENT, **asked)

        once(request, "made", make)
        person: Any = request.user
        made = Disposition.objects.get(code=asked["code"])
        return tagged(listed.disposition_shown(made, person), 201)


class DispositionView(ApiView):
    """/api/v1/dispositions/<code>/"""

    operations = {"get": "dispositions_get", "patch": "dispositions_change"}

    @extend_schema(
        summary="One disposition",
        parameters=[IF_NONE_MATCH, ETAG],
        responses={200: listed.DispositionSerializer, **UNCHANGED, **problems(404)},
    )
    def get(self, request: Request, code: str) -> Response:
        """The code, in the words of your side."""
        person: Any = request.user
        return tagged(listed.disposition_shown(get_object_or_404(Disposition, code=code), person))

    @extend_schema(
        summary="Change a disposition",
        parameters=[IDEMPOTENCY_KEY, IF_MATCH, ETAG],
        request=listed.DispositionChange,
        responses={200: listed.DispositionSerializer, **CHANGED},
    )
    @once_per_key
    def patch(self, request: Request, code: str) -> Response:
        """Its words, and what it means for returns and payouts from now on. For admins."""
        person: Any = request.user
        get_object_or_404(Disposition, code=code)
        keep(request)
        asked = read(listed.DispositionChange, request.data)

        def save() -> None:
            found = Disposition.objects.select_for_update().get(code=code)
            check_match(request, listed.disposition_shown(found, person))
            Disposition.objects.filter(pk=found.pk).update(**asked)

        once(request, "changed", save)
        return tagged(listed.disposition_shown(Disposition.objects.get(code=code), person))
