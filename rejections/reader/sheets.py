"""What a ZIP archive is, and what its worksheets hold: found in one streaming pass, before they are expanded."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from rejections.reader.archive import Inflater, parts
from rejections.reader.sentences import refusal
from rejections.reader.shapes import Limits

_EXPORT = "Export the table as CSV or XLSX and upload that file."
_UNPACK = "Unpack it and upload the CSV or XLSX file inside."
_CONTENT_TYPES = "[content_types].xml"
_ROOT = "_rels/.rels"
#: Parts that say what the archive is, and its list of sheets, are never this large.
_MOST_INDEX_BYTES = 5_000_000

_TYPES = (  # a main content type, and what has it
    (b"ms-excel.sheet.macroenabled", "old_excel", "an Excel workbook with macros (XLSM)"),
    (b"ms-excel.template.macroenabled", "old_excel", "an Excel template with macros (XLTM)"),
    (b"ms-excel.addin.macroenabled", "not_a_table", "an Excel add-in"),
    (b"ms-excel.sheet.binary", "old_excel", "a binary Excel workbook (XLSB)"),
    (b"wordprocessingml", "not_a_table", "a Word document"),
    (b"presentationml", "not_a_table", "a PowerPoint document"),
)
_READ_TYPES = (b"spreadsheetml.sheet.main+xml", b"spreadsheetml.template.main+xml")

_CELL = re.compile(
    rb"<(?:\w+:)?c(?=[\s>/])(?:\s(?:[^>]*?\s)?r\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"'])?[^>]*(?<!/)>"
)
#: How nearly every writer puts it; the general form takes four times as long.
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*(?<!/)>')
_ERROR = re.compile(rb"\st\s*=\s*[\"']e[\"']")
_CELL_OR_VALUE = re.compile(rb"<(?:\w+:)?(c|v)((?:\s[^>]*)?)>([^<]*)")
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?hidden\s*=\s*[\"'](?:1|true)[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_NO_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f[^>]*/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MOST_HELD = 1 << 20


@dataclass
class Sheet:
    """A worksheet as its XML tells before anything is expanded. Rows from 1, columns from 1."""

    name: str
    visible: bool = True
    cells: int = 0
    rows: tuple[int, int] = (0, 0)
    columns: tuple[int, int] = (0, 0)
    #: Texts of error cells (`#N/A`), by (row, column); calamine leaves them out.
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: int = 0
    without_result: int = 0
    hidden_rows: int = 0
    _open_error: tuple[int, int] | None = None

    def take(self, piece: bytes) -> None:
        """Note what a piece of the sheet's XML says; pieces come in order and never cut a tag in two."""
        found = _PLAIN_CELL.findall(piece)
        if len(found) != piece.count(b"<c ") or b"<c>" in piece or b":c" in piece:
            found = _CELL.findall(piece)
        if found:
            self.cells += len(found)
            letters, numbers = (set(names) - {b""} for names in zip(*found, strict=True))
            self.columns = _widened(self.columns, [column_number(name.decode()) for name in letters])
            self.rows = _widened(self.rows, list(map(int, numbers)))
        if self._open_error or b'"e"' in piece or b"'e'" in piece:
            self._take_errors(piece)
        if b"<f" in piece or b":f" in piece:
            self.formulas += len(_FORMULA.findall(piece))
            self.without_result += len(_NO_RESULT.findall(piece))
        if b"hidden" in piece:
            self.hidden_rows += len(_HIDDEN_ROW.findall(piece))

    def _take_errors(self, piece: bytes) -> None:
        for tag, attributes, text in _CELL_OR_VALUE.findall(piece):
            if tag == b"c":
                place = _PLACE.search(attributes) if _ERROR.search(attributes) else None
                self._open_error = (int(place[2]), column_number(place[1].decode())) if place else None
            elif self._open_error:
                self.errors[self._open_error] = text.decode("utf-8", "replace")
                self._open_error = None

    @property
    def area(self) -> int:
        """The cells of the rectangle from the first to the last cell: what a reader has to hold."""
        if not self.rows[1]:
            return self.cells
        return (self.rows[1] - self.rows[0] + 1) * (self.columns[1] - self.columns[0] + 1)


