"""Reading CSV: every record with its line, nothing lost, one bad line costs one line."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rejections.reader import Choices, Limits, Reading, Record, look, preview, records
from rejections.reader.cells import Dialect, cut
from rejections.reader.delimited import Raw, Window, parse_one_by_one
from rejections.reader.lines import Block, blocks
from rejections.reader.quick import parse_block
from rejections.refusals import Refused

FILES = Path(__file__).parent.parent / "files"


DETECT, USUAL = Choices(), Limits()


def read(path: Path, choices: Choices = DETECT, limits: Limits = USUAL) -> tuple[Reading, list[Record]]:
    reading = look(path, choices, limits)
    return reading, list(records(path, reading, limits))


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def cells(rows: list[Record]) -> list[tuple[str, ...]]:
    return [row.cells for row in rows]


def problems(rows: list[Record]) -> dict[int, str]:
    return {row.line: row.problem for row in rows if row.problem}


# What a row is, and where it begins.


def test_the_example_of_the_seed_is_read_with_its_space_after_the_comma() -> None:
    reading, rows = read(FILES / "space-after-comma.csv")
    assert reading.columns == ("lead_id", "rejection_reason")
    assert reading.header_cells == ("lead_id", " rejection_reason")
    assert rows == [
        Record(2, ("1", " Duplicate Lead")),
        Record(3, ("2", " Failed Validation: Not UK Based")),
    ]


def test_a_space_between_a_delimiter_and_a_quote_is_skipped(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, 'id, reason, note\n1, "a, b" ,  "c ""d"""\n "2" , x" y, z\n'))
    assert cells(rows) == [("1", "a, b", 'c "d"'), ("2", ' x" y', " z")]
    assert not problems(rows)


def test_blank_lines_are_no_rows_and_missing_cells_are_blank() -> None:
    _, rows = read(FILES / "ragged.csv")
    assert [row.line for row in rows] == [2, 3, 4, 5, 8]
    assert cells(rows)[:3] == [("1", "", ""), ("2", "Duplicate", ""), ("3", "Duplicate", "fine")]


def test_surplus_filled_cells_make_a_row_unreadable_and_keep_its_text() -> None:
    _, rows = read(FILES / "ragged.csv")
    assert list(problems(rows)) == [5]
    assert "a comma inside the reason?" in problems(rows)[5]
    assert rows[3].cells == ("4,Not UK, based,really,extra", "", "")


def test_a_record_of_several_lines_has_the_number_of_its_first(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, 'id,reason\r\n1,"a\r\nb\r\n\r\nc"\r\n2,d\r\n'))
    assert rows == [Record(2, ("1", "a\r\nb\r\n\r\nc")), Record(6, ("2", "d"))]


def test_only_cr_and_lf_end_a_line() -> None:
    _, rows = read(FILES / "mixed-newlines.csv")
    assert rows == [
        Record(2, ("1", "a\u2028b")),
        Record(3, ("2", "c\x0bd\x0ce")),
        Record(4, ("3", "f\x85g")),
        Record(6, ("4", "two\r\nlines")),
        Record(8, ("5", "end")),
    ]


def test_a_file_of_old_macs_is_read() -> None:
    assert [row.line for row in read(FILES / "cr-only.csv")[1]] == [2, 3]


@pytest.mark.parametrize(
    ("name", "delimiter", "first"),
    [
        ("semicolon.csv", ";", ("1001", "Doppelt, schon Kunde", "12,50")),
        ("tab.tsv", "\t", ("1", "Not UK, based")),
        ("pipe.csv", "|", ("1", "Not UK, based; sorry")),
        ("sep-line.csv", ";", ("1", "Duplicate")),
    ],
)
def test_the_delimiter_is_detected(name: str, delimiter: str, first: tuple[str, ...]) -> None:
    reading, rows = read(FILES / name)
    assert reading.delimiter == delimiter
    assert rows[0].cells == first
    assert not problems(rows)


def test_one_column_is_a_table(tmp_path: Path) -> None:
    reading, rows = read(written(tmp_path, "lead_id\n1\n2\n"))
    assert (reading.columns, cells(rows)) == (("lead_id",), [("1",), ("2",)])


