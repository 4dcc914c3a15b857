"""What a list of leads is asked for: read from an address, and written back into one. Pure.

An address is all there is to a list: it can be shared, and a saved view keeps nothing else. What it says
without sense counts as not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlencode

from campaigns.lists import storable
from leads.statuses import Status

#: Days of a list are those of the house, whatever campaign it is about: as figures over several campaigns have them.
HOUSE = "house"
_LONGEST = 200
_TEXTS = ("q", "campaign", "source", "supplier", "disposition", "field", "value")
_DAYS = ("received_from", "received_to", "valid_from", "valid_to")


class Sort(StrEnum):
    """The order of a list; a minus sign puts the newest, or highest, first."""

    NEWEST = "-received"
    OLDEST = "received"
    HIGHEST_ID = "-lead"
    LOWEST_ID = "lead"

    @property
    def descends(self) -> bool:
        """Whether it goes down."""
        return self.value.startswith("-")

    @property
    def by_received(self) -> bool:
        """Whether it goes by the moment a lead was received; else by its Lead ID."""
        return self.value.endswith("received")


class Only(StrEnum):
    """Leads that wait for somebody, which status and dates alone do not tell."""

    TO_FIX = "to_fix"
    CLOSING = "closing"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The words on screen."""
        return _ONLY[self]


_ONLY = {
    Only.TO_FIX: "Rejected, not looked at",
    Only.CLOSING: "Window closes within 2 days",
    Only.CLOSED: "Window closed, still Pending",
}


class Disputed(StrEnum):
    """What became of a supplier's word against a lead's rejection."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The words on screen."""
        return f"Disputed, {self.value}"


@dataclass(frozen=True)
class Filters:
    """Which leads, in which order, with which columns. Parties, sources and dispositions go by their code.

    Days are whole days, both included, in the zone of the campaign chosen, or with `zone` in the house's. `blank`
    says that the field has no value at all. `columns` is empty where nobody has chosen any.
    """

    q: str = ""
    status: tuple[str, ...] = ()
    campaign: str = ""
    source: str = ""
    supplier: str = ""
    disposition: str = ""
    received_from: date | None = None
    received_to: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    field: str = ""
    value: str = ""
    blank: str = ""
    only: str = ""
    disputed: str = ""
    zone: str = ""
    sort: Sort = Sort.NEWEST
    columns: tuple[str, ...] = ()

    @property
    def narrows(self) -> bool:
        """Whether anything is asked for at all, beyond order and columns."""
        return replace(self, zone="", sort=Sort.NEWEST, columns=()) != Filters()

    def query(self, **changes: object) -> str:
        """The address of this list, its defaults left out; `changes` replace parts of it."""
        pairs: list[tuple[str, str]] = []
        asked = replace(self, **changes)  # type: ignore[arg-type]
        for part in fields(asked):
            said = getattr(asked, part.name)
            if said != part.default:
                pairs += [(part.name, str(one)) for one in (said if isinstance(said, tuple) else (said,))]
        return urlencode(pairs)


def read(data: Mapping[str, Sequence[str]]) -> Filters:
    """The filters that an address (name → its values) asks for."""
    texts = {name: _text(data.get(name, ())) for name in _TEXTS}
    given: dict[str, Any] = texts | {name: _day(_text(data.get(name, ()))) for name in _DAYS}
    return Filters(
        **given,
        status=_known(data.get("status", ()), Status),
        blank="yes" if "yes" in data.get("blank", ()) else "",
        zone=HOUSE if HOUSE in data.get("zone", ()) else "",
        only=next(iter(_known(data.get("only", ()), Only)), ""),
        disputed=next(iter(_known(data.get("disputed", ()), Disputed)), ""),
        sort=next((Sort(text) for text in data.get("sort", ()) if text in set(Sort)), Sort.NEWEST),
        columns=tuple(dict.fromkeys(_text([name]) for name in data.get("columns", ()))),
    )


def read_query(query: str) -> Filters:
    """The filters of an address kept as text; one that cannot be read asks for nothing."""
    try:
        return read(parse_qs(query, max_num_fields=100))
    except ValueError:
        return Filters()


def _text(said: Sequence[str]) -> str:
    return storable(said[-1]).strip()[:_LONGEST] if said else ""


def _known(said: Iterable[str], words: type[StrEnum]) -> tuple[str, ...]:
    """Those that are words of ours, in the order of the words."""
    asked = set(said)
    return tuple(word.value for word in words if word.value in asked)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
