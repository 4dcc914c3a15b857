"""Whether a lead's values meet what was agreed: `judge(values) → Verdict`. Pure.

It stands beside `rules` and not in it, so that each says one thing: that one when, this one whether.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from campaigns.lists import Picklist, resolve, storable, trim
from campaigns.validators import (
    DUPLICATE,
    INVALID_LIST_VALUE,
    KINDS,
    MISSING_FIELD,
    SYSTEM_ERROR,
    Refused,
    Rule,
)

#: So much of a value is repeated in a sentence.
_SHOWN = 60
#: So many values a spec remembers, of so many characters at most.
_REMEMBERED, _LONGEST_REMEMBERED = 10_000, 200


@dataclass(frozen=True)
class FieldSpec:
    """One field of a campaign. A picklist may stand behind any kind; kind `picklist` needs one."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    dedupe: bool = False
    picklist: Picklist | None = None
    pattern: str = ""


@dataclass(frozen=True)
class CampaignSpec:
    """What a campaign's leads are judged by. The order of the fields decides which failure comes first."""

    fields: tuple[FieldSpec, ...]
    phone_region: str = ""
    day_first: bool = True

    @cached_property
    def remembered(self) -> dict[tuple[str, str], Judged]:
        """What values of this spec were judged as, by field and value; it is emptied when it is full."""
        return {}

    @property
    def rules(self) -> str:
        """All that judges a value, the contents of picklists aside."""
        fields = [
            (one.name, one.label, one.kind, one.required, one.picklist is None, one.pattern)
            for one in self.fields
        ]
        return repr((self.phone_region, self.day_first, fields))


class Failure(NamedTuple):
    """One thing wrong with one field: its name, the value as received, the disposition code, a sentence."""

    field: str
    value: str
    code: str
    sentence: str


#: One value as judged, and what is wrong with it.
Judged = tuple[str, tuple[Failure, ...]]


class Verdict(NamedTuple):
    """Every field's value as judged (blank: ""), and everything that failed, the deciding failure first."""

    judged: Mapping[str, str]
    failures: tuple[Failure, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    @property
    def disposition(self) -> str | None:
        """The first failure's code; None for a valid lead."""
        return self.failures[0].code if self.failures else None

    @property
    def reason(self) -> str:
        """The first failure's sentence; "" for a valid lead, as are its field and value."""
        return self.failures[0].sentence if self.failures else ""

    @property
    def field(self) -> str:
        """The first failure's field."""
        return self.failures[0].field if self.failures else ""

    @property
    def value(self) -> str:
        """The first failure's value as received."""
        return self.failures[0].value if self.failures else ""


def judge(spec: CampaignSpec, values: Mapping[str, str], taken: frozenset[str] = frozenset()) -> Verdict:
    """Judge values as received, by field name; a field that is not among them is blank.

    List mapper and picklist go before the validators. `taken` names the deduped fields whose key another
    lead holds already. Every failure is kept; they stand in the order of the fields, and within one
    field in that of required, format, list, dedupe. Never fails, whatever the texts.
    """
    judged: dict[str, str] = {}
    failures: list[Failure] = []
    for field in spec.fields:
        judged[field.name], found = judge_field(spec, field, storable(values.get(field.name, "")))
        failures += found
    return hold_against(spec, values, Verdict(judged, tuple(failures)), taken)


def rejudge(
    spec: CampaignSpec, verdict: Verdict, values: Mapping[str, str], changed: Container[str]
) -> Verdict:
    """`judge` of values that differ in `changed` only from those `verdict` was reached on, by the same `rules`.

    Only these are judged, and fields with a picklist, for lists change. Duplicates of then are left out.
    """
    judged: dict[str, str] = {}
    failures: list[Failure] = []
    failed = {failure.field for failure in verdict.failures}
    for field in spec.fields:
        name = field.name
        if field.picklist is None and name not in changed and name in verdict.judged:
            judged[name] = verdict.judged[name]
            if name in failed:
                failures += (one for one in verdict.failures if one.field == name and one.code != DUPLICATE)
        else:
            judged[name], found = judge_field(spec, field, storable(values.get(name, "")))
            failures += found
    return Verdict(judged, tuple(failures))


def hold_against(
    spec: CampaignSpec, values: Mapping[str, str], verdict: Verdict, taken: Iterable[str]
) -> Verdict:
    """The verdict with the duplicates in it, for who needs the judged values first to find `taken`."""
    held = frozenset(taken)
    if not held:
        return verdict
    duplicates = [
        _failure(field, storable(values.get(field.name, "")), DUPLICATE, "is the key of another lead")
        for field in spec.fields
        if field.dedupe and field.name in held and verdict.judged[field.name]
    ]
    position = {field.name: index for index, field in enumerate(spec.fields)}
    failures = sorted([*verdict.failures, *duplicates], key=lambda failure: position[failure.field])
    return verdict._replace(failures=tuple(failures))


def judge_field(spec: CampaignSpec, field: FieldSpec, received: str) -> Judged:
    """One field's (storable) value as judged, and what is wrong with it: format, then list."""
    remembered, asked = spec.remembered, (field.name, received)
    found = remembered.get(asked)
    if found is None:
        value, failures = _judge_field(spec, field, received)
        found = (value, tuple(failures))
        if len(received) <= _LONGEST_REMEMBERED:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            remembered[asked] = found
    return found


def _judge_field(spec: CampaignSpec, field: FieldSpec, received: str) -> tuple[str, list[Failure]]:
    value, kind = trim(received), KINDS.get(field.kind)
    if not value:
        return "", [
            Failure(field.name, received, MISSING_FIELD, f"{field.label} is missing")
        ] * field.required
    if kind is None or (field.kind == "picklist" and field.picklist is None):
        return value, [
            _failure(field, received, SYSTEM_ERROR, "could not be checked: the field is not set up")
        ]
    listed = resolve(field.picklist, value) if field.picklist else None
    judged = kind.judge(listed or value, Rule(spec.phone_region, spec.day_first, field.pattern))
    failures = []
    if isinstance(judged, Refused):
        failures = [_failure(field, received, judged.code or kind.disposition, judged.why)]
        judged = value
    if field.picklist and listed is None:
        listed = resolve(field.picklist, judged)
        if listed is None:
            where = f"picklist {field.picklist.name}" if field.picklist.name else "picklist"
            failures.append(_failure(field, received, INVALID_LIST_VALUE, f"is not on the {where}"))
    return (judged if listed is None else listed), failures


def _failure(field: FieldSpec, received: str, code: str, why: str) -> Failure:
    value = trim(received)
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return Failure(field.name, received, code, f"{field.label}: “{shown}” {why}")
