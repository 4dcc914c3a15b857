"""One function per field kind: a text in, the value as judged or why it is refused out. Pure.

To add a field kind: one function, and one entry in `KINDS`. The texts are trimmed and not blank. Nothing
here fails, whatever the text. Country names and phone plans come with their packages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

import idna
from dateutil import parser as dateutil_parser
from email_validator import EmailNotValidError, validate_email

from campaigns.countries import country as country_named
from campaigns.lists import fold
from campaigns.patterns import matches
from campaigns.phones import read_phone


@dataclass(frozen=True)
class Rule:
    """What a campaign and a field add to a kind. `phone_region` is ISO alpha-2."""

    phone_region: str = ""
    day_first: bool = True
    pattern: str = ""


@dataclass(frozen=True)
class Refused:
    """Why a text is not of its kind, as the rest of a sentence: “… is not a web address”.

    `code` is given only where it is not the kind's own.
    """

    why: str
    code: str = ""


MISSING_FIELD = "REJECT_LEAD_MISSING_FIELD"
INVALID_EMAIL = "REJECT_LEAD_INVALID_EMAIL"
INVALID_PHONE = "REJECT_LEAD_INVALID_PHONE"
INVALID_LIST_VALUE = "REJECT_LEAD_INVALID_LIST_VALUE"
INVALID_COUNTRY = "REJECT_LEAD_INVALID_COUNTRY"
INVALID_NUMBER = "REJECT_LEAD_INVALID_NUMBER"
INVALID_DATE = "REJECT_LEAD_INVALID_DATE"
INVALID_FORMAT = "REJECT_LEAD_INVALID_FORMAT"
DUPLICATE = "REJECT_LEAD_DUPLICATE"
SYSTEM_ERROR = "REJECT_LEAD_SYSTEM_ERROR"


def text(value: str, rule: Rule) -> str | Refused:
    """Any text."""
    return value


#: Nearly every address: nothing is to be done about what stands before its @.
_PLAIN_NAME = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*")


def email(value: str, rule: Rule) -> str | Refused:
    """An address as it is sent to: domain in lower case. Asks no name server."""
    if len(value) > 320:
        return Refused("is too long for an e-mail address")
    name, _, domain = value.partition("@")
    if len(name) <= 64 and len(value) <= 254 and _PLAIN_NAME.fullmatch(name) and (known := _domain(domain)):
        return f"{name}@{known}"
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        why = str(error).rstrip(".")
        return Refused(f"is not an e-mail address: {why[:1].lower()}{why[1:]}")


@lru_cache(maxsize=4096)
def _domain(text: str) -> str | None:
    """The domain as it is sent to: many addresses share one. None where it takes a look at the whole address."""
    try:
        domain = validate_email(f"a@{text}", check_deliverability=False).domain
    except EmailNotValidError:
        return None
    return domain if domain.isascii() else None


def phone(value: str, rule: Rule) -> str | Refused:
    """E.164, of a number that can exist."""
    number = read_phone(value, rule.phone_region)
    if number is None or not number.is_valid:
        return Refused("is not a phone number that can exist")
    return number.e164


def country(value: str, rule: Rule) -> str | Refused:
    """The English short name, of a name in many languages or a code of two or three letters."""
    return country_named(value) or Refused("is not a country")


_NUMBER = re.compile(
    r"([+-]?)(\d{1,3}(?:([., ’'])\d{3})(?:\3\d{3})*|\d*)(?:([.,])(\d+))?(?:e([+-]?\d{1,2}))?"
)


def number(value: str, rule: Rule) -> str | Refused:
    """A decimal number with a point and no grouping: “1204.5” for “1,204.50”, “1.204,50” and “1 204,5”.

    One comma before exactly three digits groups (“1,204” is 1204, “0,204” is 0.204); one point never does.
    """
    refused = Refused("is not a number")
    plain = unicodedata.normalize("NFKC", value).replace("\u2212", "-").lower() if len(value) <= 60 else ""
    written = _NUMBER.fullmatch(plain)
    if not written:
        return refused
    sign, whole, grouping, point, decimals, exponent = written.groups()
    if point is None and whole.count(grouping or "?") == 1 and (grouping == "." or whole.startswith("0,")):
        whole, decimals = whole.split(grouping)
    elif grouping and grouping == point:
        return refused
    digits = "".join(filter(str.isdecimal, whole or ""))
    if not digits and not decimals:
        return refused
    exact = Decimal(f"{sign}{digits or 0}.{decimals or 0}e{exponent or 0}")
    return _plain(exact)


def _plain(exact: Decimal) -> str:
    digits = f"{exact:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits in ("-0", "") else digits


_TIME = r"(?:[T ]+(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?)?"
_YEAR_FIRST = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})([./ -])(\d{1,2})\2(\d{4})\.?" + _TIME)
_IN_WORDS = re.compile(r"(?=.*[A-Za-z]{3})(?=.*(?<!\d)\d{4}(?!\d))[A-Za-z0-9 ,./:+-]{6,40}")
_YEARS = range(1900, 2100)


class _FourDigitYears(dateutil_parser.parserinfo):
    """Of two digits nobody knows the century, and dateutil would ask the clock for it."""

    def convertyear(self, year: int, century_specified: bool = False) -> int:
        if year < 100:
            raise ValueError("a year of two digits")
        return year


_READERS = {first: dateutil_parser.parser(_FourDigitYears(dayfirst=first)) for first in (True, False)}
#: Two dates a week and more apart in every part; a part that is not written is taken from them.
_BACKGROUNDS = (datetime(2000, 1, 1), datetime(2001, 3, 20))  # noqa: DTZ001


def date_(value: str, rule: Rule) -> str | Refused:
    """An ISO date. Year-first forms and names of months speak for themselves; else the campaign's rule holds.

    A year has four digits and lies from 1900 to 2099. What the rule makes no date of (`12/25/1980` where the
    day comes first) is refused and not turned round: the same sender's `03/04/1980` would be read wrongly.
    """
    plain = unicodedata.normalize("NFKC", value) if len(value) <= 60 else ""
    found = _iso(plain) or _in_figures(plain, rule.day_first) or _in_words(plain, rule.day_first)
    if found is None:
        order = "day, month, year" if rule.day_first else "month, day, year"
        return Refused(f"is not a date. Write {order}, the year with four digits, or 2026-03-31")
    if found.year not in _YEARS:
        return Refused(f"is not a date between {_YEARS[0]} and {_YEARS[-1]}")
    return found.isoformat()


def _iso(plain: str) -> date | None:
    try:
        return datetime.fromisoformat(plain).date()
    except ValueError:
        return None


def _in_figures(plain: str, day_first: bool) -> date | None:
    if parts := _YEAR_FIRST.fullmatch(plain):
        year, month, day = parts[1], parts[3], parts[4]
    elif parts := _YEAR_LAST.fullmatch(plain):
        year = parts[4]
        day, month = (parts[1], parts[3]) if day_first else (parts[3], parts[1])
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _in_words(plain: str, day_first: bool) -> date | None:
    """With the month's name. Read over two backgrounds: where they differ, a part was not written."""
    if not _IN_WORDS.fullmatch(plain):
        return None
    reader = _READERS[day_first]
    try:
        one, other = (reader.parse(plain, default=unsaid, ignoretz=True).date() for unsaid in _BACKGROUNDS)
    except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError):
        return None
    return one if one == other else None


