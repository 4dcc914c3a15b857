"""Secrets that let software in: made once, shown once, kept as their SHA-256. Stories of keys and tokens.

A plain hash is enough, for they are 256 random bits: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from campaigns.models import ApiKey, IntakeToken, Right, Source, User

KEY = "lr_key_"
INTAKE = "lr_in_"
#: So much of a secret is kept, for people to know it again.
_SHOWN = 12
#: `last_used_at` is written at most so often.
_USED_EVERY = timedelta(minutes=1)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def grantable(person: User) -> list[Right]:
    """The rights this person may hand to a key: those it has."""
    rejects = person.is_staff or bool(person.client_id and person.has_perm("rejections.reject_as_client"))
    has = {
        Right.READ: True,
        Right.INTAKE: person.is_staff or bool(person.supplier_id),
        Right.REJECT: rejects,
        Right.CORRECT: person.is_staff,
        Right.LISTS: person.is_staff,
    }
    return [right for right in Right if has[right]]


def make_key(
    owner: User, name: str, rights: Sequence[str], *, expires_at: datetime | None, at: datetime
) -> tuple[ApiKey, str]:
    """A key of this person with these of its rights; the key is told here and never again."""
    secret = KEY + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        owner=owner,
        name=name,
        prefix=secret[:_SHOWN],
        digest=digest(secret),
        rights=[str(right) for right in grantable(owner) if right in rights],
        created_at=at,
        expires_at=expires_at,
    )
    return key, secret


def key_of(secret: str, at: datetime) -> ApiKey | None:
    """The key in use with this secret, if its owner is active; notes that it was used."""
    keys = ApiKey.objects.filter(digest=digest(secret), revoked_at=None, owner__is_active=True)
    key = keys.filter(Q(expires_at=None) | Q(expires_at__gt=at)).select_related("owner").first()
    if key is not None:
        _note_use(ApiKey.objects.filter(pk=key.pk), at)
    return key


def make_intake_token(source: Source, *, person: User | None, at: datetime, honeypot: str = "") -> str:
    """A token that sends leads into this source; it is told here and never again."""
    secret = INTAKE + secrets.token_urlsafe(24)
    IntakeToken.objects.create(
        source=source,
        prefix=secret[:_SHOWN],
        digest=digest(secret),
        honeypot=honeypot,
        created_at=at,
        created_by=person,
    )
    return secret


def intake_token_of(secret: str, at: datetime) -> IntakeToken | None:
    """The token in use with this secret; notes that it was used."""
    tokens = IntakeToken.objects.filter(digest=digest(secret), revoked_at=None)
    token = tokens.select_related("source__campaign", "source__supplier").first()
    if token is not None:
        _note_use(IntakeToken.objects.filter(pk=token.pk), at)
    return token


def _note_use(found: Any, at: datetime) -> None:
    """Write when it was used, to the minute: a busy key must not be a row that all its calls wait for."""
    found.filter(Q(last_used_at=None) | Q(last_used_at__lt=at - _USED_EVERY)).update(last_used_at=at)
