"""Where a batch stands: being read, running, ended; its result, row by row and as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.models import User
from leads.filters import Filters
from leads.models import Delivery, Download
from leads.statuses import Status
from rejections import control, corrected, receipt, results, undo
from rejections.forms import options_from
from rejections.models import Batch, Kind
from rejections.options import OPTION_WORDS, Options
from rejections.receipt import Receipt
from rejections.refusals import Refused
from rejections.sql import state, tables
from rejections.states import State
from rejections.templatetags.batches import batch_number
from rejections.views import corrections, downloads, files, paging, shown

READING = (State.UPLOADED, State.CHECKING)
RUNNING = (State.WAITING, State.APPLYING, State.UNDOING)
#: So much of a file's name is taken over; what is put behind it finds room too.
LONGEST_STEM = 200
#: Leads that an undo kept are named on the page up to this number.
KEPT_NAMED = 20


def _batch(request: HttpRequest, pk: int) -> Batch:
    person: Any = request.user
    visible = Batch.objects.visible_to(person).select_related("campaign__client", "created_by", "source")
    return get_object_or_404(visible, pk=pk)


@login_required
@require_safe
@never_cache
def batch_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The page that fits where the batch stands."""
    batch = _batch(request, pk)
    if batch.state in READING:
        return _wait(request, batch)
    page = {State.MAPPING: "batch_map", State.CHECKED: "batch_check"}.get(State(batch.state), "batch_result")
    return redirect(page, batch.pk)


def _wait(request: HttpRequest, batch: Batch) -> HttpResponse:
    person: Any = request.user
    context = {
        "batch": batch,
        "progress": shown.progress(batch, timezone.now()),
        "may": shown.may(person, batch),
    }
    return render(request, "rejections/wait.html", context)


@login_required
@require_safe
@never_cache
def batch_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone, asked for again and again; when the state has changed, the whole page is renewed."""
    person: Any = request.user
    batch = _batch(request, pk)
    now = timezone.now()
    if batch.created_by_id == person.pk:
        state.seen(batch.pk, now)
    if batch.state not in (*READING, *RUNNING) or request.GET.get("state", batch.state) != batch.state:
        answer = HttpResponse()
        answer["HX-Refresh"] = "true"
        return answer
    context = {"batch": batch, "progress": shown.progress(batch, now), "may": shown.may(person, batch)}
    return render(request, "rejections/_progress.html", context)


@login_required
@require_safe
@never_cache
def batch_result(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened, or is happening, to every row."""
    batch = _batch(request, pk)
    if batch.state in (*READING, State.MAPPING, State.CHECKED):
        return redirect("batch", batch.pk)
    if batch.kind == Kind.CORRECTION:
        return render(request, "rejections/result_correction.html", _correction(request, batch))
    return render(request, "rejections/result.html", _context(request, batch))


