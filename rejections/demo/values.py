"""What people typed into the demo's forms: values that pass each campaign's fields, and ones that do not. Pure.

The first must pass `campaigns.judging.judge` and the second must fail it; a test holds both to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from rejections.demo.lists import PICKLISTS
from rejections.demo.people import Person, Registry

_LISTS = {one.name: one for one in PICKLISTS}
_CONSUMER_DOMAINS = (
    "postbox.example",
    "inbox.example",
    "briefkasten.example",
    "correo.example",
    "bücher.example",
)
_COMPANIES = {
    "Siemens Nordwind AG": "nordwind.example",
    "Orange Lumière SA": "orange-lumiere.example",
    "Allegria sp. z o.o.": "allegria.example",
    "Türk Havacılık A.Ş.": "thavacilik.example",
    "Ericsdotter AB": "ericsdotter.example",
    "Ελληνική Ναυτιλία Α.Ε.": "hellenic-shipping.example",
    "Київські Мережі": "kyivnet.example",
    "شركة النيل للتقنية": "niletech.example",
    "Bharat Cloud Pvt. Ltd.": "bharatcloud.example",
    "한빛소프트웨어": "hanbit-sw.example",
    "上海云图科技有限公司": "yuntu.example",
    "O’Malley & Sons": "omalley.example",
}
_JAPANESE_COMPANIES = {
    "北浜ロボティクス株式会社": "kitahama.example",
    "株式会社東海精機": "tokai-seiki.example",
    "九州オートメーション㈱": "kyushu-auto.example",
    "髙橋工業有限会社": "takahashi-kogyo.example",
}
#: Country → the language of its people's names and the region of their mobiles.
_COUNTRIES = {
    "Germany": ("de", "DE"),
    "France": ("fr", "FR"),
    "United Kingdom": ("en", "GB"),
    "Spain": ("es", "ES"),
    "Italy": ("it", "IT"),
    "Poland": ("pl", "PL"),
    "Czechia": ("cs", "CZ"),
    "Türkiye": ("tr", "TR"),
    "Greece": ("el", "GR"),
    "Ukraine": ("uk", "UA"),
    "Egypt": ("ar", "EG"),
    "India": ("hi", "IN"),
    "South Korea": ("ko", "KR"),
    "China": ("zh", "CN"),
    "Sweden": ("nordic", "SE"),
    "Netherlands": ("nl", "NL"),
    "Portugal": ("pt", "PT"),
    "United States": ("us", "US"),
}
_BRITISH = ("en",) * 14 + ("pl", "hi", "yo", "ro", "ar", "zh", "tr", "bg", "he", "th")
_GERMAN = ("de",) * 12 + ("tr", "tr", "pl", "uk", "vi", "ar", "it", "hu", "el")
_AMERICAN = ("us",) * 12 + ("es", "vi", "ko", "zh", "hi", "he")
_POSTCODES = (
    "SW1A 1AA",
    "M1 1AE",
    "B33 8TH",
    "CR2 6XH",
    "DN55 1PT",
    "EH1 2NG",
    "CF10 3AT",
    "bt1 5gs",
    "LS27JE",
)


class Form:
    """Fills in one campaign's form, each time as another person."""

    def __init__(self, campaign: str, rng: Random) -> None:
        self.rng = rng
        self._fill, home, domains = _FORMS[campaign]
        self.people = Registry(rng, domains, home)

    def fill(self) -> dict[str, str]:
        """Values that pass, by field name."""
        return self._fill(self.people, self.rng)

    def spoil(self, values: dict[str, str]) -> dict[str, str]:
        """The values with one that does not pass."""
        choices = [(name, bad) for name in values for bad in _BAD.get(name, ())]
        name, bad = self.rng.choice(choices)
        return {**values, name: bad.replace("*", values[name])}


#: Field → values that fail it; `*` stands for the good value. What is not here never fails.
_BAD: dict[str, Sequence[str]] = {
    "first_name": ("",),
    "email": ("n/a", "*@", "keine", "@inbox.example"),
    "phone": ("12345", "0000000000", "unbekannt", "*99999"),
    "postcode": ("12345", "London"),
    "property_type": ("Houseboat", "Caravan", "House"),
    "homeowner": ("council", "?"),
    "monthly_bill": ("about £90", "90-120"),
    "consent": ("", "maybe"),
    "plz": ("1067", "D-80331"),
    "gebaeudeart": ("Wohnung", "Gartenlaube"),
    "dachflaeche": ("groß", "40 x 8"),
    "date_of_birth": ("31/02/1980", "1897-05-01", "12.13.14", ""),
    "smoker": ("Sometimes", "Cigars only"),
    "cover_amount": ("£200k", "lots"),
    "zip": ("9021", "ABCDE"),
    "company": ("",),
    "company_site": ("http://", "none yet"),
    "department": ("総務", "その他"),
    "employees": ("約百人", "10〜50"),
    "job_function": ("asdf", "Student"),
}


