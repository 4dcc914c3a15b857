"""Affiliate events for other software: reported by the house, read on the leads one sees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.access import allow
from campaigns.api.base import ApiView, PageQuery, page, page_of, query
from campaigns.api.described import LARGEST
from campaigns.api.fields import Form, Moment, Pattern, Text, Whole, read
from campaigns.api.idempotency import once_per_key
from campaigns.api.schema import IDEMPOTENCY_KEY, problems
from campaigns.models import Right, User
from leads import affiliates
from leads.affiliates import Recorded, Reported
from leads.models import AffiliateEvent, Lead
from rejections.refusals import Refused

EVENT_STATUSES = AffiliateEvent.Status.choices
ANSWERS = [(answer.value, answer.value) for answer in Recorded]
#: Events of one call.
MOST_EVENTS = 1000

_EVENT = {
    "lead": 4810233,
    "reference": "click-7f3a",
    "status": "pending",
    "payout": "2.50",
    "occurred_at": "2026-11-20T09:30:00Z",
}


class EventIn(Form):
    """A conversion as an affiliate reports it."""

    lead = Whole(min_value=1, max_value=LARGEST)
    reference = Text(
        max_length=120, help_text="The affiliate's own name for it; one event per lead and reference."
    )
    status = serializers.ChoiceField(EVENT_STATUSES)
    payout = Pattern(r"^[0-9]{1,8}(\.[0-9]{1,2})?$", help_text="In the campaign's currency.")
    occurred_at = Moment()


class EventsIn(Form):
    """Events, at most 1,000."""

    events = serializers.ListField(child=EventIn(), min_length=1, max_length=MOST_EVENTS)


class RecordedSerializer(serializers.Serializer):
    """What became of one event; `sentence` says why it was not taken over."""

    lead = serializers.IntegerField()
    reference = serializers.CharField()
    result = serializers.ChoiceField(ANSWERS)
    sentence = serializers.CharField(allow_blank=True)


class RecordedListSerializer(serializers.Serializer):
    """One result each, in the order sent."""

    results = RecordedSerializer(many=True)


class AffiliateEventSerializer(serializers.Serializer):
    """An affiliate event. `payout` is for staff."""

    id = serializers.IntegerField()
    lead = serializers.IntegerField()
    reference = serializers.CharField()
    status = serializers.ChoiceField(EVENT_STATUSES)
    payout = serializers.DecimalField(10, 2, allow_null=True)
    occurred_at = serializers.DateTimeField()
    is_final = serializers.BooleanField(help_text="It stands in a closed month.")


class AffiliateEventQuery(PageQuery):
    """Which events."""

    lead = Whole(min_value=1, max_value=LARGEST, required=False)
    status = serializers.ListField(child=serializers.ChoiceField(EVENT_STATUSES), required=False)


class AffiliateEventsView(ApiView):
    """/api/v1/affiliate-events/"""

    operations = {"get": "affiliate_events_list", "post": "affiliate_events_send"}

    @extend_schema(
        summary="List affiliate events",
        parameters=[AffiliateEventQuery],
        responses={200: page_of(AffiliateEventSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Events of the leads you see, the highest id first."""
        asked = query(request, AffiliateEventQuery)
        person: Any = request.user
        found = AffiliateEvent.objects.filter(lead__in=Lead.objects.visible_to(person))
        columns = {"lead": "lead_id", "status": "status__in"}
        found = found.filter(**{column: asked[name] for name, column in columns.items() if name in asked})
        return page(request, found, asked, lambda rows: [_shown(one, person) for one in rows])

    @extend_schema(
        summary="Report affiliate events",
        parameters=[IDEMPOTENCY_KEY],
        request=EventsIn,
        responses={200: RecordedListSerializer, **problems(400, 409, 413, 415)},
        examples=[OpenApiExample("One event", {"events": [_EVENT]}, request_only=True)],
    )
    @once_per_key
    def post(self, request: Request) -> Response:
        """New events, and changes of those that are known by lead and reference. For operators.

        The same report twice is once. An event in a closed month, or rejected with its lead, stays as it is.
        """
        allow(request, Right.INTAKE)
        person: Any = request.user
        if not person.is_staff:
            detail = "Affiliate events are reported by operators. Nothing was changed."
            raise Refused("not_permitted", "Not permitted", detail)
        sent = read(EventsIn, request.data)["events"]
        reports = [Reported(one["lead"], *_rest(one)) for one in sent]
        answers = request.call.once(  # type: ignore[attr-defined]
            "recorded", lambda: affiliates.record(reports, leads=Lead.objects.visible_to(person))
        )
        return Response({"results": [_told(*pair) for pair in zip(sent, answers, strict=True)]})


def _rest(sent: dict[str, Any]) -> tuple[str, str, Decimal, Any]:
    return sent["reference"], sent["status"], Decimal(sent["payout"]), sent["occurred_at"]


def _told(sent: dict[str, Any], answer: str) -> dict[str, Any]:
    recorded = Recorded(answer)
    return {
        "lead": sent["lead"],
        "reference": sent["reference"],
        "result": recorded.value,
        "sentence": recorded.sentence,
    }


def _shown(event: AffiliateEvent, viewer: User) -> dict[str, Any]:
    names = ("reference", "status", "occurred_at", "is_final")
    return {
        "id": event.pk,
        "lead": event.lead_id,
        **{name: getattr(event, name) for name in names},
        "payout": f"{event.payout:.2f}" if viewer.is_staff else None,
    }
