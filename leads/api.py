"""Leads for other software: one lead with its events, as its owner may see it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView

from leads.models import Lead, LeadEvent


class EventSerializer(serializers.ModelSerializer):
    disposition = serializers.CharField(source="disposition.code", default=None)

    class Meta:
        model = LeadEvent
        fields = ["at", "cause", "from_status", "to_status", "disposition", "reason"]


class LeadSerializer(serializers.ModelSerializer):
    """What every side may read of a lead: no money, no other party."""

    disposition = serializers.CharField(source="disposition.code", default=None)
    events = EventSerializer(many=True)

    class Meta:
        model = Lead
        fields = [
            "id", "uid", "status", "disposition", "reason", "received_at", "valid_at", "accepted_at", "events",
        ]  # fmt: skip


class LeadView(RetrieveAPIView):
    """GET /api/v1/leads/<id>/"""

    serializer_class = LeadSerializer

    def get_queryset(self) -> QuerySet[Lead]:
        """Leads this person may see, with what the serializer reads."""
        person: Any = self.request.user
        visible = Lead.objects.visible_to(person).select_related("disposition")
        return visible.prefetch_related("events__disposition")
