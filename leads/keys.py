"""Dedupe switched on or off: leads that were there before get the keys of the field, or lose them.

Built in chunks by lead id, under the campaign's door, so that intake meets either no key or a whole one. Of leads
that share a value the oldest holds the key; the others have it without holding it, and a file that names it finds
several leads.
"""

from __future__ import annotations

import time
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.models import Field
from leads import identifiers
from leads.models import LeadKey
from leads.sql import door
from leads.sql import keys as sql
from leads.sql.keys import Keyed, Valued
from leads.statuses import HOLDING

#: Leads, or keys, of one transaction.
CHUNK = 5000


def tend(seconds: float = 60) -> None:
    """Build the keys that are missing, and take away those of fields without dedupe, for about `seconds`."""
    until = time.monotonic() + seconds
    for field in Field.objects.filter(dedupe=True, dedupe_ready=False).order_by("pk"):
        _while(partial(build_chunk, field.pk), until)
    kept = LeadKey.objects.filter(campaign=OuterRef("campaign"), slot=OuterRef("pk"))
    for field in Field.objects.filter(Exists(kept), dedupe=False).order_by("pk"):
        _while(partial(_forget_chunk, field), until)


def _while(step: partial[bool], until: float) -> None:
    while time.monotonic() < until and step():
        pass


def build_chunk(field_id: int) -> bool:
    """Give the next leads their keys of the field, in one transaction; whether more are left."""
    with transaction.atomic():
        field = Field.objects.select_related("campaign").get(pk=field_id)
        door.lock_door(field.campaign_id)
        field.refresh_from_db(fields=["dedupe", "dedupe_ready", "keys_built_to"])
        if not field.dedupe or field.dedupe_ready:
            return False
        if field.keys_built_to == 0 and _forget_chunk(field):
            return True  # keys from before it was last switched off go first
        leads = sql.lock_valued(field.campaign_id, field.name, after=field.keys_built_to, limit=CHUNK)
        sql.write(field.campaign_id, field.pk, _keyed(field, leads))
        done = len(leads) < CHUNK
        to = leads[-1].lead_id if leads else field.keys_built_to
        Field.objects.filter(pk=field.pk).update(keys_built_to=to, dedupe_ready=done)
    return not done


def _keyed(field: Field, leads: list[Valued]) -> list[Keyed]:
    """The leads' keys: held by whoever comes first of those whose status holds keys."""
    region = field.campaign.phone_region
    named = [(lead, identifiers.normalise(field.kind, lead.value, region)) for lead in leads]
    taken = {key for _, key in door.held(field.campaign_id, {(field.pk, key) for _, key in named if key})}
    keyed = []
    for lead, key in named:
        if key is None:
            continue
        holds = lead.status in HOLDING and key not in taken
        if holds:
            taken.add(key)
        keyed.append(Keyed(lead.lead_id, key, holds))
    return keyed


def _forget_chunk(field: Field) -> bool:
    return sql.forget(field.campaign_id, field.pk, CHUNK) == CHUNK
