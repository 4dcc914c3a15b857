"""What people do about notices: where they go, a new secret, a test, once more, and an end to a pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Endpoint, Supplier
from campaigns.models.endpoints import new_secret
from campaigns.models.sealed import Unreadable
from leads import deliver
from leads.channels import OutOfOrder, http
from leads.models import Delivery
from leads.wording import NOTICES

#: For so long the previous secret signs as well.
OVERLAP = timedelta(days=1)
TESTS_A_MINUTE = 10
#: Kinds that can be sent once more.
SENT_AGAIN = NOTICES | {Delivery.Kind.HELD_BACK}

_PENDING, _SENT = Delivery.Status.PENDING, Delivery.Status.SENT


@dataclass
class NotDone(Exception):
    """What a person asked for and did not get: what happened, what was not changed, what to do."""

    title: str
    detail: str


def set_webhook(supplier: Supplier, url: str, at: datetime) -> Endpoint:
    """Send the supplier's webhooks to this address from now on; raises NotDone for one that may not be used."""
    try:
        http.look_up(url)
    except OutOfOrder as refusal:
        why = str(refusal).removesuffix(".")
        raise NotDone("This address cannot be used", f"{why}. The address was not changed.") from refusal
    endpoint, _ = Endpoint.objects.update_or_create(
        supplier=supplier,
        channel=Endpoint.Channel.WEBHOOK,
        defaults={"url": url, "failing_since": None},
        create_defaults={"url": url, "secret": new_secret(), "secret_since": at},
    )
    return endpoint


def set_recipients(supplier: Supplier, recipients: list[str]) -> Endpoint:
    """Send the supplier's e-mails to these people from now on."""
    endpoint, _ = Endpoint.objects.update_or_create(
        supplier=supplier,
        channel=Endpoint.Channel.EMAIL,
        defaults={"recipients": recipients, "failing_since": None},
    )
    return endpoint


def rotate(endpoint: Endpoint, at: datetime) -> str:
    """A new secret for a webhook; the one before signs beside it for a day."""
    secret = new_secret()
    previous = "" if isinstance(endpoint.secret, Unreadable) else endpoint.secret
    Endpoint.objects.filter(pk=endpoint.pk).update(
        previous_secret=previous, previous_until=at + OVERLAP, secret=secret, secret_since=at
    )
    return secret


def waiting(endpoint: Endpoint) -> QuerySet[Delivery]:
    """What waits to be sent there, oldest first."""
    return Delivery.objects.filter(
        supplier_id=endpoint.supplier_id, channel=endpoint.channel, status=_PENDING
    ).order_by("pk")


def send_test(endpoint: Endpoint, at: datetime) -> Delivery:
    """Send a test at once, past all that waits; once it arrives, what waits is tried at once. Raises NotDone."""
    tests = Delivery.objects.filter(
        supplier_id=endpoint.supplier_id, channel=endpoint.channel, kind=Delivery.Kind.TEST
    )
    if tests.filter(created_at__gt=at - timedelta(minutes=1)).count() >= TESTS_A_MINUTE:
        raise NotDone(
            "Too many tests", "Ten tests were sent within a minute. This one was not; wait a little."
        )
    if not endpoint.where:
        raise NotDone("There is no address yet", "No test was sent. Save an address first.")
    test = Delivery.objects.create(
        kind=Delivery.Kind.TEST,
        channel=endpoint.channel,
        supplier_id=endpoint.supplier_id,
        status=Delivery.Status.FAILED,  # until it has arrived: nobody else tries it
        created_at=at,
    )
    tried = deliver.attempt(test)
    deliver.record(test, tried, at)
    if tried.failure is None:
        test.status = _SENT
        test.save(update_fields=["status"])
        hurry(waiting(endpoint), at)
    return test


def hurry(notices: QuerySet[Delivery], at: datetime) -> int:
    """Try waiting notices now, in their order, not when their pause is over; how many."""
    return notices.filter(status=_PENDING, claimed_until=None).update(next_attempt_at=at)


def send_again(notice: Delivery, at: datetime) -> None:
    """Send a notice once more, under the same id and with the same content; raises NotDone."""
    open_ones = Delivery.objects.filter(pk=notice.pk, kind__in=SENT_AGAIN, instead=None, claimed_until=None)
    sent = open_ones.filter(channel__in=Endpoint.Channel.values).exclude(status=Delivery.Status.CANCELLED)
    if not sent.update(status=_PENDING, tries=0, next_attempt_at=at):
        raise NotDone(
            "It cannot be sent again", "It is being sent right now, or goes to nobody. Nothing was changed."
        )


def resume(endpoint: Endpoint, at: datetime, *, by_email: bool) -> int:
    """Send a test; if it arrives, let go what was held back: all of it, or one e-mail instead. How many notices.

    The e-mail goes even if the test fails, which leaves the endpoint paused and raises NotDone.
    """
    held = tell_by_email(endpoint, at) if by_email else waiting(endpoint).count()
    test = send_test(endpoint, at)
    if test.status != _SENT:
        answer = test.attempts.get().answer
        instead = "The e-mail is on its way." if by_email else "Nothing was sent, and nothing is lost."
        raise NotDone("The test did not arrive", f"It stays paused. The answer was “{answer}”. {instead}")
    Endpoint.objects.filter(pk=endpoint.pk).update(paused_at=None, paused_why="", failing_since=None)
    waiting(endpoint).filter(claimed_until=None).update(tries=0)
    return held


def tell_by_email(endpoint: Endpoint, at: datetime) -> int:
    """One e-mail with all that waits for a webhook, which counts as told then; raises NotDone. How many notices."""
    email = Endpoint.objects.filter(supplier_id=endpoint.supplier_id, channel=Endpoint.Channel.EMAIL).first()
    if email is None or email == endpoint or not email.where:
        raise NotDone(
            "There is no e-mail address", "Nothing was changed. Save one first, or send the notices."
        )
    with transaction.atomic():
        held = list(
            waiting(endpoint).select_for_update().filter(claimed_until=None).values_list("pk", flat=True)
        )
        if not held:
            return 0
        told = Delivery.objects.create(
            kind=Delivery.Kind.HELD_BACK,
            channel=Delivery.Channel.EMAIL,
            supplier_id=endpoint.supplier_id,
            created_at=at,
            next_attempt_at=at,
        )
        Delivery.objects.filter(pk__in=held).update(status=_SENT, instead=told, next_attempt_at=None)
    return len(held)