def inspect(path: Path, limits: Limits) -> list[Sheet]:
    """The worksheets of a workbook, all of its parts checked; raises Refused for any other archive."""
    found = parts(path)
    inflater = Inflater(path, limits)
    by_name = {part.filename.lower().replace("\\", "/").lstrip("/"): part for part in found}
    _check_type(by_name, inflater)
    size = path.stat().st_size
    if size > limits.xlsx_bytes:
        shown = (f"{count / 1_000_000:,.1f} MB" for count in (size, limits.xlsx_bytes))
        raise refusal("too_large", kind="XLSX", size=next(shown), limit=next(shown))
    sheets = _listed(by_name, inflater)
    for name, part in by_name.items():
        sheet = sheets.get(name)
        for piece in _whole_tags(inflater.pieces(part)):
            if sheet is not None:
                sheet.take(piece)
    return list(sheets.values())


def _check_type(by_name: dict[str, zipfile.ZipInfo], inflater: Inflater) -> None:
    """Raise Refused unless the archive is an XLSX workbook."""
    if "mimetype" in by_name and b"opendocument" in (kind := _index(by_name, "mimetype", inflater)):
        if b"spreadsheet" in kind:
            raise refusal("old_excel", what="an OpenDocument spreadsheet (ODS)")
        raise refusal("not_a_table", what="an OpenDocument file without a sheet", advice=_EXPORT)
    if any(name.endswith(".iwa") for name in by_name):
        raise refusal("old_excel", what="an Apple Numbers or Pages file")
    if _CONTENT_TYPES not in by_name:
        raise refusal("not_a_table", what="a ZIP archive", advice=_UNPACK)
    content = _index(by_name, _CONTENT_TYPES, inflater).lower()
    for kind, code, what in _TYPES:
        if kind in content:
            raise refusal(code, what=what, advice=_EXPORT)
    if not any(kind in content for kind in _READ_TYPES):
        raise refusal("not_a_table", what="an archive of XML parts without a sheet", advice=_EXPORT)


def _index(by_name: dict[str, zipfile.ZipInfo], name: str, inflater: Inflater) -> bytes:
    if name not in by_name:
        raise refusal("corrupt", what=f"Its part {name} is missing.")
    content = b""
    for piece in inflater.pieces(by_name[name]):
        content += piece
        if len(content) > _MOST_INDEX_BYTES:
            raise refusal("bomb", what=f"Its part {name} is larger than any such part.")
    return content


def _listed(by_name: dict[str, zipfile.ZipInfo], inflater: Inflater) -> dict[str, Sheet]:
    """The worksheets in the workbook's order, by the name of their part."""
    main = next(iter(_targets(by_name, _ROOT, "/", "/officeDocument", inflater).values()), "")
    folder, name = posixpath.split(main)
    worksheets = _targets(by_name, f"{folder}/_rels/{name}.rels", f"/{folder}", "/worksheet", inflater)
    sheets: dict[str, Sheet] = {}
    for element in _parsed(by_name, main, inflater).iterfind("{*}sheets/{*}sheet"):
        relation = next((value for name, value in element.items() if name.endswith("}id")), "")
        part = worksheets.get(relation, "")
        if part in by_name:
            sheets[part] = Sheet(element.get("name", ""), element.get("state", "visible") == "visible")
    return sheets


def _targets(
    by_name: dict[str, zipfile.ZipInfo], relations: str, folder: str, kind: str, inflater: Inflater
) -> dict[str, str]:
    """The parts that a part is related to in this way, by the relation's id."""
    return {
        relation.get("Id", ""): posixpath.normpath(posixpath.join(folder, relation.get("Target", "")))
        .lstrip("/")
        .lower()
        for relation in _parsed(by_name, relations, inflater)
        if relation.get("Type", "").endswith(kind)
    }


def _parsed(by_name: dict[str, zipfile.ZipInfo], name: str, inflater: Inflater) -> ElementTree.Element:
    content = _index(by_name, name, inflater)
    try:
        return ElementTree.fromstring(content)  # noqa: S314  declarations were refused when it was inflated
    except ElementTree.ParseError as error:
        raise refusal("corrupt", what=f"Its part {name} is not well-formed.") from error


def column_number(letters: str) -> int:
    """The number of a column by its letters: A = 1, XFD = 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def cell_name(row: int, column: int) -> str:
    """A cell as people name it: row 3, column 2 = B3."""
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(65 + place) + letters
    return f"{letters}{row}"


def _widened(span: tuple[int, int], numbers: list[int]) -> tuple[int, int]:
    if not numbers:
        return span
    first, last = min(numbers), max(numbers)
    return (min(span[0], first), max(span[1], last)) if span[1] else (first, last)


def _whole_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, never cut inside a tag or the text after it (unless that text is huge)."""
    held = b""
    for piece in pieces:
        held += piece
        cut = held.rfind(b"<")
        if cut > 0 or len(held) > _MOST_HELD:
            whole, held = (held[:cut], held[cut:]) if cut > 0 else (held, b"")
            yield whole
    yield held
