"""Leads as lists: which ones are asked for, in which order, one page after the other. The same for every side.

Pages go by a place in the order, not by a number: the thousandth page costs what the first one does.
No index of a lead mentions its status, so a list walks an index that stands in order and leaves out what
does not fit, until the page is full.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from campaigns.models import Campaign, Disposition, Field, Source, Supplier, User
from campaigns.rules import begin, local_date, shared_zone, window_opens
from leads import search
from leads.filters import Filters, Only, Sort
from leads.identifiers import normalise
from leads.models import Lead, LeadQuerySet, LeadValues
from leads.sql.walk import walk
from leads.statuses import Status

PAGE = 50
#: Counts are exact up to here.
COUNTED = 10_000
#: A window that closes within so many days, today's among them, closes soon.
SOON_DAYS = 2


@dataclass(frozen=True)
class Choices:
    """What a person can filter by, each by its code; `fields` by name. Nothing in it is hidden from them.

    To suppliers a campaign's code could name the client: they know campaigns by their number.
    """

    campaigns: Mapping[str, Campaign]
    sources: Mapping[str, Source]
    suppliers: Mapping[str, Supplier]
    dispositions: Mapping[str, Disposition]
    fields: Mapping[str, Field]


def choices(person: User) -> Choices:
    """What this person can filter by; clients by suppliers where they may know them."""
    campaigns = list(Campaign.objects.visible_to(person).select_related("client"))
    sources = Source.objects.visible_to(person).select_related("supplier")
    known = {source.code: source for source in sources}
    suppliers = {} if person.supplier_id else {one.supplier.code: one.supplier for one in known.values()}
    fields = Field.objects.filter(campaign__in=campaigns).order_by("label", "id")
    return Choices(
        {str(one.pk) if person.supplier_id else one.code: one for one in campaigns},
        known,
        dict(sorted(suppliers.items(), key=lambda pair: pair[1].name)),
        Disposition.objects.in_bulk(field_name="code"),
        {field.name: field for field in reversed(fields)},
    )


def found(person: User, filters: Filters, offered: Choices, at: datetime) -> LeadQuerySet:
    """The leads asked for, of those this person may see; a filter that it is not offered finds nothing."""
    leads = Lead.objects.visible_to(person)
    for name, known in (
        ("campaign", offered.campaigns),
        ("source", offered.sources),
        ("supplier", offered.suppliers),
        ("disposition", offered.dispositions),
    ):
        if code := getattr(filters, name):
            chosen: Any = known.get(code)
            leads = leads.filter(**{name: chosen.pk}) if chosen else leads.none()
    if filters.supplier and person.client_id:
        leads = leads.filter(campaign__show_suppliers_to_client=True)
    if filters.status:
        leads = leads.filter(status__in=filters.status)
    if filters.only:
        leads = leads.filter(_waiting(Only(filters.only), person, at))
    if filters.disputed:  # by what stands above leads in the house, and is known here by name only
        leads = leads.filter(pk__in=Lead.objects.filter(disputes__state=filters.disputed).values("pk"))
    leads = leads.filter(_dates(filters, offered, person))
    if filters.field and (filters.value or filters.blank):
        leads = leads.filter(_value(filters, offered))
    return leads.filter(search.named(filters.q, person)) if filters.q else leads


def zone_of(filters: Filters, offered: Choices) -> str:
    """The time zone of a list: the chosen campaign's, else the house's."""
    campaign = None if filters.zone else offered.campaigns.get(filters.campaign)
    return shared_zone([campaign.time_zone] if campaign else [], settings.TIME_ZONE)


def _dates(filters: Filters, offered: Choices, person: User) -> Q:
    """The days asked for, in the zone of the list."""
    zone = zone_of(filters, offered)
    asked = _span("received_at", filters.received_from, filters.received_to, zone)
    if filters.valid_from or filters.valid_to:
        asked &= _span("valid_at", filters.valid_from, filters.valid_to, zone)
        if filters.campaign not in offered.campaigns:  # which is how the index on it begins
            visible = Campaign.objects.visible_to(person).values_list("pk", flat=True)
            asked &= Q(campaign__in=list(visible))
    return asked


def _span(column: str, first: date | None, last: date | None, zone: str) -> Q:
    asked = Q()
    if first and first > date.min:
        asked &= Q(**{f"{column}__gte": begin(first, zone)})
    if last and last < date.max:
        asked &= Q(**{f"{column}__lt": begin(last + timedelta(days=1), zone)})
    return asked


def _waiting(only: Only, person: User, at: datetime) -> Q:
    """Leads that wait for a person: to be fixed, or for what becomes of them when their window has closed."""
    if only == Only.TO_FIX:
        return Q(status=Status.REJECTED, values__kept_rejected=False) & ~Q(values__failures=[])
    asked = Q()
    for campaign in Campaign.objects.visible_to(person).exclude(return_window_days=None):
        zone = campaign.time_zone
        opens = window_opens(local_date(at, zone), campaign.return_window_days or 0, zone)
        closing = begin(local_date(opens, zone) + timedelta(days=SOON_DAYS), zone)
        span = {"valid_at__lt": opens} if only == Only.CLOSED else {"valid_at__gte": opens}
        asked |= Q(campaign=campaign.pk, **span) & (Q() if only == Only.CLOSED else Q(valid_at__lt=closing))
    return asked & Q(status=Status.PENDING) if asked else Q(pk__in=[])


def _value(filters: Filters, offered: Choices) -> Q:
    """Leads with this value in the field, as judged; written as people write it, or as it is stored; or blank."""
    if filters.blank:
        return Q(values__judged__contains={filters.field: ""})
    field, campaign = offered.fields.get(filters.field), offered.campaigns.get(filters.campaign)
    texts = {filters.value}
    if field and field.kind in (Field.Kind.EMAIL, Field.Kind.PHONE):
        texts.add(normalise(field.kind, filters.value, campaign.phone_region if campaign else "") or "")
    asked = Q()
    for text in sorted(texts):
        asked |= Q(values__judged__contains={filters.field: text})
    return asked


@dataclass(frozen=True)
class Place:
    """A place in the order: that of one lead."""

    received_at: datetime
    pk: int

    @classmethod
    def of(cls, lead: Lead) -> Place:
        """Where this lead stands."""
        return cls(lead.received_at, lead.pk)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """The place that an address names; None when it names none."""
        number, _, moment = text.partition("_")
        try:
            received_at = datetime.fromisoformat(moment)
        except ValueError:
            return None
        known = number.isdecimal() and len(number) < 19 and received_at.tzinfo is not None
        return cls(received_at, int(number)) if known else None

    def __str__(self) -> str:
        return f"{self.pk}_{self.received_at.isoformat()}"


def in_order(leads: LeadQuerySet, sort: Sort, *, backwards: bool = False) -> LeadQuerySet:
    """The leads in this order."""
    sign = "-" if sort.descends != backwards else ""
    return leads.order_by(
        *(f"{sign}{name}" for name in (("received_at", "pk") if sort.by_received else ("pk",)))
    )


def beyond(leads: LeadQuerySet, sort: Sort, place: Place, *, backwards: bool = False) -> LeadQuerySet:
    """The leads after a place (or before it), the nearest first."""
    way = "lt" if sort.descends != backwards else "gt"
    asked = Q(**{f"pk__{way}": place.pk})
    if sort.by_received:
        at = place.received_at
        asked = Q(**{f"received_at__{way}e": at}) & (Q(**{f"received_at__{way}": at}) | asked)
    return in_order(leads.filter(asked), sort, backwards=backwards)


@dataclass(frozen=True)
class Page:
    """One page: its leads with their parties, their values by lead, how many there are in all (to COUNTED + 1).

    `previous` and `next` are the places its neighbours begin from; None where there is none.
    """

    leads: list[Lead]
    values: Mapping[int, LeadValues]
    total: int
    previous: Place | None
    next: Place | None


def page(leads: LeadQuerySet, sort: Sort, *, after: Place | None = None, before: Place | None = None) -> Page:
    """The page after a place, or before it; the first one without either. A few queries, however many leads."""
    with walk():
        ids = list(in_order(leads, sort).values_list("pk", flat=True)[: COUNTED + 1])
        total = len(ids)
        if after or before:
            place: Any = after or before
            near = beyond(leads, sort, place, backwards=not after)
            ids = list(near.values_list("pk", flat=True)[: PAGE + 1])
    more = len(ids) > PAGE
    ids = ids[:PAGE] if after or not before else ids[:PAGE][::-1]
    loaded = Lead.objects.select_related(
        "campaign__client", "source", "supplier", "disposition", "adjustment"
    ).in_bulk(ids)
    listed = [loaded[pk] for pk in ids if pk in loaded]
    back, on = (more, True) if before and not after else (after is not None, more)
    return Page(
        listed,
        LeadValues.objects.in_bulk(ids),
        total,
        Place.of(listed[0]) if listed and back else None,
        Place.of(listed[-1]) if listed and on else None,
    )


def neighbours(leads: LeadQuerySet, sort: Sort, lead: Lead) -> tuple[int | None, int | None]:
    """The Lead IDs before and after this one in the order; None at either end."""
    place = Place.of(lead)
    near = (beyond(leads, sort, place, backwards=back).values_list("pk", flat=True) for back in (True, False))
    with walk():
        before, after = (next(iter(ids[:1]), None) for ids in near)
    return before, after
