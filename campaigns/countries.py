"""Country names and codes as people type them. Pure; the names come with pycountry and are read once."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import pycountry

from campaigns.lists import fold

#: The languages in which a country's name is understood, as pycountry names its translations.
LANGUAGES = (
    "ar bg ca cs da de el es et eu fi fil fr gl he hi hr hu id is it ja ko lt lv ms nb_NO nl nn pl pt pt_BR "
    "ro ru sk sl sr sv th tr uk vi zh_CN zh_TW"
)

#: Names in daily use that ISO 3166 does not know, by alpha-2 code.
_EVERYDAY = {
    "AE": "UAE, Emirates",
    "BA": "Bosnia, Bosnien",
    "BN": "Brunei",
    "CD": "DR Congo, DRC, Congo Kinshasa",
    "CG": "Congo Brazzaville, Republic of the Congo",
    "CI": "Ivory Coast",
    "CV": "Cape Verde",
    "CZ": "Czech Republic, Tschechische Republik, République tchèque, República Checa",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "GB": "UK, Great Britain, Britain, England, Scotland, Wales, Northern Ireland, Großbritannien, "
    "Grande-Bretagne, Angleterre, Gran Bretaña, Inglaterra, Gran Bretagna, Inghilterra, Groot-Brittannië, "
    "Wielka Brytania, Великобритания, イギリス",
    "IE": "Republic of Ireland, Eire",
    "KR": "Korea",
    "MK": "Macedonia",
    "MM": "Burma",
    "NL": "Holland",
    "RU": "Russia, Russland, Russie, Rusia, Rússia, Rusland, Rosja, Россия",
    "SZ": "Swaziland",
    "TL": "East Timor",
    "TR": "Turkey",
    "US": "America, United States of America, Vereinigte Staaten von Amerika, États-Unis d'Amérique, "
    "Stati Uniti d'America, EEUU, EE.UU., США, アメリカ",
    "VA": "Vatican, Vatican City",
    "VI": "US Virgin Islands",
}

_SILENT = str.maketrans(dict.fromkeys(".'’‘`´·", "") | {"&": " and "})
_SIGNS = re.compile(r"[\s,;:/()\[\]_\-‐-―]+")


def country(text: str) -> str | None:
    """The English short name of the country `text` names, “Germany” for “Deutschland”; None for none.

    Understood are the codes of two and three letters, the names in `LANGUAGES` and those of daily use,
    without regard to case, marks and punctuation. A name of two countries names none.
    """
    heard = _heard(text)
    code = _codes().get(heard) if text.isascii() else None  # “Mỹ” is not the code of Malaysia
    return _short_names().get(code or _names().get(heard, ""))


def _heard(text: str) -> str:
    spoken = fold(_SIGNS.sub(" ", fold(text).translate(_SILENT)))
    return spoken.removeprefix("the ")


@cache
def _short_names() -> Mapping[str, str]:
    """Alpha-2 code → the name in daily use."""
    return {one.alpha_2: getattr(one, "common_name", one.name) for one in pycountry.countries}


@cache
def _codes() -> Mapping[str, str]:
    """Folded code of two or three letters → alpha-2 code."""
    return {code.lower(): one.alpha_2 for one in pycountry.countries for code in (one.alpha_2, one.alpha_3)}


@cache
def _names() -> Mapping[str, str]:
    """Folded name → alpha-2 code. English goes before the rest; what is claimed twice is left out."""
    everyday = ((name, code) for code, names in _EVERYDAY.items() for name in names.split(", "))
    return _once(_translated_names()) | _once(_turned_names()) | _once(_english_names()) | _once(everyday)


def _once(claims: Iterable[tuple[str, str]]) -> dict[str, str]:
    codes: dict[str, set[str]] = {}
    for name, code in claims:
        codes.setdefault(_heard(name), set()).add(code)
    return {name: found.pop() for name, found in codes.items() if len(found) == 1}


def _english_names() -> Iterator[tuple[str, str]]:
    for one in pycountry.countries:
        for kind in ("name", "common_name", "official_name"):
            if name := getattr(one, kind, None):
                yield name, one.alpha_2


def _turned_names() -> Iterator[tuple[str, str]]:
    """“Moldova, Republic of” as “Republic of Moldova” and as “Moldova”."""
    for one in pycountry.countries:
        head, comma, tail = one.name.partition(", ")
        if comma:
            yield f"{tail} {head}", one.alpha_2
            yield head, one.alpha_2


def _translated_names() -> Iterator[tuple[str, str]]:
    for language in LANGUAGES.split():
        translation = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
        for one in pycountry.countries:
            for name in {one.name, getattr(one, "common_name", one.name)}:
                yield translation.gettext(name), one.alpha_2
