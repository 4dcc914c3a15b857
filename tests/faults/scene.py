"""One import with everything in it, and a picture of what became of it that two runs can be compared by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.utils import timezone

from campaigns.models import Agreement, Campaign
from leads.models import Adjustment, AffiliateEvent, Delivery, Lead, LeadEvent
from leads.statuses import Status
from rejections import control, uploads, workflows
from rejections.models import Batch, BatchRow
from rejections.options import Options
from tests import make
from tests.batches import numbers, work
from tests.make import NOW

P, A, Q, R = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.REJECTED


@dataclass
class Scene:
    """A campaign, its leads in an order of their own, and a file about them. `at` is the upload's moment."""

    campaign: Campaign
    at: datetime
    named: list[Lead] = field(default_factory=list)
    older: list[Lead] = field(default_factory=list)
    remaining: list[Lead] = field(default_factory=list)
    waiting: list[Lead] = field(default_factory=list)

    @property
    def leads(self) -> list[Lead]:
        return [*self.named, *self.older, *self.remaining, *self.waiting]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Every named lead once, every fifth twice, and rows of other outcomes between them."""
        rows: list[tuple[str, str]] = []
        for n, lead in enumerate(self.named):
            rows.append((str(lead.pk), "" if n % 11 == 10 else "Duplicate Lead"))
            if n % 5 == 4:
                rows += [("nobody", "x"), (f"{lead.pk}.0", "again"), (" ", "x")]
        return rows

    @property
    def options(self) -> Options:
        return Options(
            accept_older=True,
            accept_remaining=True,
            through=self.at.date(),
            reject_affiliate_events=True,
            free_cap=True,
        )

    def received(self, **values: Any) -> Batch:
        values = {"identifier": "lead_id", "person": None, "via": "page", "at": self.at, **values}
        return uploads.receive_rows(self.campaign, self.rows, **values)

    def started(self, batch: Batch) -> None:
        control.start(batch, self.options, person=None)

    def picture(self, batch: Batch) -> dict[str, Any]:
        """All that became of it, with leads by their place in the scene and without numbers and clocks."""
        batch.refresh_from_db()
        place = {lead.pk: n for n, lead in enumerate(self.leads)}
        leads = Lead.objects.filter(pk__in=place)
        events = LeadEvent.objects.filter(batch_id=batch.pk)
        return {
            "leads": sorted((place[lead.pk], *_state(lead)) for lead in leads),
            "events": sorted(_told(event, place) for event in events),
            "affiliate": sorted(
                (place[e.lead_id], e.status, e.was_status, e.batch_id is None)
                for e in AffiliateEvent.objects.filter(lead__in=place)
            ),
            "credits": sorted(
                (place[a.lead_id], a.client_amount, a.supplier_amount)
                for a in Adjustment.objects.filter(lead__in=place)
            ),
            "rows": [
                (row.line, row.outcome, row.checked, row.first_line, place.get(row.lead_id))
                for row in BatchRow.objects.filter(batch=batch).order_by("line")
            ],
            "notices": sorted(
                (d.kind, d.channel, d.status, place[lead["lead_id"]])
                for d in Delivery.objects.filter(batch_id=batch.pk).exclude(kind="batch_ended")
                for lead in d.payload["leads"]
            ),
            "receipt": numbers(batch, self.at) | {"batch": "it"},
            "batch": (
                batch.state,
                batch.done,
                batch.kept,
                batch.error,
                batch.lease_owner,
                batch.stop_requested,
            ),
        }


def scene(size: int = 12, at: datetime | None = None) -> Scene:
    """`size` leads are named; as many again are older, remaining and waiting in all."""
    moment = at or timezone.now() - timedelta(hours=1)
    made = Scene(make.campaign(), moment)
    make.phrase(made.campaign.client, "Duplicate Lead", "CLIENT_DUPLICATE")
    sources = [make.source(made.campaign), make.source(made.campaign)]
    Agreement.objects.filter(supplier=sources[1].supplier).update(channel="webhook")

    def lead(n: int, status: str, days: float, **values: Any) -> Lead:
        where = sources[n % 2]
        return make.lead(
            made.campaign, status, at=moment - timedelta(days=days, minutes=n), source=where, **values
        )

    for n in range(size):
        status = {3: A, 6: R}.get(n % 8, P)
        made.named.append(lead(n, status, 1, is_final=n % 16 == 3))
        if n % 3 == 0:
            make.affiliate_event(made.named[-1], "approved")
    made.older = [lead(n, P, 40) for n in range(size // 2)]
    made.remaining = [lead(n, P, 3) for n in range(size // 2)]
    made.waiting = [lead(n, Q, 2) for n in range(size // 4)]
    # With the slots of the rejected leads there is room for some of those who wait, and not for all.
    make.cap(made.campaign, Lead.objects.filter(campaign=made.campaign, in_cap=True).count() - 7, "total")
    return made


def _state(lead: Lead) -> tuple[Any, ...]:
    code = lead.disposition.code if lead.disposition else None
    return (lead.status, code, lead.reason, lead.in_cap, lead.is_final, lead.accepted_at is None)


def _told(event: LeadEvent, place: dict[int, int]) -> tuple[Any, ...]:
    return (
        place[event.lead_id], event.cause, event.line or 0, event.from_status, event.to_status, event.reason,
        event.was_in_cap, event.undoes_id is None,
    )  # fmt: skip


def run(batch_id: int, owner: str, clock: Callable[[], datetime] = lambda: NOW) -> bool:
    """Work on the batch in this thread, as this worker."""
    return workflows.run(batch_id, owner=owner, clock=clock, seconds=60)


def ready(world: Scene) -> Batch:
    """The scene's batch, started and waiting for a worker."""
    batch = work(world.received())
    world.started(batch)
    return batch


@cache
def undisturbed() -> dict[str, Any]:
    """The picture of a scene of NOW that nobody disturbed."""
    world = scene(at=NOW)
    batch = ready(world)
    return world.picture(work(batch))
