"""Keys, and what spreadsheets do to them."""

from __future__ import annotations

from decimal import Decimal

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.identifiers import KINDS, NO_LEAD_ID, damage, normalise

HOSTILE = [
    "\x00",
    "\ud800",
    "\u202e",
    "'\u200b'\u200b' ",
    "a" + "\u0301\u0323" * 50_000,
    "\ufdfa" * 999,
    "9" * 100_000,
    "9e" * 50_000,
    "@" + "ü." * 50_000,
    " '" * 50_000,
    "{" * 100_000,
    "1E+" + "9" * 5_000,
]

TEXTS = st.one_of(
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from("0123456789+-.,eE' ()@{}'\u202a\u200b\u0301\ud800\x00ßİſǅ①٣ü"), max_size=40),
    st.sampled_from(HOSTILE),
)
REGIONS = st.sampled_from(["GB", "US", "DE", "IT", "AR", "BR", "MX", "RU", "JP", "", "ZZ", "gb"])
#: Also a field kind that has no entry of its own.
ANY_KIND = st.sampled_from([*KINDS, "picklist"])


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        pytest.param("lead_id", "4799020", "4799020", id="a Lead ID is its digits"),
        pytest.param("lead_id", " '4799020 ", "4799020", id="outer space and the apostrophe are dropped"),
        pytest.param("lead_id", "100000.0", "100000", id="a number cell comes as a float"),
        pytest.param("lead_id", "100000.000", "100000", id="with as many zeros as there are"),
        pytest.param("lead_id", "0042", "42", id="zeros before a Lead ID mean nothing"),
        pytest.param("lead_id", "１２", "12", id="full-width digits are digits"),
        pytest.param("lead_id", "\ufeff12\u202c", "12", id="invisible characters around it are dropped"),
        pytest.param("lead_id", "9" * 18, "9" * 18, id="18 digits are a Lead ID"),
        pytest.param("lead_id", "9" * 19, NO_LEAD_ID, id="19 digits find nothing"),
        pytest.param("lead_id", "abc", NO_LEAD_ID, id="letters find nothing"),
        pytest.param("lead_id", "-12", NO_LEAD_ID, id="a negative number finds nothing"),
        pytest.param("lead_id", "12.5", NO_LEAD_ID, id="a fraction finds nothing"),
        pytest.param("lead_id", "1 2", NO_LEAD_ID, id="two numbers find nothing"),
        pytest.param("lead_id", "1,204", NO_LEAD_ID, id="a grouped number is never guessed"),
        pytest.param("lead_id", "4.47911E+11", NO_LEAD_ID, id="exponent form finds nothing by itself"),
        pytest.param("lead_id", "", None, id="nothing is blank"),
        pytest.param("lead_id", " \u00a0\u200b", None, id="invisible is blank"),
        pytest.param("lead_id", "'", None, id="an apostrophe alone is blank"),
        pytest.param(
            "uid",
            "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
            "3f2504e04f8911d39a0c0305e82c3301",
            id="a UID is without case, braces, dashes",
        ),
        pytest.param("uid", "A–B—C", "abc", id="typographic dashes are dashes"),
        pytest.param("uid", "---", "---", id="a UID of dashes alone stays, it is not blank"),
        pytest.param(
            "email", " 'Zoë@BÜCHER.de ", "zoë@xn--bcher-kva.de", id="e-mail: trimmed, lower case, IDNA"
        ),
        pytest.param("email", "A@XN--BCHER-KVA.DE", "a@xn--bcher-kva.de", id="e-mail: already IDNA"),
        pytest.param("email", "nobody", "nobody", id="e-mail: not one, finds nothing"),
        pytest.param("email", "straße@a.de", "straße@a.de", id="e-mail: ß is not ss"),
        pytest.param("phone", "07911 204418", "+447911204418", id="phone: national"),
        pytest.param(
            "phone", "7911204418", "+447911204418", id="phone: the zero lost, which the region covers"
        ),
        pytest.param(
            "phone", "447911204418", "+447911204418", id="phone: the plus lost, which the region covers"
        ),
        pytest.param("phone", "0044 (7911) 204-418", "+447911204418", id="phone: dialled from home"),
        pytest.param("phone", "+33 6 12 34 56 78", "+33612345678", id="phone: from abroad"),
        pytest.param("phone", "'+447911204418", "+447911204418", id="phone: apostrophe"),
        pytest.param(
            "phone", "\u202a+447911204418\u202c", "+447911204418", id="phone: copied with bidi marks"
        ),
        pytest.param("phone", "447911204418.0", "+447911204418", id="phone: as a float"),
        pytest.param("phone", "4.47911E+11", "4.47911e+11", id="phone: exponent form is no number"),
        pytest.param("phone", "n/a", "n/a", id="phone: none, finds nothing"),
        pytest.param("text", "  Ａcme \t LTD ", "acme ltd", id="text: NFKC, case, single spaces"),
        pytest.param("text", "Straße", "strasse", id="text: case-folded"),
        pytest.param("text", "'t Hooft", "t hooft", id="text: the apostrophe goes on both sides"),
        pytest.param("text", "a\x00b", "a\ufffdb", id="text: NUL cannot be stored"),
        pytest.param("number", " 007 ", "007", id="any other field kind is compared as text"),
    ],
)
def test_a_text_becomes_its_key(kind: str, text: str, key: str | None) -> None:
    assert normalise(kind, text, "GB") == key