_WORDS = {
    "true": "true yes y 1 on t ja j oui si sim tak hai はい 是 да",
    "false": "false no n 0 off f nein non nao nie nej いいえ 否 нет",
}
_TRUTH = {fold(word): truth for truth, words in _WORDS.items() for word in words.split()}


def boolean(value: str, rule: Rule) -> str | Refused:
    """`true` or `false`, of the words for yes and no."""
    return _TRUTH.get(fold(value)) or Refused("is neither yes nor no")


_HOST = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)


def url(value: str, rule: Rule) -> str | Refused:
    """A web address, with `https://` put before one without a scheme."""
    refused = Refused("is not a web address")
    if len(value) > 2048 or any(one.isspace() or unicodedata.category(one)[0] == "C" for one in value):
        return refused
    address = value if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value) else f"https://{value}"
    try:
        parts = urlsplit(address)
        host = idna.encode(parts.hostname or "", uts46=True).decode("ascii")
        has_more = parts.port == 0 or parts.username is not None  # a wrong port raises
    except ValueError:
        return refused
    if has_more or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return refused
    return address


def regex(value: str, rule: Rule) -> str | Refused:
    """A text that fits the field's pattern as a whole, 200 characters at most."""
    try:
        fits = matches(rule.pattern, value)
    except ValueError as error:
        return Refused(f"could not be checked: {error}".rstrip("."), SYSTEM_ERROR)
    return value if fits else Refused("does not fit the field's pattern")


@dataclass(frozen=True)
class Kind:
    """A field kind: how a text is judged, and the disposition of one that is refused."""

    judge: Callable[[str, Rule], str | Refused]
    disposition: str


#: Values of a picklist are judged by their list, before and beside the kind.
KINDS: dict[str, Kind] = {
    "text": Kind(text, INVALID_FORMAT),
    "email": Kind(email, INVALID_EMAIL),
    "phone": Kind(phone, INVALID_PHONE),
    "country": Kind(country, INVALID_COUNTRY),
    "picklist": Kind(text, INVALID_LIST_VALUE),
    "number": Kind(number, INVALID_NUMBER),
    "date": Kind(date_, INVALID_DATE),
    "boolean": Kind(boolean, INVALID_FORMAT),
    "url": Kind(url, INVALID_FORMAT),
    "regex": Kind(regex, INVALID_FORMAT),
}
