"""How texts are compared, and picklists with their list mapper (PRODUCT.md, section 6). Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

#: Longer texts are compared without NFKC: its cost grows with the square of a run of combining marks
#: (8 seconds for one hostile cell of 100,000 characters), and no list value or identifier is that long.
LONGEST = 1000

#: What PostgreSQL cannot store in a text.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MARKED_SCRIPTS = ("LATIN ", "GREEK ", "CYRILLIC ")


def storable(text: str) -> str:
    """`text` with NUL and lone surrogates replaced by U+FFFD, so that the database takes it."""
    return _UNSTORABLE.sub("\ufffd", text)


def trim(text: str, leading: str = "") -> str:
    """`text` without the spaces, control and format characters (BOM, bidi marks) around it.

    Characters of `leading` are dropped at the beginning too.
    """
    start, end = 0, len(text)
    if not leading and end and text[0].isalnum() and text[-1].isalnum():  # nearly every text
        return text
    while start < end and (text[start] in leading or _is_invisible(text[start])):
        start += 1
    while end > start and _is_invisible(text[end - 1]):
        end -= 1
    return text[start:end]


def settle(step: Callable[[str], str], text: str) -> str:
    """`text` after as many rounds of `step` as change it, so that the answer is its own answer.

    NFKC and case folding each undo a little of the other; two rounds do in practice.
    """
    for _ in range(10):
        before, text = text, step(text)
        if text == before:
            break
    return text


def caseless(text: str, case: Callable[[str], str] = str.casefold) -> str:
    """`text` as identifiers are compared: NFKC, one case, single spaces, nothing invisible around it."""

    def step(text: str) -> str:
        return _compatible(" ".join(trim(case(text)).split()))

    if text.isascii() and text.isprintable():  # nearly every text: one round is enough
        return " ".join(case(text).split())
    return settle(step, storable(text))


def fold(text: str) -> str:
    """`text` as list values are compared: `caseless`, and without the marks on Latin, Greek and Cyrillic.

    In other scripts a combining mark is a letter of its own (か and が, क and कि), so it stays. Inner
    space is made single, not removed: “1 10” is not “110”.
    """
    return settle(lambda text: _unmarked(caseless(text)), text)


def fold_phrase(text: str) -> str:
    """A client's phrase as phrases are compared: without case and outer or doubled space, no more."""
    return " ".join(storable(text).casefold().split())


@dataclass(frozen=True)
class Picklist:
    """The values in use, and the list mapper's texts with the value each stands for."""

    values: tuple[str, ...] = ()
    entries: tuple[tuple[str, str], ...] = ()
    name: str = ""

    @classmethod
    def of(
        cls, values: Iterable[tuple[str, bool]], entries: Iterable[tuple[str, str]], name: str = ""
    ) -> Picklist:
        """From (value, is retired) and (text, value); retired values and entries for them are left out."""
        in_use = dict.fromkeys(value for value, is_retired in values if not is_retired)
        return cls(tuple(in_use), tuple(entry for entry in entries if entry[1] in in_use), name)

    @cached_property
    def by_text(self) -> Mapping[str, str]:
        """Exact text → value; a value's own spelling goes before an entry."""
        return dict(self.entries) | {value: value for value in self.values}

    @cached_property
    def by_fold(self) -> Mapping[str, str | None]:
        """Folded text → value; None where two values fold alike, for that is not ours to guess."""
        found: dict[str, str | None] = {fold(text): value for text, value in self.entries}
        folds = [fold(value) for value in self.values]
        times = Counter(folds)
        for value, folded in zip(self.values, folds, strict=True):
            found[folded] = value if times[folded] == 1 else None
        return found


def resolve(picklist: Picklist, text: str) -> str | None:
    """The value `text` stands for. Exact spelling wins; then the folded text; None when it is neither."""
    exact = picklist.by_text.get(text)
    return exact if exact is not None else picklist.by_fold.get(fold(text))


def _is_invisible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def _compatible(text: str) -> str:
    return text if text.isascii() or len(text) > LONGEST else unicodedata.normalize("NFKC", text)


def _unmarked(text: str) -> str:
    if text.isascii() or len(text) > LONGEST:
        return text
    kept, droppable = [], False
    for character in unicodedata.normalize("NFKD", text):
        if not unicodedata.category(character).startswith("M"):
            droppable = _takes_marks(character)
        elif droppable:
            continue
        kept.append(character)
    return unicodedata.normalize("NFKC", "".join(kept))


@lru_cache(maxsize=4096)
def _takes_marks(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_MARKED_SCRIPTS)


_DIGITS = re.compile("([0-9]+)")


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """The key by which people expect texts in order: numbers by their value, letters whatever their case."""
    parts = _DIGITS.split(text.casefold())
    numbered = [(int(part), "") if at % 2 else (-1, part) for at, part in enumerate(parts)]
    return (*numbered, (-1, text))
