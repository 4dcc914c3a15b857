"""Picklists and their list mapper: what is on them, what came and is not, and each change with its effect first."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import listing
from campaigns.listing import OF_OPERATORS, Do, Edit, Plan
from campaigns.models import Field, Picklist, User
from campaigns.templatetags.figures import counted
from campaigns.templatetags.frame import one_of
from rejections import lists, relisting
from rejections.fix_effects import Preview
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql import lists as statements
from rejections.sql.fixes import Group, Question, chosen_before
from rejections.suggestions import suggest
from rejections.tasks import ring
from rejections.templatetags.batches import batch_number
from rejections.views import shown
from rejections.views.paging import Pager

#: Values and versions on a page; texts that are seen but not listed.
PAGE, VERSIONS, SEEN = 50, 25, 12
#: Lines of a paste whose outcome is shown.
STEPS = 200
#: Of a longer list a value is typed.
OFFERED = 500
USED_SINCE = timedelta(days=90)
PASTE = "paste"


def _person(request: HttpRequest) -> User:
    person: Any = request.user
    if not person.is_staff:
        raise Http404
    return person


def _picklist(request: HttpRequest, pk: int) -> Picklist:
    return get_object_or_404(Picklist.objects.visible_to(_person(request)).select_related("client"), pk=pk)


@login_required
@require_safe
def picklists(request: HttpRequest) -> HttpResponse:
    """Every picklist with what is on it."""
    found = (
        Picklist.objects.visible_to(_person(request))
        .select_related("client")
        .annotate(
            in_use=Count("values", filter=Q(values__retired_at=None), distinct=True),
            mapped=Count("entries", distinct=True),
            used_by=Count("fields__campaign", distinct=True),
        )
        .order_by("client__name", "name")
    )
    pager = Pager.of(request.GET, found.count(), PAGE)
    return render(
        request, "campaigns/picklists.html", {"lines": found[pager.page * PAGE :][:PAGE], "pager": pager}
    )


@login_required
@require_safe
@never_cache
def picklist(request: HttpRequest, pk: int) -> HttpResponse:
    """One picklist: its values with their use and entries, and what was seen and is not listed."""
    found = _picklist(request, pk)
    now = lists.read(found)
    groups = relisting.turned_away(found)
    again = relisting.known_by(now.picklist(), groups)
    context = _values(request, found) | {
        "picklist": found,
        "admin": _person(request).is_superuser,
        "counts": {
            "values": sum(not retired for retired in now.values.values()),
            "entries": len(now.entries),
        },
        "fields": list(found.fields.select_related("campaign")),
        "version": found.versions.select_related("by").first(),
        "seen": _seen(found, now, [group for group in groups if group not in again]),
        "again": relisting.effect(found, now.picklist(), again, timezone.now()) if again else None,
    }
    return render(request, "campaigns/picklist.html", context)


def _values(request: HttpRequest, found: Picklist) -> dict[str, Any]:
    """The page's values with the leads that have them."""
    q = request.GET.get("q", "").replace("\0", "").strip()[:200]
    values = found.values.order_by("retired_at", "value")
    if q:
        values = values.filter(Q(value__icontains=q) | Q(entries__text__icontains=q)).distinct()
    pager = Pager.of(request.GET, values.count(), PAGE)
    page = list(values.prefetch_related("entries")[pager.page * PAGE :][:PAGE])
    pairs = list(Field.objects.filter(picklist=found).values_list("campaign_id", "name"))
    uses = statements.uses(pairs, timezone.now() - USED_SINCE)
    lines = [{"value": value, "use": uses.get(value.value)} for value in page]
    return {"lines": lines, "pager": pager, "q": q, "counted": statements.COUNTED}


