"""What a supplier reads first: where its leads stand, and which of them clients sent back."""

from __future__ import annotations

from typing import Any

from campaigns.models import User
from leads.models import LeadEvent
from leads.sql import standing
from leads.statuses import Cause, Status
from leads.timeline import why

#: So many of the newest rejections are listed.
LISTED = 20

_WORDS = {
    Status.PROCESSING: "being judged",
    Status.REJECTED: "not valid at the door",
    Status.QUARANTINED: "valid, over the agreed volume",
    Status.PENDING: "with the client",
    Status.ACCEPTED: "accepted by the client",
    Status.CLIENT_REJECTED: "sent back by the client",
}


def overview(person: User) -> dict[str, Any]:
    """`statuses` (status, leads, words) and `lines`, the newest rejections, as `home_supplier.html` has them."""
    counts = standing.statuses(supplier_id=person.supplier_id)
    rejected = LeadEvent.objects.filter(
        lead__supplier=person.supplier,
        lead__status=Status.CLIENT_REJECTED,
        cause=Cause.CLIENT_REJECTED,
        undone_by=None,
    ).select_related("lead__campaign", "disposition")
    return {
        "statuses": [(status.value, counts.get(status, 0), _WORDS[status]) for status in Status],
        "lines": [_line(event, person) for event in rejected.order_by("-pk")[:LISTED]],
    }


def _line(event: LeadEvent, person: User) -> dict[str, Any]:
    return {
        "lead": {"pk": event.lead_id},
        "campaign": event.lead.campaign.public_name,
        "words": why(event.disposition, event.reason, person),
        "payout": event.lead.payout,
        "currency": event.lead.campaign.currency,
        "at": event.at,
    }
