"""Who calls, what a key may do, and how often."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from campaigns import tokens
from campaigns.models import ApiKey, Right
from campaigns.origin import address_of
from rejections.refusals import Refused

log = logging.getLogger(__name__)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <API key>`."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        key = tokens.key_of(words[1].decode("latin-1"), timezone.now()) if len(words) == 2 else None
        if key is None:
            raise AuthenticationFailed
        return key.owner, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="leadrej"'


class MayRead(BasePermission):
    """Whoever is signed in; a key needs its right to read. Views ask `allow` for what changes something."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        if request.method in SAFE_METHODS:
            _check_key(request, Right.READ)
        return True


def allow(request: Request, right: Right) -> None:
    """Raise Refused unless the caller has this right: the key, and its owner."""
    _check_key(request, right)
    person: Any = request.user
    if right not in tokens.grantable(person):
        raise Refused("not_permitted", "Not permitted", f"{_WHO_MAY[right]} Nothing was changed.")


_WHO_MAY = {
    Right.READ: "",
    Right.INTAKE: "Leads are sent in by suppliers, for their own sources, and by operators.",
    Right.REJECT: "It takes the permission “Reject leads as a client”; an admin can grant it.",
    Right.CORRECT: "Leads are corrected by operators.",
    Right.LISTS: "Lists are kept by operators and admins.",
}


def _check_key(request: Request, right: Right) -> None:
    if isinstance(request.auth, ApiKey) and right not in request.auth.rights:
        raise Refused(
            "right_missing",
            "This key may not do that",
            f"It lacks the right “{right}”. Nothing was changed; make a key with it.",
        )


def caller(request: Request) -> str:
    """Who calls, as the throttle and the kept answers tell callers apart."""
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}"
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"from:{address_of(request._request)}"


class Throttle(BaseThrottle):
    """So many calls a minute for each key, each session's person, each address that gives no name.

    A person with many keys has so many for all of them together.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        bounds = [(settings.API_CALLS_PER_MINUTE, caller(request))]
        if request.user.is_authenticated:
            bounds.append((settings.API_CALLS_PER_MINUTE_OF_A_PERSON, f"person:{request.user.pk}"))
        found = []
        for limit, whose in bounds:
            used, self.left = spend(f"api:{whose}")
            found.append((limit - used, limit))
            if used > limit:  # nor is a refused call of one key taken from the others
                break
        remaining, limit = min(found)
        request._request.rate = (limit, max(0, remaining), self.left)  # type: ignore[attr-defined]
        return remaining >= 0

    def wait(self) -> float:
        return self.left


def spend(what: str) -> tuple[int, int]:
    """Count one more in this minute: how many it has now, and the seconds until the next begins.

    Without the cache nothing is counted: it is there to protect us, not to stop us.
    """
    now = time.time()
    minute, left = int(now // 60), 60 - int(now % 60)
    name = f"{what}:{minute}"
    try:
        cache.add(name, 0, timeout=120)
        return cache.incr(name), left
    except (RedisError, ValueError):
        log.warning("calls are not counted: the cache does not answer")
        return 0, left