def _seen(found: Picklist, now: listing.Listing, groups: list[Group]) -> dict[str, Any]:
    """Texts that came and are not listed, with what may be meant."""
    texts, values = relisting.seen(groups), now.picklist()
    asked = {(one.text, one.groups[0].field) for one in texts[:SEEN]}
    before = chosen_before([Question(found.client_id, field, text) for text, field in asked])
    lines = []
    for one in texts[:SEEN]:
        chosen = before.get(Question(found.client_id, one.groups[0].field, one.text), {})
        likely = suggest(values, one.text, chosen)
        lines.append({"seen": one, "likely": likely[0] if likely else None, "lead": one.groups[0].lead})
    return {"lines": lines, "texts": len(texts), "leads": sum(one.leads for one in texts)}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def picklist_change(request: HttpRequest, pk: int) -> HttpResponse:
    """A change with its effect: GET shows it, POST with `save` makes it, POST without shows it again."""
    found, person = _picklist(request, pk), _person(request)
    data = request.POST if request.method == "POST" else request.GET
    do = data.get("do", "")
    if do not in {*Do, PASTE}:
        raise Http404
    if not person.is_superuser and do not in OF_OPERATORS:
        context = {"picklist": found, "who": one_of(shown.grantors(person))}
        return render(request, "campaigns/picklist_admins.html", context, status=403)
    edits = _edits(data, do)
    refused = None
    if request.method == "POST" and "save" in data and edits:
        try:
            return _save(request, found, edits, person, lenient=do == PASTE)
        except Refused as refusal:
            refused = refusal
    return _change_page(request, found, do, edits, data, refused)


def _edits(data: QueryDict, do: str) -> list[Edit]:
    """What is asked for; nothing while it is not complete."""
    if do == PASTE:
        return listing.read_paste(data.get("paste", "").replace("\0", ""))
    text, value = (data.get(name, "").replace("\0", "") for name in ("text", "value"))
    complete = text.strip() and (value.strip() or do in (Do.ADD, Do.RETIRE, Do.UNMAP))
    return [Edit(Do(do), text, value)] if complete else []


def _save(
    request: HttpRequest, found: Picklist, edits: list[Edit], person: User, *, lenient: bool
) -> HttpResponse:
    """The one save, and judging again where that was ticked; raises Refused."""
    at = timezone.now()
    made = lists.save(found, edits, by=person, at=at, lenient=lenient)
    if not made.changes:
        messages.info(request, f"{found} has all of this already. Nothing was changed.")
        return redirect("picklist", found.pk)
    messages.success(request, f"{found} is at version {found.version}.")
    if "again" in request.POST:
        _judge_again(request, found, made, person)
    return redirect("picklist", found.pk)


def _judge_again(request: HttpRequest, found: Picklist, made: Plan, person: User) -> None:
    groups = relisting.known_by(made.after.picklist(), relisting.turned_away(found))
    try:
        batches = relisting.judge_again(
            found,
            groups,
            person=person,
            via="page",
            at=timezone.now(),
            decided=[step.edit for step in made.changes],
        )
    except Refused as refusal:
        messages.info(request, f"{refusal.title}.")
        return
    for batch in batches:
        transaction.on_commit(partial(ring, batch.pk))
    messages.info(request, _under_way(batches))


def _under_way(batches: list[Batch]) -> str:
    """How many leads are judged again, and where that is followed."""
    leads, batch = sum(batch.rows for batch in batches), batches[0]
    one = len(batches) == 1
    return format_html(
        '{} {} judged again: <a href="{}">{}</a>.',
        counted(leads, "lead"),
        "is" if leads == 1 else "are",
        reverse("batch", args=[batch.pk]) if one else reverse("fix_decisions"),
        batch_number(batch) if one else "Decisions made",
    )


