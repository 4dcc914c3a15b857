"""Leads for other software: sent in one by one or in lists, listed, and told with what happened to them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.access import allow
from campaigns.api.base import ApiView, page, page_of, query
from campaigns.api.described import LARGEST, MOST_LEADS
from campaigns.api.fields import read
from campaigns.api.idempotency import once_per_key
from campaigns.api.problems import first
from campaigns.api.schema import IDEMPOTENCY_KEY, answers_with, problems
from campaigns.calls import Call
from campaigns.models import Campaign, Right, Source, Supplier, User
from leads import intake
from leads.api import shapes
from leads.api.shapes import LeadIn, LeadQuery, LeadSerializer, LeadWithEventsSerializer, ReceivedSerializer
from leads.intake import Incoming, NotAgreed
from leads.models import Lead
from rejections.models import Batch
from rejections.refusals import Refused

_NO_SOURCE = (
    "no_such_source",
    "There is no such source",
    "No source with this code is yours. The lead was not stored.",
)
_NOT_AGREED = (
    "not_agreed",
    "Nothing is agreed with this source's supplier",
    "A lead would have no price. The lead was not stored; an admin can write the agreement.",
)
_LEAD = {
    "source": "FORM-SOLAR-UK",
    "data": {"email": "ann@example.org", "phone": "+44 20 7946 0018"},
    "uid": "a-17",
}
_RECEIVED = {
    "id": 4810233,
    "uid": "a-17",
    "status": "rejected",
    "disposition": "REJECT_LEAD_INVALID_EMAIL",
    "reason": "“ann@example” is not an e-mail address",
    "failures": [],
    "error": None,
}


class LeadsView(ApiView):
    """/api/v1/leads/"""

    operations = {"get": "leads_list", "post": "leads_send"}

    @extend_schema(
        summary="List leads",
        parameters=[LeadQuery],
        responses={200: page_of(LeadSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Leads you see, the highest id first. Parameters narrow the list; together they must all hold."""
        asked = query(request, LeadQuery)
        person: Any = request.user
        found = _matching(person, asked).select_related(
            "campaign", "source", "supplier", "disposition", "values"
        )
        return page(request, found, asked, lambda leads: [shapes.shown(lead, person) for lead in leads])

    @extend_schema(
        summary="Send in leads",
        parameters=[
            IDEMPOTENCY_KEY,
            answers_with("Location", "The lead's address.", 201),
        ],
        request=PolymorphicProxySerializer(
            "LeadOrLeads", [LeadIn, LeadIn(many=True)], resource_type_field_name=None, many=False
        ),
        responses={
            200: ReceivedSerializer(many=True),
            201: ReceivedSerializer,
            **problems(400, 404, 409, 413, 415, 422),
        },
        examples=[
            OpenApiExample("One lead", _LEAD, request_only=True),
            OpenApiExample("One lead, stored", _RECEIVED, response_only=True, status_codes=["201"]),
        ],
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """One lead: 201, also when it is Rejected, for it was stored. A list of at most 1,000: 200, one result each.

        Each lead is stored before it is judged. In a list, a lead that could not be stored, or is none, has its
        `error`; the others are stored.
        """
        allow(request, Right.INTAKE)
        sent = _sent(request.data)
        results = receive(request.user, sent, request.call)  # type: ignore[arg-type,attr-defined]
        if isinstance(request.data, list):
            return Response(results)
        if error := results[0]["error"]:
            raise Refused(**error)
        location = request.build_absolute_uri(f"{request.path}{results[0]['id']}/")
        return Response(results[0], status=201, headers={"Location": location})


class LeadView(ApiView):
    """/api/v1/leads/<id>/"""

    operations = {"get": "leads_get"}

    @extend_schema(
        summary="One lead with its events", responses={200: LeadWithEventsSerializer, **problems(404)}
    )
    def get(self, request: Request, pk: int) -> Response:
        """Where the lead stands, its values, and everything that happened to it."""
        person: Any = request.user
        visible = Lead.objects.visible_to(person).filter(pk__lte=LARGEST)
        lead = get_object_or_404(
            visible.select_related("campaign", "source", "supplier", "disposition", "values"), pk=pk
        )
        events = list(lead.events.select_related("disposition"))
        numbers = {event.batch_id for event in events if event.batch_id}
        batches = Batch.objects.visible_to(person).in_bulk(numbers)
        told = [shapes.event_shown(event, person, batches) for event in events]
        return Response({**shapes.shown(lead, person), "events": told})


def _matching(person: User, asked: dict[str, Any]) -> QuerySet[Lead]:
    """Leads this person sees that match; a party it may not know matches none."""
    found: QuerySet[Lead] = Lead.objects.visible_to(person)
    if "campaign" in asked:
        name = "public_name" if person.supplier_id else "code"
        found = found.filter(
            campaign__in=Campaign.objects.visible_to(person).filter(**{name: asked["campaign"]})
        )
    if "source" in asked:
        found = found.filter(source__in=Source.objects.visible_to(person).filter(code=asked["source"]))
    if "supplier" in asked:
        found = found.filter(supplier__in=Supplier.objects.visible_to(person).filter(code=asked["supplier"]))
        if person.client_id:
            found = found.filter(campaign__show_suppliers_to_client=True)
    columns = {
        "status": "status__in",
        "disposition": "disposition__code",
        "uid": "uid",
        "received_from": "received_at__gte",
        "received_to": "received_at__lt",
    }
    return found.filter(**{column: asked[name] for name, column in columns.items() if name in asked})


def _sent(data: Any) -> list[Any]:
    """The leads that were sent, in their order; one that is not as it should be is the error that says so.

    Raises ValidationError where it is the only one, or the list itself is wrong: then nothing is stored.
    """
    if not isinstance(data, list):
        return [read(LeadIn, data)]
    if not 0 < len(data) <= MOST_LEADS:
        raise serializers.ValidationError(f"A list has 1 to {MOST_LEADS:,} leads.")
    return [_lead_or_error(one) for one in data]


def _lead_or_error(one: Any) -> dict[str, Any] | serializers.ValidationError:
    try:
        return read(LeadIn, one)
    except serializers.ValidationError as error:
        return error


def receive(person: User, sent: list[Any], call: Call) -> list[dict[str, Any]]:
    """Store and judge the leads, source by source; one result each, in the order given."""
    good = {at: one for at, one in enumerate(sent) if isinstance(one, dict)}
    sources = {
        source.code: source
        for source in Source.objects.visible_to(person)
        .filter(code__in={one["source"] for one in good.values()})
        .select_related("campaign", "supplier")
    }
    results = [_not_stored(one) for one in sent]
    for code, source in sources.items():
        places = [at for at, one in good.items() if one["source"] == code]
        leads = [Incoming(good[at]["data"], good[at].get("uid", "")) for at in places]
        for at, result in zip(places, _through(source, leads, person, call), strict=True):
            results[at] = result
    return results


def _not_stored(one: Any) -> dict[str, Any]:
    """What is said of a lead that no source takes: it is none, or its source is not there."""
    if isinstance(one, dict):
        return shapes.not_received(one.get("uid", ""), *_NO_SOURCE)
    wrong = f"{first(one.detail)} The lead was not stored."
    return shapes.not_received("", "invalid", "The lead is not as it should be", wrong)


def _through(source: Source, leads: list[Incoming], person: User, call: Call) -> list[dict[str, Any]]:
    """Leads of one source, stored once, judged, and told as they stand now."""
    at = timezone.now()
    try:
        ids = call.once(
            f"stored {source.pk}", partial(intake.store, source, leads, at=at, actor_id=person.pk)
        )
    except NotAgreed:
        return [shapes.not_received(lead.uid, *_NOT_AGREED) for lead in leads]
    intake.judge(source.campaign, ids, at=at)
    stored = Lead.objects.select_related("disposition", "values").in_bulk(ids)
    return [shapes.received(stored[lead_id], person) for lead_id in ids]
