"""The fix queue: one bad value, fixed once in the browser, heals every lead it blocked.

A fix is a correction batch like any other: run in the background, with progress, result and undo.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from campaigns.models import Field, Picklist, PicklistValue, Source, User
from leads.sheet import LEAD_ID
from rejections import lists
from rejections.blocked import Action, Fix
from rejections.fix_effects import no_picklist, not_in_use
from rejections.meaning import FIX
from rejections.models import Batch, Kind
from rejections.refusals import Refused
from rejections.sql import corrections
from rejections.sql import fixes as statements
from rejections.sql.fixes import Group
from rejections.states import RUNNABLE, State


def start(groups: Sequence[Group], fix: Fix, *, person: User | None, via: str, at: datetime) -> list[Batch]:
    """Make the fix: the list is changed at once, and one batch for each source judges its leads again.

    The batches are ready for a worker (ring for each). Undo of the first takes the list change back too.
    Raises Refused, then nothing has changed.
    """
    with transaction.atomic():
        # In id order, so that two who fix the same sources wait for each other; leads may come in meanwhile.
        sources = Source.objects.filter(pk__in=[group.source_id for group in groups]).order_by("pk")
        list(sources.select_for_update(no_key=True))
        noted = _change_list(groups[0], fix, person, at)
        batches: list[Batch] = []
        for group in groups:
            _at_work_already(group)
            ids = statements.lead_ids(group)
            if ids:
                batches.append(_batch(group, fix, ids, {} if batches else noted, person, via, at))
        if not batches:
            raise Refused(
                "nothing_to_fix",
                "No lead is rejected for this any more",
                "Somebody else was faster. Nothing was changed.",
            )
    return batches


def _at_work_already(group: Group) -> None:
    """Two people, or two clicks, on one group: the first one's fix stands."""
    same = {"field": group.field, "text": group.value, "code": group.code}
    working = Batch.objects.filter(
        source=group.source_id, kind=Kind.CORRECTION, state__in=RUNNABLE, mapping__fix__contains=same
    ).exclude(state=State.UNDOING)
    if other := working.select_related("created_by").first():
        by = f"{other.created_by.full_name} started" if other.created_by else "There is"
        raise Refused(
            "fixed_now", f"{by} a fix of these leads a moment ago", "Nothing was changed by this click."
        )


def _change_list(group: Group, fix: Fix, person: User | None, at: datetime) -> dict[str, object]:
    """Add the entry or value; what the batch notes of it, to take it back."""
    if fix.action not in (Action.MAP, Action.ADD):
        return {}
    field = Field.objects.filter(campaign__sources=group.source_id, name=group.field).first()
    if field is None or field.picklist_id is None:
        raise no_picklist(group)
    text = group.value
    picklist = Picklist.objects.get(pk=field.picklist_id)
    if fix.action == Action.ADD:
        return {"list": lists.add_value(picklist, text, by=person, at=at)}
    value = PicklistValue.objects.filter(picklist=picklist, value=fix.value, retired_at=None).first()
    if value is None:
        raise not_in_use(fix.value, picklist.name)
    return {"list": lists.add_entry(picklist, text, value, by=person, at=at)}


def _batch(
    group: Group,
    fix: Fix,
    ids: Sequence[int],
    noted: dict[str, object],
    person: User | None,
    via: str,
    at: datetime,
) -> Batch:
    changes = fix.action == Action.CHANGE
    told = {
        "action": fix.action.value,
        "value": fix.value,
        "field": group.field,
        "text": group.value,
        "code": group.code,
    }
    mapping = {
        "fields": {group.field: group.field} if changes else {},
        "blank_clears": changes,
        "keep": fix.action == Action.KEEP,
        "fix": told,
        **noted,
    }
    columns = [LEAD_ID, group.field] if changes else [LEAD_ID]
    value = fix.value if changes else None
    return without_file(group.source_id, columns, mapping, [(lead, value) for lead in ids], person, via, at)


def without_file(
    source_id: int,
    columns: Sequence[str],
    mapping: dict[str, object],
    cells: Sequence[tuple[int, str | None]],
    person: User | None,
    via: str,
    at: datetime,
) -> Batch:
    """A correction batch of these leads, with the new value of each where there is one, ready for a worker."""
    source = Source.objects.select_related("campaign").get(pk=source_id)
    batch = Batch.objects.create(
        kind=Kind.CORRECTION,
        state=State.CHECKING,
        campaign=source.campaign,
        source=source,
        created_at=at,
        created_by=person,
        via=via,
        reading={"kind": FIX, "columns": list(columns)},
        mapping={"fields": {}, "platform": {LEAD_ID: LEAD_ID}, **mapping},
        time_zone=source.campaign.time_zone,
        rows=len(cells),
        goes_through=True,
    )
    corrections.stage(batch.pk, cells)
    return batch
