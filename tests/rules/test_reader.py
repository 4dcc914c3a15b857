"""What is read at all: tables by their content; everything else is refused with a sentence."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rejections.reader import Choices, Limits, Reading, Record, look, records
from rejections.reader.copytext import copy_line
from rejections.reader.sentences import _SENTENCES, refusal
from rejections.refusals import Refused
from tests.rules.workbooks import archive, rows, workbook

FILES = Path(__file__).parent.parent / "files"
DETECT, USUAL = Choices(), Limits()
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def refused(path: Path, choices: Choices = DETECT, limits: Limits = USUAL) -> Refused:
    with pytest.raises(Refused) as raised:
        look(path, choices, limits)
    assert raised.value.title
    assert "Nothing was changed." in raised.value.detail
    return raised.value


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty.csv", "empty_file"),
        ("only-blank-lines.csv", "empty_file"),
        ("only-header.csv", "header_only"),
        ("page.xls", "not_a_table"),
        ("password.xlsx", "encrypted"),
        ("sparse-bomb.xlsx", "too_many_cells"),
    ],
)
def test_files_without_rows_are_refused(name: str, code: str) -> None:
    assert refused(FILES / name).code == code


def test_a_file_with_only_a_header_points_to_accept_leads() -> None:
    assert "Accept leads" in refused(FILES / "only-header.csv").detail


def test_a_byte_order_mark_alone_is_an_empty_file(tmp_path: Path) -> None:
    assert refused(written(tmp_path, b"\xef\xbb\xbf")).code == "empty_file"
    assert refused(written(tmp_path, b"\xff\xfe\r\x00\n\x00")).code == "empty_file"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "This is a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "This is a picture (PNG)"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "This is a picture (JPEG)"),
        (gzip.compress(b"lead_id,reason\n1,x\n", mtime=0), "This is a compressed file (GZIP)"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "This is a compressed file (7-Zip)"),
        (b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(100), "This is a binary file"),
        (zlib.compress(bytes(range(256)) * 20 + b"noise" * 99)[2:] * 3, "This is a binary file"),
        (b"{\\rtf1\\ansi a,b\n}", "This is a text document (RTF)"),
        (b"<!DOCTYPE html>\n<table><tr><td>lead_id</td></tr></table>", "This is a web page (HTML)"),
        (b"\xef\xbb\xbf  \r\n<HTML><body>a,b\n1,2\n", "This is a web page (HTML)"),
        ("\ufeff<html><table>a,b\n".encode("utf-16-le"), "This is a web page (HTML)"),
        (b'<?xml version="1.0"?><leads><lead id="1"/></leads>', "This is an XML file"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "This is a web page (MHTML)"),
        (b'[{"lead_id": 1, "reason": "x"},\n{"lead_id": 2}]', "This is a JSON file"),
        (b'{"lead_id": 1, "reason": "x"}\n{"lead_id": 2}\n', "This is a JSON file"),
        (b"BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n", "This is a contact or calendar file"),
        (_OLE + "Workbook".encode("utf-16-le") + bytes(50), "This is an old Excel file (XLS)"),
        (_OLE + "WordDocument".encode("utf-16-le") + bytes(50), "This is a Word document"),
        (_OLE, "This is an Office file without a sheet"),
        (_OLE + "EncryptedPackage".encode("utf-16-le") + bytes(9), "The file is protected with a password"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "This is an Excel file in an old XML format",
        ),
    ],
)
def test_what_is_no_table_is_recognised_by_its_content(tmp_path: Path, content: bytes, title: str) -> None:
    assert refused(written(tmp_path, content)).title == title


@pytest.mark.parametrize(
    ("parts", "code", "title"),
    [
        ({"leads.csv": "id,reason\n1,x"}, "not_a_table", "This is a ZIP archive"),
        (
            {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a/>"},
            "old_excel",
            "This is an OpenDocument spreadsheet (ODS)",
        ),
        (
            {"mimetype": "application/vnd.oasis.opendocument.text"},
            "not_a_table",
            "This is an OpenDocument file without a sheet",
        ),
        ({"Index/Document.iwa": "x"}, "old_excel", "This is an Apple Numbers or Pages file"),
        (
            {"[Content_Types].xml": "<Types/>"},
            "not_a_table",
            "This is an archive of XML parts without a sheet",
        ),
        (
            {"[Content_Types].xml": "<Types>wordprocessingml.document.main+xml</Types>"},
            "not_a_table",
            "This is a Word document",
        ),
    ],
)
def test_archives_that_are_no_workbook_are_recognised(
    tmp_path: Path, parts: dict[str, str], code: str, title: str
) -> None:
    found = refused(archive(tmp_path / "leads.xlsx", parts))
    assert (found.code, found.title) == (code, title)


def test_an_empty_archive_is_recognised(tmp_path: Path) -> None:
    assert refused(archive(tmp_path / "leads.xlsx", {})).title == "This is a ZIP archive"


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (
            "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
            "This is an Excel workbook with macros (XLSM)",
        ),
        ("application/vnd.ms-excel.sheet.binary.macroEnabled.main", "This is a binary Excel workbook (XLSB)"),
    ],
)
def test_other_workbooks_are_to_be_saved_as_xlsx_or_csv(tmp_path: Path, kind: str, title: str) -> None:
    content = rows(["lead_id", "reason"], [1.0, "x"])
    found = refused(workbook(tmp_path / "leads.xlsx", {"S": content}, content_type=kind))
    assert (found.code, found.title) == ("old_excel", title)
    assert "save it as XLSX or CSV" in found.detail


def test_a_large_csv_is_refused(tmp_path: Path) -> None:
    found = refused(written(tmp_path, b"id,reason\n1,x\n"), limits=Limits(csv_bytes=10))
    assert found.code == "too_large"


@pytest.mark.parametrize(
    ("choices", "code"),
    [
        (Choices(encoding="klingon"), "unknown_encoding"),
        (Choices(delimiter="ab"), "unknown_delimiter"),
        (Choices(delimiter='"'), "unknown_delimiter"),
        (Choices(delimiter="x"), "unknown_delimiter"),
        (Choices(quote="?"), "unknown_quote"),
        (Choices(header_row=5), "no_such_header_row"),
        (Choices(header_row=2), "header_only"),
    ],
)
def test_choices_that_do_not_fit_are_refused(tmp_path: Path, choices: Choices, code: str) -> None:
    assert refused(written(tmp_path, b"id,reason\n1,x\n"), choices).code == code


def test_a_header_that_cannot_name_columns_is_refused(tmp_path: Path) -> None:
    wide = ",".join(f"name {chr(97 + place % 26)}" for place in range(2001))
    assert refused(written(tmp_path, wide.encode() + b"\n1,x\n")).code == "too_many_columns"
    broken = written(tmp_path, b'id,"reason\n1,x\n')
    assert refused(broken, Choices(header_row=1)).code == "header_unreadable"
    long = written(tmp_path, b"id," + b"x" * 1001 + b"\n1,x\n")
    assert refused(long, Choices(header_row=1)).code == "header_unreadable"
    nothing = written(tmp_path, b'"a\n"b c\n')
    assert refused(nothing).code == "header_unreadable"


def test_every_refusal_says_that_nothing_was_changed_and_what_to_do() -> None:
    for code in _SENTENCES:
        facts = dict.fromkeys(
            "what advice size kind limit count sheet first last part name sheets row line problem known".split(),
            "X",
        )
        found = refusal(code, **facts)
        assert found.code == code
        assert "Nothing was changed." in found.detail
        assert found.detail.endswith((".", "X"))
        assert "{" not in found.title + found.detail


def test_a_reading_survives_json() -> None:
    reading = look(FILES / "windows-1252.csv", DETECT, USUAL)
    again = Reading(**json.loads(json.dumps(asdict(reading))))
    assert again == reading
    assert list(records(FILES / "windows-1252.csv", again, USUAL))


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=300))
@example(b"\x00")
@example(b"\r")
@example(b'"')
@example(b"PK\x03\x04")
@example(b"PK\x05\x06" + bytes(18))
@example(b"\xff\xfe\x00")
@example(b"sep=,")
@example(b"a,b\n\xed\xa0\x80,1\n")
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(content)
    try:
        reading = look(path, DETECT, USUAL)
    except Refused:
        return
    for record in records(path, reading, USUAL):
        assert len(record.cells) == len(reading.columns)
        copied = copy_line(record)
        assert "\x00" not in copied
        assert copied.encode().count(b"\n") == 1


# COPY text, read back by what PostgreSQL's documentation says of it; `test_sandbox` asks PostgreSQL itself.


def copied_back(line: str) -> Record:
    number, array, problem = line.removesuffix("\n").split("\t")
    return Record(
        int(number), tuple(_array(_unescaped(array))), None if problem == "\\N" else _unescaped(problem)
    )


def _unescaped(text: str) -> str:
    out, characters = [], iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters)
            character = {"t": "\t", "n": "\n", "r": "\r"}.get(following, following)
        out.append(character)
    return "".join(out)


def _array(literal: str) -> list[str]:
    cells, characters = [""], iter(literal[2:-2])
    for character in characters:
        if character == "\\":
            cells[-1] += next(characters)
        elif character == '"':
            assert (next(characters), next(characters)) == (",", '"')
            cells.append("")
        else:
            cells[-1] += character
    return cells


CELL = st.text(
    alphabet=st.one_of(
        st.sampled_from('"\\{}\t\n\r,N'), st.characters(exclude_characters="\x00", codec="utf-8")
    )
)


@settings(max_examples=500, deadline=None)
@given(cells=st.lists(CELL, min_size=1, max_size=5), problem=st.none() | CELL)
def test_copy_text_is_the_record(cells: list[str], problem: str | None) -> None:
    record = Record(7, tuple(cells), problem)
    assert copied_back(copy_line(record)) == record
