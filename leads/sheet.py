"""What may stand in a spreadsheet of ours, and how it comes back unchanged: cells and columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TRIGGER = "=+\\-@\t\r\n＝＋－＠"
_SHIELD = re.compile(f"'*[{_TRIGGER}]")
_SHIELDED = re.compile(f"'+[{_TRIGGER}]")
#: Characters that XML cannot hold; XLSX writes them as _xHHHH_.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")


def shield(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs as a formula: one `'` in front where it would."""
    return "'" + text if _SHIELD.match(text) else text


def unshield(text: str) -> str:
    """What `shield` was given: one `'` less where it had put one."""
    return text[1:] if _SHIELDED.match(text) else text


def xml_safe(text: str) -> str:
    """`text` as an XLSX cell holds it, with the characters XML has no room for escaped reversibly."""
    return _NOT_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_OTHER_FORM = re.compile("^'|_x|\r")


def xml_plain(text: str) -> str:
    """What `xml_safe` was given."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def same_text(stored: str, cell: str) -> bool:
    """Whether a cell of ours came back saying what we wrote: shielded, escaped, marked as text, or bare.

    Line ends count as one kind: neither CSV nor XML keeps them apart.
    """
    if stored == cell:
        return True
    if not _OTHER_FORM.search(cell) and "\r" not in stored:  # nearly every cell: it can be read in one way
        return False
    lines = _one_line_end(stored)
    return any(
        _one_line_end(form) == lines
        for form in (cell, unshield(cell), xml_plain(cell), unshield(xml_plain(cell)), cell.removeprefix("'"))
    )


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


LEAD_ID = "LeadID"
VERSION = "Version"
#: Columns A to K are the platform's; from L on stands one for each field of the campaign.
PLATFORM = (
    LEAD_ID,
    "UID",
    "Lead Status",
    "Disposition Code",
    "Custom Reason",
    "Rejected Field",
    "Rejected Value",
    "Source",
    "Supplier",
    "Received At",
    VERSION,
)
_FIELD = "field:"
_CALLED_SO = {"leadid": LEAD_ID, **{re.sub(r"[\W_]+", "", name.casefold()): name for name in PLATFORM}}


def column_of(field: str) -> str:
    """The header of a campaign field's column: its name, marked where the platform has one like it."""
    return f"{_FIELD}{field}" if _plain(field) in _CALLED_SO else field


def version_text(version: int) -> str:
    """`v3`: letters keep spreadsheets from making a number of it."""
    return f"v{version}"


def read_version(cell: str) -> int | None:
    """The version a cell tells; None when it is blank or something else."""
    match = re.fullmatch(r"\s*[vV]?\s*(\d{1,9})(?:[.,]0+)?\s*", cell)
    return int(match[1]) if match else None


@dataclass(frozen=True)
class Columns:
    """Where a file has what: headers by platform column and by field, and the headers that mean nothing."""

    platform: dict[str, str]
    fields: dict[str, str]
    unknown: tuple[str, ...] = ()

    @property
    def lead_id(self) -> str | None:
        """The header of the column that names the lead."""
        return self.platform.get(LEAD_ID)


def read_columns(headers: Sequence[str], fields: Iterable[str]) -> Columns:
    """Find columns by name, without case, spaces and punctuation; the first of two alike counts."""
    by_name = {_plain(column_of(field)): field for field in fields}
    platform: dict[str, str] = {}
    found: dict[str, str] = {}
    unknown = []
    for header in headers:
        name = _plain(header)
        if name in by_name and by_name[name] not in found:
            found[by_name[name]] = header
        elif name in _CALLED_SO and _CALLED_SO[name] not in platform:
            platform[_CALLED_SO[name]] = header
        else:
            unknown.append(header)
    return Columns(platform, found, tuple(unknown))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
