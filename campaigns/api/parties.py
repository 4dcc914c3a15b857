"""Campaigns, sources and suppliers for other software: what a caller needs to name them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api.base import ApiView, PageQuery, page, page_of, query
from campaigns.api.schema import problems
from campaigns.models import Campaign, Source, Supplier, User

KINDS = Source.Kind.choices


class FieldSerializer(serializers.Serializer):
    """A field of the campaign's leads, in the order in which they are judged."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    identifies = serializers.BooleanField(help_text="Rejections may name leads by it, as field:NAME.")


class CampaignSerializer(serializers.Serializer):
    """A campaign. For a supplier only its public name, as code and name, and its fields."""

    code = serializers.CharField()
    name = serializers.CharField()
    client = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    maximum_rejection_days = serializers.IntegerField(allow_null=True)
    fields = FieldSerializer(many=True)  # type: ignore[assignment]


class SourceSerializer(serializers.Serializer):
    """A source: what leads are sent in for. `campaign` is as a lead says it."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    campaign = serializers.CharField()
    supplier = serializers.CharField()


class SupplierSerializer(serializers.Serializer):
    """A supplier."""

    code = serializers.CharField()
    name = serializers.CharField()


class CampaignsView(ApiView):
    """/api/v1/campaigns/"""

    operations = {"get": "campaigns_list"}

    @extend_schema(
        summary="List campaigns",
        parameters=[PageQuery],
        responses={200: page_of(CampaignSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Campaigns you see, with the fields of their leads."""
        person: Any = request.user
        found = Campaign.objects.visible_to(person).select_related("client").prefetch_related("fields")
        return page(
            request, found, query(request, PageQuery), lambda rows: [_campaign(one, person) for one in rows]
        )


def _campaign(campaign: Campaign, viewer: User) -> dict[str, Any]:
    of_supplier = bool(viewer.supplier_id)
    return {
        "code": campaign.public_name if of_supplier else campaign.code,
        "name": campaign.public_name if of_supplier else campaign.name,
        "client": campaign.client.code if viewer.is_staff else None,
        "currency": campaign.currency,
        "time_zone": campaign.time_zone,
        "maximum_rejection_days": campaign.return_window_days,
        "fields": [
            {
                "name": field.name,
                "label": field.label,
                "kind": field.kind,
                "required": field.required,
                "identifies": field.dedupe and field.dedupe_ready and not of_supplier,
            }
            for field in campaign.fields.all()
        ],
    }


class SourcesView(ApiView):
    """/api/v1/sources/"""

    operations = {"get": "sources_list"}

    @extend_schema(
        summary="List sources",
        parameters=[PageQuery],
        responses={200: page_of(SourceSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Sources you see; a client's only where its campaign shows suppliers."""
        person: Any = request.user
        found = Source.objects.visible_to(person).select_related("campaign", "supplier")
        return page(
            request, found, query(request, PageQuery), lambda rows: [_source(one, person) for one in rows]
        )


def _source(source: Source, viewer: User) -> dict[str, Any]:
    return {
        "code": source.code,
        "name": source.name,
        "kind": source.kind,
        "campaign": source.campaign.public_name if viewer.supplier_id else source.campaign.code,
        "supplier": source.supplier.code,
    }


class SuppliersView(ApiView):
    """/api/v1/suppliers/"""

    operations = {"get": "suppliers_list"}

    @extend_schema(
        summary="List suppliers",
        parameters=[PageQuery],
        responses={200: page_of(SupplierSerializer), **problems(400)},
    )
    def get(self, request: Request) -> Response:
        """Suppliers you see; a supplier sees itself."""
        person: Any = request.user
        found = Supplier.objects.visible_to(person)
        rows: Any = query(request, PageQuery)
        return page(request, found, rows, lambda all_: [{"code": one.code, "name": one.name} for one in all_])
