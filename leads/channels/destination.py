"""Pushing a valid lead through to the client's MA or CRM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from campaigns.models import Destination
from campaigns.sealing import SecretLost
from leads.channels import NotSent, OutOfOrder, Refused, Unsigned, http
from leads.channels.http import Answer
from leads.models import Delivery

#: With a body these mean: the lead was looked at and is not wanted.
REFUSALS = frozenset({400, 409, 422})
#: The other side asks for patience.
PATIENCE = frozenset({408, 425, 429})
_LONGEST_SENTENCE = 500
#: Where CRMs say why, in the order of preference.
_SENTENCES = ("message", "detail", "error_description", "error", "title", "reason", "errors")


def send(delivery: Delivery) -> str:
    """Send one lead; raises Refused, OutOfOrder, or NotSent for another try later."""
    lead = delivery.lead
    assert lead is not None
    target = Destination.objects.get(campaign_id=lead.campaign_id)
    values = {"lead_id": str(lead.pk), "uid": lead.uid}
    return _post(target, f"lead-{lead.pk}-{delivery.pk}", values, lead.values.judged, timezone.now())


def send_test(target: Destination, at: datetime) -> str:
    """Send a made-up lead, marked as a test; answers and raises as `send` does."""
    values = {"lead_id": "0", "uid": "test", "test": "true"}
    made_up = {field.name: f"Test {field.label}" for field in target.campaign.fields.all()}
    return _post(target, f"test-{target.pk}-{int(at.timestamp())}", values, made_up, at)


def _post(
    target: Destination, message_id: str, values: dict[str, str], fields: Mapping[str, str], at: datetime
) -> str:
    values = values | {target.field_names.get(name, name): value for name, value in fields.items()}
    if target.format == Destination.Format.FORM:
        body, kind = urlencode(values).encode(), "application/x-www-form-urlencoded"
    else:
        body, kind = json.dumps(values, ensure_ascii=False).encode(), "application/json; charset=utf-8"
    try:
        secrets = target.secrets
    except SecretLost:
        raise Unsigned(
            "Set a secret in the campaign's settings and give it to the client, then let the pushes go on. "
            "Nothing was sent, and nothing is lost."
        ) from None
    signature = http.sign(secrets, message_id, at, body) if secrets else {}
    answer = http.post(target.url, body, {"Content-Type": kind, "Idempotency-Key": message_id, **signature})
    return read(answer)


def read(answer: Answer) -> str:
    """What an answer means: arrived (the words for the record), or raises as `send` does."""
    words = answer.words
    if 200 <= answer.status < 300:
        return words
    if answer.status in REFUSALS and answer.body.strip():
        raise Refused(words, sentence(answer.body))
    if answer.status in PATIENCE or answer.status >= 500 or answer.status in REFUSALS:
        asked = timedelta(seconds=answer.retry_after) if answer.retry_after else None
        raise NotSent(words, pause=asked)
    raise OutOfOrder(words)


def sentence(body: str) -> str:
    """The sentence in a refusal: of JSON its message, else the text itself."""
    try:
        said = _find(json.loads(body))
    except ValueError:
        said = None
    return " ".join((said or body).split())[:_LONGEST_SENTENCE]


def _find(said: Any) -> str | None:
    if isinstance(said, str):
        return said.strip() or None
    if isinstance(said, list):
        return "; ".join(filter(None, map(_find, said))) or None
    if isinstance(said, dict):
        found = (_find(said[name]) for name in _SENTENCES if name in said)
        return next(filter(None, found), None)
    return None
