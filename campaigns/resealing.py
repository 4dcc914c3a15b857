"""After SECRET_KEY was changed: the secrets under the old keys are brought under the new one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from campaigns.models import Destination, Endpoint
from campaigns.models.sealed import Unreadable

_COLUMNS = ((Destination, "secret"), (Endpoint, "secret"), (Endpoint, "previous_secret"))


@dataclass
class Resealed:
    """How many secrets are under the new key now, and whose cannot be read under any key."""

    sealed: int
    lost: list[str]


def reseal() -> Resealed:
    """Read every secret under whichever key it is, and store it under the first. One that is lost stays as it is."""
    found = Resealed(0, [])
    with transaction.atomic():
        for model, column in _COLUMNS:
            rows = model._default_manager.exclude(**{column: ""}).order_by("pk")
            for row in rows.select_for_update(of=("self",)):
                if isinstance(getattr(row, column), Unreadable):
                    found.lost.append(str(row))
                    continue
                row.save(update_fields=[column])
                found.sealed += 1
    return found
