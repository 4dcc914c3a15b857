"""What a fix would do, before anything is written: the group's leads are judged as if it were made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial

from campaigns import lists as list_rules
from campaigns.models import Campaign, Source
from campaigns.spec import Agreed, agreed
from leads import door
from leads.door import Candidate, Room
from leads.models import LeadBlock
from leads.sql import door as door_statements
from leads.sql.door import Judged
from leads.statuses import Status
from rejections.blocked import Action, Fix
from rejections.refusals import Refused
from rejections.sql import fixes as statements
from rejections.sql.fixes import Group

#: So many leads of a group are judged for the preview; of a larger one it says “about”.
PREVIEWED = 500
#: Of each further group so many, as long as not twice as many were judged in all.
LEAST = 10
#: Sentences of leads that stay rejected are named up to this number.
FAILING_NAMED = 5

_VERBS = {
    Action.MAP: "Map and release",
    Action.ADD: "Add and release",
    Action.CHANGE: "Change and release",
    Action.AGAIN: "Release",
}
_ALONE = {
    Action.MAP: "Map; none of {} passes yet",
    Action.ADD: "Add; none of {} passes yet",
    Action.CHANGE: "Change {}; none passes yet",
    Action.AGAIN: "Judge {} again; none passes yet",
}
_PERIODS = {"day": "daily", "week": "weekly", "month": "monthly", "total": "total"}


@dataclass(frozen=True)
class Preview:
    """What a fix would do. `released` leads go on at once, `quarantined` ones meet the cap named in `caps`.

    `failing` are those that stay rejected, by sentence. `about`: only the first PREVIEWED of a group were
    judged, and the numbers are carried over to the rest. `worth` is the price of the released, by currency.
    """

    action: Action
    leads: int
    released: int = 0
    quarantined: int = 0
    failing: tuple[tuple[str, int], ...] = ()
    caps: tuple[str, ...] = ()
    worth: tuple[tuple[str, Decimal], ...] = ()
    about: bool = False

    @property
    def stay(self) -> int:
        """Leads that stay rejected."""
        return self.leads - self.released - self.quarantined

    @property
    def label(self) -> str:
        """What the button says."""
        if self.action == Action.KEEP:
            return f"Keep {_leads(self.leads)} rejected"
        if not self.released and not self.quarantined:
            return _ALONE[self.action].format(_leads(self.leads))
        about = "about " if self.about else ""
        of_all = f"{about}{self.released:,} of {self.leads:,}"
        all_of_them = self.released == self.leads and not self.about
        said = f"{_VERBS[self.action]} {_leads(self.leads) if all_of_them else of_all}"
        meet = "meets" if self.quarantined == 1 else "meet"
        return f"{said}; {about}{self.quarantined:,} {meet} {self.cap_words}" if self.quarantined else said

    @property
    def cap_words(self) -> str:
        """The caps that quarantined leads meet: “the weekly cap”."""
        return f"the {' and the '.join(self.caps)} cap" if self.caps else "a cap"


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"


@dataclass
class _Counted:
    """What was found in the leads of all groups; `released` and `quarantined` are carried over to the whole."""

    total: int = 0
    judged: int = 0
    unjudged: int = 0
    released: int = 0
    quarantined: int = 0
    failing: Counter[str] = field(default_factory=Counter)
    caps: dict[str, None] = field(default_factory=dict)
    worth: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    about: bool = False

    def add(self, source: Source, room: Room, size: int, judged: Sequence[Judged], at: datetime) -> None:
        """Count one group; of a large one what was judged stands for the whole, but for the places of caps."""
        self.total += size
        self.judged += len(judged)
        if not judged:
            self.unjudged += size
            return
        self.about = self.about or len(judged) < size
        found: Counter[Status] = Counter(one.target for one in judged)
        waiting = found[Status.QUARANTINED]
        going = len(judged) - waiting - found[Status.REJECTED]
        passing = round((going + waiting) * size / len(judged))
        tightest = room.tightest(source.supplier_id, at)
        released = going if waiting else passing
        if tightest is not None and passing > going + tightest[0]:
            released = going + tightest[0]
            self.caps[_PERIODS[tightest[1].period]] = None
        self.released += released
        self.quarantined += passing - released
        self._describe(source, room, judged, released / going if going else 0)

    def _describe(self, source: Source, room: Room, judged: Sequence[Judged], weight: float) -> None:
        """Which sentences, caps and money the judged leads came to."""
        named = {door.reached(cap): _PERIODS[cap.period] for cap in room.caps}
        blocks = LeadBlock.objects.filter(pk__in=[one.lead_id for one in judged])
        prices = dict(blocks.values_list("pk", "price"))
        for one in judged:
            if one.target == Status.REJECTED:
                self.failing[one.reason] += 1
            elif one.target == Status.QUARANTINED:
                self.caps[named[one.reason]] = None
            else:
                worth = prices.get(one.lead_id, Decimal(0)) * Decimal(weight)
                self.worth[source.campaign.currency] += worth

    def preview(self, action: Action) -> Preview:
        """The numbers, those of what was judged carried over to what was not."""
        looked_at = self.total - self.unjudged
        scale = self.total / looked_at if looked_at else 0
        return Preview(
            action=action,
            leads=self.total,
            released=round(self.released * scale),
            quarantined=round(self.quarantined * scale),
            failing=tuple(self.failing.most_common(FAILING_NAMED)),
            caps=tuple(self.caps),
            worth=tuple(
                (currency, amount * Decimal(scale)) for currency, amount in self.worth.items() if amount
            ),
            about=self.about or bool(self.unjudged),
        )


def preview(groups: Sequence[Group], fix: Fix, at: datetime) -> Preview:
    """What the fix would do to these groups' leads now; nothing is written. Raises Refused for a wrong fix."""
    if fix.action == Action.KEEP:
        return Preview(Action.KEEP, sum(group.leads for group in groups))
    return previewed(groups, fix, at, partial(with_fix, fix=fix))


