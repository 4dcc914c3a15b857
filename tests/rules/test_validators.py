"""Each field kind: what passes and how it is judged, and what is refused."""

from __future__ import annotations

import time

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.countries import country
from campaigns.patterns import matches, pattern_problem
from campaigns.validators import KINDS, SYSTEM_ERROR, Refused, Rule

BRITISH = Rule(phone_region="GB", day_first=True)
AMERICAN = Rule(phone_region="US", day_first=False)


def judged(kind: str, text: str, rule: Rule = BRITISH) -> str | None:
    """The value as judged; None when it is refused."""
    answer = KINDS[kind].judge(text, rule)
    return None if isinstance(answer, Refused) else answer


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("Zoe@EXAMPLE.com", "Zoe@example.com", id="the domain has no case"),
        pytest.param("a@bücher.de", "a@bücher.de", id="an international domain"),
        pytest.param("zoë@example.com", "zoë@example.com", id="an international name"),
        pytest.param("a+b@example.co.uk", "a+b@example.co.uk", id="with a tag"),
        pytest.param("a@example", None, id="a domain without a dot"),
        pytest.param("a@@example.com", None, id="two signs"),
        pytest.param("a@example.com, b@example.com", None, id="two addresses"),
        pytest.param("Zoe <a@example.com>", None, id="with a name before it"),
        pytest.param("n/a", None, id="none"),
        pytest.param("a@" + "b" * 100_000, None, id="far too long"),
    ],
)
def test_email(text: str, value: str | None) -> None:
    assert judged("email", text) == value


PLAINLIKE = st.text(st.sampled_from("abz09._+-A"), min_size=1, max_size=70)
DOMAINLIKE = st.one_of(
    st.sampled_from(
        ["example.com", "EXAMPLE.co.uk", "postbox.local", "bücher.de", "xn--bcher-kva.de", "a..b", "1.2"]
    ),
    st.text(st.sampled_from("abz0.-"), max_size=260),
)


