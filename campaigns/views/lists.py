"""Picklists and their list mapper: what is on them, and what came and is not."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count, Q, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from campaigns import listing
from campaigns.listing import Plan
from campaigns.lists import natural
from campaigns.models import Picklist, PicklistValue, User
from campaigns.templatetags.figures import counted
from rejections import lists, relisting
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql import lists as statements
from rejections.sql.fixes import Group, Question, chosen_before
from rejections.suggestions import suggest
from rejections.tasks import ring
from rejections.templatetags.batches import batch_number
from rejections.views.paging import Pager

#: Values and versions on a page; texts that are seen but not listed.
PAGE, VERSIONS, SEEN = 50, 25, 12
USED_SINCE = timedelta(days=90)


def person_of(request: HttpRequest) -> User:
    person: Any = request.user
    if not person.is_staff:
        raise Http404
    return person


def named(request: HttpRequest, pk: int) -> Picklist:
    return get_object_or_404(Picklist.objects.visible_to(person_of(request)).select_related("client"), pk=pk)


@login_required
@require_safe
def picklists(request: HttpRequest) -> HttpResponse:
    """Every picklist with what is on it."""
    found = (
        Picklist.objects.visible_to(person_of(request))
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
    found = named(request, pk)
    now = lists.read(found)
    groups = relisting.turned_away(found)
    again = relisting.known_by(now.picklist(), groups)
    context = _values(request, found) | {
        "picklist": found,
        "admin": person_of(request).is_superuser,
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
    values = found.values.all()
    if q:
        values = values.filter(Q(value__icontains=q) | Q(entries__text__icontains=q)).distinct()
    sorted_values = sorted(values, key=_order)
    pager = Pager.of(request.GET, len(sorted_values), PAGE)
    page = sorted_values[pager.page * PAGE :][:PAGE]
    prefetch_related_objects(page, "entries")
    uses = relisting.uses(found, timezone.now() - USED_SINCE)
    lines = [{"value": value, "use": uses.get(value.value)} for value in page]
    return {"lines": lines, "pager": pager, "q": q, "counted": statements.COUNTED}


def _order(value: PicklistValue) -> tuple[bool, Any]:
    """As people look for them; what is retired comes last."""
    return value.retired_at is not None, natural(value.value)


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


def judge_again(request: HttpRequest, found: Picklist, made: Plan, person: User) -> None:
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


@login_required
@require_POST
def picklist_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge again what the list knows by now."""
    found = named(request, pk)
    judge_again(request, found, listing.plan(lists.read(found), []), person_of(request))
    return redirect("picklist", found.pk)


@login_required
@require_safe
def picklist_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """Every save, newest first: who, when, and what."""
    found = named(request, pk)
    versions = found.versions.select_related("by")
    pager = Pager.of(request.GET, versions.count(), VERSIONS)
    context = {
        "picklist": found,
        "versions": versions[pager.page * VERSIONS :][:VERSIONS],
        "pager": pager,
        "oldest": lists.oldest_kept(found) if person_of(request).is_superuser else found.version,
    }
    return render(request, "campaigns/picklist_versions.html", context)
