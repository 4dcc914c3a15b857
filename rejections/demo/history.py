"""What the demo's clients did in the last 60 days, and what they have under way: fixed by the plan. Pure.

An act is done by the real stories, at its age, after the leads that were in the house by then. Ages are
days before the moment of loading. Leads of the days on which a through date falls may end on either side of
it, for that depends on the hour of loading; nothing here or in the sample files relies on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from leads.statuses import Status
from rejections.demo import contests
from rejections.demo.agreed import GRANTING
from rejections.demo.plan import SEED, Draft, Plan

#: At this age the month is closed that had ended three days before, or at most a month earlier: what was
#: accepted 47 days ago stands in a closed month whenever the demo is loaded.
CLOSED_AT = 12.5
MONTH_END_BEFORE = 15.5


@dataclass(frozen=True)
class Act:
    """One batch of the past: at `age`, rejecting `share` of the Pending leads aged between `younger` and `older`.

    `how` is file, rows (no file), close_out; `stops` names the state it is left in, finished by default.
    """

    age: float
    campaign: str
    how: str
    by: str
    older: float = 0.0
    younger: float = 0.0
    share: float = 0.0
    identifier: str = "lead_id"
    phrases: tuple[str, ...] = ()
    through: float | None = None
    accept_older: bool = False
    affiliate: bool = False
    free_cap: bool = False
    file_name: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    header: tuple[str, str] = ("lead_id", "rejection_reason")
    stops: str = "finished"


@dataclass
class Turn:
    """An act with the leads its file names: (lead, phrase); `credited` are final."""

    act: Act
    returned: list[tuple[Draft, str]] = field(default_factory=list)
    credited: list[tuple[Draft, str]] = field(default_factory=list)


_SOLAR = (
    "Duplicate Lead",
    "Failed Validation: Not UK Based",
    "Wrong number",
    "Number disconnected",
    "Roof not suitable",
)
_LIFE = (
    "Duplicate Lead",
    "Over 75",
    "Says they never enquired",
    "Bounced e-mail",
    "Test lead",
    "Wrong number",
)
_GERMAN = ("Dublette", "Nummer nicht vergeben", "Kein Interesse mehr", "Außerhalb des Gebiets")
_NIMBUS = ("Duplicate", "Already a customer", "Not the right contact", "Student", "Hard bounce", "Competitor")
_JAPANESE = ("重複", "電話番号違い", "本人確認不可", "競合他社")

ACTS = (
    Act(50, "SOLAR-DE", "file", "client", 56, 51, 0.16, "field:email", _GERMAN, 51, True,
        file_name="Reklamation_KW1.csv", encoding="cp1252", delimiter=";", header=("E-Mail", "Ablehnungsgrund")),
    Act(48, "LIFE-UK", "file", "client", 58, 50, 0.09, "uid", _LIFE, 50,
        file_name="life_cover_returns_1.csv", header=("UID", "Reason for rejection")),
    Act(46, "SOLAR-UK", "file", "client", 58, 47, 0.11, "lead_id", _SOLAR, 48,
        file_name="brightwater_solar_returns_1.csv"),
    Act(40, "SOLAR-DE", "rows", "client", 46, 41, 0.16, "lead_id", _GERMAN, 41, True),
    Act(40, "DX-JP", "file", "client-2", 49, 41, 0.09, "lead_id", _JAPANESE, 41, True,
        file_name="kitahama_返品リスト.csv", encoding="cp932", header=("リードID", "却下理由")),
    Act(32, "SOLAR-UK", "rows", "operator", 45, 33, 0.12, "lead_id", _SOLAR, 34),
    Act(31, "FINOPS-EMEA", "file", "client-2", 58, 32, 0.07, "field:email", _NIMBUS, 32,
        file_name="nimbus_dispositions.csv", encoding="utf-8-sig", header=("Email", "Reason")),
    Act(30, "LIFE-UK", "rows", "client", 48, 32, 0.08, "uid", _LIFE, 32),
    Act(25, "SOLAR-DE", "rows", "client", 31, 26, 0.16, "lead_id", _GERMAN, 26, True),
    Act(20, "DX-JP", "rows", "client-2", 29, 21, 0.08, "lead_id", _JAPANESE, 21, True),
    Act(18, "SOLAR-UK", "file", "client", 31, 20, 0.1, "field:phone", _SOLAR,
        file_name="brightwater_solar_returns_2.csv", header=("Telephone", "Rejection reason")),
    Act(17.9, "SOLAR-UK", "close_out", "operator", through=20),
    Act(12, "SOLAR-DE", "rows", "client", 18, 13, 0.16, "lead_id", _GERMAN, 13, True),
    Act(11.9, "FINOPS-EMEA", "rows", "client-2", 30, 14, 0.1, "lead_id", _NIMBUS, free_cap=True),
    Act(9, "LIFE-UK", "file", "operator", 30, 10, 0.08, "lead_id", _LIFE, affiliate=True,
        file_name="life_cover_returns_2.csv"),
    Act(8.9, "LIFE-UK", "close_out", "operator", through=25),
    Act(5, "LIFE-UK", "rows", "client", 22, 12, 0.02, "lead_id", _LIFE, stops="undone"),
    Act(0.3, "DX-JP", "file", "client-2", 8, 2, 0.05, "lead_id", _JAPANESE, stops="checked",
        file_name="dx_returns_latest.csv"),
    Act(0.1, "SOLAR-UK", "file", "client", 12, 4, 0.04, "field:email", (*_SOLAR, "Too shaded", "Flat roof"),
        stops="mapping", file_name="brightwater_solar_returns_3.csv", header=("E-mail address", "Outcome notes")),
)  # fmt: skip
#: Ages of LIFE-UK's accepted leads that are final and inside its return window today.
FINAL = (53.8, 50.2)
#: Final leads that the import of this campaign and age names: they get their credit.
_CREDITS = {("LIFE-UK", 9.0): 9}


def history(plan: Plan, seed: int = SEED) -> list[Turn]:
    """The acts, oldest first, with the leads they name; tells each draft where it ends."""
    rng = Random(seed + 1)  # noqa: S311 - a seed that everybody may know
    turns = [_turn(act, plan, rng) for act in ACTS]
    contests.settle(turns, GRANTING)
    return turns


def _turn(act: Act, plan: Plan, rng: Random) -> Turn:
    turn = Turn(act)
    pending = [d for d in _here(plan, act) if d.stands == Status.PENDING]
    if act.share:
        eligible = [d for d in pending if act.younger <= d.age <= act.older]
        chosen = rng.sample(eligible, round(len(eligible) * act.share))
        turn.returned = [(draft, rng.choice(act.phrases)) for draft in chosen]
    if count := _CREDITS.get((act.campaign, act.age)):
        finals = [d for d in _here(plan, act) if d.stands == Status.ACCEPTED and FINAL[1] < d.age < FINAL[0]]
        turn.credited = [(draft, rng.choice(act.phrases)) for draft in finals[:count]]
    if act.stops == "finished":
        _settle(act, turn, pending, plan)
    return turn


def _here(plan: Plan, act: Act) -> Iterator[Draft]:
    return (draft for draft in plan.drafts if draft.campaign == act.campaign and draft.age > act.age)


def _settle(act: Act, turn: Turn, pending: list[Draft], plan: Plan) -> None:
    """Note where the act's leads stand afterwards."""
    for draft, _ in turn.returned:
        draft.now = Status.CLIENT_REJECTED
    if act.through is not None:
        for draft in pending:
            if draft.now is None and draft.age >= act.through:
                draft.now = Status.ACCEPTED
    if act.free_cap:
        _release(turn, [d for d in _here(plan, act) if d.stands == Status.QUARANTINED])


def _release(turn: Turn, waiting: list[Draft]) -> None:
    """Quarantined leads take the slots that their supplier's rejected ones gave back, oldest first."""
    suppliers = {draft.source.supplier for draft in waiting}
    for supplier in sorted(suppliers):
        freed = sum(draft.source.supplier == supplier for draft, _ in turn.returned)
        for draft in [d for d in waiting if d.source.supplier == supplier][:freed]:
            draft.now = Status.PENDING
