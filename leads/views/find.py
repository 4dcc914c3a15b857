"""The search box: what is pasted there opens what it names; the same as a palette while one types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from campaigns.lists import fold
from campaigns.models import Campaign, Source, User
from leads import listing, profile, search
from leads.filters import Sort
from leads.models import Lead, LeadQuerySet, LeadValues
from leads.sql.walk import walk
from rejections.models import Batch

#: So many of each kind are listed while one types.
LISTED = 6
#: Pages by the words they are found by, and who has them.
_STAFF, _CLIENT, _SUPPLIER = "staff", "client", "supplier"
PAGES = (
    ("home", "Home", (_STAFF, _CLIENT, _SUPPLIER)),
    ("leads", "Leads", (_STAFF, _CLIENT, _SUPPLIER)),
    ("fix_queue", "Fix queue", (_STAFF,)),
    ("sources", "Sources", (_STAFF,)),
    ("import_new", "Import rejections", (_STAFF, _CLIENT)),
    ("imports", "Imports", (_STAFF, _CLIENT)),
    ("disputes", "Disputes", (_STAFF, _SUPPLIER)),
    ("notices", "Notices", (_STAFF, _SUPPLIER)),
    ("campaigns", "Campaigns", (_STAFF, _CLIENT)),
    ("picklists", "Picklists and list mapper", (_STAFF,)),
    ("analytics", "Analytics and reports", (_STAFF, _CLIENT)),
    ("statements", "Statements", (_STAFF, _CLIENT, _SUPPLIER)),
    ("profile", "Profile, theme and keys", (_STAFF, _CLIENT, _SUPPLIER)),
)


@dataclass(frozen=True)
class Hits:
    """What a text finds, of what this person may see."""

    leads: list[dict[str, Any]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    pages: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._addresses)

    @property
    def only(self) -> str:
        """The address of the one hit there is; blank where there are several, or none."""
        return self._addresses[0] if len(self._addresses) == 1 else ""

    @property
    def _addresses(self) -> list[str]:
        return [
            *(reverse("lead", args=[lead["pk"]]) for lead in self.leads),
            *(reverse("batch", args=[batch.pk]) for batch in self.batches),
            *(reverse("campaign", args=[campaign.code]) for campaign in self.campaigns),
            *(reverse("source", args=[source.code]) for source in self.sources),
            *(address for address, _ in self.pages),
        ]


@login_required
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """A pasted Lead ID, UID or batch number opens what it names, and so does a text with one hit."""
    person: Any = request.user
    q = request.GET.get("q", "").replace("\0", "").strip()[:200]
    named = search.leads(q, person)
    if request.headers.get("HX-Request"):
        return render(request, "leads/_found.html", {"q": q, "hits": _hits(q, person, named, LISTED)})
    if len(named) == 1:
        return redirect("lead", named[0].pk)
    number = search.number(q)
    if not named and number and (batch := Batch.objects.visible_to(person).filter(pk=number).first()):
        return redirect("batch", batch.pk)
    hits = _hits(q, person, named, search.LISTED)
    if hits.only:
        return redirect(hits.only)
    return render(request, "leads/find.html", {"q": q, "leads": hits.leads, "hits": hits})


def _hits(q: str, person: User, named: list[Lead], limit: int) -> Hits:
    if not q:
        return Hits(pages=_pages("", person))
    return Hits(
        leads=_leads(q, person, named, limit),
        batches=_batches(q, person),
        campaigns=_campaigns(q, person),
        sources=_sources(q, person),
        pages=_pages(q, person),
    )


def _leads(q: str, person: User, named: list[Lead], limit: int) -> list[dict[str, Any]]:
    """The leads that the text names whole, then what else it finds, newest first."""
    visible: LeadQuerySet = Lead.objects.visible_to(person)
    found = listing.in_order(visible.filter(search.named(q, person)), Sort.NEWEST)
    with walk():
        near = list(found.values_list("pk", flat=True)[:limit])
    ids = list(dict.fromkeys([*(lead.pk for lead in named), *near]))[:limit]
    known = visible.select_related("campaign", "disposition").in_bulk(ids)
    listed = [known[pk] for pk in ids if pk in known]
    values = LeadValues.objects.in_bulk([lead.pk for lead in listed])
    return [
        profile.lead_of(lead, person)
        | {"name": profile.title(lead, values.get(lead.pk)), "campaign": _campaign_name(lead, person)}
        for lead in listed
    ]


def _campaign_name(lead: Lead, person: User) -> str:
    return lead.campaign.public_name if person.supplier_id else lead.campaign.name


def _batches(q: str, person: User) -> list[Batch]:
    number = search.number(q)
    named = Q(pk=number) if number else Q(file_name__icontains=q)
    visible: QuerySet[Batch] = Batch.objects.visible_to(person)
    return list(visible.filter(named).select_related("campaign").order_by("-pk")[:LISTED])


def _campaigns(q: str, person: User) -> list[Campaign]:
    """Campaigns by name or code; suppliers have no page of them."""
    if person.supplier_id:
        return []
    found = Campaign.objects.visible_to(person).filter(Q(name__icontains=q) | Q(code__icontains=q))
    return list(found[:LISTED])


def _sources(q: str, person: User) -> list[Source]:
    """Sources by name or code; their pages are the staff's."""
    if not person.is_staff:
        return []
    found = Source.objects.visible_to(person).filter(Q(name__icontains=q) | Q(code__icontains=q))
    return list(found.select_related("campaign")[:LISTED])


def _pages(q: str, person: User) -> list[tuple[str, str]]:
    """Pages of this person's side with a word that begins so: (address, words)."""
    side = _STAFF if person.is_staff else _CLIENT if person.client_id else _SUPPLIER
    start = fold(q)
    return [
        (reverse(name), words)
        for name, words, sides in PAGES
        if side in sides and any(part.startswith(start) for part in (fold(words), *fold(words).split()))
    ]
