"""The fix queue: one bad value, fixed once in the browser, heals every lead it blocked.

A fix is a correction batch like any other: run in the background, with progress, result and undo.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from campaigns import lists as list_rules
from campaigns.models import Campaign, Field, Picklist, PicklistValue, Source, User
from campaigns.spec import Agreed, agreed, read_picklists
from leads import door
from leads.door import Candidate
from leads.sheet import LEAD_ID
from leads.sql import door as door_statements
from leads.sql.door import Judged
from leads.statuses import Status
from rejections import lists
from rejections.correcting import FIX
from rejections.models import Batch, Kind
from rejections.refusals import Refused
from rejections.sql import corrections
from rejections.sql import fixes as statements
from rejections.sql.fixes import Group
from rejections.states import State
from rejections.suggestions import Suggestion, suggest

#: So many leads of a group are judged for the preview; of a larger one it says “about”.
PREVIEWED = 2000
_LONGEST_TEXT = 300


class Action(StrEnum):
    """What a person can do with a group."""

    MAP = "map"
    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"

    @property
    def label(self) -> str:
        """The words on the button's menu."""
        return _LABELS[self]


_LABELS = {
    Action.MAP: "Map to a value",
    Action.ADD: "Add to picklist",
    Action.CHANGE: "Change the value",
    Action.KEEP: "Keep rejected",
}


@dataclass(frozen=True)
class Fix:
    """An action with its value: the picklist value to map to, or the text to change to."""

    action: Action
    value: str = ""


@dataclass(frozen=True)
class Card:
    """A group as the queue shows it: its source, its field, what may be meant, and the same elsewhere."""

    group: Group
    source: Source
    field: Field | None
    suggestions: tuple[Suggestion, ...]
    elsewhere: tuple[Group, ...]

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done here: lists where there is a picklist, values where there is a field."""
        if self.field is None:
            return (Action.KEEP,)
        on_list = (Action.MAP, Action.ADD) if self.field.picklist_id and self.group.value.strip() else ()
        return (*on_list, Action.CHANGE, Action.KEEP)

    @property
    def leads_elsewhere(self) -> int:
        """“And 12 in 2 other sources”."""
        return sum(group.leads for group in self.elsewhere)


@dataclass(frozen=True)
class Preview:
    """What a fix would do: leads that pass, of how many; `quarantined` of those that pass meet a cap.

    `failing` are those that stay rejected, by sentence. `about`: only the first PREVIEWED were judged.
    """

    leads: int
    passing: int
    quarantined: int
    failing: tuple[tuple[str, int], ...]
    about: bool

    @property
    def label(self) -> str:
        """What the button says."""
        about = "about " if self.about else ""
        said = f"Release {about}{self.passing - self.quarantined:,} of {self.leads:,}"
        return f"{said}; {self.quarantined:,} meet a cap" if self.quarantined else said


def queue(source_ids: Sequence[int] | None = None, *, offset: int = 0, limit: int = 100) -> list[Group]:
    """Groups of rejected leads, biggest first, of these sources or all; what is kept rejected is left out."""
    return statements.groups(source_ids, offset=offset, limit=limit)


def card(group: Group) -> Card:
    """All that a person needs to decide on one group."""
    source = Source.objects.select_related("campaign__client", "supplier").get(pk=group.source_id)
    field = (
        Field.objects.filter(campaign=source.campaign, name=group.field).select_related("picklist").first()
    )
    suggestions: list[Suggestion] = []
    if field is not None and field.picklist_id:
        chosen = statements.chosen_before(source.campaign.client_id, field.name, group.value)
        suggestions = suggest(read_picklists([field.picklist_id])[field.picklist_id], group.value, chosen)
    return Card(group, source, field, tuple(suggestions), tuple(_elsewhere(group, source, field)))


def _elsewhere(group: Group, source: Source, field: Field | None) -> list[Group]:
    """The same value in other sources: of fields with the same picklist, else of the same campaign's field."""
    if field is None:
        return []
    alike = (
        Field.objects.filter(picklist=field.picklist_id)
        if field.picklist_id
        else Field.objects.filter(pk=field.pk)
    )
    pairs = alike.filter(campaign__sources__isnull=False).values_list("campaign__sources", "name")
    return statements.elsewhere(group, [pair for pair in pairs if pair[0] != source.pk])


def preview(groups: Sequence[Group], fix: Fix, at: datetime) -> Preview:
    """What the fix would do to these groups' leads now; nothing is written. Raises Refused for a wrong fix."""
    found: Counter[str] = Counter()
    failing: Counter[str] = Counter()
    total, judged = 0, 0
    for group in groups:
        size = statements.count(group)
        total += size
        if fix.action == Action.KEEP:
            continue
        source = Source.objects.select_related("campaign").get(pk=group.source_id)
        for one in _place(source.campaign, group, fix, at):
            judged += 1
            found[one.target] += 1
            if one.target == Status.REJECTED:
                failing[one.reason] += 1
    passing = judged - found[Status.REJECTED]
    return Preview(
        total, passing, found[Status.QUARANTINED], tuple(failing.most_common(5)), 0 < judged < total
    )