@given(PLAINLIKE, DOMAINLIKE)
@settings(deadline=None)
def test_an_address_whose_domain_is_known_is_judged_as_a_whole_one_is(name: str, domain: str) -> None:
    address = f"{name}@{domain}"
    try:
        whole = validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError:
        whole = None
    assert judged("email", address) == judged("email", address) == whole


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        pytest.param("07911 204418", BRITISH, "+447911204418", id="dialled at home"),
        pytest.param("(201) 555-0123", AMERICAN, "+12015550123", id="dialled elsewhere"),
        pytest.param("+33 6 12 34 56 78", BRITISH, "+33612345678", id="from abroad"),
        pytest.param("447911204418.0", BRITISH, "+447911204418", id="as a float"),
        pytest.param("07911 20441", BRITISH, None, id="a digit short"),
        pytest.param("4.47911E+11", BRITISH, None, id="exponent form is no number"),
        pytest.param("33612345678", BRITISH, None, id="the plus lost"),
        pytest.param("call me", BRITISH, None, id="words"),
        pytest.param("1" * 100_000, BRITISH, None, id="far too long"),
    ],
)
def test_phone(text: str, rule: Rule, value: str | None) -> None:
    assert judged("phone", text, rule) == value


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Germany", "Germany", id="the English name"),
        pytest.param("GERMANY ", "Germany", id="in capitals"),
        pytest.param("de", "Germany", id="the code of two letters"),
        pytest.param("DEU", "Germany", id="the code of three letters"),
        pytest.param("Deutschland", "Germany", id="in German"),
        pytest.param("Allemagne", "Germany", id="in French"),
        pytest.param("Ísland", "Iceland", id="in Icelandic, with its accent"),
        pytest.param("Espana", "Spain", id="in Spanish, without its accent"),
        pytest.param("Россия", "Russian Federation", id="in Russian"),
        pytest.param("ドイツ", "Germany", id="in Japanese"),
        pytest.param("U.S.A.", "United States", id="with points"),
        pytest.param("The Netherlands", "Netherlands", id="with its article"),
        pytest.param("UK", "United Kingdom", id="a code that ISO does not have"),
        pytest.param("Scotland", "United Kingdom", id="a part in daily use"),
        pytest.param("Korea, Republic of", "South Korea", id="as ISO writes it"),
        pytest.param("Republic of Korea", "South Korea", id="turned round"),
        pytest.param("Côte d’Ivoire", "Côte d'Ivoire", id="with a typographic apostrophe"),
        pytest.param("Trinidad & Tobago", "Trinidad and Tobago", id="with an ampersand"),
        pytest.param("Mỹ", "United States", id="Vietnamese for America, not the code of Malaysia"),
        pytest.param("Congo", "Congo", id="an exact name goes before part of another"),
        pytest.param("Virgin Islands", None, id="a name of two countries names none"),
        pytest.param("Atlantis", None, id="no country"),
        pytest.param("Europe", None, id="more than a country"),
        pytest.param("", None, id="nothing"),
        pytest.param("826", None, id="a number"),
    ],
)
def test_country(text: str, name: str | None) -> None:
    assert country(text) == name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("1204", "1204", id="digits"),
        pytest.param("0012", "12", id="with zeros before"),
        pytest.param("1,204", "1204", id="one comma before three digits groups"),
        pytest.param("0,204", "0.204", id="but not after a zero"),
        pytest.param("1.204", "1.204", id="one point is decimal"),
        pytest.param("1.204.567", "1204567", id="two points group"),
        pytest.param("1,204.50", "1204.5", id="English"),
        pytest.param("1.204,50", "1204.5", id="German"),
        pytest.param("1 204,5", "1204.5", id="French"),
        pytest.param("1\u202f204\u00a0567", "1204567", id="with narrow spaces"),
        pytest.param("12’500", "12500", id="Swiss"),
        pytest.param("12,5", "12.5", id="a decimal comma"),
        pytest.param(".5", "0.5", id="without a zero before"),
        pytest.param("-5", "-5", id="negative"),
        pytest.param("\u22125", "-5", id="with a typographic minus"),
        pytest.param("-0.0", "0", id="nothing, negative"),
        pytest.param("1.5E+06", "1500000", id="exponent form"),
        pytest.param("１２", "12", id="full-width digits"),
        pytest.param("٤٢", "42", id="Arabic digits"),
        pytest.param("100", "100", id="its own zeros stay"),
        pytest.param("1,20,4", None, id="odd groups"),
        pytest.param("1.204.50", None, id="points for both"),
        pytest.param("12 months", None, id="with a unit"),
        pytest.param("£12", None, id="with a currency"),
        pytest.param("nan", None, id="not a number by its own words"),
        pytest.param("Infinity", None, id="no end"),
        pytest.param("1e999999999", None, id="no end either"),
        pytest.param("-", None, id="a sign alone"),
        pytest.param("9" * 100_000, None, id="far too long"),
    ],
)
def test_number(text: str, value: str | None) -> None:
    assert judged("number", text) == value


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        pytest.param("2026-03-04", AMERICAN, "2026-03-04", id="ISO speaks for itself"),
        pytest.param(
            "2026-03-04T23:30:00-05:00", BRITISH, "2026-03-04", id="ISO with a time: the date as written"
        ),
        pytest.param("20260304", BRITISH, "2026-03-04", id="ISO without dashes"),
        pytest.param("2026/3/4", BRITISH, "2026-03-04", id="the year first"),
        pytest.param("03/04/2026", BRITISH, "2026-04-03", id="the day first"),
        pytest.param("03/04/2026", AMERICAN, "2026-03-04", id="the month first"),
        pytest.param("3.4.2026", BRITISH, "2026-04-03", id="with points"),
        pytest.param("03-04-2026 00:00:00", BRITISH, "2026-04-03", id="with a time"),
        pytest.param("3/4/2026 11:30 PM", AMERICAN, "2026-03-04", id="with an American time"),
        pytest.param("4 March 2026", AMERICAN, "2026-03-04", id="the month in words"),
        pytest.param("Mar 4, 2026", BRITISH, "2026-03-04", id="the month in words, first"),
        pytest.param("04-Mar-2026", BRITISH, "2026-03-04", id="as Excel writes it"),
        pytest.param("Wednesday 4 March 2026", BRITISH, "2026-03-04", id="with its weekday"),
        pytest.param("２０２６-03-04", BRITISH, "2026-03-04", id="full-width digits"),
        pytest.param("29/02/2028", BRITISH, "2028-02-29", id="a leap day"),
        pytest.param("29/02/2026", BRITISH, None, id="a leap day that was none"),
        pytest.param(
            "12/25/1980", BRITISH, None, id="month first where the day comes first is not turned round"
        ),
        pytest.param("25/12/1980", AMERICAN, None, id="nor the other way"),
        pytest.param("03/04/26", BRITISH, None, id="a year of two digits"),
        pytest.param("4 March 26", BRITISH, None, id="a year of two digits, in words"),
        pytest.param("March 2026", BRITISH, None, id="without a day"),
        pytest.param("4 March", BRITISH, None, id="without a year"),
        pytest.param("10:30 Monday May 2026", BRITISH, None, id="a weekday and no day"),
        pytest.param("2026", BRITISH, None, id="a year alone"),
        pytest.param("10", BRITISH, None, id="a number"),
        pytest.param("45292", BRITISH, None, id="a spreadsheet's day number"),
        pytest.param("31/04/2026", BRITISH, None, id="the 31st of April"),
        pytest.param("03/04/2026 25:00", BRITISH, None, id="at 25 o'clock"),
        pytest.param("0001-01-01", BRITISH, None, id="year one"),
        pytest.param("3026-01-01", BRITISH, None, id="a thousand years on"),
        pytest.param("next May 2026 or so", BRITISH, None, id="words"),
        pytest.param("4 March 2026 5 May 2027", BRITISH, None, id="two dates"),
    ],
)
def test_date(text: str, rule: Rule, value: str | None) -> None:
    assert judged("date", text, rule) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[
            pytest.param(word, "true", id=f"{word} is yes")
            for word in ("TRUE", "Yes", "y", "1", "Sí", "はい")
        ],
        *[pytest.param(word, "false", id=f"{word} is no") for word in ("false", "NO", "0", "Não", "Нет")],
        *[pytest.param(word, None, id=f"{word} is neither") for word in ("maybe", "2", "-", "yes and no")],
    ],
)
def test_boolean(text: str, value: str | None) -> None:
    assert judged("boolean", text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("https://example.com/a?b=c#d", "https://example.com/a?b=c#d", id="an address"),
        pytest.param("HTTP://Example.com", "HTTP://Example.com", id="in capitals"),
        pytest.param("www.example.com", "https://www.example.com", id="without a scheme"),
        pytest.param("example.com:8080/a", "https://example.com:8080/a", id="with a port, without a scheme"),
        pytest.param("https://bücher.de", "https://bücher.de", id="an international name"),
        pytest.param("javascript:alert(1)", None, id="a script"),
        pytest.param("ftp://example.com", None, id="another scheme"),
        pytest.param("mailto:a@example.com", None, id="an e-mail"),
        pytest.param("https://user:secret@example.com", None, id="with a password"),
        pytest.param("https://localhost", None, id="a name without a dot"),
        pytest.param("http://10.0.0.1", None, id="a bare number"),
        pytest.param("http://[::1", None, id="a broken number"),
        pytest.param("https://example.com:99999", None, id="a port there is not"),
        pytest.param("https://exa mple.com", None, id="with a space"),
        pytest.param("https://example.com/\u202e", None, id="with a hidden direction mark"),
        pytest.param("https://-a.com", None, id="a name that cannot be"),
        pytest.param("none", None, id="a word"),
        pytest.param("a." * 50_000, None, id="far too long"),
    ],
)
def test_url(text: str, value: str | None) -> None:
    assert judged("url", text) == value


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        pytest.param(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "BS3 1TF", True, id="a British postcode"),
        pytest.param(
            r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", "BS3 1TF and more", False, id="the whole text must fit"
        ),
        pytest.param(r"\d{5}(-\d{4})?", "02139-4307", True, id="a ZIP code"),
        pytest.param(r"(?i)(foo|bar){1,5}", "FooBar", True, id="a choice within a limited repeat"),
        pytest.param(r"(\d{3}-)*\d+", "123-456-7", True, id="a plain repeat within nothing"),
        pytest.param(r"(a)?(?(1)b|c)", "ab", True, id="a condition"),
        pytest.param(r"(?=.*\d)(?=.*[a-z]).{8,}", "abcdefg1", True, id="looking ahead"),
        pytest.param(r"(?>a+)b", "aab", True, id="an atomic group"),
        pytest.param(r"x+", "x" * 201, False, id="more than 200 characters do not fit"),
    ],
)
def test_a_pattern_is_laid_over_the_text(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits
    assert judged("regex", text, Rule(pattern=pattern)) == (text if fits else None)


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(a+)+$", id="a repeat within a repeat"),
        pytest.param(r"(\w+\s?)*", id="the same with words"),
        pytest.param(r"(a|aa)*", id="a choice within an endless repeat"),
        pytest.param(r"((a{0,100}){0,100}){0,100}", id="limits that multiply"),
        pytest.param(r"(a?){30}a{30}", id="thirty options"),
        pytest.param(r".*.*.*.*x", id="four endless repeats in a row"),
        pytest.param(r"(", id="a bracket that does not close"),
        pytest.param(r"a{4294967296}", id="a limit too large"),
        pytest.param(r"\p{L}", id="an escape there is not"),
    ],
)
def test_a_pattern_that_may_take_for_ever_is_not_admitted(pattern: str) -> None:
    assert pattern_problem(pattern)
    answer = KINDS["regex"].judge("aaaa", Rule(pattern=pattern))
    assert isinstance(answer, Refused)
    assert answer.code == SYSTEM_ERROR


