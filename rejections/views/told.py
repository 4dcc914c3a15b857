"""The bell: which of a person's batches have ended, and a toast when one does while it is elsewhere."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import User
from leads import monthnews
from rejections import told
from rejections.models import Batch
from rejections.views import shown

#: Batches the bell can watch at once; a person with more sees the others' number.
WATCHED = 50


@login_required
@require_safe
def ended(request: HttpRequest) -> HttpResponse:
    """The person's batches that have ended, and closed months; a dialog for htmx, else a page. Then they are seen."""
    person: Any = request.user
    lines = shown.recent(list(told.ended(person)), person)
    months = [
        {
            "closed": one,
            "name": one.campaign.public_name if person.supplier_id else one.campaign.name,
            "url": monthnews.address(one, person),
        }
        for one in told.closed(person)
    ]
    seen = person.batches_seen_at or person.date_joined
    told.looked(person, timezone.now())
    page: Any = request
    template = "rejections/_told.html" if page.htmx else "rejections/told.html"
    return render(request, template, {"lines": lines, "months": months, "seen": seen})


@login_required
@require_safe
def bell(request: HttpRequest) -> HttpResponse:
    """The bell anew, with a toast for each watched batch (`?watch=7,9`) that has ended since."""
    person = _with_batches(request)
    watched = [int(number) for number in re.findall(r"\b\d{1,18}\b", request.GET.get("watch", ""))[:WATCHED]]
    over = [batch for batch in told.ended_of(person, watched) if not _before_them(request, batch)]
    return render(request, "rejections/_bell.html", {"lines": shown.recent(over, person), "anew": True})


def _with_batches(request: HttpRequest) -> User:
    """The person, who is on a side that has batches; else 404."""
    person: Any = request.user
    if person.supplier_id:
        raise Http404
    return person


def _before_them(request: HttpRequest, batch: Batch) -> bool:
    """Whether the page that asks says it better: the batch's own, or the fix queue of a decision made there."""
    page: Any = request
    path = (page.htmx.current_url_abs_path or "").partition("?")[0]
    return path.startswith(f"/imports/{batch.pk}/") or (
        path == reverse("fix_queue") and "fix" in batch.mapping
    )
