"""The list of imports: every batch a person may see, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.models import Campaign, User
from leads import search
from rejections import control
from rejections.models import Batch, Kind
from rejections.states import State
from rejections.views import shown
from rejections.views.paging import Pager

#: Batches on a page.
PAGE = 25
TABS = (
    ("", "All"),
    (Kind.REJECTION, "Rejection imports"),
    (Kind.CORRECTION, "Correction uploads"),
    (Kind.CLOSE_OUT, "Close-outs"),
)


@login_required
@require_safe
def imports(request: HttpRequest) -> HttpResponse:
    """One page of the list under the filters in the address."""
    person: Any = request.user
    if person.supplier_id:
        raise Http404
    kinds = [(kind, words) for kind, words in TABS if person.is_staff or kind != Kind.CORRECTION]
    form = _filters(request.GET, dict(kinds))
    visible = Batch.objects.visible_to(person)
    found = _filtered(visible, form, person)
    of_kind = found.filter(kind=form["kind"]) if form["kind"] else found
    tabs = _tabs(request.GET, found, form["kind"], kinds)
    pager = Pager.of(request.GET, next(tab["count"] for tab in tabs if tab["here"]), PAGE)
    batches = of_kind.select_related("campaign", "created_by")[pager.page * PAGE :][:PAGE]
    context = {
        "tabs": tabs,
        "form": form,
        "states": [(state.value, state.label) for state in State],
        "campaigns": Campaign.objects.filter(pk__in=visible.values("campaign")),
        "lines": shown.recent(batches, person),
        "pager": pager,
        "filtered": any(form[name] for name in ("q", "state", "campaign", "by")),
        "may_reject": control.may_reject(person),
    }
    return render(request, "rejections/list.html", context)


def _filters(data: QueryDict, kinds: Mapping[str, str]) -> dict[str, str]:
    """The filters as sent; a kind or state there is not counts as none, and so do others' correction uploads."""
    form = {
        name: data.get(name, "").replace("\0", "").strip()[:200] for name in ("q", "state", "campaign", "by")
    }
    if form["state"] not in set(State):
        form["state"] = ""
    kind = data.get("kind", "")
    return form | {"kind": kind if kind in kinds else ""}


def _filtered(batches: QuerySet[Batch], form: dict[str, str], person: User) -> QuerySet[Batch]:
    """The batches in that state and campaign, of that person, whose number or file the text names."""
    if form["by"] == "me":
        batches = batches.filter(created_by=person)
    if form["state"]:
        batches = batches.filter(state=form["state"])
    if form["campaign"]:
        batches = batches.filter(campaign__code=form["campaign"])
    if form["q"]:
        named = batches.filter(file_name__icontains=form["q"])
        number = search.number(form["q"])
        batches = named | batches.filter(pk=number) if number else named
    return batches


def _tabs(
    data: QueryDict, found: QuerySet[Batch], kind: str, kinds: Iterable[tuple[str, str]]
) -> list[dict[str, Any]]:
    """The kinds with their numbers under the other filters."""
    counts = dict(found.order_by().values_list("kind").annotate(Count("pk")))
    return [_tab(data, value, words, counts, here=value == kind) for value, words in kinds]


def _tab(data: QueryDict, value: str, words: str, counts: dict[str, int], *, here: bool) -> dict[str, Any]:
    parameters = data.copy()
    parameters.pop("page", None)
    parameters["kind"] = value
    count = counts.get(value, 0) if value else sum(counts.values())
    return {"words": words, "count": count, "query": parameters.urlencode(), "here": here}
