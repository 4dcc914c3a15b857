"""How leads look to other software: what is sent, what comes back. Whose side it is decides what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.base import PageQuery
from campaigns.api.fields import Form, Moment, Text
from campaigns.lists import storable
from campaigns.models import User
from leads.models import Lead, LeadEvent
from leads.profile import sees_source
from leads.reasons import reason_for, sentence_for
from leads.statuses import Cause, Status

STATUSES = [(status.value, status.label) for status in Status]
CAUSES = [(cause.value, cause.value) for cause in Cause]
_LONGEST_NAME, _LONGEST_VALUE, _MOST_VALUES = 200, 10_000, 500


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": _MOST_VALUES,
        "propertyNames": {"minLength": 1, "maxLength": _LONGEST_NAME},
        "additionalProperties": {
            "type": ["string", "number", "boolean", "null"],
            "maxLength": _LONGEST_VALUE,
        },
    }
)
class Values(serializers.Field):
    """Values by the source's own names for the fields. Numbers, booleans and null are taken as the text they are."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Send an object: name → value.")
        if len(data) > _MOST_VALUES:
            raise serializers.ValidationError(f"At most {_MOST_VALUES} values are read.")
        return {self._name(name): self._value(name, value) for name, value in data.items()}

    def _name(self, name: str) -> str:
        if not 0 < len(name) <= _LONGEST_NAME:
            raise serializers.ValidationError(f"A name has 1 to {_LONGEST_NAME} characters.")
        return storable(name)

    def _value(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None:
            return ""
        if not isinstance(value, str | int | float):
            raise serializers.ValidationError({name: ["A value is a text, number, boolean or null."]})
        if len(text := storable(str(value))) > _LONGEST_VALUE and isinstance(value, str):
            raise serializers.ValidationError({name: [f"A value has at most {_LONGEST_VALUE} characters."]})
        return text


class LeadIn(Form):
    """A lead, as its source sends it."""

    source = Text(max_length=40, help_text="The source's code.")  # type: ignore[assignment]
    data = Values()  # type: ignore[assignment]
    uid = Text(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Your own ID of the lead. Blank: one is made.",
    )


class FailureSerializer(serializers.Serializer):
    """One thing wrong with one value."""

    field = serializers.CharField()
    code = serializers.CharField()
    value = serializers.CharField(allow_blank=True)
    sentence = serializers.CharField()


class RefusalSerializer(serializers.Serializer):
    """Why this one was not stored."""

    code = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField()


class ReceivedSerializer(serializers.Serializer):
    """What became of one lead that was sent in: where it stands, and why; or the error for which it was not stored."""

    id = serializers.IntegerField(allow_null=True)
    uid = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(STATUSES, allow_null=True)
    disposition = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    failures = FailureSerializer(many=True)
    error = RefusalSerializer(allow_null=True)


class LeadSerializer(serializers.Serializer):
    """A lead. Null where it is not yours to see: price for suppliers, payout for clients.

    For a supplier `campaign` is the campaign's public name. `source` and `supplier` are told to a client only where
    its campaign shows them. `values` are as judged; where nothing was judged, as received, for who may know the source.
    """

    id = serializers.IntegerField()
    uid = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(STATUSES)
    disposition = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="The human words, kept verbatim.")
    campaign = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    supplier = serializers.CharField(allow_null=True)
    received_at = serializers.DateTimeField()
    valid_at = serializers.DateTimeField(allow_null=True)
    accepted_at = serializers.DateTimeField(allow_null=True)
    is_final = serializers.BooleanField(help_text="A line of it stands in a closed month.")
    currency = serializers.CharField()
    price = serializers.DecimalField(10, 2, allow_null=True)
    payout = serializers.DecimalField(10, 2, allow_null=True)
    values = serializers.DictField(child=serializers.CharField(allow_blank=True))
    failures = FailureSerializer(many=True)


