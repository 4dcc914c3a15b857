"""Made-up people: names in many scripts, e-mail addresses that reach nobody, phone numbers that can exist. Pure.

Every address ends in `.example`, which is kept free for such use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from rejections.demo.names import NAMES

#: Region → what a mobile number begins with, international and national, and how many digits follow.
_MOBILES = {
    "GB": ("+44", "0", ("7400", "7415", "7453", "7500", "7519", "7534"), 6),
    "DE": ("+49", "0", ("151", "160", "170", "171"), 8),
    "US": ("+1", "", ("202555", "312555", "415555", "617555", "713555", "808555", "917555"), 4),
    "JP": ("+81", "0", ("8012", "8034", "9012", "9045"), 6),
    "FR": ("+33", "0", ("61", "62"), 7),
    "ES": ("+34", "", ("61", "62"), 7),
    "IT": ("+39", "", ("333", "340"), 7),
    "PT": ("+351", "", ("91", "96"), 7),
    "PL": ("+48", "", ("512", "601"), 6),
    "CZ": ("+420", "", ("601", "720"), 6),
    "TR": ("+90", "0", ("532", "505"), 7),
    "SE": ("+46", "0", ("70", "73"), 7),
    "NL": ("+31", "0", ("61", "62"), 7),
    "GR": ("+30", "", ("691", "694"), 7),
    "UA": ("+380", "0", ("50", "67"), 7),
    "EG": ("+20", "0", ("100", "101"), 7),
    "IN": ("+91", "0", ("98", "99"), 8),
    "KR": ("+82", "0", ("10",), 8),
    "CN": ("+86", "", ("138", "139"), 8),
    "VN": ("+84", "0", ("91", "98"), 7),
    "TH": ("+66", "0", ("81", "89"), 7),
}


@dataclass(frozen=True)
class Person:
    """A person, as a form may have got to know them."""

    first: str
    last: str
    email: str
    phone: str


class Registry:
    """Makes people of whom no two share an e-mail address or a phone number."""

    def __init__(self, rng: Random, domains: Sequence[str], home: str) -> None:
        """`home` is the region (ISO alpha-2) in which a number may be written without its country code."""
        self.rng = rng
        self.domains = domains
        self.home = home
        self._taken: set[str] = set()

    def person(self, language: str, region: str) -> Person:
        """Somebody whose names are of this language and whose mobile is of this region (ISO alpha-2)."""
        first, last = self.rng.choice(NAMES[language].first), self.rng.choice(NAMES[language].last)
        return Person(first[0], last[0], self._email(first[1], last[1]), self._phone(region))

    def _email(self, first: str, last: str) -> str:
        domain = self.rng.choice(self.domains)
        local = self.rng.choice(
            (f"{first}.{last}", f"{first}{last}", f"{first[0]}.{last}", f"{first}_{last}")
        )
        address, number = f"{local}@{domain}", 1
        while address in self._taken:
            number += 1
            address = f"{local}{number}@{domain}"
        self._taken.add(address)
        return address

    def _phone(self, region: str) -> str:
        code, trunk, heads, digits = _MOBILES[region]
        while True:
            head, tail = self.rng.choice(heads), f"{self.rng.randrange(10**digits):0{digits}}"
            if code + head + tail not in self._taken:
                break
        self._taken.add(code + head + tail)
        half = digits // 2
        ways = [
            f"{code}{head}{tail}",
            f"{code} {head} {tail}",
            f"{code} ({head}) {tail[:half]}-{tail[half:]}",
        ]
        if region == self.home:
            ways += [f"{trunk}{head}{tail}", f"{trunk}{head} {tail[:half]} {tail[half:]}"]
        return self.rng.choice(ways)
