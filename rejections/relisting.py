"""What a change of a picklist means for leads it turned away, and judging those again that would pass now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from campaigns.listing import Do, Edit
from campaigns.lists import Picklist as Values
from campaigns.lists import resolve
from campaigns.models import Field, Picklist, User
from campaigns.spec import Agreed
from leads.sheet import LEAD_ID
from rejections import fixes
from rejections.blocked import Action, Fix
from rejections.fix_effects import Preview, previewed
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql import fixes as fix_statements
from rejections.sql import lists as statements
from rejections.sql.fixes import Group
from rejections.sql.lists import Use

#: Texts that were turned away are looked at up to this number of groups, the biggest first.
MOST = 2000


@dataclass(frozen=True)
class Seen:
    """A text that came and is not on the list: how many leads it blocks, in how many sources."""

    text: str
    leads: int
    worth: Decimal
    groups: tuple[Group, ...]


def turned_away(picklist: Picklist) -> list[Group]:
    """Groups of leads that stand Rejected for a field of this picklist, biggest first."""
    pairs = Field.objects.filter(picklist=picklist, campaign__sources__isnull=False)
    return statements.turned_away(list(pairs.values_list("campaign__sources", "name")), limit=MOST)


def seen(groups: Sequence[Group]) -> list[Seen]:
    """The texts of these groups, each once, those that block most leads first."""
    by_text: dict[str, list[Group]] = {}
    for group in groups:
        by_text.setdefault(group.value, []).append(group)
    found = [
        Seen(text, sum(g.leads for g in same), sum((g.worth for g in same), Decimal(0)), tuple(same))
        for text, same in by_text.items()
    ]
    return sorted(found, key=lambda one: (-one.leads, one.text))


def uses(picklist: Picklist, since: datetime) -> dict[str, Use]:
    """How often each value was used since then; a value that was renamed has the uses of its old spelling too."""
    pairs = list(Field.objects.filter(picklist=picklist).values_list("campaign_id", "name"))
    found, called = statements.uses(pairs, since), _renamed(picklist, since)
    counted: dict[str, Use] = {}
    for text, use in found.items():
        value = called.get(text, text)
        known = counted.get(value, Use(0, 0))
        counted[value] = Use(known.leads + use.leads, known.mapped + use.mapped)
    return counted


def _renamed(picklist: Picklist, since: datetime) -> dict[str, str]:
    """Spellings that values had since then, and what each is called now; what is a value again is itself."""
    called: dict[str, str] = {}
    saves = picklist.versions.filter(at__gte=since).order_by("number")
    for changes in saves.values_list("changes", flat=True):
        for do, old, new in changes:
            if do == Do.RENAME:
                called = {was: new if now == old else now for was, now in called.items()} | {old: new}
    values = set(picklist.values.values_list("value", flat=True))
    return {was: now for was, now in called.items() if was not in values}


def known_by(values: Values, groups: Sequence[Group]) -> list[Group]:
    """Of these groups, those whose text the list takes."""
    return [group for group in groups if resolve(values, group.value) is not None]


def effect(picklist: Picklist, values: Values, groups: Sequence[Group], at: datetime) -> Preview:
    """What judging these groups' leads again would do, were the list as in `values`."""

    def were(terms: Agreed, group: Group) -> Agreed:
        return terms.with_picklist(picklist.pk, values)

    return previewed(groups, Fix(Action.AGAIN), at, were)


def judge_again(
    picklist: Picklist,
    groups: Sequence[Group],
    *,
    person: User | None,
    via: str,
    at: datetime,
    decided: Sequence[Edit] = (),
) -> list[Batch]:
    """One correction batch for each source judges its leads of these groups again; ready for a worker.

    `decided`: the changes of the list that led to it, by which the batches are called.
    Raises Refused where there is no lead.
    """
    with transaction.atomic():
        batches = []
        for source_id in sorted({group.source_id for group in groups}):
            mine = [group for group in groups if group.source_id == source_id]
            ids = sorted(lead for group in mine for lead in fix_statements.lead_ids(group))
            if ids:
                noted: dict[str, object] = {
                    "fix": {"action": "again", "field": mine[0].field, "code": "", **_told(mine, decided)},
                    "relisted": picklist.pk,
                    "again": [[group.field, group.code, group.value] for group in mine],
                }
                cells = [(lead, None) for lead in ids]
                batches.append(fixes.without_file(source_id, [LEAD_ID], noted, cells, person, via, at))
    if not batches:
        raise Refused("nothing_to_judge", "No lead would pass that does not already", "Nothing was changed.")
    return batches


def _told(groups: Sequence[Group], decided: Sequence[Edit]) -> dict[str, str]:
    """What the batch is called by: the one change that was decided, else the texts judged again."""
    if len(decided) == 1 and decided[0].do in (Do.ADD, Do.MAP):
        (edit,) = decided
        return {"listed": edit.do.value, "text": edit.text, "value": edit.value}
    first, *others = dict.fromkeys(group.value for group in groups)
    return {"text": f"{first} and {len(others):,} more" if others else first, "value": ""}
