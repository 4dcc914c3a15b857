"""What suppliers are told of a batch, brought up to date: what was taken back, then what is new.

A client's phrase goes to them without its name; what a notice says is decided here and never changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from campaigns import masks
from campaigns.models import Campaign
from leads.sql import notices
from leads.sql.notices import Told


def tell(batch_id: int, at: datetime) -> None:
    """Tell all that suppliers are owed. The caller has locked the batch, or is its only worker."""
    retract(batch_id, at)
    write("rejections", batch_id, at)
    write("recoveries", batch_id, at)


def retract(batch_id: int, at: datetime) -> None:
    """Take back what suppliers were told of events of the batch that have since been undone."""
    notices.cancel_unsent(batch_id)
    write("retractions", batch_id, at)
    write("recovery_retractions", batch_id, at)


def write(kind: str, batch_id: int, at: datetime) -> int:
    """Write the notices of this kind; how many."""
    return notices.write(kind, batch_id, at, _masked(notices.said(kind, batch_id)))


def _masked(said: list[tuple[int, str]]) -> Iterator[Told]:
    """Those of these words that name the client, as they are told."""
    campaigns = Campaign.objects.select_related("client").in_bulk({campaign_id for campaign_id, _ in said})
    found = masks.of_clients(campaigns.values())
    for campaign_id, words in said:
        told = found[campaigns[campaign_id].client_id](words)
        if told != words:
            yield Told(campaign_id, words, told)
