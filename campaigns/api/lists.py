"""Picklists and list mappers for other software: read by those whose they are, kept by the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import listed
from campaigns.api.access import allow
from campaigns.api.base import ApiView, PageQuery, check_match, etag, page, page_of, query
from campaigns.api.described import LARGEST
from campaigns.api.fields import read
from campaigns.api.idempotency import once_per_key
from campaigns.api.schema import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, UNCHANGED, answers_with, problems
from campaigns.models import Client, ListMapperEntry, Picklist, PicklistValue, Right
from rejections import lists
from rejections.refusals import Refused

ETAG = answers_with("ETag", "Changes with what is told: send it as If-Match.", 200, 201)
MADE = problems(400, 404, 409, 413, 415, 422)
CHANGED = problems(400, 404, 409, 412, 413, 415, 422, 428)


def keep(request: Request, *, admin: bool = True) -> None:
    """Raise Refused unless the caller may change lists: admins, and operators who add one entry."""
    allow(request, Right.LISTS)
    person: Any = request.user
    if admin and not person.is_superuser:
        raise Refused("not_permitted", "Not permitted", "Lists are changed by admins. Nothing was changed.")


def tagged(shown: dict[str, Any], status: int = 200) -> Response:
    """What is told, with its tag."""
    return Response(shown, status=status, headers={"ETag": etag(shown)})


def once(request: Request, name: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, done once for this call and in one transaction."""

    def whole() -> Any:
        with transaction.atomic():
            return make()

    return request.call.once(name, whole)  # type: ignore[attr-defined]


