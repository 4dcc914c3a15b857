"""What a row of a correction changes, cell by cell, and what becomes of it (PRODUCT.md, section 6). Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from campaigns.lists import storable, trim
from leads.damage import damage
from leads.sheet import PLATFORM, VERSION, read_version, same_text, unshield
from leads.statuses import Status
from rejections.decisions import Outcome


class Change(NamedTuple):
    """A cell that changes its value."""

    field: str
    before: str
    after: str


class Repair(NamedTuple):
    """A cell that a spreadsheet damaged: what was read, the value that stays, and what happened."""

    field: str
    read: str
    kept: str
    how: str


class Conflict(NamedTuple):
    """A cell that was changed here since the row's version: what it was, is here, and says in the file."""

    field: str
    was: str
    here: str
    file: str


@dataclass(frozen=True)
class Edits:
    """What a row wants of one lead's values."""

    changes: tuple[Change, ...] = ()
    repairs: tuple[Repair, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def applied(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values with the changes made."""
        return {**values, **{change.field: change.after for change in self.changes}}


@dataclass(frozen=True)
class Reading:
    """How cells are read. `clears`: a blank cell clears the value. `shielded`: formulas had a `'` put before.

    `as_written` names fields whose repair a person took back.
    """

    clears: bool = False
    shielded: bool = True
    as_written: frozenset[str] = frozenset()


def compare(
    was: Mapping[str, str],
    here: Mapping[str, str],
    cells: Mapping[str, str],
    passes: Callable[[str, str], bool],
    reading: Reading,
) -> Edits:
    """The edits of one row: its cells by field, against the values of its version (`was`) and those `here`.

    `passes(field, value)` says whether a value would pass by itself. Damage is undone where the stored value
    passes, and where it fails and the value as written fails too; else what is written counts.
    """
    changes, repairs, conflicts = [], [], []
    for field, cell in cells.items():
        before = was.get(field, "")
        if before == cell or same_text(before, cell):
            continue
        now = here.get(field, "")
        if trim(cell):
            after = storable(unshield(cell) if reading.shielded else cell)
            if field not in reading.as_written and (
                (passes(field, before) or not passes(field, after)) and (how := damage(before, cell))
            ):
                repairs.append(Repair(field, cell, now, how))
                continue
        elif reading.clears and trim(now):
            after = ""
        else:
            continue
        if after == now:
            continue
        if before != now:
            conflicts.append(Conflict(field, before, now, after))
        else:
            changes.append(Change(field, now, after))
    return Edits(tuple(changes), tuple(repairs), tuple(conflicts))


#: Columns A to K that say the same of a lead whatever its version.
_LASTING = ("UID", "Source", "Supplier", "Received At")


def typed_over(written: Mapping[str, str], cells: Mapping[str, str]) -> tuple[str, ...]:
    """Platform columns in which somebody typed; `written` is what a download would say there now.

    A row of an older version may rightly tell another status and failure.
    """
    version, here = read_version(cells.get(VERSION, "")), read_version(written[VERSION]) or 0
    typed = trim(cells.get(VERSION, "")) and (version is None or version > here)
    fresh = typed or version == here
    over = [
        name
        for name in PLATFORM[1:-1]
        if (cell := cells.get(name, "")) != written[name]
        and (fresh or name in _LASTING)
        and trim(cell)
        and not same_text(written[name], cell)
        and damage(written[name], cell) is None
    ]
    return (*over, *([VERSION] if typed else []))


class CorrectionFacts(NamedTuple):
    """What decides a row before its lead is judged. `status` is None where the key names no lead one may see."""

    key: str | None
    readable: bool = True
    status: Status | None = None
    is_of_source: bool = True
    is_first: bool = True
    has_conflict: bool = False


def decide_correction(row: CorrectionFacts) -> Outcome | None:
    """The first outcome that applies before judging; None when the lead is to be judged again."""
    if not row.readable:
        return Outcome.UNREADABLE
    if row.key is None:
        return Outcome.BLANK_IDENTIFIER
    if row.status is None:
        return Outcome.NOT_FOUND
    if not row.is_of_source:
        return Outcome.OTHER_SOURCE
    if not row.is_first:
        return Outcome.DUPLICATE_IN_FILE
    if row.status != Status.REJECTED:
        return Outcome.NOT_REJECTED
    return Outcome.CONFLICT if row.has_conflict else None


def settle_correction(target: Status, *, changed: bool, same_judgement: bool) -> Outcome:
    """The outcome of a row whose lead was judged again and would end as `target`."""
    if target != Status.REJECTED:
        return Outcome.RELEASED
    return Outcome.UNCHANGED if same_judgement and not changed else Outcome.STILL_REJECTED
