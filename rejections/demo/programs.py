"""Programs of the demo's people: API keys in use, ended and revoked, and a form that sends leads in."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns import tokens
from campaigns.models import ApiKey, IntakeToken, Source, User

#: Whose, what for, its rights, made so many days ago, ends in so many days, last used so many hours ago.
_KEYS = [
    ("client", "Brightwater CRM", ["read", "reject"], 40, 95, 0.1),
    ("supplier", "Status sync", ["read"], 33, 215, 0.4),
    ("supplier", "Landing pages", ["intake"], 21, None, 2.0),
    ("operator", "Warehouse export", ["read"], 58, None, 5.5),
    ("operator", "Old import script", ["read", "reject", "correct"], 59, -12, 310.0),
]


def connect(now: datetime) -> None:
    """Make the keys and the form's token; their secrets are thrown away, so that nobody gets in by them."""
    for username, name, rights, age, ends, used in _KEYS:
        owner = User.objects.get(username=username)
        expires_at = None if ends is None else now + timedelta(days=ends)
        key, _ = tokens.make_key(owner, name, rights, expires_at=expires_at, at=now - timedelta(days=age))
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now - timedelta(hours=used))
    form = Source.objects.get(code="FORM-SOLAR-UK")
    made_at = now - timedelta(days=50)
    tokens.make_intake_token(form, person=User.objects.get(username="admin"), at=made_at, honeypot="website")
    IntakeToken.objects.filter(source=form).update(last_used_at=now - timedelta(minutes=25))
