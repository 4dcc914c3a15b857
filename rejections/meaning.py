"""What the rows of a correction mean: their cells by the batch's mapping, and which values would pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from campaigns.judging import judge_field
from campaigns.lists import storable
from campaigns.spec import Agreed, agreed
from campaigns.validators import DUPLICATE
from leads import door, identifiers
from leads.sheet import LEAD_ID, VERSION, read_version
from leads.sql.door import Stored
from rejections.edits import Reading
from rejections.models import Batch
from rejections.sql.corrections import CorrectionRow

#: How a batch made by a fix was read: not at all, its cells are what a person said.
FIX = "fix"


class Row(NamedTuple):
    """A row with what its cells mean."""

    raw: CorrectionRow
    key: str | None
    version: int | None
    cells: dict[str, str]
    platform: dict[str, str]

    @property
    def lead_id(self) -> int:
        """The lead it names; 0 names none."""
        return int(self.key or 0)


class Memory:
    """The terms of one run, and what it remembers of the values it has judged."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.mapping = batch.mapping
        self.terms: Agreed = agreed(batch.campaign)
        self.keeps = bool(self.mapping.get("keep"))
        columns = list(batch.reading["columns"])
        headers: dict[str, str] = self.mapping["fields"]
        self.places = {
            field.name: columns.index(headers[field.name])
            for field in self.terms.spec.fields
            if field.name in headers
        }
        self.platform = {name: columns.index(header) for name, header in self.mapping["platform"].items()}
        kind, literal = batch.reading.get("kind"), self.mapping.get("all_as_written")
        self.reading = Reading(
            clears=bool(self.mapping.get("blank_clears")),
            shielded=kind not in ("xlsx", FIX),
            as_written=frozenset(self.places if literal or kind == FIX else ()),
        )
        self.as_written: Mapping[str, list[str]] = self.mapping.get("as_written", {})
        self.room = door.look_at_room(batch.campaign)
        self.seen: set[int] = set()

    def row(self, raw: CorrectionRow) -> Row:
        """What the cells of a row mean."""
        if raw.problem is not None:
            return Row(raw, None, None, {}, {})
        cells = raw.cells
        platform = {name: cells[at] for name, at in self.platform.items() if at < len(cells)}
        key = identifiers.normalise("lead_id", platform.get(LEAD_ID, ""))
        values = {field: cells[at] for field, at in self.places.items() if at < len(cells)}
        return Row(raw, key, read_version(platform.get(VERSION, "")), values, platform)

    def reading_of(self, line: int) -> Reading:
        """How the cells of a line are read."""
        taken_back = self.as_written.get(str(line))
        if not taken_back:
            return self.reading
        return replace(self.reading, as_written=self.reading.as_written | frozenset(taken_back))

    def passes(self, field: str, value: str) -> bool:
        """Whether the value would pass by itself, other leads' keys left aside."""
        spec = self.terms.field(field)
        return spec is None or not judge_field(self.terms.spec, spec, storable(value))[1]

    def passes_for(self, lead: Stored, field: str, value: str) -> bool:
        """Whether the value would pass for this lead: one whose key is another's does not."""
        spec, keyed = self.terms.field(field), self.terms.keyed.get(field)
        if (
            value == lead.received.get(field)
            and spec
            and not spec.picklist
            and door.is_judged_by(self.terms, lead)
        ):
            return all(one["field"] != field for one in lead.failures)
        if keyed and any(one["field"] == field and one["code"] == DUPLICATE for one in lead.failures):
            same = identifiers.normalise(keyed.kind, value, self.terms.region) == identifiers.normalise(
                keyed.kind, lead.received.get(field, ""), self.terms.region
            )
            return not same and self.passes(field, value)
        return self.passes(field, value)