def preview_each(fixes: Mapping[Group, Fix], at: datetime) -> Preview:
    """What several fixes would do together, each to its own group; they map, add, judge again or keep."""
    kept = sum(group.leads for group, fix in fixes.items() if fix.action == Action.KEEP)
    if kept:
        return Preview(Action.KEEP, kept)

    def were(terms: Agreed, group: Group) -> Agreed:
        return with_fix(terms, group, fixes[group])

    return previewed(list(fixes), Fix(Action.AGAIN), at, were)


def previewed(
    groups: Sequence[Group], fix: Fix, at: datetime, were: Callable[[Agreed, Group], Agreed]
) -> Preview:
    """What judging the groups' leads would come to, were the terms of each as `were` says."""
    counted = _Counted()
    known: dict[int, tuple[Agreed, Room]] = {}
    sources = Source.objects.select_related("campaign").in_bulk({group.source_id for group in groups})
    for group in groups:
        source = sources[group.source_id]
        campaign = source.campaign
        if campaign.pk not in known:
            known[campaign.pk] = (agreed(campaign), door.look_at_room(campaign))
        terms, room = known[campaign.pk]
        most = max(PREVIEWED - counted.judged, LEAST) if counted.judged < 2 * PREVIEWED else 0
        judged = _place(campaign, were(terms, group), room, group, fix, at, most) if most else []
        counted.add(source, room, group.leads, judged, at)
    return counted.preview(fix.action)


def _place(
    campaign: Campaign, terms: Agreed, room: Room, group: Group, fix: Fix, at: datetime, most: int
) -> list[Judged]:
    """Where the group's first leads would end with the fix made."""
    stored = door_statements.read(statements.lead_ids(group, most), lock=False)
    changed = {group.field: fix.value} if fix.action == Action.CHANGE else {}
    candidates = []
    for lead in stored.values():
        received = lead.received | changed
        verdict = door.judge_again(terms, lead, received, changed)
        candidates.append(Candidate(lead.id, lead.supplier_id, received, at, verdict))
    return door.place(campaign, terms, candidates, room)


def with_fix(terms: Agreed, group: Group, fix: Fix) -> Agreed:
    """The campaign's terms, were the fix made. Raises Refused where it cannot be."""
    if fix.action not in (Action.MAP, Action.ADD):
        return terms
    picklist_id = terms.picklists.get(group.field)
    spec = terms.field(group.field)
    if picklist_id is None or spec is None or spec.picklist is None:
        raise no_picklist(group)
    known = spec.picklist
    if fix.action == Action.ADD:
        changed = list_rules.Picklist((*known.values, group.value), known.entries, known.name)
    else:
        if fix.value not in known.values:
            raise not_in_use(fix.value, known.name)
        changed = list_rules.Picklist(known.values, (*known.entries, (group.value, fix.value)), known.name)
    return terms.with_picklist(picklist_id, changed)


def no_picklist(group: Group) -> Refused:
    """The refusal of a list fix where there is no list."""
    return Refused(
        "no_picklist", f"There is no picklist behind {group.field or 'this'}", "Nothing was changed."
    )


def not_in_use(value: str, picklist: str) -> Refused:
    """The refusal of a value that is not, or no longer, on the list."""
    return Refused("not_a_value", f"“{value}” is not in use on {picklist}", "Nothing was changed.")
