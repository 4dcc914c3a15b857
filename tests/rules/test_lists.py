"""How list values and client phrases are compared, and what a text on a list stands for."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.lists import Picklist, caseless, fold, fold_phrase, natural, resolve, storable, trim

COUNTRIES = Picklist.of(
    values=[
        ("United States", False),
        ("Côte d'Ivoire", False),
        ("日本", False),
        ("Czechia", False),
        ("Yugoslavia", True),
        ("IT", False),
        ("it", False),
    ],
    entries=[
        ("U.S.A.", "United States"),
        ("America", "United States"),
        ("Czech Republic", "Czechia"),
        ("SFRJ", "Yugoslavia"),
        ("Never was", "Atlantis"),
    ],
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("United States", "united states", id="case is folded"),
        pytest.param("  United   States ", "united states", id="outer space goes, inner becomes single"),
        pytest.param("United\u00a0States\u200b", "united states", id="non-breaking and invisible space too"),
        pytest.param("1 10", "1 10", id="inner space is not removed: 1 10 is not 110"),
        pytest.param("Ｕｎｉｔｅｄ", "united", id="full-width letters are letters"),
        pytest.param("Straße", "strasse", id="ß is ss"),
        pytest.param("São Tomé", "sao tome", id="marks on Latin go"),
        pytest.param("Sa\u0303o", "sao", id="also when they stand apart"),
        pytest.param("Ἑλλάς", "ελλασ", id="marks on Greek go"),
        pytest.param("Україна", "украіна", id="marks on Cyrillic go"),
        pytest.param("İSTANBUL", "istanbul", id="the Turkish dotted I is an i"),
        pytest.param("がん", "がん", id="a Japanese mark is part of the letter"),
        pytest.param("हिन्दी", "हिन्दी", id="an Indic vowel sign is a letter"),
        pytest.param("إيران", "إيران", id="an Arabic hamza stays"),
        pytest.param("מַיִם", "מַיִם", id="Hebrew points stay"),
        pytest.param("한국", "한국", id="Korean syllables stay whole"),
        pytest.param("Ørsted", "ørsted", id="a stroke is no combining mark"),
        pytest.param("", "", id="nothing is nothing"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == unicodedata.normalize("NFC", folded)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("United States", "United States", id="a value is itself"),
        pytest.param("UNITED  STATES ", "United States", id="in another spelling too"),
        pytest.param("U.S.A.", "United States", id="an entry of the list mapper stands for its value"),
        pytest.param("u.s.a.", "United States", id="an entry in another spelling"),
        pytest.param("cote D'IVOIRE", "Côte d'Ivoire", id="without its marks"),
        pytest.param("日本", "日本", id="in any script"),
        pytest.param("Yugoslavia", None, id="a retired value is none"),
        pytest.param("SFRJ", None, id="nor is an entry for a retired value"),
        pytest.param("Never was", None, id="nor an entry for a value that is not there"),
        pytest.param("IT", "IT", id="exact spelling wins among values that fold alike"),
        pytest.param("it", "it", id="for each of them"),
        pytest.param("It", None, id="any other spelling of these is not guessed"),
        pytest.param("Atlantis", None, id="what is not on the list is none"),
        pytest.param("", None, id="nor is nothing"),
    ],
)
def test_a_text_stands_for_a_value(text: str, value: str | None) -> None:
    assert resolve(COUNTRIES, text) == value


def test_a_values_own_spelling_goes_before_an_entry() -> None:
    picklist = Picklist.of([("CA", False), ("Canada", False)], [("CA", "Canada")])
    assert resolve(picklist, "CA") == "CA"
    assert resolve(picklist, "ca") == "CA"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("  Duplicate   Lead ", "duplicate lead", id="case, outer and doubled space"),
        pytest.param("Déjà vu", "déjà vu", id="accents count"),
        pytest.param("Wrong-number!", "wrong-number!", id="signs count"),
        pytest.param("Ｆｕｌｌ", "ｆｕｌｌ", id="widths count"),
    ],
)
def test_phrases_are_folded_less(text: str, folded: str) -> None:
    assert fold_phrase(text) == folded


def test_trimming_takes_what_nobody_sees() -> None:
    assert trim("\ufeff \u202a+44\t\u200b") == "+44"
    assert trim("' '12", leading="'") == "12"


@given(st.text(st.characters(), max_size=80))
def test_folding_is_done_once_for_all_and_can_be_stored(text: str) -> None:
    for folding in (fold, fold_phrase, caseless, storable):
        folded = folding(text)
        assert folding(folded) == folded
        folded.encode()
        assert "\x00" not in folded


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf"]), max_size=80))
def test_folding_looks_at_neither_composition_nor_space(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)
    assert fold(f"  {text}\u00a0 ") == fold(text)


@pytest.mark.parametrize("text", ["a" + "\u0301\u0323" * 50_000, "\ufdfa" * 999, "\u200b" * 100_000])
def test_a_hostile_cell_costs_no_time(text: str) -> None:
    started = time.process_time()
    fold(text)
    assert time.process_time() - started < 10


def test_numbers_go_by_their_value_and_letters_whatever_their_case() -> None:
    texts = ["sales", "10001+", "1001-5000", "1-50", "Zoo", "51-200", "Sales", "apple 10", "Apple 9"]
    in_order = ["1-50", "51-200", "1001-5000", "10001+", "Apple 9", "apple 10", "Sales", "sales", "Zoo"]
    assert sorted(texts, key=natural) == in_order
