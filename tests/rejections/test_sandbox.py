"""The reader in its child process: what it hands over, and that no file harms who started it."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rejections import sandbox
from rejections.reader import Choices, Limits, Reading, Record, records
from rejections.reader.copytext import copy_line
from rejections.refusals import Refused
from tests.rules.workbooks import rows, strings, workbook

FILES = Path(__file__).parent.parent / "files"
DETECT, USUAL = Choices(), Limits()
CHECKOUT = Path(__file__).parent.parent.parent
MEGABYTE = 1_000_000

_CALLER = """
import os, sys, time
from pathlib import Path
from rejections import sandbox
from rejections.reader import Choices, Limits

path = Path(sys.argv[1])
reading, _ = sandbox.look(path, Choices(), Limits())
with sandbox.copy_stream(path, reading, Limits()) as stream:
    stream.read(10)
    print(Path(f"/proc/self/task/{os.getpid()}/children").read_text().strip(), flush=True)
    time.sleep(60)
"""


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def endless(tmp_path: Path) -> Path:
    """A file whose rows no pipe holds."""
    return written(tmp_path, "lead_id,reason\n" + "1,Duplicate lead\n" * 200_000)


def staged(stream: io.BufferedReader | io.BytesIO) -> list[Record]:
    """What PostgreSQL makes of the COPY text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS tried (n serial, line int, cells text[], problem text); TRUNCATE tried"
        )
        cursor.copy_expert("COPY tried (line, cells, problem) FROM STDIN", stream)
        cursor.execute("SELECT line, cells, problem FROM tried ORDER BY n")
        return [Record(line, tuple(cells), problem) for line, cells, problem in cursor.fetchall()]


def reading_of(path: Path) -> Reading:
    return sandbox.look(path, DETECT, USUAL)[0]