def _person(person: Person) -> dict[str, str]:
    return {
        "first_name": person.first,
        "last_name": person.last,
        "email": person.email,
        "phone": person.phone,
    }


def _listed(rng: Random, name: str, value: str = "") -> str:
    """A value of the picklist, now and then in a spelling that its list mapper knows."""
    picklist = _LISTS[name]
    value = value or rng.choice(picklist.values)
    spellings = [text for text, stands_for in picklist.entries.items() if stands_for == value]
    return rng.choice(spellings) if spellings and rng.random() < 0.12 else value


def _birthday(rng: Random, oldest: int, youngest: int) -> tuple[int, int, int]:
    return rng.randint(oldest, youngest), rng.randint(1, 12), rng.randint(1, 28)


def _solar_uk(people: Registry, rng: Random) -> dict[str, str]:
    return _person(people.person(rng.choice(_BRITISH), "GB")) | {
        "postcode": rng.choice(_POSTCODES),
        "property_type": _listed(rng, "Property type"),
        "homeowner": rng.choice(("Yes", "yes", "true", "No", "Y")),
        "monthly_bill": rng.choice(("", str(rng.randint(40, 380)), f"{rng.randint(40, 380)}.50")),
        "consent": "yes",
    }


def _solar_de(people: Registry, rng: Random) -> dict[str, str]:
    return _person(people.person(rng.choice(_GERMAN), "DE")) | {
        "plz": f"{rng.randint(1067, 99998):05}",
        "gebaeudeart": _listed(rng, "Gebäudeart"),
        "dachflaeche": rng.choice(("", str(rng.randint(25, 180)), f"{rng.randint(25, 180)},5")),
        "consent": rng.choice(("ja", "Ja", "true")),
    }


def _life_uk(people: Registry, rng: Random) -> dict[str, str]:
    year, month, day = _birthday(rng, 1952, 2004)
    return _person(people.person(rng.choice(_BRITISH), "GB")) | {
        "postcode": rng.choice(_POSTCODES),
        "date_of_birth": rng.choice((f"{day:02}/{month:02}/{year}", f"{year}-{month:02}-{day:02}")),
        "smoker": _listed(rng, "Smoker"),
        "cover_amount": rng.choice(("", "50000", "100,000", "250,000", f"{rng.randint(10, 90)}000")),
        "consent": rng.choice(("Yes", "true", "1")),
    }


def _auto_us(people: Registry, rng: Random) -> dict[str, str]:
    year, month, day = _birthday(rng, 1948, 2006)
    return _person(people.person(rng.choice(_AMERICAN), "US")) | {
        "zip": rng.choice(
            (f"{rng.randint(501, 99950):05}", f"{rng.randint(501, 99950):05}-{rng.randint(1, 9999):04}")
        ),
        "date_of_birth": f"{month:02}/{day:02}/{year}",
        "vehicle_year": str(rng.randint(1998, 2025)),
        "insured": rng.choice(("yes", "no", "")),
    }


def _finops(people: Registry, rng: Random) -> dict[str, str]:
    country = rng.choice(tuple(_COUNTRIES))
    company = rng.choice(tuple(_COMPANIES))
    person = people.person(*_COUNTRIES[country])
    return _person(person) | {
        "phone": rng.choice(("", person.phone, person.phone)),
        "company": company,
        "company_site": rng.choice(("", f"https://www.{_COMPANIES[company]}/", _COMPANIES[company])),
        "country": _listed(rng, "Country", country),
        "company_size": _listed(rng, "Company size"),
        "job_function": _listed(rng, "Job function"),
        "industry": _listed(rng, "Industry"),
        "consent": "true",
    }


def _dx_jp(people: Registry, rng: Random) -> dict[str, str]:
    person = people.person("ja", "JP")
    return {
        "last_name": person.last,
        "first_name": person.first,
        "email": person.email,
        "phone": person.phone,
        "company": rng.choice(tuple(_JAPANESE_COMPANIES)),
        "department": _listed(rng, "部署"),
        "country": rng.choice(("日本", "Japan", "JP", "")),
        "employees": rng.choice(("", str(rng.randint(5, 9000)), "1,200")),
    }


_Fill = Callable[[Registry, Random], dict[str, str]]
#: Campaign → how its form is filled in, the region its numbers are at home in, e-mail domains.
_FORMS: dict[str, tuple[_Fill, str, tuple[str, ...]]] = {
    "SOLAR-UK": (_solar_uk, "GB", _CONSUMER_DOMAINS),
    "SOLAR-DE": (_solar_de, "DE", _CONSUMER_DOMAINS),
    "LIFE-UK": (_life_uk, "GB", _CONSUMER_DOMAINS),
    "AUTO-US": (_auto_us, "US", _CONSUMER_DOMAINS),
    "FINOPS-EMEA": (_finops, "FR", tuple(_COMPANIES.values())),
    "DX-JP": (_dx_jp, "JP", tuple(_JAPANESE_COMPANIES.values())),
}
