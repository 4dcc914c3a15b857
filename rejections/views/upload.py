"""Step 1: the file and its campaign."""

from __future__ import annotations

import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from openpyxl import Workbook

from campaigns.models import Campaign, User
from campaigns.rules import local_date, window_opens
from leads.models import Lead
from leads.statuses import Status
from rejections import control, uploads
from rejections.forms import UploadForm
from rejections.models import Batch, Kind
from rejections.refusals import Refused
from rejections.states import State
from rejections.tasks import ring
from rejections.views import shown

EXAMPLE = [
    ("lead_id", "rejection_reason"),
    ("1", "Duplicate Lead"),
    ("2", "Failed Validation: Not UK Based"),
]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Choose a file and a campaign; a sent file becomes a batch."""
    person: Any = request.user
    if person.supplier_id:
        raise Http404
    form = UploadForm(person, request.POST or None, request.FILES or None)
    refused = None
    if request.method == "POST":
        if not control.may_reject(person):
            raise PermissionDenied
        if form.is_valid():
            try:
                return redirect("batch", _receive(form, person).pk)
            except Refused as refusal:
                refused = refusal
    status = 422 if form.errors or refused else 200
    return render(request, "rejections/upload.html", _context(request, form, refused), status=status)


def _receive(form: UploadForm, person: User) -> Batch:
    """The one call: keep the file and ring for a worker; raises Refused."""
    file = form.cleaned_data["file"]
    batch = uploads.receive(
        form.cleaned_data["campaign"],
        file.chunks(),
        file.name,
        person=person,
        via="page",
        at=timezone.now(),
    )
    ring(batch.pk)
    return batch


def _context(request: HttpRequest, form: UploadForm, refused: Refused | None) -> dict[str, Any]:
    person: Any = request.user
    batches = Batch.objects.visible_to(person).select_related("campaign", "created_by")
    return upload_context(person, request.POST.get("campaign") or request.GET.get("campaign", "")) | {
        "form": form,
        "refused": refused,
        "recent": shown.recent(list(batches.exclude(kind=Kind.CORRECTION)[:5]), person),
        "compact": True,
    }


def upload_context(person: User, chosen: str) -> dict[str, Any]:
    """What the zone for a file needs, with the facts of the campaign chosen (by its code)."""
    campaigns = list(Campaign.objects.visible_to(person).select_related("client"))
    if len(campaigns) == 1 and not chosen:
        chosen = campaigns[0].code
    return {
        "campaigns": campaigns,
        "facts": next((_facts(campaign) for campaign in campaigns if campaign.code == chosen), None),
        "limits": shown.limits(),
        "may_reject": control.may_reject(person),
        "grantors": shown.grantors(person),
        "senders": shown.senders(person),
    }


def _facts(campaign: Campaign) -> dict[str, Any]:
    days, zone = campaign.return_window_days, campaign.time_zone
    opens = None if days is None else window_opens(local_date(timezone.now(), zone), days, zone)
    inside = (
        Lead.objects.filter(campaign=campaign, status=Status.PENDING, valid_at__gte=opens) if opens else None
    )
    finished = Batch.objects.filter(campaign=campaign, kind=Kind.REJECTION, state=State.FINISHED)
    return {
        "campaign": campaign,
        "opens": local_date(opens, zone) if opens else None,
        "pending": inside.count() if inside is not None else 0,
        "last": finished.first(),
    }


@login_required
@require_safe
def import_example(request: HttpRequest, format: str) -> HttpResponse:
    """The seed's own example, as CSV or XLSX."""
    if format == "csv":
        content, kind = "".join(f"{one}, {other}\r\n" for one, other in EXAMPLE).encode(), "text/csv"
    else:
        book = Workbook()
        for row in EXAMPLE:
            book.worksheets[0].append(row)
        out = io.BytesIO()
        book.save(out)
        content, kind = out.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="rejections-example.{format}"'
    return answer