def children() -> set[str]:
    """The readers this process has started and not seen end."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return {pid for pid in started if b"rejections.reader.child" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def running(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


# What is handed over.


def test_look_gives_the_reading_and_the_first_rows() -> None:
    reading, first = sandbox.look(FILES / "space-after-comma.csv", DETECT, USUAL)
    assert reading.columns == ("lead_id", "rejection_reason")
    assert first == [
        Record(2, ("1", " Duplicate Lead")),
        Record(3, ("2", " Failed Validation: Not UK Based")),
    ]


def test_look_shows_twenty_rows_and_the_beginning_of_long_cells(tmp_path: Path) -> None:
    _, first = sandbox.look(written(tmp_path, "lead_id,reason\n" + f"1,{'x' * 9000}\n" * 50), DETECT, USUAL)
    assert len(first) == 20
    assert first[0].cells == ("1", "x" * 300)


@pytest.mark.parametrize(
    "name",
    [
        "space-after-comma.csv", "semicolon.csv", "unclosed-quote.csv", "mixed-newlines.csv", "nul-bytes.csv",
        "utf-8-with-one-broken-line.csv", "utf16-excel.csv", "shift-jis.csv", "ragged.csv", "no-header.csv",
        "lead-id-as-float.xlsx",
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_postgresql_takes_every_row_as_it_was_read(name: str) -> None:
    reading = reading_of(FILES / name)
    with sandbox.copy_stream(FILES / name, reading, USUAL) as stream:
        found = staged(stream)
    assert found == list(records(FILES / name, reading, USUAL))
    assert stream.summary == sandbox.Summary(
        rows=len(found), unreadable=sum(row.problem is not None for row in found), last_line=found[-1].line
    )


class CopyText(TestCase):
    """COPY text means to PostgreSQL what the record holds."""

    @settings(max_examples=200, deadline=None)
    @given(
        found=st.lists(
            st.tuples(
                st.lists(
                    st.text(
                        st.sampled_from('"\\{}\t\n\r,N')
                        | st.characters(codec="utf-8", exclude_characters="\x00")
                    ),
                    min_size=1,
                    max_size=4,
                ),
                st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
            ),
            min_size=1,
            max_size=20,
        )
    )
    def test_any_text_comes_back(self, found: list[tuple[list[str], str | None]]) -> None:
        made = [Record(line, tuple(cells), problem) for line, (cells, problem) in enumerate(found)]
        text = "".join(map(copy_line, made)).encode()
        assert staged(io.BytesIO(text)) == made


# Refusals reach the caller, whatever stands in between.


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty.csv", "empty_file"),
        ("only-header.csv", "header_only"),
        ("page.xls", "not_a_table"),
        ("password.xlsx", "encrypted"),
        ("sparse-bomb.xlsx", "too_many_cells"),
        ("gone.csv", "file_missing"),
    ],
)
def test_look_refuses_as_the_reader_does(name: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        sandbox.look(FILES / name, DETECT, USUAL)
    assert refused.value.code == code
    assert "Nothing was changed." in refused.value.detail


@pytest.mark.django_db
def test_a_refusal_half_way_ends_the_copy_and_keeps_its_own_sentence(tmp_path: Path) -> None:
    path = endless(tmp_path)
    with (
        pytest.raises(Refused) as refused,
        transaction.atomic(),
        sandbox.copy_stream(path, reading_of(path), Limits(csv_rows=150_000)) as stream,
    ):
        staged(stream)
    assert refused.value.code == "too_many_rows"
    assert "150,000" in refused.value.detail
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.tried')")
        assert cursor.fetchone() == (None,)


def test_an_error_of_the_caller_stays_its_own(tmp_path: Path) -> None:
    path = endless(tmp_path)
    with pytest.raises(ZeroDivisionError), sandbox.copy_stream(path, reading_of(path), USUAL) as stream:
        stream.read(1 // 0)
    assert not children()


# No file harms the caller.


@pytest.mark.parametrize("choices", [Choices(), Choices(delimiter=",")])
def test_ten_megabytes_of_quotes_are_one_bad_line(tmp_path: Path, choices: Choices) -> None:
    path = written(tmp_path, b"lead_id,reason\n1,ok\n" + b'"' * 10_000_001 + b"\n2,ok\n")
    reading, first = sandbox.look(path, choices, USUAL)
    assert [(row.line, bool(row.problem)) for row in first] == [(2, False), (3, True), (4, False)]
    with sandbox.copy_stream(path, reading, USUAL) as stream:
        assert len(stream.read()) > 10_000_000
    assert stream.summary.unreadable == 1


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    shared = strings("<t>" + "A" * 60 * MEGABYTE + "</t>")
    path = workbook(
        tmp_path / "b.xlsx", {"S": rows(["lead_id"], [1.0])}, more={"xl/sharedStrings.xml": shared}
    )
    with pytest.raises(Refused) as refused:
        sandbox.look(path, DETECT, USUAL)
    assert refused.value.code == "bomb"


def test_a_bomb_that_the_look_ahead_lets_pass_kills_the_child_only(tmp_path: Path) -> None:
    sparse = '<row r="1"><c t="str"><v>lead_id</v></c></row>' + "<row><c><v>1</v></c></row>" * 9000
    sparse += "<row>" + "<c><v>1</v></c>" * 16_000 + "</row>"
    path = workbook(tmp_path / "b.xlsx", {"S": sparse})
    with pytest.raises(Refused) as refused:
        sandbox.look(path, DETECT, USUAL)
    assert refused.value.code in ("too_heavy", "unreadable_file")
    assert not children()


def test_too_little_memory_ends_with_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "lead_id,reason\n1," + "\U0001f600" * 10 * MEGABYTE + "\n2,x\n")
    with pytest.raises(Refused) as refused:
        sandbox.look(path, DETECT, USUAL, sandbox.Allowance(memory=60 * MEGABYTE))
    assert refused.value.code == "too_heavy"
    assert "memory" in refused.value.detail


def test_too_much_processor_time_ends_with_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "lead_id,reason\n" + 'a",b","c\n' * 400_000)
    reading = Reading("csv", ("a", "b"), ("a", "b"), 1, encoding="utf-8", delimiter=",", quote='"')
    with (
        pytest.raises(Refused) as refused,
        sandbox.copy_stream(path, reading, USUAL, sandbox.Allowance(cpu=1)) as stream,
    ):
        stream.read()
    assert refused.value.code == "too_heavy"
    assert "time" in refused.value.detail


def test_silence_ends_with_a_sentence(tmp_path: Path) -> None:
    path = endless(tmp_path)
    with pytest.raises(Refused) as refused:
        sandbox.look(path, DETECT, USUAL, sandbox.Allowance(silence=0.01))
    assert refused.value.code == "too_heavy"
    assert not children()


def test_time_in_which_nobody_reads_is_not_counted(tmp_path: Path) -> None:
    path = endless(tmp_path)
    with sandbox.copy_stream(path, reading_of(path), USUAL, sandbox.Allowance(silence=3)) as stream:
        stream.read(10)
        time.sleep(3.5)
        while stream.read(MEGABYTE):
            pass
    assert stream.summary.rows == 200_000


def test_the_child_ends_when_nobody_reads_on(tmp_path: Path) -> None:
    path = endless(tmp_path)
    with sandbox.copy_stream(path, reading_of(path), USUAL) as stream:
        stream.read(10)
        assert children()
    assert not children()


def test_the_child_ends_when_its_caller_is_killed(tmp_path: Path) -> None:
    path = endless(tmp_path)
    caller = subprocess.Popen(
        [sys.executable, "-c", _CALLER, str(path)], stdout=subprocess.PIPE, cwd=CHECKOUT
    )
    assert caller.stdout is not None
    child = caller.stdout.readline().decode().strip()
    assert running(child)
    caller.kill()
    caller.wait()
    caller.stdout.close()
    deadline = time.monotonic() + 10
    while running(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_child_never_loads_django() -> None:
    check = "import sys, rejections.sandbox, rejections.reader.child as c; print('django' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", check], capture_output=True, cwd=CHECKOUT, check=True).stdout
    assert said == b"False\n"


def test_the_child_knows_no_secret_and_has_little_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for the child")
    path = endless(tmp_path)
    with sandbox.copy_stream(path, reading_of(path), USUAL) as stream:
        stream.read(10)
        (child,) = children()
        environment = Path(f"/proc/{child}/environ").read_bytes()
        limits = Path(f"/proc/{child}/limits").read_text()
        loaded = Path(f"/proc/{child}/maps").read_text()
    assert environment.rstrip(b"\x00").split(b"\x00") == [b"LC_ALL=C.UTF-8"]
    room = {line[:25].strip(): line[25:].split()[0] for line in limits.splitlines()}
    assert room["Max address space"] == "1000000000"
    assert room["Max file size"] == "0"
    assert room["Max open files"] == "32"
    assert room["Max cpu time"] == "120"
    assert "psycopg2" not in loaded


def test_the_child_takes_little_memory_and_starts_at_once(tmp_path: Path) -> None:
    path = endless(tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    reading_of(FILES / "space-after-comma.csv")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime) < 0.5
    with sandbox.copy_stream(path, reading_of(path), USUAL) as stream:
        stream.read(3 * MEGABYTE)
        (child,) = children()
        peak = Path(f"/proc/{child}/status").read_text().split("VmHWM:")[1].split()[0]
    assert int(peak) < 60_000
