"""Which column means what: the mapping of a rejection import, checked and guessed. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rejections.refusals import Refused

LEAD_ID = "lead_id"
UID = "uid"
FIELD = "field:"

#: Our columns in a result file, after the file's own.
RESULT_COLUMNS = ("line", "outcome", "advice", "lead_id", "status")

_LEAD_ID_HEADERS = {"leadid", "lead", "id", "leadref", "leadreference", "leadnumber", "leadno"}
_UID_HEADERS = {"uid", "consumersessionid", "consumersession", "sessionid", "cunsumersessionid"}
_KIND_HEADERS = {
    "email": {"email", "emailaddress", "mail", "emailid"},
    "phone": {"phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "mobilenumber", "msisdn"},
}
_REASON_HEADERS = {"rejectionreason", "reason", "rejectreason", "returnreason", "reasonforrejection", "why"}
_REJECTED_WORDS = {"rejected", "reject", "declined", "invalid", "returned", "return", "refused"}
_OTHER_WORDS = {
    "accepted",
    "accept",
    "approved",
    "valid",
    "ok",
    "pending",
    "open",
    "sold",
    "good",
    "contacted",
    "billable",
}


@dataclass(frozen=True)
class OnlyWhere:
    """Only rows where this column holds one of these values (compared without case and outer space)."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ColumnMap:
    """How a file's columns name the lead, the reason, and the rows that count.

    `identifier` is `lead_id`, `uid` or `field:NAME`; columns are named by their (unique) header.
    """

    identifier: str = LEAD_ID
    identifier_column: str = ""
    reason_column: str = ""
    default_reason: str = ""
    only_where: OnlyWhere | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ColumnMap:
        """The mapping from its JSON form; names that are not its own are left aside. Raises Refused."""
        return cls(
            identifier=data.get("identifier") or LEAD_ID,
            identifier_column=data.get("identifier_column") or "",
            reason_column=data.get("reason_column") or "",
            default_reason=data.get("default_reason") or "",
            only_where=_selector(data.get("only_where")),
        )

    def to_json(self) -> dict[str, Any]:
        """The JSON form, as a batch keeps it."""
        return asdict(self)

    def positions(self, columns: Sequence[str]) -> tuple[int | None, int | None, int | None]:
        """Positions (from 0) of the identifier, reason and selector columns; None where unused."""
        names = (
            self.identifier_column,
            self.reason_column,
            self.only_where.column if self.only_where else "",
        )
        identifier, reason, selector = (columns.index(name) if name else None for name in names)
        return identifier, reason, selector

    @property
    def field_name(self) -> str | None:
        """The campaign field that identifies leads, if one does."""
        return self.identifier.removeprefix(FIELD) if self.identifier.startswith(FIELD) else None


def _selector(where: Any) -> OnlyWhere | None:
    if not where:
        return None
    match where:
        case {"column": str(column), "values": [*values]} if all(isinstance(value, str) for value in values):
            return OnlyWhere(column, tuple(values))
    raise Refused(
        "bad_selector",
        "Which rows shall count is not clear",
        'Write it like {"column": "Status", "values": ["Rejected"]}. Nothing was changed.',
    )


@dataclass(frozen=True)
class FieldFacts:
    """A campaign field as an identifier: usable only while dedupe is on and its keys are built."""

    name: str
    label: str
    kind: str
    dedupe: bool
    ready: bool


def check(mapping: ColumnMap, columns: Sequence[str], fields: Iterable[FieldFacts]) -> ColumnMap:
    """The mapping, if the file has its columns and the campaign its identifier; else raises Refused."""
    _check_identifier(mapping, fields)
    if not mapping.identifier_column:
        raise Refused(
            "no_identifier_column",
            "No column names the leads",
            "Choose the column that holds the identifier. Nothing was changed.",
        )
    if not mapping.reason_column and not mapping.default_reason.strip():
        raise Refused(
            "no_reason",
            "No reason is given",
            "Choose the column that holds the reason, or give one reason for all rows. Nothing was changed.",
        )
    where = mapping.only_where
    used = [mapping.identifier_column, *filter(None, [mapping.reason_column])]
    for name in [*used, where.column] if where else used:
        if name not in columns:
            raise Refused(
                "no_such_column",
                f"The file has no column “{name}”",
                f"Its columns are {', '.join(columns)}. Nothing was changed.",
            )
    if where and not any(value.strip() for value in where.values):
        raise Refused(
            "no_selected_values",
            f"No value of “{where.column}” is chosen",
            "Choose which values mean that the lead is rejected, or use all rows. Nothing was changed.",
        )
    return mapping


