"""Takes batches through their states in this process, as a worker would, and tells what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from campaigns.models import Campaign, User
from leads.models import Adjustment, AffiliateEvent, Lead, LeadEvent, LeadKey
from rejections import control, uploads, workflows
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.receipt import as_json, receipt
from tests.make import NOW

#: What a row of a test names a lead by: the lead itself, or a text; with its reason or without.
Row = Lead | str | tuple[Lead | str, str]


def work(batch: Batch, at: datetime = NOW) -> Batch:
    """Work on the batch until nothing is left to do now; the batch as it stands then."""
    while workflows.run(batch.pk, owner="tests", clock=lambda: at, seconds=60):
        pass
    batch.refresh_from_db()
    return batch


def received(
    campaign: Campaign, rows: Iterable[Row], *, identifier: str = "lead_id", at: datetime = NOW, **values: Any
) -> Batch:
    """A batch of these rows, to be checked."""
    pairs = [row if isinstance(row, tuple) else (row, "Duplicate Lead") for row in rows]
    texts = [(str(named.pk) if isinstance(named, Lead) else named, reason) for named, reason in pairs]
    values = {"person": None, "via": "page", **values}
    return uploads.receive_rows(campaign, texts, identifier=identifier, at=at, **values)


def checked(campaign: Campaign, rows: Iterable[Row], **values: Any) -> Batch:
    """A batch of these rows, checked."""
    return work(received(campaign, rows, **values), values.get("at", NOW))


def started(batch: Batch, *, person: User | None = None, at: datetime = NOW, **options: Any) -> Batch:
    """The checked batch, started under these options and worked on as far as it goes."""
    control.start(batch, Options(**options), person=person)
    return work(batch, at)


def imported(
    campaign: Campaign,
    rows: Iterable[Row],
    *,
    identifier: str = "lead_id",
    at: datetime = NOW,
    **options: Any,
) -> Batch:
    """A rejection import of these rows under these options, from its rows to its end."""
    return started(checked(campaign, rows, identifier=identifier, at=at), at=at, **options)


def undone(
    batch: Batch, *, lines: list[int] | None = None, person: User | None = None, at: datetime = NOW
) -> Batch:
    """The batch, or these rows of it, taken back."""
    batch.refresh_from_db()
    control.undo(batch, person=person, lines=lines, at=at)
    return work(batch, at)


def outcomes(batch: Batch) -> list[str | None]:
    """What is recorded of each row, in line order."""
    return list(BatchRow.objects.filter(batch=batch).order_by("line").values_list("outcome", flat=True))


def numbers(batch: Batch, at: datetime = NOW) -> dict[str, Any]:
    """The batch's receipt, as programs get it."""
    batch.refresh_from_db()
    return as_json(batch, receipt(batch, at))


def statuses(leads: Sequence[Lead]) -> list[str]:
    """Where these leads stand now."""
    found = dict(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).values_list("pk", "status"))
    return [found[lead.pk] for lead in leads]


def holdings() -> dict[str, list[dict[str, Any]]]:
    """All that Undo must bring back: leads, keys, affiliate events, credits. History and notices only grow."""
    return {
        "leads": list(Lead.objects.order_by("id").values()),
        "keys": list(LeadKey.objects.order_by("lead_id", "slot").values()),
        "affiliate events": list(AffiliateEvent.objects.order_by("id").values()),
        "credits": list(Adjustment.objects.order_by("lead_id").values("lead_id", "amount", "is_final")),
    }


def history(batch: Batch) -> list[tuple[Any, ...]]:
    """What the batch did to leads, without numbers that depend on when: comparable between two runs."""
    columns = ("lead_id", "line", "cause", "from_status", "to_status", "disposition", "reason", "was_in_cap")
    return sorted(LeadEvent.objects.filter(batch_id=batch.pk).values_list(*columns), key=str)
