"""What blocks rejected leads, as the fix queue shows it: groups, what may be meant, and what can be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Q

from campaigns.lists import resolve
from campaigns.models import Field, Source, User
from campaigns.spec import read_picklists
from leads.models import Lead
from rejections.sql import fixes as statements
from rejections.sql.fixes import EVERYTHING, Asked, Group, Question, Total
from rejections.suggestions import Suggestion, suggest


class Action(StrEnum):
    """What a person can do with a group."""

    MAP = "map"
    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"
    AGAIN = "again"

    @property
    def label(self) -> str:
        """The words beside its choice."""
        return _LABELS[self]


_LABELS = {
    Action.MAP: "Map to a value",
    Action.ADD: "Add to picklist",
    Action.CHANGE: "Change the value",
    Action.KEEP: "Keep rejected",
    Action.AGAIN: "Judge again",
}


@dataclass(frozen=True)
class Fix:
    """An action with its value: the picklist value to map to, or the text to change to."""

    action: Action
    value: str = ""


@dataclass(frozen=True)
class Card:
    """A group as the queue shows it: its source, its field, what may be meant, and the same elsewhere.

    `listed_as` is the value the picklist lets the text stand for by now; it did not when the leads came.
    """

    group: Group
    source: Source
    field: Field | None
    suggestions: tuple[Suggestion, ...] = ()
    elsewhere: tuple[Group, ...] = ()
    listed_as: str = ""

    @property
    def actions(self) -> tuple[Action, ...]:
        """What can be done here: lists where there is a picklist, values where there is a field.

        A text that the picklist knows by now (`listed_as`) needs to be judged again only.
        """
        if self.field is None:
            return (Action.KEEP,)
        if self.listed_as:
            return (Action.AGAIN, Action.CHANGE, Action.KEEP)
        on_list = (Action.MAP, Action.ADD) if self.field.picklist_id and self.group.value.strip() else ()
        return (*on_list, Action.CHANGE, Action.KEEP)

    @property
    def likely(self) -> Fix | None:
        """What most people would do: judge again what the list knows, map to the first suggestion."""
        if self.listed_as:
            return Fix(Action.AGAIN)
        return Fix(Action.MAP, self.suggestions[0].value) if self.suggestions else None

    @property
    def leads_elsewhere(self) -> int:
        """“And 12 in 2 other sources”."""
        return sum(group.leads for group in self.elsewhere)

    @property
    def label(self) -> str:
        """What the field is called; blank where it is no field's."""
        return self.field.label if self.field else self.group.field


def asked_by(person: User, *, source: str = "", client: str = "", code: str = "", text: str = "") -> Asked:
    """What a person asks of the queue: by codes of source, client and disposition, and a text in it."""
    ids: list[int] | None = None
    if source or client:
        narrowed = {"code": source, "campaign__client__code": client}
        sources = Source.objects.visible_to(person).filter(
            **{name: value for name, value in narrowed.items() if value}
        )
        ids = list(sources.values_list("pk", flat=True))
    labelled = Field.objects.filter(Q(label__icontains=text) | Q(name__icontains=text)) if text else None
    names = tuple(labelled.values_list("name", flat=True).distinct()[:200]) if labelled is not None else ()
    return Asked(ids, code, text, names)


def queue(asked: Asked = EVERYTHING, *, offset: int = 0, limit: int = 100) -> list[Group]:
    """Groups of rejected leads, biggest first; what is kept rejected, or being fixed, is left out."""
    return statements.groups(asked, offset=offset, limit=limit)


def totals(asked: Asked = EVERYTHING) -> dict[int, Total]:
    """What waits in each source."""
    return statements.totals(asked)


def groups_of(person: User, lead_ids: Sequence[int]) -> list[Group]:
    """The groups of those leads that this person may see; what nothing blocks any more is in none."""
    seen = Lead.objects.visible_to(person).filter(pk__in=lead_ids).values_list("pk", flat=True)
    return statements.groups_of(list(seen))


def card(group: Group) -> Card:
    """All that a person needs to decide on one group."""
    (found,) = cards([group])
    return replace(found, elsewhere=tuple(_elsewhere(found)))


def cards(groups: Sequence[Group]) -> list[Card]:
    """The groups with what may be meant by each; the number of queries does not grow with theirs."""
    wanted = Source.objects.select_related("campaign__client", "supplier")
    sources = wanted.in_bulk({group.source_id for group in groups})
    fields = _fields(sources.values())
    picklists = read_picklists({field.picklist_id for field in fields.values() if field.picklist_id})
    listed = {
        group: field
        for group in groups
        if (field := fields.get((sources[group.source_id].campaign_id, group.field))) and field.picklist_id
    }
    chosen = statements.chosen_before({_question(group, field) for group, field in listed.items()})
    found = []
    for group in groups:
        source = sources[group.source_id]
        field = fields.get((source.campaign_id, group.field))
        one = Card(group, source, field)
        if field is not None and field.picklist_id and group.value.strip():
            picklist = picklists[field.picklist_id]
            likely = suggest(picklist, group.value, chosen.get(_question(group, field), {}))
            one = replace(one, suggestions=tuple(likely), listed_as=resolve(picklist, group.value) or "")
        found.append(one)
    return found


def _fields(sources: Iterable[Source]) -> dict[tuple[int, str], Field]:
    campaigns = {source.campaign_id for source in sources}
    fields = Field.objects.filter(campaign__in=campaigns).select_related("picklist", "campaign")
    return {(field.campaign_id, field.name): field for field in fields}


def _question(group: Group, field: Field) -> Question:
    return Question(field.campaign.client_id, group.field, group.value)


def _elsewhere(card: Card) -> list[Group]:
    """The same value in other sources: of fields with the same picklist, else of the same campaign's field."""
    field = card.field
    if field is None:
        return []
    alike = (
        Field.objects.filter(picklist=field.picklist_id)
        if field.picklist_id
        else Field.objects.filter(pk=field.pk)
    )
    pairs = alike.filter(campaign__sources__isnull=False).values_list("campaign__sources", "name")
    return statements.elsewhere(card.group, [pair for pair in pairs if pair[0] != card.source.pk])
