"""How a lead's values came to be what they are: as first received, and what each event changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol


class Values(Protocol):
    """A lead's values as they are now."""

    received: dict[str, str]
    judged: dict[str, str]


class Event(Protocol):
    """An event; `was_values` are the values before it, None where it touched none."""

    pk: int
    was_values: Any


class Change(NamedTuple):
    """One field that an event gave another value."""

    label: str
    before: str
    after: str


def first_received(events: Iterable[Event], values: Values) -> dict[str, str]:
    """The values as the supplier sent them, whatever was corrected since."""
    touching = sorted((event for event in events if event.was_values), key=lambda event: event.pk)
    first: dict[str, str] = touching[0].was_values["received"] if touching else values.received
    return first


def by_event(
    events: Iterable[Event], values: Values | None, labels: Mapping[str, str]
) -> dict[int, list[Change]]:
    """What each event changed of the labelled fields, by its number.

    That is a value as received, or what a list makes of the same one.
    """
    if values is None:
        return {}
    after = {"received": values.received, "judged": values.judged}
    found: dict[int, list[Change]] = {}
    for event in sorted((event for event in events if event.was_values), key=lambda event: -event.pk):
        found[event.pk] = list(_changed(event.was_values, after, labels))
        after = event.was_values
    return found


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], labels: Mapping[str, str]
) -> Iterable[Change]:
    for name, label in labels.items():
        for part in ("received", "judged"):
            was, now = (str(side[part].get(name) or "") for side in (before, after))
            if was != now:
                yield Change(label, was, now)
                break
