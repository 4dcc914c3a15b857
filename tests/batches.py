"""Takes batches through their states in this process, as a worker would, and tells what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import pytest

from campaigns.models import Campaign, User
from leads.models import Adjustment, AffiliateEvent, Delivery, Lead, LeadEvent, LeadKey
from rejections import control, uploads, workflows
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.receipt import as_json, receipt
from rejections.refusals import Refused
from rejections.sql import rows
from rejections.terms import opening
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


def stopped_after(batch: Batch, chunks: int, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Press Stop while that many chunks are done."""
    real, seen = workflows._apply_chunk, []

    def counting(*arguments: Any) -> None:
        seen.append(1)
        if len(seen) == chunks + 1:
            control.stop(batch, NOW)
        real(*arguments)

    monkeypatch.setattr(workflows, "_apply_chunk", counting)
    work(batch)
    monkeypatch.undo()
    return batch


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


def by_outcome(batch: Batch, options: Options | None = None) -> dict[str, int]:
    """Rows by outcome as the check page shows them, with the window of these options laid over."""
    return rows.counts(batch.pk, opening(batch, options or Options()))


def statuses(leads: Sequence[Lead]) -> list[str]:
    """Where these leads stand now."""
    found = dict(Lead.objects.filter(pk__in=[lead.pk for lead in leads]).values_list("pk", "status"))
    return [found[lead.pk] for lead in leads]


def refused(code: str, action: Callable[..., Any], *arguments: Any, **options: Any) -> Refused:
    """The refusal that the action meets, with this code, after which nothing is changed."""
    before = holdings(), list(Batch.objects.order_by("id").values())
    with pytest.raises(Refused) as refusal:
        action(*arguments, **options)
    assert refusal.value.code == code
    assert (holdings(), list(Batch.objects.order_by("id").values())) == before, "nothing was changed"
    return refusal.value


def undelivered(lead: Lead, status: str = "failed") -> None:
    """A delivery of the lead to the client's own system, as far as it came."""
    Delivery.objects.create(
        kind="rejections", channel="destination", status=status, lead=lead, created_at=NOW
    )


def holdings() -> dict[str, list[dict[str, Any]]]:
    """All that Undo must bring back: leads, keys, affiliate events, credits. History and notices only grow."""
    return {
        "leads": list(Lead.objects.order_by("id").values()),
        "keys": list(LeadKey.objects.order_by("lead_id", "slot").values()),
        "affiliate events": list(AffiliateEvent.objects.order_by("id").values()),
        "credits": list(
            Adjustment.objects.order_by("lead_id").values(
                "lead_id", "client_amount", "supplier_amount", "is_final"
            )
        ),
    }


def history(batch: Batch) -> list[tuple[Any, ...]]:
    """What the batch did to leads, without numbers that depend on when: comparable between two runs."""
    columns = ("lead_id", "line", "cause", "from_status", "to_status", "disposition", "reason", "was_in_cap")
    return sorted(LeadEvent.objects.filter(batch_id=batch.pk).values_list(*columns), key=str)
