"""What a person is told, wherever it is: of its batches at work and ended since, and of months closed since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from campaigns.models import User
from leads import monthnews
from leads.models import ClosedMonth
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
    """Open batches the person may see, its own at work, and its own that ended since it last looked.

    `months` of its side's statements were closed since.
    """

    open: int
    running: list[int]
    unseen: int
    months: int

    @property
    def new(self) -> int:
        """How much there is to look at."""
        return self.unseen + self.months


def told(person: User) -> Told:
    """The person's numbers, in one query."""
    months = monthnews.closed_months(person).filter(closed_at__gt=_looked(person))
    if person.supplier_id:
        return Told(0, [], 0, months.order_by().count())
    visible = Batch.objects.visible_to(person).order_by()
    mine = visible.filter(created_by=person)
    numbers = User.objects.filter(pk=person.pk).values_list(
        _number(visible.filter(state__in=OPEN)),
        ArraySubquery(mine.filter(state__in=RUNNABLE).values("pk")),
        _number(mine.filter(state__in=_ENDED, ended_at__gt=_looked(person))),
        _number(months),
    )
    return Told(*numbers.get())


def _number(found: QuerySet[Any]) -> Combinable:
    """How many these are, as part of another query."""
    counted = found.order_by().values(one=Value(1)).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


def closed(person: User) -> list[ClosedMonth]:
    """Closed months of the person's statements, the last to be closed first."""
    return list(monthnews.closed_months(person)[:LISTED])


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