def test_a_list_inside_a_column_does_not_decide_the_delimiter(tmp_path: Path) -> None:
    lines = "".join(f"{number},a|b|c,Duplicate\n" for number in range(50))
    assert look(written(tmp_path, "lead_id,tags,reason\n" + lines), Choices(), Limits()).delimiter == ","


@pytest.mark.parametrize(
    ("name", "delimiter"), [("semicolon", ";"), ("tab", "\t"), ("\\t", "\t"), ("~", "~")]
)
def test_a_person_may_name_the_delimiter(tmp_path: Path, name: str, delimiter: str) -> None:
    path = written(tmp_path, f"id{delimiter}reason, if any\n1{delimiter}a,b\n")
    reading, rows = read(path, Choices(delimiter=name))
    assert reading.columns == ("id", "reason, if any")
    assert cells(rows) == [("1", "a,b")]


def test_quotes_may_be_read_as_text(tmp_path: Path) -> None:
    path = written(tmp_path, 'id\treason\n1\t"big" customer\n2\t5" pipe\n')
    assert list(problems(read(path)[1])) == [2]
    assert cells(read(path, Choices(quote="none"))[1]) == [("1", '"big" customer'), ("2", '5" pipe')]


# One bad line costs one line.


def test_an_unclosed_quote_costs_one_line() -> None:
    _, rows = read(FILES / "unclosed-quote.csv")
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]
    assert list(problems(rows)) == [3]
    assert rows[1].cells == ('2,"Not UK', "")
    assert rows[3].cells == ("4", "Wrong, number")


def test_text_after_a_closing_quote_costs_one_line(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, 'id,reason\n1,"Not" UK\n2,ok\n'))
    assert rows[0].cells == ('1,"Not" UK', "")
    assert "closing quote" in (rows[0].problem or "")
    assert rows[1] == Record(3, ("2", "ok"))


def test_an_unclosed_quote_at_the_end_of_the_file_costs_one_line(tmp_path: Path) -> None:
    _, rows = read(written(tmp_path, 'id,reason\n1,ok\n2,"open\n3,ok'))
    assert [(row.line, bool(row.problem)) for row in rows] == [(2, False), (3, True), (4, False)]


@pytest.mark.parametrize(("breaks", "readable"), [(200, True), (201, False)])
def test_a_quoted_cell_holds_200_line_breaks(tmp_path: Path, breaks: int, readable: bool) -> None:
    text = "a" + "\nb" * breaks
    _, rows = read(written(tmp_path, f'id,reason\n1,"{text}"\n2,ok\n'))
    assert (rows[0].problem is None) is readable
    assert rows[-1].cells == ("2", "ok")
    assert rows[-1].line == 3 + breaks
    if readable:
        assert rows[0].cells == ("1", text)
    else:
        assert rows[0].cells == ('1,"a', "")
        assert rows[1] == Record(3, ("b", ""))


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize(("size", "readable"), [(100_000, True), (100_001, False)])
def test_a_cell_holds_100_000_characters(tmp_path: Path, size: int, readable: bool, quoted: bool) -> None:
    text = "é" * (size - 2) + ("," if quoted else ";") + "."
    cell = f'"{text}"' if quoted else text
    _, rows = read(written(tmp_path, f"id,reason\n1,{cell}\n2,ok\n"), Choices(delimiter=","))
    assert (rows[0].problem is None) is readable
    assert rows[0].cells == (("1", text) if readable else (f"1,{cell}", ""))
    assert rows[1] == Record(3, ("2", "ok"))


@pytest.mark.parametrize("filling", ["x", '"'])
def test_ten_megabytes_in_one_cell_cost_one_line(tmp_path: Path, filling: str) -> None:
    _, rows = read(written(tmp_path, f'id,reason\n1,ok\n2,"{filling * 10_000_000}\n3,ok\n'))
    assert [(row.line, bool(row.problem)) for row in rows] == [(2, False), (3, True), (4, False)]
    assert len(rows[1].cells[0]) == 10_000_003


