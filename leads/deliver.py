"""Sending what waits to leave the house: claimed, tried outside any transaction, every try on record.

A worker that dies between sending and recording is followed by one that sends the same again, under the same id.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from campaigns.models import Destination, Disposition, Endpoint
from leads import health
from leads.channels import Forbidden, NotSent, OutOfOrder, Refused, Unsigned, destination, email, webhook
from leads.models import Delivery, DeliveryAttempt
from leads.sql import find, leaving
from leads.sql.adjust import adjust
from leads.sql.leaving import Leaving
from leads.sql.move import Moving
from leads.statuses import RETURNABLE, Cause

log = logging.getLogger(__name__)

#: How each channel sends. A way to tell somebody is one module there and one line here.
CHANNELS: dict[str, Callable[[Delivery], str]] = {
    Delivery.Channel.EMAIL: email.send,
    Delivery.Channel.DESTINATION: destination.send,
    Delivery.Channel.WEBHOOK: webhook.send,
}

#: Pauses between tries; after the last one it has failed for good (just under three days in all).
PAUSES = [timedelta(minutes=m) for m in (1, 5, 30, 120, 300, 600, 840, 1200, 1200)]

#: For so long a claimed delivery is nobody else's.
CLAIM = timedelta(minutes=2)


@dataclass(frozen=True)
class Tried:
    """One try: what came back after how long, and whether it arrived (then `failure` is None)."""

    answer: str
    seconds: float
    failure: NotSent | None = None


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
    """The next due delivery, put out of reach of other workers while it is tried.

    Webhooks go to a supplier one by one, in the order in which they were written: one that waits for its next
    try holds up those behind it, until it arrives or its tries are used up. A paused endpoint holds up all.
    """
    paused = Destination.objects.filter(paused_at__isnull=False).values("campaign")
    to_it = {"supplier": OuterRef("supplier"), "channel": OuterRef("channel")}
    earlier = Delivery.objects.filter(**to_it, status=Delivery.Status.PENDING, pk__lt=OuterRef("pk"))
    with transaction.atomic():
        delivery = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(status=Delivery.Status.PENDING, channel__in=CHANNELS, next_attempt_at__lte=at)
            .exclude(channel=Delivery.Channel.DESTINATION, lead__campaign__in=paused)
            .filter(Q(supplier=None) | Exists(Endpoint.objects.open().filter(**to_it)))
            .exclude(Q(channel=Delivery.Channel.WEBHOOK) & Exists(earlier))
            .select_related("lead", "person")
            .order_by("next_attempt_at", "id")
            .first()
        )
        if delivery is None:
            return None
        claimed = at + CLAIM
        Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=claimed, claimed_until=claimed)
        return delivery


def attempt(delivery: Delivery) -> Tried:
    """Try once, whatever comes of it; one that crashes is a try, too, and holds up no other."""
    began = time.monotonic()
    try:
        answer, failure = CHANNELS[delivery.channel](delivery), None
    except NotSent as error:
        answer, failure = str(error), error
    except Exception:
        log.exception("delivery %s could not be tried", delivery.pk)
        answer = "It could not be sent for an error of ours, which is in the log."
        failure = NotSent(answer, ours=True)
    return Tried(answer, time.monotonic() - began, failure)


def _try(delivery: Delivery, at: datetime) -> None:
    pushed = delivery.channel == Delivery.Channel.DESTINATION
    if pushed and not _is_wanted(delivery):
        return
    tried = attempt(delivery)
    match tried.failure:
        case None:
            settle(delivery, tried, at, Delivery.Status.SENT)
        case Refused(sentence=sentence):
            with transaction.atomic():
                _turn_away(delivery, sentence, at)
                settle(delivery, tried, at, Delivery.Status.FAILED)
        case OutOfOrder() if pushed:
            _pause_destination(delivery, tried.answer, at)
            settle(delivery, tried, at, Delivery.Status.PENDING)
        case failure:
            _try_later(delivery, tried, failure, at)


def _try_later(delivery: Delivery, tried: Tried, failure: NotSent, at: datetime) -> None:
    """Another try after a pause, unless none is of use; a paused endpoint's notices wait without losing tries."""
    endpoint, held = health.endpoint_of(delivery), False
    if endpoint is not None and not failure.ours:
        held = health.failed(endpoint, tried.answer, at, for_good=_for_good(failure))
    pause = timedelta() if held else _pause(delivery)
    if failure.permanent or pause is None:
        settle(delivery, tried, at, Delivery.Status.FAILED)
    else:
        settle(delivery, tried, at, Delivery.Status.PENDING, max(pause, failure.pause or pause))


def _for_good(failure: NotSent) -> str:
    """Why no further try can arrive, in a sentence; “” where one may."""
    if isinstance(failure, Forbidden | Unsigned):
        return str(failure)
    return f"It answered “{failure}”." if isinstance(failure, OutOfOrder) else ""


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
    if leaving.turn_away(Cause.REFUSED_BY_CRM, [Leaving(delivery.lead_id, sentence)], at=at):
        return
    # A lead of a closed month is not turned away any more: both sides get it adjusted in the open one.
    code = Disposition.objects.get(code=leaving.CODES[Cause.REFUSED_BY_CRM])
    refused = [Moving(delivery.lead_id, None, code.pk, sentence)]
    adjust(Cause.ADJUSTED, refused, at=at, actor_id=None, batch_id=None)


def _pause_destination(delivery: Delivery, why: str, at: datetime) -> None:
    assert delivery.lead is not None
    waiting = Destination.objects.filter(campaign=delivery.lead.campaign_id, paused_at=None)
    waiting.update(paused_at=at, paused_why=why)


def resume(target: Destination) -> None:
    """Let deliveries to a paused destination go on: a person has mended it."""
    Destination.objects.filter(pk=target.pk).update(paused_at=None, paused_why="")


def _pause(delivery: Delivery) -> timedelta | None:
    """The pause before the next try, or None when the last was tried; up to a tenth shorter, to spread them."""
    if delivery.tries >= len(PAUSES):
        return None
    spread = zlib.crc32(f"{delivery.pk} {delivery.tries}".encode()) / 2**32
    return PAUSES[delivery.tries] * (1 - spread / 10)


def settle(
    delivery: Delivery, tried: Tried, at: datetime, status: str, pause: timedelta = timedelta()
) -> None:
    """Record the try, and what follows: it has arrived, waits for `pause`, or has failed for good."""
    again = status == Delivery.Status.PENDING
    with transaction.atomic():
        record(delivery, tried, at)
        Delivery.objects.filter(pk=delivery.pk, status=Delivery.Status.PENDING).update(
            status=status,
            tries=F("tries") + 1,
            next_attempt_at=at + pause if again else None,
            claimed_until=None,
        )


def record(delivery: Delivery, tried: Tried, at: datetime) -> None:
    """Write down one try; one that arrived says that its endpoint works."""
    arrived = tried.failure is None
    DeliveryAttempt.objects.create(
        delivery=delivery, at=at, succeeded=arrived, seconds=tried.seconds, answer=tried.answer
    )
    if arrived and (endpoint := health.endpoint_of(delivery)):
        health.arrived(endpoint)
