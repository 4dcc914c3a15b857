"""How a supplier's endpoint is doing: failing since when, paused for what, and its people told."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from campaigns.models import Endpoint, User
from leads.models import Delivery


def endpoint_of(delivery: Delivery) -> Endpoint | None:
    """Where a notice to a supplier goes; None for what goes elsewhere."""
    if delivery.supplier_id is None:
        return None
    return Endpoint.objects.filter(supplier_id=delivery.supplier_id, channel=delivery.channel).first()


def arrived(endpoint: Endpoint) -> None:
    """Something has arrived there."""
    Endpoint.objects.filter(pk=endpoint.pk).exclude(failing_since=None).update(failing_since=None)


def failed(endpoint: Endpoint, answer: str, at: datetime, *, for_good: str) -> bool:
    """Something has not arrived there: whether that pauses it, at once (`for_good` says why) or after days of it."""
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=Coalesce(F("failing_since"), at))
    endpoint.refresh_from_db()
    since = endpoint.failing_since or at
    patience = timedelta(days=settings.ENDPOINT_PATIENCE_DAYS)
    if for_good:
        return pause(endpoint, for_good, at)
    if at - since >= patience:
        days = max(1, round((at - since) / timedelta(days=1)))
        return pause(endpoint, f"Nothing has arrived for {days} days. It last answered “{answer}”.", at)
    return endpoint.paused_at is not None


def pause(endpoint: Endpoint, why: str, at: datetime) -> bool:
    """Hold back everything for the endpoint until somebody resumes it, and tell its people, once; True."""
    with transaction.atomic():
        if Endpoint.objects.filter(pk=endpoint.pk, paused_at=None).update(paused_at=at, paused_why=why):
            _tell_its_people(endpoint, why, at)
    return True


def _tell_its_people(endpoint: Endpoint, why: str, at: datetime) -> None:
    people = User.objects.filter(supplier_id=endpoint.supplier_id, is_active=True).exclude(email="")
    Delivery.objects.bulk_create(
        Delivery(
            kind=Delivery.Kind.ENDPOINT_PAUSED,
            channel=Delivery.Channel.EMAIL,
            person=person,
            payload={"what": endpoint.told_as, "why": why},
            created_at=at,
            next_attempt_at=at,
        )
        for person in people
    )