class PicklistsView(ApiView):
    """/api/v1/picklists/"""

    operations = {"get": "picklists_list", "post": "picklists_make"}

    @extend_schema(
        summary="List picklists",
        parameters=[PageQuery],
        responses={200: page_of(listed.PicklistSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Picklists you see, without their values."""
        person: Any = request.user
        found = Picklist.objects.visible_to(person).select_related("client")
        return page(
            request,
            found,
            query(request, PageQuery),
            lambda rows: [listed.picklist_shown(one) for one in rows],
        )

    @extend_schema(
        summary="Make a picklist",
        parameters=[IDEMPOTENCY_KEY, ETAG],
        request=listed.PicklistIn,
        responses={201: listed.PicklistWithValuesSerializer, **MADE},
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """A new picklist of one client. For admins."""
        keep(request)
        asked = read(listed.PicklistIn, request.data)
        client = Client.objects.filter(code=asked["client"]).first()
        if client is None:
            raise Refused("no_such_client", "There is no such client", "Nothing was changed.")
        number = once(request, "made", lambda: _make(client, asked, request).pk)
        made = Picklist.objects.select_related("client").get(pk=number)
        return tagged(listed.picklist_with_values(made), 201)


def _make(client: Client, asked: dict[str, Any], request: Request) -> Picklist:
    with named_once():
        picklist = Picklist.objects.create(client=client, name=asked["name"])
        for value in dict.fromkeys(asked.get("values", [])):
            lists.add_value(picklist, value, **_named(request))
    return picklist


@contextmanager
def named_once() -> Iterator[None]:
    """A second thing of the same name is refused."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Refused("name_taken", "This name is taken", "Nothing was changed.") from None


class PicklistView(ApiView):
    """/api/v1/picklists/<id>/"""

    operations = {"get": "picklists_get", "patch": "picklists_change"}

    @extend_schema(
        summary="One picklist",
        parameters=[IF_NONE_MATCH, ETAG],
        responses={200: listed.PicklistWithValuesSerializer, **UNCHANGED, **problems(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """The picklist with its values."""
        return tagged(listed.picklist_with_values(_picklist(request, pk)))

    @extend_schema(
        summary="Change a picklist",
        parameters=[IDEMPOTENCY_KEY, IF_MATCH, ETAG],
        request=listed.PicklistChange,
        responses={200: listed.PicklistWithValuesSerializer, **CHANGED},
    )
    @once_per_key
    def patch(self, request: Request, pk: int) -> Response:
        """Rename it, add values, retire values. It works at once for leads that come in. For admins."""
        _picklist(request, pk)
        keep(request)
        asked = read(listed.PicklistChange, request.data)

        def save() -> None:
            picklist = Picklist.objects.select_for_update(of=("self",)).select_related("client").get(pk=pk)
            check_match(request, listed.picklist_with_values(picklist))
            _change(picklist, asked, request)

        once(request, "changed", save)
        return tagged(listed.picklist_with_values(_picklist(request, pk)))


def _picklist(request: Request, pk: int) -> Picklist:
    person: Any = request.user
    visible = Picklist.objects.visible_to(person).filter(pk__lte=LARGEST)
    return get_object_or_404(visible.select_related("client"), pk=pk)


def _change(picklist: Picklist, asked: dict[str, Any], request: Request) -> None:
    if "name" in asked and asked["name"] != picklist.name:
        with named_once():
            lists.rename(picklist, asked["name"], **_named(request))
    for value in dict.fromkeys(asked.get("add", [])):
        lists.add_value(picklist, value, **_named(request))
    if asked.get("retire"):
        lists.retire(picklist, asked["retire"], **_named(request))


def _named(request: Request) -> dict[str, Any]:
    """Who saves, and when: each save is a version by name."""
    return {"by": request.user, "at": timezone.now()}


class EntriesView(ApiView):
    """/api/v1/list-mappers/"""

    operations = {"get": "list_mappers_list", "post": "list_mappers_add"}

    @extend_schema(
        summary="List list mapper entries",
        parameters=[listed.EntryQuery],
        responses={200: page_of(listed.EntrySerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Entries of the picklists you see."""
        asked = query(request, listed.EntryQuery)
        found = _entries(request)
        if "picklist" in asked:
            found = found.filter(picklist=asked["picklist"])
        return page(request, found, asked, lambda rows: [listed.entry_shown(one) for one in rows])

    @extend_schema(
        summary="Add a list mapper entry",
        parameters=[IDEMPOTENCY_KEY, ETAG],
        request=listed.EntryIn,
        responses={201: listed.EntrySerializer, **MADE},
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """From now on this text stands for that value. For operators and admins."""
        asked = read(listed.EntryIn, request.data)
        keep(request, admin=False)
        picklist = _picklist(request, asked["picklist"])

        def add() -> Any:
            return lists.add_entry(
                picklist, asked["text"], _value(picklist, asked["value"]), **_named(request)
            )["entry"]

        number = once(request, "added", add)
        return tagged(listed.entry_shown(_entries(request).get(pk=number)), 201)


class EntryView(ApiView):
    """/api/v1/list-mappers/<id>/"""

    operations = {"get": "list_mappers_get", "patch": "list_mappers_change"}

    @extend_schema(
        summary="One list mapper entry",
        parameters=[IF_NONE_MATCH, ETAG],
        responses={200: listed.EntrySerializer, **UNCHANGED, **problems(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        """The text, and the value it stands for."""
        return tagged(listed.entry_shown(_entry(request, pk)))

    @extend_schema(
        summary="Change a list mapper entry",
        parameters=[IDEMPOTENCY_KEY, IF_MATCH, ETAG],
        request=listed.EntryChange,
        responses={200: listed.EntrySerializer, **CHANGED},
    )
    @once_per_key
    def patch(self, request: Request, pk: int) -> Response:
        """Let it stand for another value of its picklist. For admins."""
        _entry(request, pk)
        keep(request)
        asked = read(listed.EntryChange, request.data)

        def save() -> None:
            entry = _entries(request).select_for_update(of=("self",)).get(pk=pk)
            check_match(request, listed.entry_shown(entry))
            lists.repoint(entry, _value(entry.picklist, asked["value"]), **_named(request))

        once(request, "changed", save)
        return tagged(listed.entry_shown(_entry(request, pk)))


def _entries(request: Request) -> Any:
    person: Any = request.user
    visible = Picklist.objects.visible_to(person)
    return ListMapperEntry.objects.filter(picklist__in=visible).select_related("value", "picklist")


def _entry(request: Request, pk: int) -> ListMapperEntry:
    found: ListMapperEntry = get_object_or_404(_entries(request).filter(pk__lte=LARGEST), pk=pk)
    return found


def _value(picklist: Picklist, text: str) -> PicklistValue:
    value = picklist.values.filter(value=text).first()
    if value is None:
        raise Refused("not_a_value", f"“{text}” is not in use on {picklist}", "Nothing was changed.")
    return value
