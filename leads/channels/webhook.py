"""Telling a supplier by webhook, as the Standard Webhooks say: signed, with an id that stays over all tries."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from campaigns.models import Endpoint
from campaigns.sealing import SecretLost
from leads import wording
from leads.channels import Forbidden, NotSent, OutOfOrder, Unsigned, http
from leads.channels.http import Answer
from leads.models import Delivery

#: The address is gone for good.
_GONE = 410
#: The receiver has read it and says that it is wrong: it would say so again.
_WRONG = frozenset({400, 413, 422})
_LONGEST_PAUSE = timedelta(days=1)


def send(delivery: Delivery) -> str:
    """Send one notice; raises OutOfOrder for an address that is gone or forbidden, else NotSent."""
    assert delivery.supplier_id is not None
    endpoint = Endpoint.objects.get(supplier_id=delivery.supplier_id, channel=Endpoint.Channel.WEBHOOK)
    body, now = wording.webhook_body(delivery), timezone.now()
    try:
        secrets = endpoint.secrets_at(now)
    except SecretLost:
        raise Unsigned(
            "Make a new secret, give it to your receiver, then resume. Nothing was sent, and nothing is lost."
        ) from None
    signature = http.sign(secrets, wording.webhook_id(delivery), now, body)
    try:
        answer = http.post(endpoint.url, body, {"Content-Type": "application/json", **signature})
    except Forbidden:
        raise
    except OutOfOrder as failure:  # a name or a certificate may come right by itself
        raise NotSent(str(failure)) from failure
    return read(answer)


def read(answer: Answer) -> str:
    """What an answer means: arrived (the words for the record), or raises as `send` does."""
    if 200 <= answer.status < 300:
        return answer.words
    if answer.status == _GONE:
        raise OutOfOrder(answer.words)
    if 300 <= answer.status < 400:
        raise NotSent(f"{answer.words} (redirects are not followed)")
    asked = min(timedelta(seconds=answer.retry_after or 0), _LONGEST_PAUSE)
    raise NotSent(answer.words, permanent=answer.status in _WRONG, pause=asked)
