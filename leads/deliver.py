"""Sending what waits to leave the house: claimed, tried outside any transaction, every try on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from leads.channels import NotSent, email
from leads.models import Delivery, DeliveryAttempt

#: How each channel sends. A way to tell somebody is one module there and one line here.
CHANNELS: dict[str, Callable[[Delivery], str]] = {Delivery.Channel.EMAIL: email.send}

#: Pauses between tries; after the last one it has failed for good (about three days in all).
PAUSES = [timedelta(minutes=m) for m in (1, 5, 30, 120, 300, 600, 840, 1200, 1200)]

#: For so long a claimed delivery is nobody else's.
CLAIM = timedelta(minutes=2)


def deliver_due(at: datetime, limit: int = 100) -> int:
    """Try what is due, oldest first; how many were tried."""
    tried = 0
    while tried < limit and (delivery := _claim(at)) is not None:
        _try(delivery, at)
        tried += 1
    return tried


def _claim(at: datetime) -> Delivery | None:
    """The next due delivery, put out of reach of other workers while it is tried."""
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(status=Delivery.Status.PENDING, channel__in=CHANNELS, next_attempt_at__lte=at)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is not None:
            Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=at + CLAIM)
        return delivery


def _try(delivery: Delivery, at: datetime) -> None:
    try:
        answer = CHANNELS[delivery.channel](delivery)
    except NotSent as failure:
        _settle(delivery, at, answer=str(failure), pause=None if failure.permanent else _pause(delivery))
    else:
        _settle(delivery, at, answer=answer, succeeded=True)


def _pause(delivery: Delivery) -> timedelta | None:
    """The pause before the next try, or None when the last was tried."""
    tries = delivery.attempts.count()
    return PAUSES[tries] if tries < len(PAUSES) else None


def _settle(
    delivery: Delivery, at: datetime, *, answer: str, succeeded: bool = False, pause: timedelta | None = None
) -> None:
    """Record the try, and what follows: sent, tried again after the pause, or failed for good."""
    status = (
        Delivery.Status.SENT if succeeded else Delivery.Status.PENDING if pause else Delivery.Status.FAILED
    )
    with transaction.atomic():
        DeliveryAttempt.objects.create(delivery=delivery, at=at, succeeded=succeeded, answer=answer)
        Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING).update(
            status=status, next_attempt_at=at + pause if pause else None
        )
