"""A column of secrets: plain to the program, sealed in the database, its backups and its logs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from campaigns.sealing import SecretLost, is_sealed, seal, unseal


class Unreadable(str):
    """A secret whose key is gone, as it is stored: saving it leaves it as it is, for the key may come back."""


class SealedField(models.TextField):
    """A secret, sealed under SECRET_KEY and read under that or one of SECRET_KEY_FALLBACKS. Blank stays blank."""

    def get_prep_value(self, value: Any) -> Any:
        if not value or isinstance(value, Unreadable):
            return value if value is None else str(value)
        return seal(str(value), keys())

    def from_db_value(self, value: Any, *_: Any) -> Any:
        if not value:
            return value
        try:
            return unseal(value, keys())
        except SecretLost:
            return Unreadable(value)

    def value_to_string(self, obj: models.Model) -> str:
        """As `manage.py dumpdata` writes it: sealed there too."""
        return str(self.get_prep_value(self.value_from_object(obj)) or "")

    def to_python(self, value: Any) -> Any:
        """As `manage.py loaddata` reads it."""
        sealed = isinstance(value, str) and is_sealed(value)
        return self.from_db_value(str(value)) if sealed else super().to_python(value)


def keys() -> list[str]:
    """The keys of the house, the one that seals first."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def readable(secret: str) -> str:
    """The secret; raises SecretLost for one that cannot be read any more."""
    if isinstance(secret, Unreadable):
        raise SecretLost
    return secret
