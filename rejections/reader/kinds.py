"""What kind of file this is, by its content alone: names and content types lie."""

from __future__ import annotations

import re
from pathlib import Path

from rejections.reader.sentences import refusal
from rejections.refusals import Refused

_HEAD = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVE = "Unpack it and upload the CSV or XLSX file inside."
_EXPORT = "Export the table as CSV or XLSX and upload that file."

_SIGNATURES = (
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"GIF8", "a picture (GIF)", _EXPORT),
    (b"II*\x00", "a picture (TIFF)", _EXPORT),
    (b"MM\x00*", "a picture (TIFF)", _EXPORT),
    (b"{\\rtf", "a text document (RTF)", _EXPORT),
    (b"SQLite format 3\x00", "a database (SQLite)", _EXPORT),
    (b"\x7fELF", "a program", _EXPORT),
    (b"\x1f\x8b", "a compressed file (GZIP)", _ARCHIVE),
    (b"\xfd7zXZ", "a compressed file (XZ)", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file (7-Zip)", _ARCHIVE),
    (b"Rar!\x1a\x07", "a compressed file (RAR)", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", "a compressed file (ZSTD)", _ARCHIVE),
)
_TEXTS = (
    (re.compile(r"<(!doctype html|html|head|body|table|meta|style|script|div)\b", re.I), "a web page (HTML)"),
    (re.compile(r"MIME-Version:", re.I), "a web page (MHTML)"),
    (re.compile(r"<(\?xml|workbook|soap)\b", re.I), "an XML file"),
    (re.compile(r"[\[{]\s*([\"\[{\]}]|$)"), "a JSON file"),
    (re.compile(r"BEGIN:V(CARD|CALENDAR)", re.I), "a contact or calendar file"),
    (re.compile(r"%!PS"), "a document (PostScript)"),
)
_STREAMS = (  # the names of streams in an OLE file, and what has them
    ("EncryptedPackage", "encrypted", ""),
    ("Workbook", "old_excel", "an old Excel file (XLS)"),
    ("Book", "old_excel", "an old Excel file (XLS)"),
    ("WordDocument", "not_a_table", "a Word document"),
    ("PowerPoint Document", "not_a_table", "a PowerPoint document"),
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\x0b\x0c\x1b") + b"\x7f"


def recognise(path: Path) -> str:
    """`zip` or `text`; raises Refused for everything that holds no table we read."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise refusal("empty_file")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return "zip"
    if head.startswith(_OLE):
        raise _ole(path)
    if b"%PDF-" in head[:1024]:
        raise refusal("not_a_table", what="a PDF document", advice=_EXPORT)
    for signature, what, advice in _SIGNATURES:
        if head.startswith(signature):
            raise refusal("not_a_table", what=what, advice=advice)
    return "text"


def check_text(beginning: str) -> None:
    """Raise Refused for text that is no table: HTML saved as .xls, XML, JSON …"""
    text = beginning.lstrip("\ufeff \t\r\n")[:4096]
    if not text:
        return
    if "urn:schemas-microsoft-com:office:spreadsheet" in text:
        raise refusal("old_excel", what="an Excel file in an old XML format")
    for pattern, what in _TEXTS:
        if pattern.match(text):
            raise refusal("not_a_table", what=what, advice=_EXPORT)


def check_bytes(head: bytes) -> None:
    """Raise Refused for what is binary; a few stray NULs in a text are its lines' own trouble."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    high = len(head) - len(head.translate(None, bytes(range(128, 256))))
    if controls * 10 > 3 * len(head) or (controls * 20 > len(head) and high * 5 > len(head)):
        raise refusal("not_a_table", what="a binary file", advice=_EXPORT)


def _ole(path: Path) -> Refused:
    content = path.read_bytes()
    for name, code, what in _STREAMS:
        if name.encode("utf-16-le") + b"\x00\x00" in content:
            return refusal(code, what=what, advice=_EXPORT)
    return refusal("not_a_table", what="an Office file without a sheet", advice=_EXPORT)
