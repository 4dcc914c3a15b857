"""The list of leads: filters, order, columns, saved views and paging in the address; and as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import User
from campaigns.rules import local_date
from leads import cells, filters, listing
from leads.cells import Row
from leads.filters import Disputed, Filters, Only, Sort
from leads.forms import SavedViewForm
from leads.listing import Choices, Place
from leads.models import LeadQuerySet, SavedView
from leads.statuses import Status
from rejections import control

#: Views that a person may keep.
VIEWS = 30


@dataclass(frozen=True)
class Asked:
    """A list as it is asked for: by whom, when, and the leads that are in it."""

    person: User
    at: datetime
    filters: Filters
    offered: Choices
    leads: LeadQuerySet

    @classmethod
    def of(cls, person: User, asked: Filters, at: datetime) -> Asked:
        """The list with these filters."""
        offered = listing.choices(person)
        asked = replace(asked, columns=cells.unusual(person, offered, asked.columns))
        return cls(person, at, asked, offered, listing.found(person, asked, offered, at))

    @property
    def columns(self) -> list[cells.Column]:
        """The columns chosen."""
        return cells.chosen(self.person, self.offered, self.filters.columns)

    def rows(self, page: listing.Page) -> list[Row]:
        """The leads of a page, as cells take them."""
        return [Row(lead, page.values.get(lead.pk), self.person, self.at, self.zone) for lead in page.leads]

    @property
    def zone(self) -> str:
        """The time zone of its days and times."""
        return listing.zone_of(self.filters, self.offered)


@login_required
@require_safe
def leads(request: HttpRequest) -> HttpResponse:
    """One page of the list."""
    person: Any = request.user
    asked = Asked.of(person, filters.read(dict(request.GET.lists())), timezone.now())
    places = {name: Place.read(request.GET.get(name, "")) for name in ("after", "before")}
    page = listing.page(asked.leads, asked.filters.sort, **places)
    context = _shown(asked, page) | _form(asked) | {"views": _views(asked)}
    context |= {"may": _may(person), "first": not any(places.values())}
    return render(request, "leads/list.html", context)


@login_required
@require_safe
def leads_download(request: HttpRequest) -> HttpResponseBase:
    """All leads of the list, with the columns shown."""
    person: Any = request.user
    return as_file(Asked.of(person, filters.read(dict(request.GET.lists())), timezone.now()))


def as_file(asked: Asked) -> HttpResponseBase:
    """The answer that streams the list."""
    leads = listing.in_order(asked.leads, asked.filters.sort)
    content = cells.as_csv(leads, asked.columns, asked.person, asked.at, asked.zone)
    answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="leads.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _shown(asked: Asked, page: listing.Page) -> dict[str, Any]:
    own = asked.filters
    sorts = {
        "id": _sorting(own, Sort.HIGHEST_ID, Sort.LOWEST_ID),
        "received": _sorting(own, Sort.NEWEST, Sort.OLDEST),
    }
    return {
        "columns": asked.columns,
        "sorts": sorts,
        "rows": cells.table(asked.rows(page), asked.columns),
        "total": page.total,
        "limit": listing.COUNTED,
        "zone": asked.zone,
        "query": own.query(),
        "previous": _address(own, before=page.previous) if page.previous else "",
        "next": _address(own, after=page.next) if page.next else "",
        "filtered": own.narrows,
        "drops": _drops(asked) if own.narrows and not page.leads else [],
    }


def _address(own: Filters, **place: Place) -> str:
    (name, at), *_ = place.items()
    query = own.query()
    return f"{query}{'&' if query else ''}{name}={str(at).replace('+', '%2B')}"


#: The filters in words, and what each consists of.
_DROPS = (
    ("the search", ("q",)),
    ("the status", ("status",)),
    ("the campaign", ("campaign",)),
    ("the source", ("source",)),
    ("the supplier", ("supplier",)),
    ("the disposition", ("disposition",)),
    ("the dates received", ("received_from", "received_to")),
    ("the dates valid", ("valid_from", "valid_to")),
    ("the field", ("field", "value", "blank")),
    ("“waiting for”", ("only",)),
    ("the dispute", ("disputed",)),
)


def _drops(asked: Asked) -> list[dict[str, str]]:
    """Each filter that is set, with the address of the list without it."""
    own, none = asked.filters, Filters()
    return [
        {"words": words, "query": own.query(**{name: getattr(none, name) for name in names})}
        for words, names in _DROPS
        if any(getattr(own, name) != getattr(none, name) for name in names)
    ]


def _sorting(own: Filters, down: Sort, up: Sort) -> dict[str, str]:
    """What a column's title leads to, and how the list stands now."""
    here = {down: "descending", up: "ascending"}.get(own.sort, "")
    return {"query": own.query(sort=up if own.sort == down else down), "here": here}