def test_two_long_texts_have_two_keys() -> None:
    one, other = normalise("text", "x" * 5000), normalise("text", "X " + "x" * 5000)
    assert one != other
    assert one == normalise("text", "X" * 5000)


@given(ANY_KIND, TEXTS, REGIONS)
@settings(deadline=None)
def test_any_text_has_a_key_that_is_its_own_key_and_can_be_stored(kind: str, text: str, region: str) -> None:
    key = normalise(kind, text, region)
    damage(kind, text, region)
    if key is not None:
        assert normalise(kind, key, region) == key
        assert "\x00" not in key
        assert len(key.encode()) <= 1600
    if kind == "lead_id" and key is not None:
        assert 0 <= int(key) < 10**18


@pytest.mark.parametrize(
    ("kind", "text", "region"),
    [
        pytest.param("phone", "07911120400", "GB", id="a national number"),
        pytest.param("phone", "7911120400", "GB", id="its zero lost: the region covers it"),
        pytest.param("phone", "447911204418", "GB", id="its plus lost: the region covers it"),
        pytest.param("phone", "612345678", "FR", id="a French number without its zero"),
        pytest.param("phone", "+447911000000", "GB", id="zeros at the end, but the plus shows a text cell"),
        pytest.param("phone", "447700900000", "GB", id="five zeros at the end are a number"),
        pytest.param("phone", "0612345678", "GB", id="a wrong number that shows a text cell"),
        pytest.param("phone", "12345", "GB", id="digits that are no number anywhere"),
        pytest.param("lead_id", "100000", "", id="a round Lead ID"),
        pytest.param("lead_id", "900719925474099", "", id="15 digits"),
        pytest.param("lead_id", "9007199254740993", "", id="a number no float can hold was never in one"),
        pytest.param("text", "1234567890123456", "", id="16 digits below 2^53, the last not lost"),
        pytest.param("text", "1.2345E+02", "", id="a fraction"),
        pytest.param("text", "12E", "", id="a code with a letter"),
        pytest.param("uid", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "", id="a UUID"),
        pytest.param("email", "4.47911E+11", "", id="an e-mail has no digits to lose"),
        pytest.param("lead_id", "0E+11", "", id="nothing times something"),
        pytest.param("lead_id", "1E+99", "", id="a number beyond all identifiers"),
        pytest.param("lead_id", "", "", id="blank"),
    ],
)
def test_a_whole_text_is_not_suspected(kind: str, text: str, region: str) -> None:
    assert damage(kind, text, region) is None


@pytest.mark.parametrize(
    ("kind", "text", "region", "could_be", "could_not_be", "how"),
    [
        pytest.param(
            "phone", "4.47911E+11", "GB", "+447911204418", "+447912204418",
            "Scientific notation: a spreadsheet kept only 6 digits", id="exponent form, international",
        ),
        pytest.param(
            "phone", " '4,47911e+11 ", "GB", "+447911204418", "+4479112044",
            "Scientific notation: a spreadsheet kept only 6 digits", id="the same with a decimal comma",
        ),
        pytest.param(
            "phone", "7.91E+09", "GB", "+447911204418", "+4479112044180",
            "Scientific notation: a spreadsheet kept only 3 digits", id="exponent form of a national number",
        ),
        pytest.param(
            "phone", "6.12E+08", "IT", "+390612345678", "+390622345678",
            "Scientific notation: a spreadsheet kept only 3 digits", id="a national number whose zero counts",
        ),
        pytest.param(
            "phone", "447911000000", "GB", "+447911204418", "+447912204418",
            "Only zeros at the end: a spreadsheet kept only 6 digits", id="exponent form saved as a number",
        ),
        pytest.param(
            "phone", "33612345678", "GB", "+33612345678", "+4433612345678",
            "The plus sign or a leading zero seems to be lost", id="a foreign number without its plus",
        ),
        pytest.param(
            "phone", "612345678", "IT", "+390612345678", "+39612345678",
            "The plus sign or a leading zero seems to be lost", id="an Italian number without its zero",
        ),
        pytest.param(
            "lead_id", "1.00E+05", "", "99999", "101000",
            "Scientific notation: a spreadsheet kept only 3 digits", id="rounded up to one digit more",
        ),
        pytest.param("lead_id", "1.23E+02", "", "123", "124", "Scientific notation", id="nothing was lost"),
        pytest.param(
            "lead_id", "9007199254740992", "", "9007199254740993", "9007199254740994",
            "Too large for a spreadsheet: the last digits may have been rounded", id="from 2^53 on",
        ),
        pytest.param(
            "text", "12345678901234500.0", "", "12345678901234567", "12345678901234600",
            "A spreadsheet keeps 15 digits: the digits after them may have been lost", id="cut at the 15th",
        ),
        pytest.param(
            "text", "4.47911E+11", "", "00447911204418", "000447911204418",
            "Scientific notation: a spreadsheet kept only 6 digits", id="a text that began with zeros",
        ),
        pytest.param(
            "uid", "1E10", "", "10000000000", "1e10",
            "Scientific notation: a spreadsheet kept only 1 digit", id="a code that may have been a number",
        ),
    ],
)  # fmt: skip
def test_damage_is_recognised(
    kind: str, text: str, region: str, could_be: str, could_not_be: str, how: str
) -> None:
    found = damage(kind, text, region)
    assert found is not None
    assert found.how == how
    assert found.could_be(could_be)
    assert not found.could_be(could_not_be)


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        pytest.param("12345678901234500", True, id="lost digits may be another lead's key: a hit is doubted"),
        pytest.param("9007199254740992", True, id="so may rounded ones"),
        pytest.param("1E10", False, id="a key that is spelt like this is that key"),
    ],
)
def test_a_hit_is_doubted_only_where_another_key_may_look_the_same(text: str, doubted: bool) -> None:
    found = damage("text", text)
    assert found is not None
    assert found.doubts_hit is doubted


