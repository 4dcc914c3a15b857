"""Reading XLSX: what a person sees in the sheet, with its row numbers; bombs are refused unexploded."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from rejections.reader import Choices, Limits, Reading, Record, look, records
from rejections.refusals import Refused
from tests.rules.workbooks import archive, rows, strings, workbook

FILES = Path(__file__).parent.parent / "files"
DETECT, USUAL = Choices(), Limits()
HEADER = ["lead_id", "reason"]


def read(path: Path, choices: Choices = DETECT, limits: Limits = USUAL) -> tuple[Reading, list[Record]]:
    reading = look(path, choices, limits)
    return reading, list(records(path, reading, limits))


def refusal(path: Path, choices: Choices = DETECT, limits: Limits = USUAL) -> Refused:
    with pytest.raises(Refused) as refused:
        look(path, choices, limits)
    assert "Nothing was changed." in refused.value.detail
    return refused.value


def value_of(tmp_path: Path, cell: str, **parts: str) -> str:
    """The text that this `<c r="B2" …>` cell is read as."""
    content = rows(HEADER) + f'<row r="2"><c r="A2"><v>1</v></c>{cell}</row>'
    more = {f"xl/{name}.xml": part for name, part in parts.items()}
    return read(workbook(tmp_path / "one.xlsx", {"S": content}, more=more))[1][0].cells[1]


# Values.


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("100000", "100000"),
        ("100000.0", "100000"),
        ("1E5", "100000"),
        ("447911123456", "447911123456"),
        ("-7", "-7"),
        ("-0", "0"),
        ("12.5", "12.5"),
        ("0.30000000000000004", "0.3"),
        ("0.00001", "0.00001"),
        ("9007199254740991", "9007199254740991"),
        ("9007199254740993", "9.007199254740992E+15"),
        ("1234567890123456789", "1.2345678901234568E+18"),
        ("1E+21", "1E+21"),
    ],
)
def test_numbers_are_plain_text(tmp_path: Path, stored: str, text: str) -> None:
    assert value_of(tmp_path, f'<c r="B2"><v>{stored}</v></c>') == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="B2" s="1"><v>45975</v></c>', "2025-11-14"),
        ('<c r="B2" s="2"><v>45975.395833333336</v></c>', "2025-11-14 09:30:00"),
        ('<c r="B2" s="3"><v>1.1458333333333333</v></c>', "27:30:00"),
        ('<c r="B2" s="2"><v>0.395833333333333</v></c>', "09:30:00"),
        ('<c r="B2" t="d"><v>2025-11-14T09:30:00</v></c>', "2025-11-14 09:30:00"),
        ('<c r="B2" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="B2" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="B2" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="B2" t="str"><f>A1</f><v>cached</v></c>', "cached"),
        ('<c r="B2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="B2" t="inlineStr"><is><t xml:space="preserve"> in line </t></is></c>', " in line "),
        ('<c r="B2" t="inlineStr"><is><t>a</t></is></c>', "a"),
        ('<c r="B2" t="str"><v>two&#10;lines &lt;b&gt;</v></c>', "two\nlines <b>"),
    ],
)
def test_other_values_are_what_a_person_sees(tmp_path: Path, cell: str, text: str) -> None:
    assert value_of(tmp_path, cell) == text


def test_dates_may_be_counted_from_1904(tmp_path: Path) -> None:
    content = rows(HEADER) + '<row r="2"><c r="A2"><v>1</v></c><c r="B2" s="1"><v>44513</v></c></row>'
    path = workbook(tmp_path / "mac.xlsx", {"S": content}, properties='<workbookPr date1904="1"/>')
    assert read(path)[1][0].cells[1] == "2025-11-14"


def test_shared_and_rich_strings_are_read_without_their_reading_aid(tmp_path: Path) -> None:
    shared = strings(
        "<t>plain</t>",
        '<r><t>Dup</t></r><r><rPr><b/></rPr><t xml:space="preserve">licate </t></r>',
        '<t>田中</t><rPh sb="0" eb="2"><t>タナカ</t></rPh>',
    )
    found = [
        value_of(tmp_path, f'<c r="B2" t="s"><v>{number}</v></c>', sharedStrings=shared)
        for number in range(3)
    ]
    assert found == ["plain", "Duplicate ", "田中"]


def test_a_formula_that_was_never_calculated_is_blank_and_named(tmp_path: Path) -> None:
    content = rows(HEADER) + '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>1+1</f><v></v></c></row>'
    reading, found = read(workbook(tmp_path / "f.xlsx", {"S": content}))
    assert found == [Record(2, ("1", ""))]
    assert "calculated value" in reading.notes[0]


def test_what_no_database_can_hold_makes_a_row_unreadable(tmp_path: Path) -> None:
    content = rows(HEADER, [1.0, "a_x0000_b"], [2.0, "ok"])
    _, found = read(workbook(tmp_path / "nul.xlsx", {"S": content}))
    assert found == [
        Record(2, ("1\ta\\x00b", ""), "This line holds NUL bytes, which no text has."),
        Record(3, ("2", "ok")),
    ]


def test_a_cell_of_more_than_100_000_characters_makes_a_row_unreadable(tmp_path: Path) -> None:
    content = rows(HEADER, [1.0, "x" * 100_000], [2.0, "x" * 100_001], [3.0, "ok"])
    _, found = read(workbook(tmp_path / "long.xlsx", {"S": content}))
    assert [(row.line, bool(row.problem)) for row in found] == [(2, False), (3, True), (4, False)]
    assert found[1].cells[0] == "2\t" + "x" * 100_001


# Rows, columns, sheets.


def test_lead_ids_that_a_program_kept_as_floats_are_whole() -> None:
    reading, found = read(FILES / "lead-id-as-float.xlsx")
    assert reading.kind == "xlsx"
    assert found[0] == Record(2, ("100000", "Duplicate Lead"))


def test_the_line_is_the_row_of_the_sheet_wherever_the_table_begins(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page["C4"], page["D4"] = "lead_id", "reason"
    page["C5"], page["D5"] = 1, "Duplicate"
    page["C7"], page["D7"] = 2, "Wrong number"
    book.save(tmp_path / "offset.xlsx")
    reading, found = read(tmp_path / "offset.xlsx")
    assert (reading.header_row, reading.columns) == (4, ("lead_id", "reason"))
    assert found == [Record(5, ("1", "Duplicate")), Record(7, ("2", "Wrong number"))]


def test_error_cells_are_found_wherever_the_table_begins(tmp_path: Path) -> None:
    content = '<row r="3"><c r="C3" t="str"><v>lead_id</v></c><c r="D3" t="str"><v>reason</v></c></row>'
    content += "".join(
        f'<row r="{row}"><c r="C{row}"><v>{row}</v></c><c r="D{row}" t="e"><v>#REF!</v></c></row>'
        for row in range(4, 9000)
    )
    _, found = read(workbook(tmp_path / "errors.xlsx", {"S": content}))
    assert len(found) == 8996
    assert {row.cells[1] for row in found} == {"#REF!"}


def test_the_first_sheet_with_cells_is_read_and_all_are_listed(tmp_path: Path) -> None:
    sheets = {"Empty": "", "Secret": rows(HEADER, [9.0, "x"]), "Leads": rows(HEADER, [1.0, "Duplicate"])}
    path = workbook(tmp_path / "three.xlsx", sheets, hidden=["Secret"])
    reading, found = read(path)
    assert (reading.sheet, reading.sheets) == ("Leads", ("Empty", "Secret", "Leads"))
    assert found == [Record(2, ("1", "Duplicate"))]
    reading, found = read(path, Choices(sheet="Secret"))
    assert (reading.sheet, found) == ("Secret", [Record(2, ("9", "x"))])


def test_a_hidden_sheet_is_read_when_there_is_no_other(tmp_path: Path) -> None:
    path = workbook(tmp_path / "hidden.xlsx", {"S": rows(HEADER, [1.0, "x"])}, hidden=["S"])
    assert read(path)[0].sheet == "S"


def test_titles_and_merged_cells_are_passed_over(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page["A1"] = "Rejections of October"
    page.merge_cells("A1:C1")
    page.append(["Prepared by", "ACME"])
    page.append(["Lead ID", "Rejection reason", None])
    page.merge_cells("B3:C3")
    page.append([1, "Duplicate", "twice"])
    page.append([2, "Wrong number", "line dead"])
    book.save(tmp_path / "merged.xlsx")
    reading, found = read(tmp_path / "merged.xlsx")
    assert (reading.header_row, reading.columns) == (3, ("Lead ID", "Rejection reason", "Column 3"))
    assert found[0].cells == ("1", "Duplicate", "twice")


def test_a_stray_cell_beside_the_table_makes_its_row_unreadable(tmp_path: Path) -> None:
    content = rows(HEADER, [1.0, "a"], [2.0, "b", "stray"], [3.0, "c"])
    _, found = read(workbook(tmp_path / "stray.xlsx", {"S": content}))
    assert [(row.line, bool(row.problem)) for row in found] == [(2, False), (3, True), (4, False)]
    assert found[1].cells == ("2\tb\tstray", "")


def test_a_person_may_name_the_header_row_or_say_there_is_none(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", {"S": rows(["a", "b"], ["id", "why"], [1.0, "x"])})
    assert read(path, Choices(header_row=2))[0].columns == ("id", "why")
    reading, found = read(path, Choices(header_row=0))
    assert (reading.columns, len(found)) == (("Column 1", "Column 2"), 3)
    assert refusal(path, Choices(header_row=9)).code == "no_such_header_row"


def test_hidden_rows_are_read_and_named(tmp_path: Path) -> None:
    content = (
        rows(HEADER)
        + rows([1.0, "x"], first=2).replace("<row ", '<row hidden="1" ')
        + rows([2.0, "y"], first=3)
    )
    reading, found = read(workbook(tmp_path / "filtered.xlsx", {"S": content}))
    assert len(found) == 2
    assert "hidden" in reading.notes[0]


def test_rows_and_cells_without_references_are_read(tmp_path: Path) -> None:
    content = "<row><c t='str'><v>lead_id</v></c><c t='str'><v>reason</v></c></row><row><c><v>1</v></c></row>"
    assert read(workbook(tmp_path / "bare.xlsx", {"S": content}))[1] == [Record(2, ("1", ""))]


def test_what_openpyxl_writes_is_read_as_it_was(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("Leads")
    page.append(["lead_id", "when", "reason"])
    for number in range(500):
        page.append(
            [
                number,
                dt.datetime.fromisoformat("2025-01-01T12:00") + dt.timedelta(hours=number),
                f"Grund {number} ü重",
            ]
        )
    book.save(tmp_path / "many.xlsx")
    _, found = read(tmp_path / "many.xlsx")
    assert len(found) == 500
    assert found[499] == Record(501, ("499", "2025-01-22 07:00:00", "Grund 499 ü重"))


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    table = workbook(tmp_path / "table.csv", {"S": rows(HEADER, [1.0, "x"])})
    assert look(table, DETECT, USUAL).kind == "xlsx"
    text = tmp_path / "text.xlsx"
    text.write_text("lead_id,reason\n1,x\n")
    assert look(text, DETECT, USUAL).kind == "csv"


# What is refused.


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    refused = refusal(workbook(tmp_path / "h.xlsx", {"S": rows(HEADER)}))
    assert refused.code == "header_only"
    assert "Check that the rows are in this file" in refused.detail


@pytest.mark.parametrize("content", ["", "<row r='1'><c r='A1'/></row>", rows(["  ", " "])])
def test_a_workbook_without_cells_is_refused(tmp_path: Path, content: str) -> None:
    assert refusal(workbook(tmp_path / "e.xlsx", {"S": content})).code == "no_sheet"


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    refused = refusal(workbook(tmp_path / "s.xlsx", {"Leads": rows(HEADER)}), Choices(sheet="Lead"))
    assert refused.code == "no_such_sheet"
    assert "Leads" in refused.detail


def test_a_sparse_bomb_is_refused_before_it_is_expanded() -> None:
    refused = refusal(FILES / "sparse-bomb.xlsx")
    assert refused.code == "too_many_cells"
    assert "from A1 to XFD1048576: 17,179,869,184 cells" in refused.detail


def test_a_sheet_with_formatted_empty_cells_far_out_is_no_bomb(tmp_path: Path) -> None:
    content = rows(HEADER, [1.0, "x"]) + '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    assert len(read(workbook(tmp_path / "far.xlsx", {"S": content}))[1]) == 1


def test_a_zip_bomb_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    bomb = strings("<t>" + "A" * 60_000_000 + "</t>")
    path = workbook(tmp_path / "bomb.xlsx", {"S": rows(HEADER)}, more={"xl/sharedStrings.xml": bomb})
    assert path.stat().st_size < 100_000
    assert refusal(path).code == "bomb"


def test_what_unpacks_to_too_much_is_refused_whatever_its_ratio(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b.xlsx", {"S": rows(HEADER, [1.0, "x" * 9000])})
    assert refusal(path, limits=Limits(xlsx_unpacked_bytes=8000)).code == "bomb"


def test_sizes_in_headers_are_not_believed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "lie.xlsx", {"S": rows(HEADER, [1.0, "x" * 5000])})
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("xl/worksheets/sheet1.xml").file_size
    at = content.rfind(struct.pack("<I", size))
    content[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(content)
    assert refusal(path).code == "corrupt"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE sst SYSTEM "file:///etc/passwd">',
    ],
)
@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/workbook.xml", "docProps/core.xml"])
def test_declarations_are_refused(tmp_path: Path, declaration: str, part: str) -> None:
    more = {part: f'<?xml version="1.0"?>{declaration}<sst/>'}
    assert refusal(workbook(tmp_path / "x.xlsx", {"S": rows(HEADER)}, more=more)).code == "xml_entities"


def test_an_archive_in_the_archive_is_refused(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", {"a": "b"}).read_bytes()
    path = workbook(tmp_path / "n.xlsx", {"S": rows(HEADER)}, more={"xl/embeddings/a.bin": inner})
    assert refusal(path).code == "bomb"


def test_thousands_of_parts_are_refused(tmp_path: Path) -> None:
    more = {f"xl/media/{number}.xml": "" for number in range(2001)}
    assert refusal(workbook(tmp_path / "p.xlsx", {"S": rows(HEADER)}, more=more)).code == "bomb"


def test_too_many_columns_in_the_header_are_refused(tmp_path: Path) -> None:
    cells = "".join(f"<c t='str'><v>name {place}</v></c>" for place in range(2001))
    content = f"<row r='1'>{cells}</row><row r='2'><c r='A2'><v>1</v></c></row>"
    assert refusal(workbook(tmp_path / "w.xlsx", {"S": content})).code == "too_many_columns"


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "l.xlsx", {"S": rows(HEADER, [1.0, "x"])})
    assert refusal(path, limits=Limits(xlsx_bytes=100)).code == "too_large"


@pytest.mark.parametrize("cut", [30, 200, 900, -5])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = workbook(tmp_path / "c.xlsx", {"S": rows(HEADER, [1.0, "x"])})
    path.write_bytes(path.read_bytes()[:cut])
    assert refusal(path).code == "corrupt"


def test_a_file_with_a_changed_byte_is_refused_or_read_but_never_breaks_the_reader(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "w.xlsx", {"S": rows(HEADER, [1.0, "x"])}).read_bytes()
    path = tmp_path / "d.xlsx"
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read(path)
        except Refused as refused:
            assert refused.code  # noqa: PT017
