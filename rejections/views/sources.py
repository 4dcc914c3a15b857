"""Pages of sources: how each one's leads fare, what was uploaded for it, where its leads are pushed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import Campaign, Destination, Source, User
from campaigns.views import later
from leads import deliver, sources
from leads.models import Download
from leads.sources import Summary
from leads.sql import sources as statements
from leads.statuses import Status
from rejections import corrected, uploads
from rejections.models import Batch, Kind
from rejections.states import State
from rejections.views import shown

#: Uploads in the list of a source, and files made for a person.
UPLOADS, FILES = 10, 5
ICONS = {
    Source.Kind.LINKEDIN: "brand-linkedin",
    Source.Kind.META: "brand-meta",
    Source.Kind.WEB_FORM: "forms",
    Source.Kind.PUBLISHER: "truck-delivery",
}


def named(request: HttpRequest, code: str) -> Source:
    """The source with this code. These are pages of the daily work: for others than staff there are none."""
    person: Any = request.user
    if "\0" in code:  # the database knows no such text
        raise Http404
    return get_object_or_404(visible(person), code=code)


def visible(person: User) -> QuerySet[Source]:
    """Sources whose pages this person may open."""
    if not person.is_staff:
        raise Http404
    return Source.objects.visible_to(person).select_related("campaign__client", "supplier")


@login_required
@require_safe
def source_list(request: HttpRequest) -> HttpResponse:
    """Every source with what waits in it: those with leads to fix first."""
    person: Any = request.user
    parts = later.parts(request, "all")
    template = "sources/_list.html" if request.GET.get("part") == "all" else "sources/list.html"
    found = visible(person)
    return render(request, template, {"later": parts, "lines": [] if parts else _lines(found)})


def _lines(found: QuerySet[Source]) -> list[dict[str, Any]]:
    standing, to_fix = statements.standing(), statements.to_fix()
    surges = {surge.source_id for surge in sources.surges(timezone.now())}
    lines: list[dict[str, Any]] = [
        {
            "source": source,
            "icon": ICONS[Source.Kind(source.kind)],
            "to_fix": to_fix.get(source.pk, 0),
            "surge": source.pk in surges,
            "last": standing[source.pk].last if source.pk in standing else None,
            **_counts(standing[source.pk].statuses if source.pk in standing else {}),
        }
        for source in found
    ]
    return sorted(lines, key=lambda line: -line["to_fix"])


def _counts(statuses: dict[str, int]) -> dict[str, int]:
    return {
        "rejected": statuses.get(Status.REJECTED, 0),
        "valid": statuses.get(Status.PENDING, 0) + statuses.get(Status.ACCEPTED, 0),
        "leads": sum(statuses.values()),
    }


@login_required
@require_safe
def source_page(request: HttpRequest, code: str) -> HttpResponse:
    """The Summary of one source."""
    person: Any = request.user
    source, at = named(request, code), timezone.now()
    summary = sources.summary(source, at)
    context = {
        "source": source,
        "icon": ICONS[Source.Kind(source.kind)],
        "summary": summary,
        "notes": _notes(summary),
        "rejected": summary.statuses[Status.REJECTED],
        "days": summary.days if any(any(day.leads) for day in summary.days) else [],
        "destination": _destination(source.campaign),
        "running": uploads.running_correction(source),
        "uploads": _uploads(source, person),
        "files": Download.objects.visible_to(person).filter(source=source)[:FILES],
    }
    return render(request, "sources/source.html", context)


def _notes(summary: Summary) -> list[tuple[str, int, str]]:
    """Each status with its leads, and a word on them."""
    said = {
        Status.REJECTED: f"{summary.to_fix:,} to look at" if summary.to_fix else "none to look at",
        Status.QUARANTINED: "wait for room under a cap",
        Status.PENDING: "valid, not billed",
        Status.ACCEPTED: "billed",
        Status.CLIENT_REJECTED: "sent back by the client",
        Status.PROCESSING: "being judged",
    }
    return [(status, leads, said[Status(status)]) for status, leads in summary.statuses.items()]


def _destination(campaign: Campaign) -> dict[str, Any] | None:
    target = Destination.objects.filter(campaign=campaign).first()
    if target is None:
        return None
    waiting = statements.waiting_pushes([campaign.pk]).get(campaign.pk, 0)
    return {"host": urlsplit(target.url).netloc, "paused_at": target.paused_at, "why": target.paused_why,
            "waiting": waiting}  # fmt: skip


def _uploads(source: Source, person: User) -> list[dict[str, Any]]:
    """The newest corrections of the source, files and fixes alike."""
    batches = Batch.objects.visible_to(person).filter(kind=Kind.CORRECTION, source=source)
    lines = shown.recent(batches.select_related("campaign", "created_by")[:UPLOADS], person)
    repaired = corrected.repaired([line["batch"].pk for line in lines])
    return [
        {
            **line,
            "title": corrected.title(line["batch"]),
            "released": line["accepted"],
            "still": line["counts"].get("still_rejected", 0) if _holds(line["batch"]) else None,
            "repaired": repaired.get(line["batch"].pk),
        }
        for line in lines
    ]


def _holds(batch: Batch) -> bool:
    """Whether the batch has done something that was not undone."""
    return batch.started_at is not None and batch.state != State.UNDONE


@login_required
@require_POST
def source_resume(request: HttpRequest, code: str) -> HttpResponse:
    """Let the pushes to the client's system go on."""
    source = named(request, code)
    target = Destination.objects.filter(campaign=source.campaign).first()
    if target is not None and target.paused_at is not None:
        deliver.resume(target)
        messages.success(request, "Pushes to the client’s system go on: the leads that waited are sent now.")
    return redirect("source", source.code)
