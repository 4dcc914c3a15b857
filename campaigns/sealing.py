"""Secrets that must be read again, encrypted at rest: Fernet, under keys derived from the house's own. Pure."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: What else is derived from the same keys comes out as something else.
_PURPOSE = b"leadrej: secrets at rest"


class SecretLost(Exception):
    """A secret was sealed under a key that is gone."""


def seal(secret: str, keys: Sequence[str]) -> str:
    """The secret under the first of the keys; each time another text."""
    return _fernet(tuple(keys)).encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str, keys: Sequence[str]) -> str:
    """The secret again, whichever of the keys it is under; raises SecretLost when it is none of them."""
    try:
        return _fernet(tuple(keys)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SecretLost from None


def is_sealed(text: str) -> bool:
    """Whether a text is a sealed secret, be it under a key that nobody has: version, time, vector, blocks, seal."""
    try:
        token = base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        return False
    blocks = len(token) - 1 - 8 - 16 - 32
    return token[:1] == b"\x80" and blocks > 0 and blocks % 16 == 0


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
