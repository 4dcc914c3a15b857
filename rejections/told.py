"""What a person is told, wherever it is, of the batches it started: which are at work, which have ended since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q, QuerySet

from campaigns.models import User
from rejections.models import Batch
from rejections.states import EDITABLE, RUNNABLE, State

#: Batches that are not over: at work, or waiting for a person.
OPEN = (*RUNNABLE, *EDITABLE, State.STOPPED)
#: Where a batch stands when its work is over.
_ENDED = (State.FINISHED, State.STOPPED, State.FAILED, State.UNDONE)
#: Ended batches a person is shown at most.
LISTED = 12


@dataclass(frozen=True)
class Told:
    """Open batches the person may see, its own at work, and its own that ended since it last looked."""

    open: int
    running: list[int]
    unseen: int


def told(person: User) -> Told:
    """The person's numbers, in one query."""
    running = Q(created_by=person, state__in=RUNNABLE)
    unseen = Q(created_by=person, state__in=_ENDED, ended_at__gt=_looked(person))
    found = Batch.objects.visible_to(person).filter(Q(state__in=OPEN) | unseen)
    numbers = found.order_by().aggregate(
        open=Count("pk", filter=Q(state__in=OPEN)),
        running=ArrayAgg("pk", filter=running, default=[]),
        unseen=Count("pk", filter=unseen),
    )
    return Told(**numbers)


def ended(person: User) -> QuerySet[Batch]:
    """The person's batches whose work is over, the last to end first."""
    mine = Batch.objects.visible_to(person).filter(
        created_by=person, state__in=_ENDED, ended_at__isnull=False
    )
    return mine.select_related("campaign").order_by("-ended_at", "-pk")[:LISTED]


def ended_of(person: User, watched: Collection[int]) -> QuerySet[Batch]:
    """Those of the watched batches of this person whose work is over."""
    mine = Batch.objects.visible_to(person).filter(created_by=person, pk__in=watched, state__in=_ENDED)
    return mine.select_related("campaign").order_by("pk")


def looked(person: User, at: datetime) -> None:
    """The person has looked: what ended until now is no longer new."""
    User.objects.filter(pk=person.pk).update(batches_seen_at=at)


def _looked(person: User) -> datetime:
    return person.batches_seen_at or person.date_joined
