"""Going back to a former version of a list: what a save replaced, and the edits that bring it back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from campaigns.listing import Do, Edit, Listing, plan

#: Of each text that a save changed, how it stood before: whether a value was retired, what an entry stood for;
#: None where it was not there. {"values": {…}, "entries": {…}}
Replaced = Mapping[str, Mapping[str, Any]]


def replaced(before: Listing, after: Listing) -> Replaced:
    """What the save that led from one to the other replaced."""
    return {
        "values": _differing(before.values, after.values),
        "entries": _differing(before.entries, after.entries),
    }


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {text: before.get(text) for text in {**before, **after} if before.get(text) != after.get(text)}


def as_it_was(now: Listing, saves: Iterable[Replaced]) -> Listing:
    """The list as it stood before these saves, which come newest first."""
    values, entries = dict(now.values), dict(now.entries)
    for save in saves:
        _restore(values, save["values"])
        _restore(entries, save["entries"])
    return Listing(values, entries, now.name)


def _restore(held: dict[str, Any], before: Mapping[str, Any]) -> None:
    for text, was in before.items():
        if was is None:
            held.pop(text, None)
        else:
            held[text] = was


def edits_back(now: Listing, then: Listing, renames: Sequence[tuple[str, str]]) -> list[Edit]:
    """What leads from the list as it is to the list as it was: renames since (old, new; newest first), then the rest.

    A value that came later is retired, for values are never deleted; one in use then is in use again.
    """
    steps = plan(now, [Edit(Do.RENAME, new, old) for old, new in renames if old in then.values])
    held = steps.after
    in_use = {value for value, retired in then.values.items() if not retired}
    entries = {text: value for text, value in then.entries.items() if value in in_use}
    edits = [step.edit for step in steps.changes]
    edits += [Edit(Do.UNMAP, text) for text in held.entries if text not in then.entries]
    edits += [
        Edit(Do.RETIRE, value) for value, gone in held.values.items() if not gone and value not in in_use
    ]
    edits += [
        Edit(Do.ADD, value) for value in then.values if value in in_use and held.values.get(value, True)
    ]
    for text, value in entries.items():
        if held.entries.get(text) != value:
            edits.append(Edit(Do.REMAP if text in held.entries else Do.MAP, text, value))
    return edits