def _correction(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    context = _common(request, batch)
    context |= corrections.result_context(request, batch, running=batch.state in RUNNING)
    title = corrections.result_title(batch, context["numbers"], context["receipt"].restored)
    stays = undo.list_that_stays(batch) if batch.state == State.UNDONE else None
    return context | {"title": title, "name": corrected.title(batch), "list_stays": stays}


def _context(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    person: Any = request.user
    context = _common(request, batch)
    numbers, may = context["receipt"], context["may"]
    has_rows = batch.kind != Kind.CLOSE_OUT and bool(numbers.outcomes) and batch.state not in RUNNING
    return context | {
        "title": _title(batch, numbers),
        "facts": _facts(numbers, undone=batch.state == State.UNDONE),
        "options": _options(batch),
        "no_undo": _no_undo(batch, may, numbers),
        "put_back": _put_back(batch),
        "may_reject": control.may_reject(person),
        "rows": _rows(request, batch, numbers, may) if has_rows else None,
    }


def _common(request: HttpRequest, batch: Batch) -> dict[str, Any]:
    """What the result of every kind of batch shows."""
    person: Any = request.user
    now = timezone.now()
    numbers = receipt.receipt(batch, now)
    running = batch.state in RUNNING
    undone = batch.state == State.UNDONE or bool(batch.kept)
    return {
        "batch": batch,
        "by": shown.by(batch, person),
        "took": _took(batch),
        "progress": shown.progress(batch, now) if running else None,
        "ahead": _ahead(batch) if batch.state == State.WAITING else [],
        "receipt": numbers,
        "notices": _notices(batch, person),
        "kept": undo.kept_leads(batch, KEPT_NAMED, person) if undone else [],
        "kept_in_all": sum(batch.kept.values()),
        "later": undo.naming_later(batch) if undone else [],
        "differs": tables.differing(batch.pk) if numbers.outcomes else 0,
        "may": shown.may(person, batch),
        "ends_so_again": control.ends_so_again(batch),
    }


def _rows(request: HttpRequest, batch: Batch, numbers: Receipt, may: dict[str, Any]) -> dict[str, Any]:
    options = Options.from_json(batch.options)
    counts = numbers.outcomes
    undoable = bool(may["undo"])
    return paging.row_table(
        request, batch, options, counts, all_of=counts, hidden=[], undoable=undoable, back=numbers.back
    )


def _title(batch: Batch, numbers: Receipt) -> str:
    rejected, accepted = _leads(numbers.rejected), _leads(numbers.accepted)
    match State(batch.state):
        case State.WAITING:
            return "Waiting its turn"
        case State.APPLYING:
            return "Accepting leads" if batch.kind == Kind.CLOSE_OUT else "Rejecting leads"
        case State.UNDOING:
            return "Putting leads back"
        case State.UNDONE:
            return f"{_leads(numbers.restored)} put back"
        case State.CANCELLED:
            return "Cancelled"
        case State.FAILED if batch.started_at is None:
            return "Failed before any lead was moved"
    if batch.kind == Kind.CLOSE_OUT:
        return f"{accepted} accepted"
    done = f"{rejected} rejected, {accepted} accepted" if numbers.accepted else f"{rejected} rejected"
    return f"{done}, {numbers.restored:,} put back" if numbers.restored else done


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"


def _took(batch: Batch) -> float | None:
    """From its start to the end of its moves; an undo afterwards is not part of it."""
    ended = batch.finished_at or batch.ended_at
    if batch.started_at is None or ended is None:
        return None
    return (ended - batch.started_at).total_seconds()


def _ahead(batch: Batch) -> list[Batch]:
    return list(state.rivals_of(batch).filter(state__in=RUNNING, pk__lt=batch.pk))


def _facts(numbers: Receipt, *, undone: bool) -> list[tuple[str, int]]:
    """What else it did; of an undone batch only what Undo leaves in place."""
    moved_up = ("Moved up from quarantine", numbers.quarantine_released)
    facts = [
        ("Accepted, older than the window", numbers.accepted_older),
        ("Accepted, remaining", numbers.accepted_remaining),
        ("Accepted by the close-out", numbers.accepted_close_out),
        ("Held back", numbers.held_back),
        ("Affiliate events rejected", numbers.affiliate_events_rejected),
        ("Cap slots given back", numbers.cap_slots_freed),
        moved_up,
    ]
    return [(words, count) for words, count in ([moved_up] if undone else facts) if count]


def _channel(notice: Delivery) -> str:
    return "E-mail" if notice.channel == Delivery.Channel.EMAIL else str(notice.get_channel_display())


def _notices(batch: Batch, person: User) -> list[dict[str, Any]]:
    if not person.is_staff:
        return []
    told = Delivery.objects.filter(batch_id=batch.pk, supplier__isnull=False).select_related("supplier")
    return [
        {
            "supplier": notice.supplier,
            "channel": f"{_channel(notice)}, {notice.get_kind_display().lower()}",
            "leads": len(notice.payload.get("leads", [])),
            "status": notice.status,
            "at": notice.created_at,
        }
        for notice in told[:50]
    ]


def _options(batch: Batch) -> list[str]:
    options = Options.from_json(batch.options)
    if batch.kind == Kind.CLOSE_OUT:
        return [f"Through {options.through:%-d %b %Y}"] if options.through else []
    days = {"reject_from": options.reject_from, "accept_remaining": options.through}
    words = []
    for name, label in OPTION_WORDS.items():
        if name in options.on:
            day = days.get(name)
            words.append(f"{label}: {day:%-d %b %Y}" if day else label)
    return words


def _no_undo(batch: Batch, may: dict[str, Any], numbers: Receipt) -> str:
    if may["undo"]:
        return ""
    if batch.state == State.UNDONE:
        return _undone(batch)
    if not numbers.rejected and not numbers.accepted:
        return "No lead was moved: there is nothing to undo."
    return "It was made by the other side, which can undo it."


def _undone(batch: Batch) -> str:
    if batch.kind == Kind.CLOSE_OUT:
        return "It was undone: the leads it put back are Pending, and can be accepted once more."
    if batch.file:
        return "It was undone. Import the file again to reject its leads once more."
    return "It was undone: its leads can be rejected once more from the list, while their window is open."


def _put_back(batch: Batch) -> str:
    """Where the leads are that the undo of a batch without a file put back; blank when it is not undone."""
    if batch.state != State.UNDONE or batch.file:
        return ""
    named = batch.mapping.get("leads", [])
    if len(named) == 1:
        return reverse("lead", args=[named[0]])
    asked = Filters(status=(Status.PENDING,), campaign=batch.campaign.code)
    return f"{reverse('leads')}?{asked.query()}"


@login_required
@require_safe
def batch_download(request: HttpRequest, pk: int, format: str) -> HttpResponseBase:
    """The file's own columns and ours, in the order of the file."""
    batch = _batch(request, pk)
    if not results.has_result(batch):
        raise Http404
    if batch.state == State.CHECKED and request.GET:
        try:
            batch.options = options_from(request.GET).to_json()
        except Refused:
            raise Http404 from None
    acts = "accept" if batch.kind == Kind.CLOSE_OUT else "reject"
    stem = Path(batch.file_name).stem[:LONGEST_STEM] or f"{acts}-leads-{batch.pk}"
    name = f"{stem}-{'check' if batch.state == State.CHECKED else 'result'}.{format}"
    if format == "csv":
        return files.csv_stream(results.as_csv(batch), name)
    made_later = downloads.made_later(
        request,
        Download.Kind.RESULT,
        {"batch": batch.pk, "options": batch.options},
        rows=results.size(batch),
        columns=results.width(batch),
        name=name,
        title=f"The rows of {batch_number(batch)}",
        back=reverse("batch_result", args=[batch.pk]),
    )
    return made_later or files.xlsx_made(lambda path: results.write_xlsx(batch, path), name)
