"""What the demo's suppliers hold against one file of rejections, and how it was answered: fixed by the plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leads.statuses import Status
from rejections.demo.plan import Draft

if TYPE_CHECKING:
    from rejections.demo.history import Turn

#: The import that is disputed: its campaign and age. Its leads of these ages are in no sample file.
CAMPAIGN, AGE = "LIFE-UK", 9.0
OLDER, YOUNGER = 22.0, 12.5


@dataclass(frozen=True)
class Contest:
    """One dispute: opened at `age` by a person of the supplier about so many leads, answered at `answered`.

    `ends` is open, granted, refused, withdrawn, or silence.
    """

    age: float
    supplier: str
    by: str
    leads: int
    note: str
    evidence: str = ""
    file: tuple[str, str] | None = None
    ends: str = "open"
    answered: float = 0.0
    answer: str = ""


CONTESTS = (
    Contest(8.8, "reseau", "supplier-2", 2, "Envoyés une seule fois, aucun autre lead n’a cet e-mail.",
        ends="silence"),
    Contest(8.2, "kestrel", "supplier", 1, "We called this number the same evening, it rings.",
        "Call of 4 minutes on our system, reference KL-76918.", ends="granted", answered=7.0,
        answer="We heard the recording: the number works."),
    Contest(8.0, "kestrel", "supplier", 1, "The date of birth on our form is another one.",
        ends="refused", answered=6.8, answer="The form’s own record says over 75. This one stays."),
    Contest(7.5, "kestrel", "supplier", 1, "Sent by mistake.", ends="withdrawn", answered=7.4),
    Contest(4.6, "kestrel", "supplier", 5, "Every one of them spoke to us.",
        "The notes of our five calls are in the file.",
        ("call-notes.txt", "KL-76920  2:14  confirmed name and cover\nKL-76931  1:51  confirmed\n")),
    Contest(4.3, "reseau", "supplier-2", 1, "L’adresse e-mail a répondu aujourd’hui."),
    Contest(1.5, "kestrel", "supplier", 1, "She confirmed her interest on the phone."),
)  # fmt: skip


def contested(turns: Sequence[Turn]) -> Iterator[tuple[Contest, list[Draft]]]:
    """Each dispute with its leads, oldest first."""
    [turn] = [turn for turn in turns if (turn.act.campaign, turn.act.age) == (CAMPAIGN, AGE)]
    free = [draft for draft, _ in turn.returned if YOUNGER < draft.age < OLDER]
    for contest in CONTESTS:
        mine = [draft for draft in free if draft.source.supplier == contest.supplier][: contest.leads]
        free = [draft for draft in free if draft not in mine]
        yield contest, mine


def settle(turns: Sequence[Turn], granting: frozenset[str]) -> None:
    """Note which leads are Pending again: granted, or by the silence of suppliers for whom it grants."""
    for contest, drafts in contested(turns):
        silent = contest.ends == "silence" and contest.supplier in granting
        if contest.ends == "granted" or silent:
            for draft in drafts:
                draft.now = Status.PENDING
