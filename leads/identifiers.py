"""Identifier kinds: the key a text names a lead by, and what a spreadsheet may have done to it. Pure.

`normalise` makes of a text the key under which leads are stored and looked up. `damage` tells what
normalisation cannot know: that a spreadsheet lost digits, a plus or a zero on the way, and which keys
could have been there before. Nothing is ever decided on such a guess without a person.

To add an identifier kind: one entry in `KINDS`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import idna

from campaigns.lists import caseless, settle, trim
from campaigns.phones import EXPONENT_FORM, country_code, read_phone

#: The key of a text that cannot be a Lead ID. No lead has it, so it finds nothing.
NO_LEAD_ID = "0"

#: PostgreSQL indexes texts up to some 2,700 bytes; a longer key is stored as its hash.
_LONGEST_KEY = 400

_LARGEST_LEAD_ID = 10**18 - 1
_LEAD_ID = re.compile(r"(\d{1,18})(?:\.0+)?")
_UID_NOISE = re.compile(r"[{}\-\u2010-\u2015\u2212]")
_PLAIN_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
_WHOLE_NUMBER = re.compile(r"([1-9][0-9]{0,39})(?:\.0+)?")

#: From here on a float no longer holds every whole number.
_FLOAT_LIMIT = 2**53


@dataclass(frozen=True)
class Span:
    """Keys of one length from `low` to `high`, both included, in the order of collation "C"."""

    low: str
    high: str

    @property
    def length(self) -> int:
        """The length of each of these keys, in characters."""
        return len(self.low)

    @property
    def prefix(self) -> str:
        """What all these keys begin with."""
        pairs = zip(self.low, self.high, strict=True)
        same = next((i for i, (one, other) in enumerate(pairs) if one != other), self.length)
        return self.low[:same]

    def holds(self, key: str) -> bool:
        """Whether `key` is one of these: digits, after a plus or not."""
        digits = key.removeprefix("+")
        return (
            len(key) == self.length and self.low <= key <= self.high and digits.isascii() and digits.isdigit()
        )


@dataclass(frozen=True)
class Damage:
    """What a spreadsheet seems to have done to a text, and the keys that may have been there.

    `how` is a sentence for a person. `doubts_hit` says that the text is suspect even when its own key
    names a lead (its last digits may be another's); otherwise such a hit stands as it is.
    """

    how: str
    spans: tuple[Span, ...]
    doubts_hit: bool = False

    def could_be(self, key: str) -> bool:
        """Whether this key can have been turned into the text."""
        return any(span.holds(key) for span in self.spans)

    @property
    def id_range(self) -> tuple[int, int]:
        """For Lead IDs: the first and last number that can have been turned into the text."""
        first, last = int(self.spans[0].low), int(self.spans[-1].high)
        return min(first, _LARGEST_LEAD_ID), min(last, _LARGEST_LEAD_ID)


def normalise(kind: str, text: str, region: str = "") -> str | None:
    """The key that `text` names a lead by; None when it is blank.

    `kind` is `lead_id`, `uid` or the kind of a campaign's field; `region` is the campaign's for phones
    (ISO alpha-2). Never fails: a text that cannot be an identifier of this kind becomes a key that
    finds nothing. A key is its own key, fits an index and can be stored. A Lead ID's is always decimal.
    """
    key = _kind(kind).key(text, region)
    if key != text:
        key = settle(lambda text: _kind(kind).key(text, region), key)
    if len(key) > _LONGEST_KEY:
        return "~" + hashlib.sha256(key.encode()).hexdigest()
    return key or None


def email_spellings(text: str) -> set[str]:
    """An e-mail address as judged values may have it: the name as written or small, the domain in IDNA or Unicode."""
    key = _email_key(text, "")
    domain = key.rpartition("@")[2]
    names = {trim(text, leading="'").rpartition("@")[0], key.rpartition("@")[0]}
    return {f"{name}@{spelt}" for name in names for spelt in (domain, _unicode_domain(domain))}


def domain_spellings(domain: str) -> set[str]:
    """A domain, or its beginning, as judged values may have it: as written, in IDNA, in Unicode."""
    return {domain, _ascii_domain(domain), _unicode_domain(domain)}


def damage(kind: str, text: str, region: str = "") -> Damage | None:
    """What a spreadsheet seems to have done to `text`; None when it looks whole.

    Looks damaged, first that applies:
    * exponent form (`4.47911E+11`, `4,47911E+11`): any kind but e-mail;
    * a whole number from 2^53 that a float can hold, or of 16 and more digits with only zeros after the
      15th: Lead IDs, UIDs and texts (no phone has 16 digits);
    * phones only, and only bare digits (who writes `+`, a leading zero, spaces or brackets had a text
      in the cell, not a number): 12 and more digits of which all after the 6th are zeros; or a number
      that cannot exist in the campaign's region while it does with the `+` or the zero it may have lost.
    So `07911120400`, `7911120400` and `447911204418` (campaign in GB) are simply numbers.
    """
    entry = _kind(kind)
    heads = entry.heads(region)
    bare = _bare(text) if heads else ""
    if not bare:
        return None
    if written := EXPONENT_FORM.fullmatch(bare):
        return _from_exponent_form(written, heads)
    whole = _WHOLE_NUMBER.fullmatch(bare)
    return entry.of_digits(whole[1], heads, region) if whole else None


def can_be_damaged(kind: str, region: str = "") -> bool:
    """Whether a spreadsheet does harm to identifiers of this kind at all."""
    return bool(_kind(kind).heads(region))


def _bare(text: str) -> str:
    """Without case, doubled and outer space, and the `'` that marks a cell as text."""
    return settle(lambda text: trim(caseless(text), leading="'"), text)


def _lead_id_key(text: str, region: str) -> str:
    if len(text) <= 18 and text.isascii() and text.isdigit():  # nearly every one
        return str(int(text))
    bare = _bare(text)
    match = _LEAD_ID.fullmatch(bare)
    return str(int(match[1])) if match else bare and NO_LEAD_ID


def _uid_key(text: str, region: str) -> str:
    bare = _bare(text)
    return _UID_NOISE.sub("", bare) or bare


def _email_key(text: str, region: str) -> str:
    if _PLAIN_EMAIL.fullmatch(text):  # nearly every one
        return text.lower()
    text = trim(caseless(text, str.lower), leading="'")
    name, at, domain = text.rpartition("@")
    return name + at + _ascii_domain(domain)


def _ascii_domain(domain: str) -> str:
    if domain.isascii() or len(domain) > 253:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except ValueError:
        return domain


def _unicode_domain(domain: str) -> str:
    try:
        return idna.decode(domain)
    except ValueError:
        return domain


def _phone_key(text: str, region: str) -> str:
    bare = _bare(text)
    phone = read_phone(bare, region)
    return phone.e164 if phone else bare


def _text_key(text: str, region: str) -> str:
    return _bare(text)


def _spans(low: int, high: int, heads: tuple[str, ...]) -> tuple[Span, ...]:
    """Each head before the numbers from `low` to `high`, cut where these get longer."""
    low, spans = max(low, 1), []
    for length in range(len(str(low)), len(str(high)) + 1):
        first, last = max(low, 10 ** (length - 1)), min(high, 10**length - 1)
        spans += [Span(f"{head}{first}", f"{head}{last}") for head in heads]
    return tuple(spans)


def _rounded(value: int, unit: int, how: str, heads: tuple[str, ...], doubts_hit: bool = False) -> Damage:
    """`value` was rounded or cut to whole `unit`s, and may have been through a float."""
    slack = int(math.ulp(float(value))) // 2 if value >= _FLOAT_LIMIT else 0
    low, high = value - max(unit // 2, slack), value + max(unit - 1, slack)
    return Damage(how, _spans(low, high, heads), doubts_hit)


def _from_exponent_form(written: re.Match[str], heads: tuple[str, ...]) -> Damage | None:
    whole, decimals, exponent = written[1], written[2] or "", int(written[3])
    digits, zeros = int(whole + decimals), exponent - len(decimals)
    if zeros < 0:  # 1.2300E+02 is 123, 1.2345E+02 was never an identifier
        digits, rest = divmod(digits, 10 ** min(-zeros, 90))
        if rest:
            return None
        zeros = 0
    if not digits or exponent > 40:
        return None
    kept = len(str(digits))
    how = "Scientific notation" + (f": a spreadsheet kept only {_digits(kept)}" if zeros else "")
    return _rounded(digits * 10**zeros, 10**zeros, how, heads)


def _digits(count: int) -> str:
    return f"{count} digit" if count == 1 else f"{count} digits"


def _long_number(digits: str, heads: tuple[str, ...], region: str) -> Damage | None:
    value = int(digits)
    if len(digits) >= 16 and not digits[15:].strip("0"):
        how = "A spreadsheet keeps 15 digits: the digits after them may have been lost"
        return _rounded(value, 10 ** (len(digits) - 15), how, heads, doubts_hit=True)
    if value >= _FLOAT_LIMIT and value in _as_float_prints(value):
        how = "Too large for a spreadsheet: the last digits may have been rounded"
        return _rounded(value, 1, how, heads, doubts_hit=True)
    return None


def _as_float_prints(value: int) -> tuple[int, int]:
    """The whole numbers that programs print for `value` as a float: exact, or shortest and then zeros."""
    rounded = float(value)
    return int(rounded), int(Decimal(repr(rounded)))


def _bare_phone(digits: str, heads: tuple[str, ...], region: str) -> Damage | None:
    kept = len(digits.rstrip("0"))
    if len(digits) >= 12 and kept <= 6:
        how = f"Only zeros at the end: a spreadsheet kept only {_digits(kept)}"
        return _rounded(int(digits), 10 ** (len(digits) - 6), how, heads)
    phone = read_phone(digits, region)
    if len(digits) > 15 or (phone and phone.is_valid):
        return None
    possible = [f"{head}{digits}" for head in heads if _exists(f"{head}{digits}")]
    how = "The plus sign or a leading zero seems to be lost"
    return Damage(how, tuple(Span(key, key) for key in possible)) if possible else None


def _exists(e164: str) -> bool:
    phone = read_phone(e164, "")
    return phone is not None and phone.is_valid and phone.e164 == e164


def _phone_heads(region: str) -> tuple[str, ...]:
    """What may have stood before the digits: +, the region's code, or this and a zero that counts (Italy)."""
    code = country_code(region)
    return ("+", f"+{code}", f"+{code}0") if code else ("+",)


@dataclass(frozen=True)
class Kind:
    """An identifier kind: how a text becomes a key ("" when blank), and how its digits get damaged.

    `heads` are the texts that may stand before the digits of a key and that spreadsheets drop; none
    means that spreadsheets do no harm. `of_digits` judges a text of nothing but digits.
    """

    key: Callable[[str, str], str]
    heads: Callable[[str], tuple[str, ...]]
    of_digits: Callable[[str, tuple[str, ...], str], Damage | None] = _long_number


#: Every field kind that is not named here is compared as text.
KINDS: dict[str, Kind] = {
    "lead_id": Kind(_lead_id_key, lambda region: ("",)),
    "uid": Kind(_uid_key, lambda region: ("", "0", "00")),
    "email": Kind(_email_key, lambda region: ()),
    "phone": Kind(_phone_key, _phone_heads, _bare_phone),
    "text": Kind(_text_key, lambda region: ("", "0", "00", "+")),
}


def _kind(kind: str) -> Kind:
    return KINDS.get(kind, KINDS["text"])
