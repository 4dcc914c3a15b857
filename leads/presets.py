"""Which field of a campaign a source means by each of its names, and what its exports add to values. Pure.

First the source's own field map, in which a name may mean no field (“”); then the campaign's names and
labels; then the words for common fields, among them the headers of LinkedIn Lead Gen Forms and Meta Lead Ads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from campaigns.lists import fold


class FieldName(NamedTuple):
    """A field of the campaign: its name, its label, its kind."""

    name: str
    label: str
    kind: str


#: Words for one and the same field, without case, spaces and punctuation.
_SAME = [
    set(words.split())
    for words in (
        "email emailaddress workemail businessemail professionalemail mail emailid",
        "phone phonenumber workphonenumber mobile mobilephone mobilephonenumber tel telephone msisdn",
        "name fullname",
        "firstname givenname forename",
        "lastname surname familyname",
        "company companyname employer organisation organization",
        "jobtitle title position",
        "jobfunction function",
        "industry companyindustry",
        "companysize companyheadcount employees numberofemployees",
        "seniority joblevel",
        "country countryregion countrycode",
        "state stateprovince province region county",
        "city town",
        "postcode postalcode zip zipcode postalzipcode",
        "street streetaddress address address1",
        "dateofbirth dob birthday birthdate",
        "gender sex",
        "website companywebsite url",
    )
]
_UID_NAMES = {
    "linkedin": {"leadid", "id", "responseid", "leadresponseid"},
    "meta": {"id", "leadid", "leadgenid"},
}
_UID = {"uid", "consumersessionid", "consumersession", "sessionid"}
#: A kind of field that one field of the campaign stands for alone.
_BY_KIND = {"email": _SAME[0], "phone": _SAME[1], "country": _SAME[11]}
#: Meta writes what an ID or number is in front of it: `l:102…`, `p:+4930…`, `z:10115`.
_META_PREFIX = re.compile(r"^\s*(?:l|p|z|f|c|ag|as):(?=[+\d])")


def plain(name: str) -> str:
    """A name as names are compared: folded, letters and digits only."""
    return re.sub(r"[\W_]+", "", fold(name))


class Names:
    """What one source's names mean in its campaign."""

    def __init__(self, kind: str, fields: Sequence[FieldName], field_map: Mapping[str, str]) -> None:
        self.kind = kind
        self.fields = fields
        self._known: dict[str, str | None] = {}
        own = {field.name for field in fields}
        self._map = {
            plain(name): field or None for name, field in field_map.items() if field in own or not field
        }

    def field(self, name: str) -> str | None:
        """The campaign's field that this name means, or None."""
        if name not in self._known:
            self._known[name] = self._find(plain(name))
        return self._known[name]

    def _find(self, name: str) -> str | None:
        if not name or name in self._map:
            return self._map.get(name)
        for field in self.fields:
            if name in (plain(field.name), plain(field.label)):
                return field.name
        alike: set[str] = next((words for words in _SAME if name in words), set())
        for field in self.fields:
            if plain(field.name) in alike or plain(field.label) in alike:
                return field.name
        for kind, words in _BY_KIND.items():
            of_kind = [field.name for field in self.fields if field.kind == kind]
            if name in words and len(of_kind) == 1:
                return of_kind[0]
        return None

    def values(self, values: Mapping[str, str]) -> dict[str, str]:
        """Values by the campaign's fields. Others keep their name; so does a second one for a field.

        Of two that mean one field the first that is not blank speaks.
        """
        found: dict[str, str] = {}
        rest: dict[str, str] = {}
        for name, value in values.items():
            field = self.field(name)
            if field is None or found.get(field, "").strip():
                rest[name] = value
            else:
                found[field] = self.clean(value)
        return found | {name: value for name, value in rest.items() if name not in found}

    def uid(self, values: Mapping[str, str]) -> str:
        """The source's own ID of the lead, or blank."""
        wanted = _UID | _UID_NAMES.get(self.kind, set())
        named = next((value for name, value in values.items() if plain(name) in wanted), "")
        return self.clean(named).strip()

    def clean(self, value: str) -> str:
        """A value without what the source's export puts before it."""
        return _META_PREFIX.sub("", value) if self.kind == "meta" else value
