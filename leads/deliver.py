"""Sending what waits to leave the house: claimed, tried outside any transaction, every try on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from campaigns.models import Destination
from leads.channels import NotSent, OutOfOrder, Refused, destination, email
from leads.models import Delivery, DeliveryAttempt
from leads.sql import find, leaving
from leads.sql.leaving import Leaving
from leads.statuses import RETURNABLE, Cause

#: How each channel sends. A way to tell somebody is one module there and one line here.
CHANNELS: dict[str, Callable[[Delivery], str]] = {
    Delivery.Channel.EMAIL: email.send,
    Delivery.Channel.DESTINATION: destination.send,
}

#: Pauses between tries; after the last one it has failed for good (about three days in all).
PAUSES = [timedelta(minutes=m) for m in (1, 5, 30, 120, 300, 600, 840, 1200, 1200)]

#: For so long a claimed delivery is nobody else's.
CLAIM = timedelta(minutes=2)


def deliver_due(at: datetime, limit: int = 100, seconds: float = 120) -> int:
    """Try what is due, oldest first, for about `seconds`; how many were tried."""
    tried, began = 0, time.monotonic()
    while tried < limit and (past := time.monotonic() - began) < seconds:
        now = at + timedelta(seconds=past)
        if (delivery := _claim(now)) is None:
            break
        _try(delivery, now)
        tried += 1
    return tried


def _claim(at: datetime) -> Delivery | None:
    """The next due delivery, put out of reach of other workers while it is tried."""
    paused = Destination.objects.filter(paused_at__isnull=False).values("campaign")
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(status=Delivery.Status.PENDING, channel__in=CHANNELS, next_attempt_at__lte=at)
            .exclude(channel=Delivery.Channel.DESTINATION, lead__campaign__in=paused)
            .select_related("lead")
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is None:
            return None
        claimed = at + CLAIM
        Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=claimed, claimed_until=claimed)
        return delivery


def _try(delivery: Delivery, at: datetime) -> None:
    if delivery.channel == Delivery.Channel.DESTINATION and not _is_wanted(delivery):
        return
    try:
        answer = CHANNELS[delivery.channel](delivery)
    except Refused as refusal:
        with transaction.atomic():
            _turn_away(delivery, refusal.sentence, at)
            _settle(delivery, at, answer=str(refusal))
    except OutOfOrder as failure:
        _pause_destination(delivery, str(failure), at)
        _settle(delivery, at, answer=str(failure), pause=timedelta())
    except NotSent as failure:
        pause = None if failure.permanent else _pause(delivery)
        _settle(delivery, at, answer=str(failure), pause=pause and max(pause, failure.pause or pause))
    else:
        _settle(delivery, at, answer=answer, succeeded=True)


def _is_wanted(delivery: Delivery) -> bool:
    """Whether the lead is still valid and its destination there; otherwise the push is cancelled."""
    lead = delivery.lead
    there = lead is not None and Destination.objects.filter(campaign=lead.campaign_id).exists()
    if there and lead is not None and lead.status in RETURNABLE:
        return True
    Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING).update(
        status=Delivery.Status.CANCELLED, next_attempt_at=None, claimed_until=None
    )
    return False


def _turn_away(delivery: Delivery, sentence: str, at: datetime) -> None:
    """The client's CRM does not want the lead: it is Rejected with the CRM's sentence, if it may be."""
    assert delivery.lead_id is not None
    find.lock([delivery.lead_id])
    leaving.turn_away(Cause.REFUSED_BY_CRM, [Leaving(delivery.lead_id, sentence)], at=at)


def _pause_destination(delivery: Delivery, why: str, at: datetime) -> None:
    assert delivery.lead is not None
    waiting = Destination.objects.filter(campaign=delivery.lead.campaign_id, paused_at=None)
    waiting.update(paused_at=at, paused_why=why)


def resume(target: Destination) -> None:
    """Let deliveries to a paused destination go on: a person has mended it."""
    Destination.objects.filter(pk=target.pk).update(paused_at=None, paused_why="")


def _pause(delivery: Delivery) -> timedelta | None:
    """The pause before the next try, or None when the last was tried."""
    tries = delivery.attempts.count()
    return PAUSES[tries] if tries < len(PAUSES) else None


def _settle(
    delivery: Delivery, at: datetime, *, answer: str, succeeded: bool = False, pause: timedelta | None = None
) -> None:
    """Record the try, and what follows: sent, tried again after the pause, or failed for good."""
    again = pause is not None
    status = (
        Delivery.Status.SENT if succeeded else Delivery.Status.PENDING if again else Delivery.Status.FAILED
    )
    with transaction.atomic():
        DeliveryAttempt.objects.create(delivery=delivery, at=at, succeeded=succeeded, answer=answer)
        Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING).update(
            status=status, next_attempt_at=None if pause is None else at + pause, claimed_until=None
        )
