"""What may be done to a picklist and its list mapper, and what comes of it, worked out before anything is saved. Pure.

Values are retired, never deleted; an entry points to a value; a folded entry is unique and never a folded value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from campaigns.lists import Picklist, fold, storable, trim

LONGEST = 300
#: Lines of one paste.
MOST = 5000
_BETWEEN = re.compile(r"\t|=")


class Do(StrEnum):
    """What can be done to a list."""

    ADD = "add"
    MAP = "map"
    RENAME = "rename"
    RETIRE = "retire"
    UNMAP = "unmap"
    REMAP = "remap"


#: What an operator may do, one at a time; the rest is the admins'.
OF_OPERATORS = frozenset({Do.ADD, Do.MAP})


@dataclass(frozen=True)
class Edit:
    """One thing to do: to a value or entry `text`; `value` is what it is mapped to, or renamed to."""

    do: Do
    text: str
    value: str = ""


@dataclass(frozen=True)
class Step:
    """What becomes of one edit: `problem` says why nothing does, `same` that it was so before, `note` what else.

    `warning`: it is done, and is likely not what was meant.
    """

    edit: Edit
    problem: str = ""
    same: bool = False
    note: str = ""
    warning: str = ""

    @property
    def changes(self) -> bool:
        """Whether the list changes by it."""
        return not self.problem and not self.same


@dataclass(frozen=True)
class Listing:
    """A list as it stands: value → whether it is retired, and entry → value."""

    values: Mapping[str, bool]
    entries: Mapping[str, str]
    name: str = ""

    def picklist(self) -> Picklist:
        """The list as leads are judged by it."""
        return Picklist.of(self.values.items(), self.entries.items(), self.name)


@dataclass(frozen=True)
class Plan:
    """The list as it would be, and what becomes of each edit."""

    after: Listing
    steps: tuple[Step, ...]

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.changes)

    @property
    def problems(self) -> tuple[Step, ...]:
        """The steps that cannot be done."""
        return tuple(step for step in self.steps if step.problem)


def plan(now: Listing, edits: Iterable[Edit]) -> Plan:
    """Do the edits one after the other on paper; one that cannot be done changes nothing."""
    paper, steps = _Paper(now), []
    for edit in edits:
        edit = replace(edit, text=trim(storable(edit.text)), value=trim(storable(edit.value)))
        wrong = _wrong(edit)
        steps.append(Step(edit, wrong) if wrong else _DO[edit.do](paper, edit))
    return Plan(Listing(paper.values, paper.entries, now.name), tuple(steps))


class _Paper:
    """A list while it is edited, with its texts by what they fold to."""

    def __init__(self, now: Listing) -> None:
        self.values, self.entries = dict(now.values), dict(now.entries)
        self._values: dict[str, list[str]] = {}
        self._entries: dict[str, str] = {fold(text): text for text in now.entries}
        for value, retired in now.values.items():
            if not retired:
                self._values.setdefault(fold(value), []).append(value)

    def in_use(self, value: str) -> bool:
        """Whether leads can have this value."""
        return self.values.get(value) is False

    def value_like(self, text: str) -> str | None:
        """A value in use that folds like the text."""
        return next(iter(self._values.get(fold(text), ())), None)

    def entry_like(self, text: str) -> str | None:
        """The entry that folds like the text."""
        return self._entries.get(fold(text))

    def use(self, value: str) -> None:
        """Put a value into use."""
        self.values[value] = False
        self._values.setdefault(fold(value), []).append(value)

    def rest(self, value: str) -> None:
        """Retire a value."""
        self.values[value] = True
        self._values[fold(value)].remove(value)

    def enter(self, text: str, value: str) -> None:
        """Let a text stand for a value."""
        self.entries[text] = value
        self._entries[fold(text)] = text

    def drop(self, text: str) -> str:
        """Take an entry away; the value it stood for."""
        del self._entries[fold(text)]
        return self.entries.pop(text)


def _wrong(edit: Edit) -> str:
    """What is wrong with the texts themselves."""
    needed = [edit.text] if edit.do in (Do.ADD, Do.RETIRE, Do.UNMAP) else [edit.text, edit.value]
    if not all(needed):
        return "is blank"
    return f"is longer than {LONGEST} characters" if max(map(len, needed)) > LONGEST else ""


def _add(paper: _Paper, edit: Edit) -> Step:
    if paper.in_use(edit.text):
        return Step(edit, same=True)
    notes = ["was retired, and is in use again"] if edit.text in paper.values else []
    like, warning = paper.entry_like(edit.text), ""
    if like is not None:
        notes.append(f"the entry “{like}” → “{paper.drop(like)}” goes, for it would be this value")
    elif twin := paper.value_like(edit.text):
        warning = f"differs from “{twin}” in case, marks or spaces only: both would be on the list"
    paper.use(edit.text)
    return Step(edit, note="; ".join(notes), warning=warning)


def _map(paper: _Paper, edit: Edit) -> Step:
    if not paper.in_use(edit.value):
        return Step(edit, f"cannot stand for “{edit.value}”, which is not in use")
    if value := paper.value_like(edit.text):
        return Step(edit, same=True) if value == edit.value else Step(edit, "is itself a value")
    like = paper.entry_like(edit.text)
    if like is None:
        paper.enter(edit.text, edit.value)
        return Step(edit)
    known = paper.entries[like]
    return Step(edit, same=True) if known == edit.value else Step(edit, f"is mapped to “{known}” already")


def _remap(paper: _Paper, edit: Edit) -> Step:
    if edit.text not in paper.entries:
        return Step(edit, "is no entry")
    if not paper.in_use(edit.value):
        return Step(edit, f"cannot stand for “{edit.value}”, which is not in use")
    same = paper.entries[edit.text] == edit.value
    paper.enter(edit.text, edit.value)
    return Step(edit, same=same)


def _unmap(paper: _Paper, edit: Edit) -> Step:
    if edit.text not in paper.entries:
        return Step(edit, "is no entry")
    paper.drop(edit.text)
    return Step(edit)


def _retire(paper: _Paper, edit: Edit) -> Step:
    if not paper.in_use(edit.text):
        return Step(edit, "is not in use")
    paper.rest(edit.text)
    resting = sum(value == edit.text for value in paper.entries.values())
    return Step(
        edit,
        note=f"{resting} list mapper entr{'y rests' if resting == 1 else 'ies rest'} with it"
        if resting
        else "",
    )


def _rename(paper: _Paper, edit: Edit) -> Step:
    """The value gets another spelling; the old one stays as an entry, so that it goes on to pass."""
    old, new = edit.text, edit.value
    if not paper.in_use(old):
        return Step(edit, "is not in use")
    if new == old:
        return Step(edit, same=True)
    if new in paper.values:
        which = "a retired" if paper.values[new] else "another"
        return Step(edit, f"cannot be called “{new}”: that is {which} value")
    like, note = paper.entry_like(new), ""
    if like is not None:
        paper.drop(like)
        note = f"the entry “{like}” goes, for it would be this value"
    paper.rest(old)
    del paper.values[old]
    paper.use(new)
    for text, value in list(paper.entries.items()):
        if value == old:
            paper.enter(text, new)
    if paper.value_like(old) is None and paper.entry_like(old) is None:
        paper.enter(old, new)
    return Step(edit, note=note)


_DO = {
    Do.ADD: _add, Do.MAP: _map, Do.REMAP: _remap, Do.UNMAP: _unmap, Do.RETIRE: _retire, Do.RENAME: _rename,
}  # fmt: skip


#: What stands between several values, or a text and its value, and how it is called.
_SEPARATORS = {"->": "“->”", "→": "“→”", ";": "a semicolon", "\t": "a tab", ",": "a comma"}


def separator(text: str) -> str:
    """What in the text says that it is likely not one value; blank where nothing does."""
    return next((name for mark, name in _SEPARATORS.items() if mark in text), "")


def read_paste(text: str) -> list[Edit]:
    """A paste as edits: one value a line, its texts for the list mapper after a tab or “=”, by commas or tabs."""
    edits: list[Edit] = []
    for line in text.splitlines()[:MOST]:
        value, *rest = _BETWEEN.split(line, maxsplit=1)
        if not line.strip():
            continue
        edits.append(Edit(Do.ADD, value))
        edits += [Edit(Do.MAP, one, value) for one in re.split(r"[,;\t]", "".join(rest)) if one.strip()]
    return edits