def _change_page(
    request: HttpRequest,
    found: Picklist,
    do: str,
    edits: list[Edit],
    data: QueryDict,
    refused: Refused | None,
) -> HttpResponse:
    now = lists.read(found)
    context = _effect(found, now, edits, do) | {
        "picklist": found,
        "do": do,
        "text": data.get("text", "")[: listing.LONGEST],
        "value": data.get("value", "")[: listing.LONGEST],
        "paste": data.get("paste", ""),
        "values": [value for value, retired in sorted(now.values.items()) if not retired],
        "offered": OFFERED,
        "refused": refused,
        "next": found.version + 1,
    }
    in_dialog = request.headers.get("HX-Request")
    template = "campaigns/_picklist_change.html" if in_dialog else "campaigns/picklist_change.html"
    return render(request, template, context, status=422 if refused else 200)


def _effect(found: Picklist, now: listing.Listing, edits: list[Edit], do: str) -> dict[str, Any]:
    """What the change would do: to the list, to leads that wait, to leads that still come."""
    made = listing.plan(now, edits)
    releases = _releases(found, made) if made.changes else None
    return {
        "plan": made if edits else None,
        "steps": made.steps[:STEPS],
        "counts": _counts(made),
        "releases": releases,
        "labels": _labels(do, made, releases),
        "loses": _loses(found, made) if made.changes else 0,
        "blocked": not made.changes or (bool(made.problems) and do != PASTE),
    }


_VERBS = {
    Do.ADD: "Add the value",
    Do.MAP: "Map it",
    Do.REMAP: "Map it",
    Do.RENAME: "Rename it",
    Do.RETIRE: "Retire it",
    Do.UNMAP: "Remove the entry",
}


def _labels(do: str, made: Plan, releases: Preview | None) -> dict[str, str]:
    """What the buttons say: the change alone, and the change with judging again where that moves a lead."""
    number = len(made.changes)
    paste = f"Save {number:,} change{'' if number == 1 else 's'}" if number else "Save"
    only = paste if do == PASTE else _VERBS[Do(do)]
    moves = releases is not None and (releases.released or releases.quarantined)
    both = f"{only} and {releases.label[0].lower()}{releases.label[1:]}" if releases and moves else ""
    return {"only": only, "both": both}


def _counts(made: Plan) -> list[tuple[int, str, str]]:
    """What becomes of the lines of a paste: how many, and of what (singular, plural)."""
    done = Counter(step.edit.do for step in made.changes)
    same = sum(step.same for step in made.steps)
    found = [
        (done[Do.ADD], "new value", "new values"),
        (done[Do.MAP], "new list mapper entry", "new list mapper entries"),
        (same, "already listed", "already listed"),
        (len(made.problems), "left out", "left out"),
    ]
    return [one for one in found if one[0]]


def _releases(found: Picklist, made: Plan) -> Preview | None:
    """What judging again would release that does not pass as the list stands."""
    groups = relisting.turned_away(found)
    known = relisting.known_by(made.after.picklist(), groups)
    return relisting.effect(found, made.after.picklist(), known, timezone.now()) if known else None


def _loses(found: Picklist, made: Plan) -> int:
    """Leads of the last 90 days with a value that would pass no more."""
    gone = [step.edit.text for step in made.changes if step.edit.do == Do.RETIRE]
    if not gone:
        return 0
    pairs = list(Field.objects.filter(picklist=found).values_list("campaign_id", "name"))
    uses = statements.uses(pairs, timezone.now() - USED_SINCE)
    return sum(uses[text].leads for text in gone if text in uses)


@login_required
@require_POST
def picklist_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge again what the list knows by now."""
    found = _picklist(request, pk)
    _judge_again(request, found, listing.plan(lists.read(found), []), _person(request))
    return redirect("picklist", found.pk)


@login_required
@require_safe
def picklist_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every save, newest first: who, when, and what."""
    found = _picklist(request, pk)
    versions = found.versions.select_related("by")
    pager = Pager.of(request.GET, versions.count(), VERSIONS)
    context = {"picklist": found, "versions": versions[pager.page * VERSIONS :][:VERSIONS], "pager": pager}
    return render(request, "campaigns/picklist_versions.html", context)
