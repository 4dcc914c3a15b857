"""The words clients use for reasons: what they mean, what is suggested for new ones, and deciding them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from campaigns.lists import fold_phrase
from campaigns.models import Disposition, Phrase

#: Phrases shown on one page, those of most rows.
SHOWN = 50
#: How alike (of 100) a new phrase must be to a known one before its code is suggested.
ALIKE = 88


@dataclass(frozen=True)
class PhraseLine:
    """A phrase of the file: its rows, its spellings, and the code it has or is suggested to have."""

    number: int
    text: str
    variants: list[str]
    rows: int
    code: str
    why: str
    decided: bool


def lines(client_id: int, texts: Sequence[tuple[str, int]]) -> tuple[list[PhraseLine], int]:
    """The file's phrases, undecided first, at most SHOWN; and how many further ones there are.

    `texts` are the different texts of the reason column with their rows, most used first.
    """
    spellings: dict[str, list[str]] = defaultdict(list)
    rows: dict[str, int] = defaultdict(int)
    for text, count in texts:
        folded = fold_phrase(text)
        spellings[folded].append(text)
        rows[folded] += count
    known = _known(client_id)
    shown = sorted(spellings, key=lambda folded: (folded in known, -rows[folded]))[:SHOWN]
    suggest = _suggestions()
    made = []
    for number, folded in enumerate(shown):
        code, why = (known[folded], "Used before") if folded in known else _suggested(folded, suggest)
        first, *others = spellings[folded]
        made.append(PhraseLine(number, first, others[:3], rows[folded], code, why, folded in known))
    return made, len(spellings) - len(shown)


def decide(client_id: int, codes: Mapping[str, str]) -> None:
    """Store what phrases mean for this client, for files, API and command line; a blank code is none."""
    dispositions = {d.code: d for d in Disposition.objects.filter(family=Disposition.Family.CLIENT)}
    Phrase.objects.bulk_create(
        [
            Phrase(
                client_id=client_id, text=text, folded=fold_phrase(text), disposition=dispositions.get(code)
            )
            for text, code in codes.items()
        ],
        update_conflicts=True,
        unique_fields=["client", "folded"],
        update_fields=["disposition"],
    )


def _known(client_id: int) -> dict[str, str]:
    mapped = Phrase.objects.filter(client_id=client_id, disposition__isnull=False)
    return dict(mapped.values_list("folded", "disposition__code"))


def _suggestions() -> dict[str, str]:
    """Texts with a known meaning: the labels of the client codes, and phrases mapped anywhere."""
    meanings = dict(
        Phrase.objects.filter(disposition__isnull=False).values_list("folded", "disposition__code")
    )
    for code, label in Disposition.objects.filter(family="client").values_list("code", "label"):
        meanings[fold_phrase(label)] = code
    return meanings


def _suggested(folded: str, meanings: Mapping[str, str]) -> tuple[str, str]:
    if folded in meanings:
        return meanings[folded], "Suggested: the same words have this code elsewhere"
    best = process.extractOne(folded, meanings.keys(), scorer=fuzz.WRatio, score_cutoff=ALIKE)
    return (meanings[best[0]], f"Suggested: like “{best[0]}”") if best else ("", "")