def test_a_line_past_all_measure_is_cut_and_says_so(tmp_path: Path) -> None:
    limits = Limits(record_chars=300_000)
    _, rows = read(written(tmp_path, f"id,reason\n1,{'x' * 900_000}\n2,ok\n"), limits=limits)
    assert "the first of them are kept" in (rows[0].problem or "")
    assert len(rows[0].cells[0]) == 300_001
    assert rows[1] == Record(3, ("2", "ok"))


def test_five_thousand_columns_in_a_row_cost_one_line(tmp_path: Path) -> None:
    wide = ",".join(f"c{number}" for number in range(5000))
    _, rows = read(written(tmp_path, f"id,reason\n1,ok\n{wide}\n2,ok\n"))
    assert [(row.line, bool(row.problem)) for row in rows] == [(2, False), (3, True), (4, False)]
    assert rows[1].cells == (wide, "")


def test_nul_bytes_cost_one_line() -> None:
    _, rows = read(FILES / "nul-bytes.csv")
    assert rows[0].cells == ("1,Dup\\x00licate", "")
    assert "NUL" in (rows[0].problem or "")
    assert rows[1] == Record(3, ("2", "Duplicate"))


def test_bytes_that_do_not_decode_cost_one_line() -> None:
    reading, rows = read(FILES / "utf-8-with-one-broken-line.csv")
    assert reading.encoding == "utf-8"
    assert list(problems(rows)) == [4]
    assert rows[2].cells == ("3,Num\\xe9ro", "")
    assert cells(rows)[0] == ("1", "Déjà client")
    assert cells(rows)[3] == ("4", "Müller")


def test_half_a_character_at_the_end_costs_one_line(tmp_path: Path) -> None:
    content = "lead_id,reason\r\n1,Größe\r\n2,ok\r\n".encode("utf-16") + b"3"
    _, rows = read(written(tmp_path, content))
    assert [(row.line, bool(row.problem)) for row in rows] == [(2, False), (3, False), (4, True)]


# The header.


def test_titles_above_the_header_are_passed_over() -> None:
    reading, rows = read(FILES / "title-rows.csv")
    assert (reading.header_row, reading.columns) == (4, ("Lead ID", "E-mail", "Reason"))
    assert [row.line for row in rows] == [5, 6]


def test_a_file_without_a_header_loses_no_row() -> None:
    reading, rows = read(FILES / "no-header.csv")
    assert (reading.header_row, reading.columns) == (0, ("Column 1", "Column 2"))
    assert [row.line for row in rows] == [1, 2, 3]


def test_a_person_may_name_the_header_row_or_say_there_is_none() -> None:
    reading, rows = read(FILES / "title-rows.csv", Choices(header_row=5))
    assert reading.columns == ("7", "a@example.com", "Duplicate")
    assert [row.line for row in rows] == [6]
    reading, rows = read(FILES / "semicolon.csv", Choices(header_row=0))
    assert reading.header_row == 0
    assert len(rows) == 3
    assert [row.line for row in read(FILES / "sep-line.csv", Choices(header_row=0))[1]] == [2, 3, 4]


def test_columns_have_names_of_their_own() -> None:
    reading = look(FILES / "two-headers-alike.csv", Choices(), Limits())
    assert reading.columns == ("Email", "email (2)", "Email (2) (2)", "Column 4", "Reason")
    assert reading.header_cells == ("Email", "email", "Email (2)", "", "Reason")


def test_header_names_are_cleaned(tmp_path: Path) -> None:
    reading = look(
        written(tmp_path, '\ufeff Lead\u00a0 ID ,"Rejection\nreason\u200b"\n1,x\n'), Choices(), Limits()
    )
    assert reading.columns == ("Lead ID", "Rejection reason")


