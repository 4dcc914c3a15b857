"""Leads by what a person pastes into the search box."""

from __future__ import annotations

import re

from campaigns.models import Campaign, User
from leads.identifiers import normalise
from leads.models import Lead, LeadKey

#: Leads of one UID that are listed.
LISTED = 20
_NUMBER = re.compile(r"(?:IMP|CLO|COR)?[-\s#]*([1-9][0-9]{0,17})", re.IGNORECASE)


def leads(text: str, viewer: User) -> list[Lead]:
    """Visible leads that the text names whole: the one with this Lead ID, else those with this UID, newest first."""
    visible = Lead.objects.visible_to(viewer)
    lead_id = normalise("lead_id", text)
    if lead_id and (found := visible.filter(pk=int(lead_id)).first()):
        return [found]
    uid = normalise("uid", text)
    if not uid:
        return []
    campaigns = list(Campaign.objects.visible_to(viewer).values_list("pk", flat=True))
    keys = LeadKey.objects.filter(campaign_id__in=campaigns, slot=LeadKey.UID_SLOT, key=uid)
    return list(visible.filter(pk__in=keys.values("lead_id")).order_by("-pk")[:LISTED])


def number(text: str) -> int | None:
    """The number a batch goes by on screen, with its letters or without: “IMP-2291” is 2291."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None