class EventSerializer(serializers.Serializer):
    """One thing that happened to a lead. `batch` is null where it is not yours to see."""

    at = serializers.DateTimeField()
    cause = serializers.ChoiceField(CAUSES)
    from_status = serializers.CharField(allow_blank=True)
    to_status = serializers.ChoiceField(STATUSES)
    disposition = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    batch = serializers.IntegerField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)


class LeadWithEventsSerializer(LeadSerializer):
    """A lead with everything that happened to it, oldest first."""

    events = EventSerializer(many=True)


class LeadQuery(PageQuery):
    """Which leads."""

    campaign = Text(max_length=200, required=False, help_text="As `campaign` of a lead says it.")
    source = Text(max_length=40, required=False)  # type: ignore[assignment]
    supplier = Text(max_length=40, required=False)
    status = serializers.ListField(
        child=serializers.ChoiceField(STATUSES), required=False, help_text="One or several."
    )
    disposition = Text(max_length=60, required=False)
    uid = Text(max_length=200, required=False)
    received_from = Moment(required=False, help_text="Received then or later.")
    received_to = Moment(required=False, help_text="Received before then.")


def shown(lead: Lead, viewer: User) -> dict[str, Any]:
    """The lead as this person may read it; it comes with campaign, source, supplier, disposition, values."""
    campaign, values = lead.campaign, getattr(lead, "values", None)
    parties = sees_source(campaign, viewer)
    return {
        "id": lead.pk,
        "uid": lead.uid,
        "status": lead.status,
        "disposition": lead.disposition.code if lead.disposition else None,
        "reason": reason_for(viewer, lead.disposition, lead.reason),
        "campaign": campaign.public_name if viewer.supplier_id else campaign.code,
        "source": lead.source.code if parties else None,
        "supplier": lead.supplier.code if parties else None,
        "received_at": lead.received_at,
        "valid_at": lead.valid_at,
        "accepted_at": lead.accepted_at,
        "is_final": lead.is_final,
        "currency": campaign.currency,
        "price": None if viewer.supplier_id else f"{lead.price:.2f}",
        "payout": None if viewer.client_id else f"{lead.payout:.2f}",
        "values": _texts((values.judged or (values.received if parties else {})) if values else {}),
        "failures": _failures(values.failures if values else [], viewer),
    }


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _failures(failures: Iterable[Mapping[str, Any]], viewer: User) -> list[dict[str, str]]:
    names = ("field", "code", "value", "sentence")
    told = [{name: str(failure.get(name) or "") for name in names} for failure in failures]
    return [one | {"sentence": sentence_for(viewer, one["code"], one["sentence"])} for one in told]


def event_shown(event: LeadEvent, viewer: User, batches: Mapping[int, Any]) -> dict[str, Any]:
    """The event as this person may read it; `batches` are those it may see."""
    seen = event.batch_id in batches
    return {
        "at": event.at,
        "cause": event.cause,
        "from_status": event.from_status,
        "to_status": event.to_status,
        "disposition": event.disposition.code if event.disposition else None,
        "reason": reason_for(viewer, event.disposition, event.reason),
        "batch": event.batch_id if seen else None,
        "line": event.line if seen else None,
    }


def received(lead: Lead, viewer: User) -> dict[str, Any]:
    """What became of a lead that came in, as it stands now: a call sent again may find it refused by a CRM."""
    values = getattr(lead, "values", None)
    return {
        "id": lead.pk,
        "uid": lead.uid,
        "status": lead.status,
        "disposition": lead.disposition.code if lead.disposition else None,
        "reason": reason_for(viewer, lead.disposition, lead.reason),
        "failures": _failures(values.failures if values else [], viewer),
        "error": None,
    }


def not_received(uid: str, code: str, title: str, detail: str) -> dict[str, Any]:
    """Why one lead was not stored."""
    error = {"code": code, "title": title, "detail": detail}
    blank: dict[str, Any] = {
        "id": None,
        "uid": uid,
        "status": None,
        "disposition": None,
        "reason": "",
        "failures": [],
    }
    return {**blank, "error": error}