@pytest.mark.parametrize(
    ("content", "header_row"),
    [
        ("Year,2024\nlead_id,reason\n1,x\n2,y\n", 2),
        ("alpha,beta\ngamma,delta\n", 1),
        ("id;reason\n", 1),
        ("1001\n1002\n1003\n", 0),
        ("\n\n\nlead_id,reason\n1,x\n", 4),
        ("a@example.com,Wrong phone\nb@example.com,Wrong email\n", 0),
        ("Client,ACME,\nlead ref,reason,rejection date\nL-1,Dup,2025-11-14\n", 2),
    ],
)
def test_where_the_header_is_found(tmp_path: Path, content: str, header_row: int) -> None:
    try:
        found = look(written(tmp_path, content), Choices(), Limits()).header_row
    except Refused as refused:
        assert refused.code == "header_only"  # noqa: PT017
        found = 1
    assert found == header_row


# The two ways to read agree; limits.


QUOTABLE = st.lists(
    st.sampled_from(
        ['"', '""', ' "', '",', ', "', '," ', ",", ";", " ", "a", "\n", "\r", "\t", "\u2028", "é", "\\"]
    )
).map("".join)


def _blocks(text: str, tmp: Path) -> Iterator[Block]:
    tmp.write_bytes(text.encode())
    return blocks(tmp, "utf-8", 16_000_000)


@settings(max_examples=500, deadline=None)
@given(text=QUOTABLE, delimiter=st.sampled_from(",;\t"))
def test_the_quick_way_and_the_careful_way_agree(
    tmp_path_factory: pytest.TempPathFactory, text: str, delimiter: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "agree"
    limits, dialect = Limits(cell_breaks=3), Dialect(delimiter, '"')
    quick: list[Raw] | None = []
    careful: list[Raw] = []
    for block in _blocks(text, path):
        parsed = parse_block(block, dialect, limits)
        if parsed is None:
            quick = None
        elif quick is not None:
            quick += map(Raw, range(block.first, block.first + len(parsed)), parsed, block.lines)
    rest = _blocks(text, path)
    for block in rest:
        careful += parse_one_by_one(Window(block, rest), dialect, limits)
    if quick is not None:
        assert quick == careful
    assert careful == _cut_throughout(_blocks(text, path), dialect, limits)
    assert _rebuilt(careful, text)


def _cut_throughout(found: Iterator[Block], dialect: Dialect, limits: Limits) -> list[Raw]:
    """The records by `cells.cut` alone."""
    raws: list[Raw] = []
    for block in found:
        window = Window(block, found)
        while window.holds_a_line():
            number, one = window.number, cut(window, dialect, limits)
            raws.append(Raw(number, one.cells if window.line(0) else [], window.text(one.lines), one.problem))
            window.pass_over(one.lines)
    return raws


def _rebuilt(raws: list[Raw], text: str) -> bool:
    """Whether the records' texts are the file, less its line ends."""
    strip = str.maketrans("", "", "\r\n")
    return "".join(raw.text for raw in raws).translate(strip) == text.removeprefix("\ufeff").translate(strip)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(alphabet='ab,;"\n\r é', max_size=12), min_size=2, max_size=2), min_size=1, max_size=8
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], end: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL)
        writer.writerows([["lead_id", "reason", "note"], *(["1", *row] for row in rows)])
    assert cells(read(path, Choices(delimiter=","))[1]) == [("1", *row) for row in rows]


def test_blocks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = 'id,reason\r\n1,"a\r\nb"\r\n2,é\n\r\n3,"open\r4,ok\r\n5,\x00\n6,"c""d"'.encode()
    path = written(tmp_path, content)
    choices = Choices(encoding="utf-8")
    whole = read(path, choices)
    for size in range(1, 12):
        monkeypatch.setattr("rejections.reader.lines._BLOCK", size)
        assert read(path, choices) == whole


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "id,reason\n1,a\n\n2,b\n3,c\n")
    assert len(read(path, limits=Limits(csv_rows=3))[1]) == 3
    with pytest.raises(Refused) as refused:
        read(path, limits=Limits(csv_rows=2))
    assert refused.value.code == "too_many_rows"


def test_quotes_that_could_be_looked_after_for_ever_are_not(tmp_path: Path) -> None:
    path = written(tmp_path, "id,reason\n" + '"a",b","c\n' * 5000)
    _, rows = preview(path, Choices(delimiter=","), Limits(), 100_000)
    assert len(rows) == 5000
