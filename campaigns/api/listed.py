"""How picklists, list mapper entries and dispositions look to other software."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from campaigns.api.base import PageQuery
from campaigns.api.described import LARGEST
from campaigns.api.fields import Flag, Form, Pattern, Text, Whole
from campaigns.models import Disposition, ListMapperEntry, Picklist, User

FAMILIES = Disposition.Family.choices
#: Values that one call adds or retires.
MOST_VALUES = 5000
_VALUE = {"max_length": 300}


class PicklistSerializer(serializers.Serializer):
    """The allowed values for fields of one client's campaigns; each change is a version."""

    id = serializers.IntegerField()
    client = serializers.CharField(help_text="The client's code.")
    name = serializers.CharField()
    version = serializers.IntegerField()


class PicklistWithValuesSerializer(PicklistSerializer):
    """A picklist with its values, those in use and those that were."""

    values = serializers.ListField(child=serializers.CharField())
    retired = serializers.ListField(child=serializers.CharField())


class PicklistIn(Form):
    """A new picklist."""

    client = Text(max_length=40, help_text="The client's code.")
    name = Text(max_length=120)
    values = serializers.ListField(child=Text(**_VALUE), max_length=MOST_VALUES, required=False)


class PicklistChange(Form):
    """What changes; what is left out stays."""

    name = Text(max_length=120, required=False)
    add = serializers.ListField(child=Text(**_VALUE), max_length=MOST_VALUES, required=False)
    retire = serializers.ListField(child=Text(**_VALUE), max_length=MOST_VALUES, required=False)


class EntrySerializer(serializers.Serializer):
    """A list mapper entry: an incoming text, and the value of its picklist that it stands for."""

    id = serializers.IntegerField()
    picklist = serializers.IntegerField()
    text = serializers.CharField()
    value = serializers.CharField()


class EntryIn(Form):
    """A new list mapper entry."""

    picklist = Whole(min_value=1, max_value=LARGEST)
    text = Text(**_VALUE)
    value = Text(**_VALUE, help_text="A value of the picklist that is in use.")


class EntryChange(Form):
    """Another value."""

    value = Text(**_VALUE)


class EntryQuery(PageQuery):
    """Which entries."""

    picklist = Whole(min_value=1, max_value=LARGEST, required=False)


class DispositionSerializer(serializers.Serializer):
    """A code of why a lead stands where it stands. `label` is what your side reads; `keeps_payout` is for staff."""

    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    family = serializers.ChoiceField(FAMILIES)
    returnable = serializers.BooleanField(help_text="A client may send leads back for this.")
    keeps_payout = serializers.BooleanField(allow_null=True)
    supplier_text = serializers.CharField(allow_null=True, allow_blank=True, help_text="What suppliers read.")


class DispositionChange(Form):
    """What changes; what is left out stays."""

    label = Text(max_length=120, required=False)  # type: ignore[assignment]
    returnable = Flag(required=False)
    keeps_payout = Flag(required=False)
    supplier_text = Text(max_length=200, allow_blank=True, required=False)


class DispositionIn(DispositionChange):
    """A new code of the clients; those of the door are its own."""

    code = Pattern(r"^CLIENT_[A-Z0-9_]{1,50}$")
    label = Text(max_length=120)


def picklist_shown(picklist: Picklist) -> dict[str, Any]:
    """The picklist; it comes with `client`."""
    names = ("name", "version")
    return {
        "id": picklist.pk,
        "client": picklist.client.code,
        **{name: getattr(picklist, name) for name in names},
    }


def picklist_with_values(picklist: Picklist) -> dict[str, Any]:
    """The picklist with its values, read now."""
    values = list(picklist.values.values_list("value", "retired_at"))
    return {
        **picklist_shown(picklist),
        "values": [value for value, retired_at in values if retired_at is None],
        "retired": [value for value, retired_at in values if retired_at is not None],
    }


def entry_shown(entry: ListMapperEntry) -> dict[str, Any]:
    """The entry; it comes with `value`."""
    return {"id": entry.pk, "picklist": entry.picklist_id, "text": entry.text, "value": entry.value.value}


def disposition_shown(disposition: Disposition, viewer: User) -> dict[str, Any]:
    """The disposition in the words of the viewer's side."""
    words = disposition.supplier_text if viewer.supplier_id else ""
    return {
        "code": disposition.code,
        "label": words or disposition.label,
        "family": disposition.family,
        "returnable": disposition.returnable,
        "keeps_payout": disposition.keeps_payout if viewer.is_staff else None,
        "supplier_text": disposition.supplier_text if viewer.is_staff else None,
    }