def _place(campaign: Campaign, group: Group, fix: Fix, at: datetime) -> list[Judged]:
    """Where the group's first leads would end with the fix made."""
    terms = _with_fix(agreed(campaign), group, fix)
    stored = door_statements.read(statements.lead_ids(group, PREVIEWED), lock=False)
    changed = {group.field: fix.value} if fix.action == Action.CHANGE else {}
    candidates = []
    for lead in stored.values():
        received = lead.received | changed
        verdict = door.judge_safely(terms, received, lead.id)
        candidates.append(Candidate(lead.id, lead.supplier_id, received, at, verdict))
    return door.place(campaign, terms, candidates, door.look_at_room(campaign))


def _with_fix(terms: Agreed, group: Group, fix: Fix) -> Agreed:
    """The campaign's terms, were the fix made."""
    if fix.action not in (Action.MAP, Action.ADD):
        return terms
    picklist_id = terms.picklists.get(group.field)
    spec = terms.field(group.field)
    if picklist_id is None or spec is None or spec.picklist is None:
        raise _no_picklist(group)
    known = spec.picklist
    if fix.action == Action.ADD:
        changed = list_rules.Picklist((*known.values, group.value), known.entries, known.name)
    else:
        if fix.value not in known.values:
            raise Refused(
                "not_a_value", f"“{fix.value}” is not in use on {known.name}", "Nothing was changed."
            )
        changed = list_rules.Picklist(known.values, (*known.entries, (group.value, fix.value)), known.name)
    return terms.with_picklist(picklist_id, changed)


def start(groups: Sequence[Group], fix: Fix, *, person: User | None, via: str, at: datetime) -> list[Batch]:
    """Make the fix: the list is changed at once, and one batch for each source judges its leads again.

    The batches are ready for a worker (ring for each). Undo of the first takes the list change back too.
    Raises Refused, then nothing has changed.
    """
    with transaction.atomic():
        noted = _change_list(groups[0], fix)
        batches: list[Batch] = []
        for group in groups:
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


def _change_list(group: Group, fix: Fix) -> dict[str, object]:
    """Add the entry or value; what the batch notes of it, to take it back."""
    if fix.action not in (Action.MAP, Action.ADD):
        return {}
    field = Field.objects.filter(campaign__sources=group.source_id, name=group.field).first()
    if field is None or field.picklist_id is None:
        raise _no_picklist(group)
    text = group.value.strip()
    if not text or len(text) > _LONGEST_TEXT:
        raise Refused(
            "no_such_text",
            "This text cannot stand on a list",
            f"It has {len(text):,} characters. Nothing was changed.",
        )
    picklist = Picklist.objects.get(pk=field.picklist_id)
    if fix.action == Action.ADD:
        return {"list": lists.add_value(picklist, text)}
    value = PicklistValue.objects.filter(picklist=picklist, value=fix.value, retired_at=None).first()
    if value is None:
        raise Refused("not_a_value", f"“{fix.value}” is not in use on {picklist}", "Nothing was changed.")
    return {"list": lists.add_entry(picklist, text, value)}


def _batch(
    group: Group,
    fix: Fix,
    ids: Sequence[int],
    noted: dict[str, object],
    person: User | None,
    via: str,
    at: datetime,
) -> Batch:
    source = Source.objects.select_related("campaign").get(pk=group.source_id)
    changes = fix.action == Action.CHANGE
    batch = Batch.objects.create(
        kind=Kind.CORRECTION,
        state=State.CHECKING,
        campaign=source.campaign,
        source=source,
        created_at=at,
        created_by=person,
        via=via,
        reading={"kind": FIX, "columns": [LEAD_ID, group.field] if changes else [LEAD_ID]},
        mapping={
            "fields": {group.field: group.field} if changes else {},
            "platform": {LEAD_ID: LEAD_ID},
            "blank_clears": changes,
            "keep": fix.action == Action.KEEP,
            "fix": {
                "action": fix.action.value,
                "value": fix.value,
                "field": group.field,
                "text": group.value,
            },
            **noted,
        },
        time_zone=source.campaign.time_zone,
        rows=len(ids),
        goes_through=True,
    )
    corrections.stage(batch.pk, [(lead, fix.value if changes else None) for lead in ids])
    return batch


def _no_picklist(group: Group) -> Refused:
    return Refused(
        "no_picklist", f"There is no picklist behind {group.field or 'this'}", "Nothing was changed."
    )