def test_a_lead_id_range_stays_within_what_the_database_can_compare() -> None:
    found = damage("lead_id", "1E+30")
    assert found is not None
    assert found.id_range == (10**18 - 1, 10**18 - 1)


DIGITS = st.integers(min_value=1, max_value=9).flatmap(
    lambda first: st.text("0123456789", min_size=9, max_size=14).map(lambda rest: f"{first}{rest}")
)
LONG_NUMBERS = st.integers(min_value=10**15, max_value=10**18 - 1)


def written_with(digits: str, kept: int, comma: bool) -> str:
    """`digits` as a spreadsheet shows them in a cell with room for `kept` of them."""
    text = f"{Decimal(digits):.{kept - 1}E}"
    return text.replace(".", ",") if comma else text


def assert_fetched_and_held(kind: str, text: str, region: str, key: str) -> None:
    """What SQL fetches by span holds the key, by prefix and length as well as by order."""
    found = damage(kind, text, region)
    assert found is not None
    assert found.could_be(key)
    assert any(key.startswith(span.prefix) and len(key) == span.length for span in found.spans)
    assert any(span.low <= key <= span.high for span in found.spans)


@given(
    st.sampled_from([("phone", "+"), ("phone", "+44"), ("phone", "+440"), ("text", ""), ("text", "+")]),
    DIGITS,
    st.integers(min_value=1, max_value=9),
    st.booleans(),
)
def test_a_key_in_exponent_form_is_found_again(
    kind_and_head: tuple[str, str], digits: str, kept: int, comma: bool
) -> None:
    kind, head = kind_and_head
    assert_fetched_and_held(kind, written_with(digits, kept, comma), "GB", head + digits)


@given(DIGITS, st.integers(min_value=1, max_value=9))
def test_a_lead_id_in_exponent_form_is_in_the_range(digits: str, kept: int) -> None:
    found = damage("lead_id", written_with(digits, kept, comma=False))
    assert found is not None
    low, high = found.id_range
    assert low <= int(digits) <= high


@given(st.sampled_from(["lead_id", "uid", "text"]), LONG_NUMBERS)
def test_a_number_cut_after_15_digits_is_found_again(kind: str, number: int) -> None:
    digits = str(number)
    assert_fetched_and_held(kind, digits[:15].ljust(len(digits), "0"), "", digits)


@given(st.sampled_from(["lead_id", "text"]), st.integers(min_value=2**53, max_value=10**18 - 100))
def test_a_number_that_was_a_float_is_found_again(kind: str, number: int) -> None:
    for text in (str(int(float(number))), str(int(Decimal(repr(float(number)))))):
        assert_fetched_and_held(kind, text, "", str(number))


def test_a_phone_that_can_exist_is_its_own_key() -> None:
    """The door takes it for its key without a look."""
    examples = [
        phonenumbers.example_number_for_type(region, kind)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in phonenumbers.PhoneNumberType.values()
    ]
    keys = [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in examples if one]
    assert len(keys) > 1000
    assert [normalise("phone", key, "GB") for key in keys] == keys


@given(st.integers(min_value=10**11, max_value=10**14))
def test_a_phone_rounded_to_six_digits_is_found_again(number: int) -> None:
    rounded = int(Decimal(f"{Decimal(number):.5E}"))
    assert_fetched_and_held("phone", str(rounded), "GB", f"+{number}")
