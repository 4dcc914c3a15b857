"""Which values of a picklist a text may mean, likeliest first: a person chooses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rapidfuzz import fuzz, process

from campaigns.countries import country
from campaigns.lists import Picklist, fold

#: Less alike than this (of 100) is not worth showing.
LEAST = 60
MOST = 3
_LONGEST = 200


class Suggestion(NamedTuple):
    """A value, and why it is suggested, in words."""

    value: str
    why: str


def suggest(picklist: Picklist, text: str, chosen: Mapping[str, int]) -> list[Suggestion]:
    """Up to MOST values for `text`: what people chose before (value → times), the same country, then likeness.

    Likeness looks at the values and at the list mapper's texts for them.
    """
    in_use = set(picklist.values)
    found = {
        value: f"chosen {times:,} time{'' if times == 1 else 's'} before"
        for value, times in sorted(chosen.items(), key=lambda pair: -pair[1])
        if value in in_use
    }
    if land := country(text):
        for value in picklist.values:
            if country(value) == land:
                found.setdefault(value, "the same country")
    for value in _alike(picklist, text):
        found.setdefault(value, "looks alike")
    return [Suggestion(value, why) for value, why in list(found.items())[:MOST]]


def _alike(picklist: Picklist, text: str) -> list[str]:
    meant = [(value, value) for value in picklist.values] + [
        (entry, value) for entry, value in picklist.entries
    ]
    folded = fold(text[:_LONGEST])
    choices = [fold(spelling[:_LONGEST]) for spelling, _ in meant]
    hits = process.extract(folded, choices, scorer=fuzz.WRatio, score_cutoff=LEAST, limit=2 * MOST)
    initials = [
        at for at, choice in enumerate(choices) if _initials(choice) and _initials(choice) == _letters(folded)
    ]
    return list(dict.fromkeys([meant[at][1] for at in initials] + [meant[at][1] for _, _, at in hits]))


def _initials(text: str) -> str:
    words = text.split()
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