def _form(asked: Asked) -> dict[str, Any]:
    """What the filters stand at, and what they offer."""
    own, offered = asked.filters, asked.offered
    shown = {column.key for column in asked.columns}
    return {
        "own": own,
        "offered": offered,
        "statuses": [(status.value, status.label, status.value in own.status) for status in Status],
        "waiting": [(only.value, only.label) for only in Only],
        "contested": [(one.value, one.label) for one in Disputed],
        "all_columns": [(column, column.key in shown) for column in cells.offered(asked.person, offered)],
    }


def _may(person: User) -> dict[str, bool]:
    return {"reject": control.may_reject(person), "keep": control.may_correct(person)}


def _views(asked: Asked) -> list[dict[str, Any]]:
    """The views everybody has, then the person's own; those that are shown now are marked."""
    exact = asked.filters.query()
    kept = SavedView.objects.visible_to(asked.person)[:VIEWS]
    own = [{"name": v.name, "query": v.query, "here": v.query == exact, "view": v} for v in kept]
    taken = any(view["here"] for view in own)
    usual = [
        {"name": name, "query": one.query(), "here": one.query() == exact and not taken, "view": None}
        for name, one in _usual(asked.person, asked.at)
    ]
    return usual + own


def _usual(person: User, at: datetime) -> list[tuple[str, Filters]]:
    today = local_date(at, timezone.get_current_timezone_name())
    week = ("This week", Filters(received_from=today - timedelta(days=today.weekday())))
    disputed = (Disputed.OPEN.label, Filters(disputed=Disputed.OPEN.value))
    if person.supplier_id:
        return [
            ("All", Filters()),
            week,
            ("Client Rejected", Filters(status=(Status.CLIENT_REJECTED.value,))),
            ("Rejected", Filters(status=(Status.REJECTED.value,))),
            disputed,
        ]
    closing = [(only.label, Filters(only=only.value)) for only in (Only.CLOSING, Only.CLOSED)]
    quarantined = ("Quarantined", Filters(status=(Status.QUARANTINED.value,)))
    to_fix = [(Only.TO_FIX.label, Filters(only=Only.TO_FIX.value))] if person.is_staff else []
    return [("All", Filters()), week, *to_fix, *closing, quarantined, disputed]


@login_required
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep this list under a name; a view with that name is replaced."""
    person: Any = request.user
    form = SavedViewForm(request.POST)
    kept = SavedView.objects.visible_to(person)
    if not form.is_valid():
        messages.error(request, "A view needs a name of at most 60 characters. Nothing was saved.")
        return redirect("leads")
    name, query = form.cleaned_data["name"], filters.read_query(form.cleaned_data["query"]).query()
    if kept.count() >= VIEWS and not kept.filter(name=name).exists():
        messages.error(request, f"You keep {VIEWS} views already. Remove one first. Nothing was saved.")
    else:
        SavedView.objects.update_or_create(person=person, name=name, defaults={"query": query})
        messages.success(request, f"“{name}” is saved. Only you see it here; its address can be shared.")
    return redirect(f"{reverse('leads')}?{query}")


@login_required
@require_POST
def view_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a view of one's own."""
    person: Any = request.user
    view = get_object_or_404(SavedView.objects.visible_to(person), pk=pk)
    view.delete()
    messages.success(request, f"“{view.name}” is removed. No lead was changed.")
    return redirect("leads")
