"""Spreadsheet damage is known again, and what a person writes is not taken for it."""

from __future__ import annotations

import time
import unicodedata
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leads.damage import KINDS, damage, plain
from leads.sheet import same_text

DAMAGED = [
    ("Müller", "MÃ¼ller"),
    ("Müller", "M?ller"),
    ("Müller", "M\ufffdller"),
    ("Müller", "MÃƒÂ¼ller"),
    ("Šimůnek", "Å imÅ¯nek"),
    ("東京", "??"),
    ("Łódź", "?ód?"),
    ("Zoë 🙂", "Zoë ?"),
    ("Zoë 🙂", "Zo? ????"),
    ("007", "7"),
    ("00447911120400", "447911120400"),
    ("+447911120400", "447911120400"),
    ("447911120400", "4.47911E+11"),
    ("447911120400", "4,47911E+11"),
    ("+447911120400", "4.47911E+11"),
    ("1234567890123456", "1234567890123450"),
    ("1234567890123456", "1.23456789012346E+15"),
    ("12345678901234567890", "12345678901234567168"),
    ("+48 601 852620", "4.86019E+10"),
    ("+48 601 852620", "4.860185262E+10"),
    ("+48 601 852620", "48601852620"),
    ("+48 601 852620", "48 601 852620"),
    ("+351 (91) 753-1642", "3.51918E+11"),
    ("+351 (91) 753-1642", "3,5E+11"),
    ("+351 (91) 753-1642", "351917531642"),
    ("+351\u00a0(91)\u00a0753–1642", "3.51918E+11"),
    ("020 7946 0958", "2.07946E+9"),
    ("020 7946 0958", "2079460958"),
    ("601.852.620", "6.01853E+08"),
    ("+48 601 852620 123456", "48601852620123400"),
    ("+48 601 852620 123456", "4.86018526201235E+16"),
    ("1.50", "1.5"),
    ("1,204", "1204"),
    ("1.204,50", "1204.5"),
    ("1 234 567", "1234567"),
    ("1.234.567", "1234567"),
    ("50%", "0.5"),
    ("1E5", "100000"),
    ("2E-3", "0.002"),
    ("2026-03-04", "04/03/2026"),
    ("2026-03-04", "3/4/2026"),
    ("2026-03-04", "04.03.26"),
    ("2026-03-04", "46085"),
    ("2026-03-04", "4. Mär 2026"),
    ("04/03/2026", "2026-03-04"),
    ("04/03/2026", "4 Mar 2026"),
    ("2026-03-04 10:30:00", "04/03/2026 10:30"),
    ("2026-03-04T10:30:00Z", "2026-03-04 10:30:00"),
    ("1-2", "2-Jan"),
    ("1-2", "01-Feb"),
    ("1/2", "02/01/2026"),
    ("MAR1", "1-Mar"),
    ("SEPT2", "02-Sep"),
    ("3/26", "Mar-26"),
    ("9:30", "09:30:00"),
    ("9:30", "9:30 AM"),
    ("true", "TRUE"),
    ("true", "1"),
    ("false", "FALSCH"),
    ("1", "TRUE"),
    (" Ann  Lee ", "Ann Lee"),
    ("Ann\u00a0Lee", "Ann Lee"),
    ("Ann Lee", "Ann\u00a0Lee"),
    ("line\tone", "line one"),
    ("e\u0301", "é"),
    ('5" disk', "5” disk"),
    ("it's - so...", "it’s – so…"),
    ("=cmd()", "#NAME?"),
    ("-x", "Err:509"),
    ("'007", "7"),
    ("x" * 40_000, "x" * 32_767),
]
EDITED = [
    ("U.S.A.", "United States"),
    ("Müller", "Mueller"),
    ("Müller", "Muller"),
    ("Müller", "Miller"),
    ("007", "8"),
    ("007", ""),
    ("+447911120400", "447911120401"),
    ("447911120400", "4.57911E+11"),
    ("447911120400", "447911120000"),
    ("1234567890123456", "1234567890123460000"),
    ("1234567890123456", "2234567890123450"),
    ("+48 601 852620", "4.86029E+10"),
    ("+48 601 852620", "4.86019E+11"),
    ("+48 601 852620", "48601852621"),
    ("+48 601 852620", "48601900000"),
    ("+48 601 852620", "+48601852620"),
    ("+48 601 852620", "601852620"),
    ("+351 (91) 753-1642", "+351 917 531 642"),
    ("+351 (91) 753-1642", "3.51928E+11"),
    ("(917) 531-6420", "9175316420"),
    ("020 7946 0958", "02079460958"),
    ("12345", "+48 601 852620"),
    ("+48 601 852620 ext 5", "4.86019E+10"),
    ("1 234 567.50", "1.23457E+8"),
    ("+48 601 852620 123456", "48601852620123600"),
    ("2026-03-04", "2026-04-03"),
    ("2026-03-04", "05/03/2026"),
    ("2026-03-04", "04/03/2025"),
    ("03/04/2026", "04/03/2026"),
    ("2026-03-04", "46086"),
    ("true", "false"),
    ("true", "yes"),
    ("9:30", "09:31:00"),
    ("Ann Lee", "AnnLee"),
    ("Ann Lee", "ann lee"),
    ("東京", "大阪"),
    ("東京", "?"),
    ("Łódź", "?ada"),
    ("=cmd()", "cmd()"),
    ("1", "11"),
    ("abc", "#NAME?"),
    ("x" * 40_000, "x" * 100),
    ("", "x"),
]


