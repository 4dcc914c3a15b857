"""Corrections that a person makes on a lead's own page, or of leads picked from a list, one by one.

Each is a correction batch without a file, like a fix of the queue: same check, same receipt, same undo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from campaigns.models import Field, Source, User
from campaigns.spec import read_picklists
from leads.models import Lead, LeadValues
from leads.sheet import LEAD_ID, VERSION, version_text
from leads.statuses import Status
from rejections import correcting
from rejections.decisions import Outcome
from rejections.edits import Conflict
from rejections.meaning import FIX, Memory
from rejections.models import Batch, BatchRow, Kind
from rejections.refusals import Refused
from rejections.sql.corrections import CorrectionRow
from rejections.states import State
from rejections.suggestions import Suggestion, suggest

_NONE_LEFT = "None of these leads is Rejected"


@dataclass(frozen=True)
class Fixable:
    """A field of a Rejected lead that failed: its value as received, why, and what of its picklist may be meant."""

    field: Field
    value: str
    sentences: tuple[str, ...]
    suggestions: tuple[Suggestion, ...] = ()
    values: tuple[str, ...] = ()


def fixable(lead: Lead, values: LeadValues | None) -> list[Fixable]:
    """The fields that failed and can be changed, in the campaign's order; none where the lead is not Rejected."""
    if values is None or lead.status != Status.REJECTED:
        return []
    failed: dict[str, list[str]] = defaultdict(list)
    for failure in values.failures:
        failed[failure["field"]].append(failure["sentence"])
    fields = list(Field.objects.filter(campaign=lead.campaign_id, name__in=failed))
    lists = read_picklists({field.picklist_id for field in fields if field.picklist_id})
    found = []
    for field in fields:
        value, listed = str(values.received.get(field.name) or ""), lists.get(field.picklist_id or 0)
        meant = tuple(suggest(listed, value, {})) if listed and value.strip() else ()
        others = listed.values if listed else ()
        found.append(Fixable(field, value, tuple(failed[field.name]), meant, others))
    return found


@dataclass(frozen=True)
class Foreseen:
    """What a fix of one lead would do: where the lead would end, or why it would not be touched.

    `sentence` says what still fails; `conflicts` are values that somebody changed since the page was opened.
    """

    outcome: Outcome
    target: Status | None = None
    sentence: str = ""
    conflicts: tuple[Conflict, ...] = ()


def foresee(lead: Lead, values: Mapping[str, str], version: int, *, at: datetime) -> Foreseen:
    """What the fix would do now; nothing is written. Raises Refused for one that cannot be made."""
    _check(lead, values)
    batch = _batch(lead.source, [*values], at=at, rows=1, person=None, via="page")
    raw = CorrectionRow(1, _cells(lead.pk, version, values), None, None, None)
    memory = Memory(batch)
    [one] = correcting.look_at(memory, [memory.row(raw)], at)
    judged = one.judged
    return Foreseen(
        one.outcome or Outcome.NOT_FOUND,
        judged.target if judged else None,
        judged.reason if judged else "",
        one.edits.conflicts,
    )


def fix(
    lead: Lead, values: Mapping[str, str], version: int, *, person: User, via: str, at: datetime
) -> Batch:
    """Change these fields of a Rejected lead and judge it again; the batch is ready for a worker.

    A value that was changed since `version` is a conflict: the row ends so, and nothing is overwritten.
    Raises Refused, then nothing has changed.
    """
    _check(lead, values)
    with transaction.atomic():
        batch = _batch(lead.source, [*values], at=at, rows=1, person=person, via=via)
        batch.save()
        BatchRow.objects.create(batch=batch, line=1, cells=_cells(lead.pk, version, values))
    return batch


def _check(lead: Lead, values: Mapping[str, str]) -> None:
    if lead.status != Status.REJECTED:
        raise Refused(
            "not_rejected",
            f"This lead is {Status(lead.status).label} now",
            "Only Rejected leads are corrected. Nothing was changed.",
        )
    if not values:
        raise Refused("nothing_changed", "No value was changed", "Change one first. Nothing was changed.")


def keep(leads: Iterable[Lead], *, person: User, via: str, at: datetime) -> list[Batch]:
    """Keep the Rejected ones of these leads as they are, and take them out of the fix queue.

    One batch for each source, ready for a worker. Raises Refused, then nothing has changed.
    """
    sources: dict[Source, list[int]] = defaultdict(list)
    for lead in leads:
        if lead.status == Status.REJECTED:
            sources[lead.source].append(lead.pk)
    if not sources:
        raise Refused("not_rejected", _NONE_LEFT, "Only Rejected leads can be kept so. Nothing was changed.")
    return [_kept(source, ids, person, via, at) for source, ids in sources.items()]


def _kept(source: Source, ids: list[int], person: User, via: str, at: datetime) -> Batch:
    versions = dict(LeadValues.objects.filter(lead__in=ids).values_list("lead_id", "version"))
    with transaction.atomic():
        batch = _batch(source, [], at=at, rows=len(ids), person=person, via=via)
        batch.mapping["keep"] = True
        batch.save()
        rows = [_cells(pk, versions.get(pk, 0), {}) for pk in sorted(ids)]
        BatchRow.objects.bulk_create(
            BatchRow(batch=batch, line=line, cells=cells) for line, cells in enumerate(rows, start=1)
        )
    return batch


def _batch(
    source: Source, fields: list[str], *, at: datetime, rows: int, person: User | None, via: str
) -> Batch:
    return Batch(
        kind=Kind.CORRECTION,
        state=State.CHECKING,
        campaign=source.campaign,
        source=source,
        created_at=at,
        created_by=person,
        via=via,
        reading={"kind": FIX, "columns": [LEAD_ID, VERSION, *fields]},
        mapping={
            "fields": {field: field for field in fields},
            "platform": {LEAD_ID: LEAD_ID, VERSION: VERSION},
            "blank_clears": bool(fields),
        },
        time_zone=source.campaign.time_zone,
        rows=rows,
        goes_through=True,
    )


def _cells(lead_id: int, version: int, values: Mapping[str, str]) -> list[str]:
    return [str(lead_id), version_text(version), *values.values()]
