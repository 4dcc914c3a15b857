"""The words clients use for reasons: what they mean, what is suggested for new ones, and deciding them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from rapidfuzz import fuzz, process

from campaigns.lists import fold_phrase
from campaigns.models import Disposition, Phrase
from rejections.refusals import Refused
from rejections.sql import reasons

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


@dataclass(frozen=True)
class Remembered:
    """A phrase of a client, the leads lately rejected in its words, and the code it has or is suggested to have."""

    phrase: Phrase
    leads: int
    code: str
    why: str


def waiting(since: datetime) -> list[Remembered]:
    """Every client's phrases without a code, those of most leads first; leads are counted `since` then."""
    suggest, used = _suggestions(), _leads(since)
    found = Phrase.objects.filter(disposition=None).select_related("client")
    lines = [
        Remembered(phrase, used[phrase.client_id, phrase.folded], *_suggested(phrase.folded, suggest))
        for phrase in found
    ]
    return sorted(lines, key=lambda line: (-line.leads, line.phrase.text))


def remembered(client_id: int, since: datetime) -> list[Remembered]:
    """What this client's words mean, the most used first."""
    used = _leads(since)
    found = Phrase.objects.filter(client_id=client_id, disposition__isnull=False).select_related(
        "disposition"
    )
    lines = [
        Remembered(phrase, used[phrase.client_id, phrase.folded], str(phrase.disposition), "")
        for phrase in found
    ]
    return sorted(lines, key=lambda line: (-line.leads, line.phrase.text))


def map_phrases(codes: Mapping[int, str]) -> int:
    """Give phrases, by their number, what they mean from now on; how many. Raises Refused, and changes nothing."""
    dispositions = {d.code: d for d in Disposition.objects.filter(family=Disposition.Family.CLIENT)}
    if not codes:
        raise Refused(
            "no_phrase", "No phrase was chosen", "Nothing was changed. Tick the phrases to map first."
        )
    if missing := [number for number, code in codes.items() if code not in dispositions]:
        raise Refused(
            "no_code",
            "A phrase has no code yet",
            f"Nothing was changed. Choose a code for {_named(missing)} first.",
        )
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, code in codes.items():
        numbers[code].append(number)
    with transaction.atomic():
        return sum(
            Phrase.objects.filter(pk__in=of_code).update(disposition=dispositions[code])
            for code, of_code in numbers.items()
        )


def _named(numbers: Sequence[int]) -> str:
    """The first of these phrases by their words, and how many more there are."""
    texts = Phrase.objects.filter(pk__in=numbers).order_by("text").values_list("text", flat=True)[:3]
    named = ", ".join(f"“{text}”" for text in texts)
    more = len(numbers) - len(texts)
    return f"{named} and {more:,} more" if named and more else named or "it"


def _leads(since: datetime) -> dict[tuple[int, str], int]:
    """(client, folded phrase) → leads rejected in these words since then."""
    found: dict[tuple[int, str], int] = defaultdict(int)
    for client_id, text, leads in reasons.by_words(since):
        found[client_id, fold_phrase(text)] += leads
    return found


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
