"""The search box: what is pasted there opens what it names."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from leads import profile, search
from rejections.models import Batch


@login_required
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """A pasted Lead ID, UID or batch number opens what it names."""
    person: Any = request.user
    q = request.GET.get("q", "").strip()[:200]
    leads = search.leads(q, person)
    if len(leads) == 1:
        return redirect("lead", leads[0].pk)
    number = search.number(q)
    if not leads and number and (batch := Batch.objects.visible_to(person).filter(pk=number).first()):
        return redirect("batch", batch.pk)
    return render(
        request, "leads/find.html", {"q": q, "leads": [profile.lead_of(found, person) for found in leads]}
    )
