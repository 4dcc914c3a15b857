"""Calls with an Idempotency-Key: the first one works, the others get its answer.

A call's row is unique per caller, endpoint and key. Who made it works under a lease; when it died, another goes on
from what it had noted. `once` writes the note in the transaction of what it tells of, so that nothing happens twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from campaigns.models import ApiCall

#: How long an answer is kept.
KEPT = timedelta(hours=24)
#: A call without an answer for so long has lost its worker.
LEASE = timedelta(seconds=90)


class OtherContent(Exception):
    """The key was used for another request."""


class LostCall(Exception):
    """Another goes on with this call, for it took longer than its lease."""


@dataclass(frozen=True)
class Answer:
    """What was answered: status, headers, body, to the byte."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass
class Call:
    """A call that is ours to work on. Without `row_id` it has no key, and nothing of it is kept."""

    row_id: int | None = None
    owner: str = ""
    noted: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives (a JSON value), or gave to a worker of this call that died. Raises LostCall."""
        if self.row_id is None:
            return make()
        if name not in self.noted:
            with transaction.atomic():
                if not self._ours().select_for_update().exists():
                    raise LostCall
                noted = {**self.noted, name: make()}
                self._ours().update(noted=noted)
            self.noted = noted
        return self.noted[name]

    def answer(self, answer: Answer) -> None:
        """Keep the answer, if the call is still ours."""
        self._ours().update(status=answer.status, headers=dict(answer.headers), body=answer.body)

    def release(self, at: datetime) -> None:
        """Let another try go on: nothing was answered that is worth keeping."""
        self._ours().update(lease_until=at)

    def _ours(self) -> QuerySet[ApiCall]:
        return ApiCall.objects.filter(pk=self.row_id or 0, owner=self.owner)


def begin(caller: str, endpoint: str, key: str, fingerprint: str, at: datetime) -> Call | Answer | None:
    """The call, if it is ours to work on; its answer, if there is one; None while another works on it.

    Raises OtherContent when the key stands for another request.
    """
    same = ApiCall.objects.filter(caller=caller, endpoint=endpoint, key=key)
    same.filter(created_at__lte=at - KEPT).delete()
    owner = uuid.uuid4().hex
    lease = {"owner": owner, "lease_until": at + LEASE}
    try:
        row, is_new = ApiCall.objects.get_or_create(
            caller=caller,
            endpoint=endpoint,
            key=key,
            defaults={"fingerprint": fingerprint, "created_at": at, **lease},
        )
    except IntegrityError:  # made and removed between our two looks
        return None
    if is_new:
        return Call(row.pk, owner)
    if row.fingerprint != fingerprint:
        raise OtherContent
    if row.status is not None:
        return Answer(row.status, row.headers, row.body)
    if not same.filter(status=None, lease_until__lte=at).update(**lease):
        return None
    return Call(row.pk, owner, same.get().noted)


def forget(at: datetime) -> None:
    """Remove what was kept long enough."""
    ApiCall.objects.filter(created_at__lte=at - KEPT).delete()