@pytest.mark.parametrize(
    "pattern", [r".*.*.*x", r"(?i)[a-z]+@[a-z]+\.[a-z]+", r"(.)\1+(.)\2+", r"\w*\d*\s*!"]
)
def test_an_admitted_pattern_ends_soon(pattern: str) -> None:
    started = time.process_time()
    for text in ("a" * 200, "a" * 199 + "!", "1a" * 100, "a@" + "a" * 198):
        matches(pattern, text)
    assert time.process_time() - started < 10


DATELIKE = st.text(st.sampled_from("0123456789 ,./:+-TZWadepmrayMJunhst"), max_size=40)
NUMBERLIKE = st.text(st.sampled_from("0123456789 ,.’'-+eE\u2212\u00a0٤½"), max_size=20)
URLLIKE = st.text(st.sampled_from("htps:/.@[]?#%&ab1-ü。\u202e "), max_size=30).map(
    lambda text: "http://" + text
)
ANY_TEXT = st.one_of(st.text(st.characters(), min_size=1), DATELIKE, NUMBERLIKE, URLLIKE)


@given(
    st.sampled_from(sorted(KINDS)), ANY_TEXT, st.sampled_from([BRITISH, AMERICAN, Rule("ZZ", pattern="a+")])
)
@settings(deadline=None)
def test_any_text_has_an_answer(kind: str, text: str, rule: Rule) -> None:
    answer = KINDS[kind].judge(text, rule)
    assert isinstance(answer, Refused | str)


@given(
    st.sampled_from(sorted(KINDS)),
    st.one_of(st.emails(), st.dates().map(str), st.decimals(allow_nan=False).map(str), ANY_TEXT),
)
@settings(deadline=None)
def test_a_judged_value_is_judged_the_same_again(kind: str, text: str) -> None:
    value = judged(kind, text, AMERICAN)
    if value is not None:
        assert judged(kind, value, AMERICAN) == value