@pytest.mark.parametrize(("stored", "cell"), DAMAGED)
def test_damage_is_recognised(stored: str, cell: str) -> None:
    assert damage(stored, cell), (stored, cell)


@pytest.mark.parametrize(("stored", "cell"), EDITED)
def test_an_edit_is_an_edit(stored: str, cell: str) -> None:
    assert damage(stored, cell) is None


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABC"), min_size=1, max_size=12)
digits = st.text(st.sampled_from("0123456789"), min_size=1, max_size=25)
days = st.dates(date(1930, 1, 1), date(2069, 12, 31))


def undone(stored: str, cell: str) -> bool:
    return same_text(stored, cell) or damage(stored, cell) is not None


@settings(deadline=None)
@given(texts)
def test_what_came_back_whole_is_not_damaged(text: str) -> None:
    assert damage(text, text) is None


@settings(deadline=None)
@given(texts)
def test_spaces_and_invisible_characters(text: str) -> None:
    assert undone(text, f"\u00a0{text}\u200b ")
    assert undone(text, " ".join(text.split()))
    assert undone(text, unicodedata.normalize("NFC", text))


@settings(deadline=None)
@given(texts)
def test_typographic_quotes(text: str) -> None:
    assert undone(text, text.replace('"', "”").replace("'", "’").replace("-", "–").replace("...", "…"))


@settings(deadline=None)
@given(digits)
def test_numbers(text: str) -> None:
    assert undone(text, str(int(text)))
    assert undone("+" + text, str(int(text)))
    assert undone(text, repr(float(text)).upper() if float(text) >= 1e16 else str(int(float(text))))


@settings(deadline=None)
@given(st.integers(10**5, 10**14), st.integers(0, 13))
def test_exponent_forms(number: int, decimals: int) -> None:
    assert undone(str(number), f"{Decimal(number):.{decimals}E}")


phones = st.text(st.sampled_from("0123456789"), min_size=7, max_size=15)


@settings(deadline=None)
@given(
    phones, st.lists(st.sampled_from(["", " ", "-", ") ", "/"]), min_size=15, max_size=15), st.integers(3, 13)
)
def test_phones_written_in_any_way(text: str, gaps: list[str], decimals: int) -> None:
    assume(int(text) >= 1000)
    written = "+" + "".join(map("".join, zip(text, gaps, strict=False))).rstrip(" -)/")
    assert undone(written, f"{Decimal(int(text)):.{decimals}E}")
    assert undone(written, str(int(text)))
    assert damage(written, f"{Decimal(int(text)) * 10:.{decimals}E}") is None
    assert damage(written, str(int(text) + 1)) is None


@settings(deadline=None)
@given(
    days,
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%Y/%m/%d"]),
)
def test_dates(day: date, form: str) -> None:
    assert undone(day.isoformat(), day.strftime(form))
    assert undone(day.strftime(form), day.isoformat())
    assert undone(day.isoformat(), str((day - date(1899, 12, 30)).days))


@settings(deadline=None)
@given(days, st.integers(1, 4000))
def test_another_day_in_the_same_form_is_an_edit(day: date, later: int) -> None:
    assert damage(day.isoformat(), (day + timedelta(days=later)).isoformat()) is None
    assert damage(f"{day:%d/%m/%Y}", f"{day + timedelta(days=later):%d/%m/%Y}") is None


@settings(deadline=None)
@given(texts, st.sampled_from(["cp1252", "latin-1", "mac_roman"]))
def test_wrong_encodings(text: str, codec: str) -> None:
    try:
        misread = text.encode().decode(codec)
    except UnicodeDecodeError:
        assume(False)
    assert undone(text, misread)


@settings(deadline=None)
@given(texts, st.sampled_from(["ascii", "cp1252", "iso8859_2"]))
def test_characters_lost_in_an_encoding(text: str, codec: str) -> None:
    assert undone(text, text.encode(codec, "replace").decode(codec))


@settings(deadline=None)
@given(texts)
def test_read_as_utf_8_what_was_not(text: str) -> None:
    assert undone(text, text.encode("cp1252", "replace").decode("utf-8", "replace")) or "'" in text


@settings(deadline=None)
@given(words, words)
def test_other_words_are_edits(before: str, after: str) -> None:
    assume(before.casefold() != after.casefold())
    assume({before.casefold(), after.casefold()}.isdisjoint({"true", "false"}))
    assert damage(before, after) is None


@settings(deadline=None)
@given(st.integers(10**13, 10**14 - 1), st.integers(10**13, 10**14 - 1))
def test_other_numbers_are_edits(before: int, after: int) -> None:
    assume(before != after)
    assert damage(str(before), str(after)) is None


@settings(deadline=None)
@given(texts, texts)
def test_it_never_fails_and_a_repair_needs_some_likeness(stored: str, cell: str) -> None:
    how = damage(stored, cell)
    if how and plain(stored).isascii() and plain(stored).isalpha():
        kind = KINDS.get(how)
        assert kind is None or plain(stored).casefold() in ("true", "false")


def test_hostile_texts_take_no_time() -> None:
    began = time.process_time()
    damage("é?" * 500, "?" * 1000 + "!")
    damage("é?" * 50_000, "?" * 100_000 + "!")
    damage("1" * 100_000, "1" * 99_999 + "E+5")
    damage("1,1" * 30_000, "1.1" * 30_000)
    damage("+1-" * 30_000, "1.1E+9")
    damage("\u0301" * 50_000, "e" * 50_000)
    assert time.process_time() - began < 10