def _check_identifier(mapping: ColumnMap, fields: Iterable[FieldFacts]) -> None:
    if mapping.identifier in (LEAD_ID, UID):
        return
    field = next((f for f in fields if f.name == mapping.field_name), None)
    if field is None:
        raise Refused(
            "no_such_identifier",
            f"“{mapping.identifier}” does not identify leads here",
            "Use lead_id, uid, or field:NAME of a field of this campaign. Nothing was changed.",
        )
    if not field.dedupe:
        raise Refused(
            "not_deduped",
            f"{field.label} does not identify one lead",
            f"Dedupe is off for {field.label}, so one value can belong to several leads. "
            "Use the Lead ID, or ask an admin to switch dedupe on. Nothing was changed.",
        )
    if not field.ready:
        raise Refused(
            "keys_not_built",
            f"{field.label} is being prepared",
            f"Dedupe for {field.label} was just switched on; try again in a few minutes. Nothing was changed.",
        )


def guess(
    columns: Sequence[str], samples: Sequence[Sequence[str]], fields: Sequence[FieldFacts]
) -> ColumnMap:
    """What the headers and the first rows suggest; blank where nothing fits."""
    identifier, column = _guess_identifier(columns, fields)
    return ColumnMap(
        identifier, column, _guess_reason(columns, samples), only_where=_guess_selector(columns, samples)
    )


def column_for(identifier: str, columns: Sequence[str], fields: Sequence[FieldFacts]) -> str:
    """The column whose header suits this identifier, else blank."""
    wanted = _headers_of(identifier, fields)
    return next((name for name in columns if _plain(name) in wanted), "")


def _guess_identifier(columns: Sequence[str], fields: Sequence[FieldFacts]) -> tuple[str, str]:
    usable = [FIELD + f.name for f in fields if f.dedupe and f.ready]
    for identifier in (LEAD_ID, UID, *usable):
        if column := column_for(identifier, columns, fields):
            return identifier, column
    return LEAD_ID, ""


def _headers_of(identifier: str, fields: Sequence[FieldFacts]) -> set[str]:
    if identifier == LEAD_ID:
        return _LEAD_ID_HEADERS
    if identifier == UID:
        return _UID_HEADERS
    field = next((f for f in fields if FIELD + f.name == identifier), None)
    if field is None:
        return set()
    return {_plain(field.name), _plain(field.label)} | _KIND_HEADERS.get(field.kind, set())


def _guess_reason(columns: Sequence[str], samples: Sequence[Sequence[str]]) -> str:
    """The column that is named like a reason, unless it is blank in every row that was looked at."""
    exact = [name for name in columns if _plain(name) in _REASON_HEADERS]
    alike = [name for name in columns if "reason" in _plain(name)]
    blank = {name for at, name in enumerate(columns) if samples and not any(_words(samples, at))}
    return next((name for name in exact + alike if name not in blank), "")


def _guess_selector(columns: Sequence[str], samples: Sequence[Sequence[str]]) -> OnlyWhere | None:
    for at, name in enumerate(columns):
        words = _words(samples, at)
        rejected = words & _REJECTED_WORDS
        if rejected and words & _OTHER_WORDS and words <= _REJECTED_WORDS | _OTHER_WORDS:
            return OnlyWhere(name, tuple(sorted(rejected)))
    return None


def _words(samples: Sequence[Sequence[str]], at: int) -> set[str]:
    """What stands in a column, folded; blank cells aside."""
    return {cells[at].strip().casefold() for cells in samples if at < len(cells)} - {""}


def suggests_selector(words: Collection[str]) -> tuple[str, ...]:
    """Of a column's words (folded), those that say rejected; blank unless others say otherwise."""
    folded = {word.strip().casefold() for word in words}
    rejected = folded & _REJECTED_WORDS
    return tuple(sorted(rejected)) if rejected and folded & _OTHER_WORDS else ()


def _plain(header: str) -> str:
    return re.sub(r"[\W_]+", "", header.casefold())
