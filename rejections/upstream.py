"""What a checked import means upstream: per supplier what goes back, what does not, and how much is too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaigns.models import Agreement
from campaigns.rules import local_date
from campaigns.spec import Returns
from leads.sql import months
from leads.statements import span_of
from rejections.models import Batch
from rejections.sql import upstream as statements
from rejections.sql.upstream import Dated, SupplierEffect


@dataclass(frozen=True)
class OverCap:
    """A supplier of which more would go back this month than was agreed, in per cent of the month's leads."""

    name: str
    percent: int
    returned: int
    received: int


def by_supplier(batch: Batch, opens: datetime) -> tuple[SupplierEffect, ...]:
    """What rejecting the rows means for each supplier, by what was agreed when its leads came in."""
    returned_on = local_date(batch.created_at, batch.time_zone)
    agreed = [
        Dated(supplier_id, begin, end, terms.reverses_payout, terms.opens(returned_on, batch.time_zone))
        for supplier_id, begin, end, terms in Returns(batch.campaign_id).spans(batch.time_zone)
    ]
    return tuple(statements.by_supplier(batch.pk, batch.campaign_id, opens, agreed))


def over_cap(batch: Batch, effects: tuple[SupplierEffect, ...], at: datetime) -> tuple[OverCap, ...]:
    """Suppliers whose return cap the import would pass: what came back this month and what would, of what came."""
    today = local_date(at, batch.time_zone)
    dated = Agreement.objects.filter(campaign=batch.campaign_id, starts_on__lte=today).order_by("starts_on")
    caps = {one.supplier_id: one.return_cap_percent for one in dated}
    if not any(caps.get(one.supplier_id) is not None for one in effects):
        return ()
    counted = {
        one.supplier_id: one for one in months.counted([span_of(batch.campaign, today.replace(day=1))])
    }
    found = []
    for one in effects:
        percent, month = caps.get(one.supplier_id), counted.get(one.supplier_id)
        received = int(month.received) if month else 0
        returned = one.leads + (int(month.rejected) if month else 0)
        if percent is not None and 100 * returned > percent * received:
            found.append(OverCap(one.name, percent, returned, received))
    return tuple(found)
