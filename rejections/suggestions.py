"""Which values of a picklist a text may mean, likeliest first: a person chooses. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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
    meant = _meant(picklist)
    found = {
        value: f"chosen {times:,} time{'' if times == 1 else 's'} before"
        for value, times in sorted(chosen.items(), key=lambda pair: -pair[1])
        if value in meant.in_use
    }
    if land := country(text):
        for value in meant.lands.get(land, ()):
            found.setdefault(value, "the same country")
    for value in _alike(meant, text):
        found.setdefault(value, "looks alike")
    return [Suggestion(value, why) for value, why in list(found.items())[:MOST]]


class _Meant(NamedTuple):
    """What a picklist's texts mean, ready to be compared with many: folded spellings, and the value of each."""

    in_use: frozenset[str]
    choices: tuple[str, ...]
    values: tuple[str, ...]
    initials: Mapping[str, tuple[str, ...]]
    lands: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=32)
def _meant(picklist: Picklist) -> _Meant:
    meant = [(value, value) for value in picklist.values] + list(picklist.entries)
    choices = [fold(spelling[:_LONGEST]) for spelling, _ in meant]
    initials: dict[str, tuple[str, ...]] = {}
    lands: dict[str, tuple[str, ...]] = {}
    for choice, (_, value) in zip(choices, meant, strict=True):
        if letters := _initials(choice):
            initials[letters] = (*initials.get(letters, ()), value)
    for value in picklist.values:
        if land := country(value):
            lands[land] = (*lands.get(land, ()), value)
    values = tuple(value for _, value in meant)
    return _Meant(frozenset(picklist.values), tuple(choices), values, initials, lands)


def _alike(meant: _Meant, text: str) -> list[str]:
    folded = fold(text[:_LONGEST])
    hits = process.extract(folded, meant.choices, scorer=fuzz.WRatio, score_cutoff=LEAST, limit=2 * MOST)
    initials = meant.initials.get(_letters(folded), ())
    return list(dict.fromkeys([*initials, *(meant.values[at] for _, _, at in hits)]))


def _initials(text: str) -> str:
    words = text.split()
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
