"""Download leads: choose which, get the file at once, or have a large workbook made."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Source
from leads import download, downloads
from leads.downloads import TooLarge
from leads.forms import DownloadForm
from leads.models import Download
from leads.statuses import Status
from leads.tasks import ring_for_downloads
from rejections.views import files
from rejections.views.sources import named


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def source_download(request: HttpRequest, code: str) -> HttpResponseBase:
    """The question which leads, in a dialog or on a page of its own; then the file."""
    source = named(request, code)
    if request.method != "POST":
        return _question(request, source, DownloadForm(request.GET or None))
    form = DownloadForm(request.POST)
    if not form.is_valid():
        return _question(request, source, form)
    try:
        return _file(request, source, form)
    except TooLarge as refusal:
        form.add_error("format", f"{refusal} Nothing was downloaded.")
    return _question(request, source, form)


def _file(request: HttpRequest, source: Source, form: DownloadForm) -> HttpResponseBase:
    """The file, or the page on which one waits for the workbook."""
    wanted, format = form.wanted(source), form.cleaned_data["format"]
    if format == "csv":
        return files.csv_stream(download.as_csv(wanted), wanted.file_name(format))
    job = downloads.ask(wanted, request.user, timezone.now())  # type: ignore[arg-type]
    if job is not None:
        ring_for_downloads()
        return redirect("download", job.pk)
    return files.xlsx_made(lambda path: download.write_xlsx(wanted, path), wanted.file_name(format))


def _question(request: HttpRequest, source: Source, form: DownloadForm) -> HttpResponse:
    """The dialog's content for a dialog, else the page. Without an answer yet: the Rejected leads as XLSX."""
    answered = form.is_bound and form.is_valid()
    data: Any = form.data
    chosen = data.getlist("statuses") if form.is_bound else [Status.REJECTED.value]
    leads = form.wanted(source).count() if answered else download.Wanted(source).count()
    context = {
        "source": source,
        "form": form,
        "leads": leads if answered or not form.is_bound else None,
        "format": data.get("format", "xlsx") if form.is_bound else "xlsx",
        "statuses": [(status.value, status.value in chosen) for status in Status],
        "at_once": downloads.AT_ONCE,
    }
    in_dialog = request.headers.get("HX-Request") and request.method != "POST"
    template = "sources/_download.html" if in_dialog else "sources/download.html"
    refused = request.method == "POST"  # a choice that is still being made is not
    return render(request, template, context, status=422 if refused else 200)


def made_later(
    request: HttpRequest, kind: str, asked: dict[str, Any], *, rows: int, columns: int, name: str, title: str,
    back: str,
) -> HttpResponse | None:  # fmt: skip
    """The page on which one waits for a large workbook, or the way back from one too large; None: make it at once."""
    person: Any = request.user
    try:
        job = downloads.ask_table(
            kind, asked, person, timezone.now(), rows=rows, columns=columns, name=name, title=title, back=back
        )
    except TooLarge as refusal:
        messages.error(request, f"{refusal} Nothing was made. The CSV holds them all, at once.")
        return redirect(back)
    if job is None:
        return None
    ring_for_downloads()
    return redirect("download", job.pk)


def _own(request: HttpRequest, pk: int) -> Download:
    person: Any = request.user
    return get_object_or_404(Download.objects.visible_to(person).select_related("source__campaign"), pk=pk)


@login_required
@require_safe
@never_cache
def download_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A workbook that is being made, is ready, or could not be made."""
    job = _own(request, pk)
    in_part = request.headers.get("HX-Request") and job.state == Download.State.WAITING
    zone = job.source.campaign.time_zone if job.source else settings.TIME_ZONE
    context = {"job": job, "until": job.asked_at + downloads.KEPT, "zone": zone}
    answer = render(request, "sources/_making.html" if in_part else "sources/made.html", context)
    if request.headers.get("HX-Request") and not in_part:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_safe
def download_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The workbook, for who asked for it."""
    job = _own(request, pk)
    if job.state != Download.State.READY:
        raise Http404
    try:
        return files.xlsx_file(downloads.path_of(job), downloads.name_of(job))
    except FileNotFoundError:
        raise Http404 from None
