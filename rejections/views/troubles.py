"""What is the matter with sources, for the operators' home: doors that turn away, pushes that wait, leads to fix."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse

from campaigns.models import Destination, Field, Source
from campaigns.templatetags.figures import counted, percent
from leads import sources
from leads.sources import Surge
from leads.sql import sources as statements
from rejections.views.attention import item

#: Sources with leads to fix that are listed.
LISTED = 6


def of_sources(at: datetime) -> Iterator[dict[str, Any]]:
    """Sources whose door rejects far more than before, and destinations that are paused."""
    surges = sources.surges(at)
    named = Source.objects.select_related("campaign__client").in_bulk([surge.source_id for surge in surges])
    for surge in surges:
        yield _surge(surge, named[surge.source_id])
    yield from _paused()


def _surge(surge: Surge, source: Source) -> dict[str, Any]:
    lately, before = surge.lately, surge.before
    title = f"{source.name}: the door rejects {percent(lately.rejected, lately.received)} since yesterday"
    text = f"{percent(before.rejected, before.received)} before"
    if surge.commonest and surge.label:
        value = f"“{surge.commonest.value}”" if surge.commonest.value else "blank"
        text += f" · commonest: {surge.label} is {value}, {counted(surge.commonest.leads, 'lead')}"
    url = reverse("source", args=[source.code])
    return item((0.6, -lately.rejected), "trending-up", "rejected", title, text, "Look at it", url)


def _paused() -> Iterator[dict[str, Any]]:
    """Destinations that are paused; they go on from the page of any source of their campaign."""
    paused = list(Destination.objects.filter(paused_at__isnull=False).select_related("campaign"))
    campaigns = [target.campaign_id for target in paused]
    waiting = statements.waiting_pushes(campaigns)
    codes = dict(Source.objects.filter(campaign__in=campaigns).values_list("campaign", "code"))
    for target in paused:
        leads = waiting.get(target.campaign_id, 0)
        title = f"Pushes to {urlsplit(target.url).netloc} are paused, {counted(leads, 'lead')} wait"
        text = f"{target.campaign.name} · {target.paused_why or 'paused by a person'}"
        code = codes.get(target.campaign_id)
        url = reverse("source", args=[code]) if code else reverse("campaign", args=[target.campaign.code])
        yield item((0.7, -leads), "player-pause", "warn", title, text, "Resume", url)


def sources_to_fix() -> list[dict[str, Any]]:
    """Sources with leads to fix, as `_sources_to_fix.html` shows them."""
    found = statements.worst(LISTED)
    named = Source.objects.select_related("campaign__client").in_bulk([one.source_id for one in found])
    labels = Field.objects.filter(campaign__sources__in=list(named)).values_list(
        "campaign__sources", "name", "label"
    )
    label = {(source, name): text for source, name, text in labels}
    return [
        {
            "source": named[one.source_id],
            "field": label.get((one.source_id, one.field), one.field),
            "value": one.value,
            "leads": one.leads,
            "to_fix": one.to_fix,
        }
        for one in found
    ]
