"""Which leads the demo has, and what becomes of each: fixed by a seed, without database or clock. Pure.

Ages are days before the moment of loading. The door decides as it will: a lead whose values fail is
Rejected, one that meets a cap Quarantined. What clients do later stands in `history`.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from leads.statuses import Status
from rejections.demo.agreed import CAMPAIGNS, CampaignTerms, SourceTerms
from rejections.demo.values import Form

SEED = 20_26
OLDEST = 58.0
#: Leads 1 and 2 are in this campaign, Pending, received at noon of yesterday there.
FIRST_CAMPAIGN = "SOLAR-UK"
FIRST_LEADS = (1, 2)

#: Source → values that LinkedIn let people type over the picklist, and how many leads carry each.
_TYPED_OVER = {
    "LINKEDIN-FINOPS": {
        ("country", "U.S.A."): 58,
        ("job_function", "Rev Ops"): 47,
        ("industry", "Informatique & télécoms"): 31,
        ("company_size", "1.001 – 5.000"): 22,
        ("job_function", "Einkauf / Procurement"): 14,
        ("industry", "ソフトウェア"): 6,
    },
    "LINKEDIN-DX-JP": {("department", "情シス"): 19, ("department", "生産技術"): 13},
}
_TYPED_OVER_SINCE = 20.0
#: Since yesterday evening this source's form sends the keys of its answers, not their words.
_SURGE = ("META-SOLAR-UK", "property_type", "detached_house")
_SURGE_SINCE, _SURGE_LEADS = 0.9, 24
#: Share of leads whose values fail, by kind of source.
_SPOILED = {"linkedin": 0.04, "meta": 0.06, "web_form": 0.07, "publisher": 0.1}
_DUPLICATES = 0.012
#: Phones no other lead resembles, so that what a spreadsheet made of them fits one lead.
SINGULAR_PHONES = ("07911 204415", "07860 318226", "07785 926104")


@dataclass
class Draft:
    """A lead to be. `taken` names deduped fields whose key another lead holds when this one comes in."""

    campaign: str
    source: SourceTerms
    age: float
    uid: str
    values: dict[str, str]
    status: Status = Status.PENDING
    taken: frozenset[str] = frozenset()
    id: int = 0
    #: What the history did to it; its last status.
    now: Status | None = None

    @property
    def stands(self) -> Status:
        """Where it stands when the demo is loaded."""
        return self.now or self.status


@dataclass
class Plan:
    """All leads of the demo, oldest first."""

    drafts: list[Draft] = field(default_factory=list)

    def of(
        self, campaign: str, *statuses: Status, older: float = OLDEST, younger: float = 0.0
    ) -> list[Draft]:
        """Leads of a campaign with these statuses whose age lies between `younger` and `older`."""
        return [
            draft
            for draft in self.drafts
            if draft.campaign == campaign and draft.status in statuses and younger <= draft.age <= older
        ]


def plan(seed: int = SEED) -> Plan:
    """The plan as the door leaves it: nothing accepted or returned yet."""
    rng = Random(seed)  # noqa: S311 - a seed that everybody may know
    made: list[Draft] = []
    for terms in CAMPAIGNS:
        made += _Door(terms, rng).receive()
    made.sort(key=lambda draft: -draft.age)
    _number(made, rng)
    return Plan(made)


def _number(drafts: list[Draft], rng: Random) -> None:
    """Give lead ids in no order of time; the first two to Pending leads of yesterday."""
    first = [
        draft
        for draft in drafts
        if draft.campaign == FIRST_CAMPAIGN and draft.status == Status.PENDING and 0.6 < draft.age < 1.4
    ][: len(FIRST_LEADS)]
    for draft, lead_id in zip(first, FIRST_LEADS, strict=True):
        draft.id = lead_id
    others = [draft for draft in drafts if not draft.id]
    rng.shuffle(others)
    for lead_id, draft in enumerate(others, start=len(FIRST_LEADS) + 1):
        draft.id = lead_id


class _Door:
    """Receives one campaign's leads in the order in which they came."""

    def __init__(self, terms: CampaignTerms, rng: Random) -> None:
        self.terms = terms
        self.rng = rng
        self.form = Form(terms.code, rng)
        self.deduped = [f.name for f in terms.fields if f.dedupe]
        self.held: list[Draft] = []
        self.admitted: Counter[str] = Counter()

    def receive(self) -> list[Draft]:
        ages = sorted((self.rng.uniform(0.02, OLDEST) for _ in range(self.terms.leads)), reverse=True)
        sources = self.rng.choices(
            self.terms.sources, weights=[source.share for source in self.terms.sources], k=len(ages)
        )
        drafts = [self._fill(source, age) for source, age in zip(sources, ages, strict=True)]
        self._type_over(drafts)
        for draft in drafts:
            self._decide(draft)
        self._make_singular(drafts)
        self._surge(drafts)
        return drafts

    def _fill(self, source: SourceTerms, age: float) -> Draft:
        draft = Draft(self.terms.code, source, age, self._uid(source), self.form.fill())
        if self.rng.random() < _SPOILED[source.kind]:
            draft.values, draft.status = self.form.spoil(draft.values), Status.REJECTED
        return draft

    def _uid(self, source: SourceTerms) -> str:
        """A consumer session ID as this kind of source makes them."""
        if source.kind == "publisher":
            return str(self.rng.randint(10**17, 10**18 - 1))
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def _type_over(self, drafts: list[Draft]) -> None:
        for source, groups in _TYPED_OVER.items():
            since = [
                draft
                for draft in drafts
                if draft.source.code == source
                and draft.status == Status.PENDING
                and draft.age < _TYPED_OVER_SINCE
            ]
            if not since:
                continue
            chosen = iter(self.rng.sample(since, sum(groups.values())))
            for (name, text), count in groups.items():
                for draft in (next(chosen) for _ in range(count)):
                    draft.values[name], draft.status = text, Status.REJECTED

    def _decide(self, draft: Draft) -> None:
        """What the door does after the values have passed: dedupe, caps."""
        if draft.status == Status.REJECTED:
            return
        if self.held and self.rng.random() < _DUPLICATES:
            self._repeat(draft, self.rng.choice(self.held))
            return
        self.held.append(draft)
        supplier = draft.source.supplier
        limits = [cap.limit for cap in self.terms.caps if cap.period == "total" and cap.supplier == supplier]
        if any(self.admitted[supplier] >= limit for limit in limits):
            draft.status = Status.QUARANTINED
            return
        self.admitted[supplier] += 1
        draft.status = Status.ACCEPTED if self.terms.window_days is None else Status.PENDING

    def _repeat(self, draft: Draft, earlier: Draft) -> None:
        """The same person again: the deduped fields are taken."""
        for name in self.deduped:
            draft.values[name] = earlier.values[name]
        draft.status, draft.taken = Status.REJECTED, frozenset(self.deduped)

    def _surge(self, drafts: list[Draft]) -> None:
        """So many of the newest leads that would have passed do not."""
        source, name, text = _SURGE
        newest = [
            draft
            for draft in reversed(drafts)
            if draft.source.code == source and draft.status == Status.PENDING and draft.age < _SURGE_SINCE
        ]
        for draft in newest[:_SURGE_LEADS]:
            draft.values[name], draft.status = text, Status.REJECTED

    def _make_singular(self, drafts: list[Draft]) -> None:
        """What the sample files need: phones that resemble no other, and two leads of one session."""
        phones = Counter(draft.values["phone"] for draft in drafts)
        fresh = [
            d
            for d in drafts
            if d.status == Status.PENDING and 2 < d.age < 5 and phones[d.values["phone"]] == 1
        ]
        if self.terms.code == "SOLAR-UK":
            for draft, phone in zip(fresh, SINGULAR_PHONES, strict=False):
                draft.values["phone"] = phone
        if self.terms.code == "LIFE-UK":
            for one, other in zip(fresh[0:8:2], fresh[1:8:2], strict=True):
                other.uid = one.uid
        if self.terms.code == FIRST_CAMPAIGN:
            for draft in drafts[-3:]:
                draft.age, draft.status = draft.age / 100, Status.PROCESSING
