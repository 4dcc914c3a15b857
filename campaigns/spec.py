"""What a campaign's leads are judged by, read from the database as the values that `judging` takes."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from campaigns import countries, judging, lists, patterns, phones, validators
from campaigns.judging import CampaignSpec, FieldSpec
from campaigns.models import Agreement, Campaign, Field, ListMapperEntry, Picklist, PicklistValue
from campaigns.payouts import ReturnTerms
from campaigns.rules import EVER, begin


class Keyed(NamedTuple):
    """A deduped field: the slot its keys are stored under, and the kind they are normalised by.

    `is_own`: a value that passed is its own key.
    """

    slot: int
    kind: str
    is_own: bool = False


@dataclass(frozen=True)
class Agreed:
    """A campaign's spec, its deduped fields by name, and its picklists by field with their versions."""

    campaign_id: int
    spec: CampaignSpec
    keyed: Mapping[str, Keyed]
    picklists: Mapping[str, int]
    versions: Mapping[str, int]

    @property
    def region(self) -> str:
        """The region phones are read in."""
        return self.spec.phone_region

    @cached_property
    def rules(self) -> int:
        """What values are judged by, picklists aside, in one number: kept with a verdict, it tells whether that holds.

        It is another after an update of the code or the packages that judge.
        """
        digest = blake2b((self.spec.rules + _CODE).encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)

    def field(self, name: str) -> FieldSpec | None:
        """The field with this name."""
        return self._fields.get(name)

    @cached_property
    def _fields(self) -> Mapping[str, FieldSpec]:
        return {field.name: field for field in self.spec.fields}

    def with_picklist(self, picklist_id: int, list_: lists.Picklist) -> Agreed:
        """The same campaign, were that picklist this one."""
        fields = tuple(
            replace(field, picklist=list_) if self.picklists.get(field.name) == picklist_id else field
            for field in self.spec.fields
        )
        return replace(self, spec=replace(self.spec, fields=fields))


def _digest() -> str:
    """The code that judges, as a digest: ours, the packages', and Python's, which knows letters and dates."""
    modules = (countries, judging, lists, patterns, phones, validators)
    packages = ("email-validator", "idna", "phonenumbers", "pycountry", "python-dateutil")
    sources = [Path(str(module.__file__)).read_bytes() for module in modules]
    python = [sys.version_info[:2], unicodedata.unidata_version]
    return blake2b(repr([*sources, *map(version, packages), *python]).encode()).hexdigest()


#: Taken when the code is loaded: by the time it is asked for, an update may have put other files there.
_CODE = _digest()


def agreed(campaign: Campaign) -> Agreed:
    """What the campaign's leads are judged by now."""
    fields = list(Field.objects.filter(campaign=campaign).select_related("picklist"))
    used = {field.picklist.pk: field.picklist for field in fields if field.picklist}
    read = read_picklists(used)
    return Agreed(
        campaign_id=campaign.pk,
        spec=CampaignSpec(
            fields=tuple(
                FieldSpec(
                    name=field.name,
                    label=field.label,
                    kind=field.kind,
                    required=field.required,
                    dedupe=field.dedupe,
                    picklist=read.get(field.picklist_id or 0),
                    pattern=field.pattern,
                )
                for field in fields
            ),
            phone_region=campaign.phone_region,
            day_first=campaign.day_first,
        ),
        keyed={
            field.name: Keyed(field.pk, field.kind, field.kind == "phone" and not field.picklist_id)
            for field in fields
            if field.dedupe
        },
        picklists={field.name: field.picklist_id for field in fields if field.picklist_id},
        versions={picklist.name: picklist.version for picklist in used.values()},
    )


def read_picklists(ids: Iterable[int]) -> dict[int, lists.Picklist]:
    """Picklists with their list mapper entries, as they stand now, by id."""
    ids = list(ids)
    values: dict[int, list[tuple[str, bool]]] = {pk: [] for pk in ids}
    for pk, value, retired in PicklistValue.objects.filter(picklist__in=ids).values_list(
        "picklist_id", "value", "retired_at"
    ):
        values[pk].append((value, retired is not None))
    entries: dict[int, list[tuple[str, str]]] = {pk: [] for pk in ids}
    for pk, text, value in ListMapperEntry.objects.filter(picklist__in=ids).values_list(
        "picklist_id", "text", "value__value"
    ):
        entries[pk].append((text, value))
    names = dict(Picklist.objects.filter(pk__in=ids).values_list("pk", "name"))
    return {pk: lists.Picklist.of(values[pk], entries[pk], names[pk]) for pk in names}


class Money(NamedTuple):
    """What one lead costs the client and brings the supplier."""

    price: Decimal
    payout: Decimal


class Prices:
    """What was agreed for one supplier in one campaign, by date."""

    def __init__(self, campaign_id: int, supplier_id: int) -> None:
        agreements = Agreement.objects.filter(campaign_id=campaign_id, supplier_id=supplier_id)
        self._terms = [
            (one.starts_on, Money(one.price, one.payout)) for one in agreements.order_by("-starts_on")
        ]

    def __bool__(self) -> bool:
        return bool(self._terms)

    def on(self, day: date) -> Money:
        """Those agreed for that day; before the first agreement, the first. Raises LookupError without any."""
        if not self._terms:
            raise LookupError("nothing is agreed with this supplier")
        return next((money for starts_on, money in self._terms if starts_on <= day), self._terms[-1][1])


class Returns:
    """What was agreed with each supplier of one campaign about leads that come back, by date."""

    def __init__(self, campaign_id: int) -> None:
        self._terms: dict[int, list[tuple[date, ReturnTerms]]] = {}
        for one in Agreement.objects.filter(campaign_id=campaign_id).order_by("-starts_on"):
            terms = ReturnTerms(one.reverses_payout, one.supplier_return_days)
            self._terms.setdefault(one.supplier_id, []).append((one.starts_on, terms))

    def on(self, supplier_id: int, day: date) -> ReturnTerms:
        """Those agreed with the supplier for that day; before the first agreement, the first."""
        dated = self._terms.get(supplier_id)
        if not dated:
            return ReturnTerms()
        return next((terms for starts_on, terms in dated if starts_on <= day), dated[-1][1])

    def spans(self, zone: str) -> Iterator[tuple[int, datetime, datetime, ReturnTerms]]:
        """(supplier, from, until, terms): what holds for leads received in between, in the campaign's zone."""
        for supplier_id, dated in self._terms.items():
            end = EVER[1]
            for n, (starts_on, terms) in enumerate(dated):
                start = begin(starts_on, zone) if n < len(dated) - 1 else EVER[0]
                yield supplier_id, start, end, terms
                end = start
