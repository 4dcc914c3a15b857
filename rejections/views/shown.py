"""What several pages show of a batch: its progress, its numbers in a list, who made it, who may do what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns.models import User
from leads.sql import undo as undo_statements
from rejections import control
from rejections.decisions import Outcome
from rejections.effects import close_out_effect
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.sql import listing, rows
from rejections.sql.listing import Counting, Done
from rejections.states import EDITABLE, UNDOABLE, State
from rejections.terms import opening

#: How a client user reads the name of somebody who is not of its side.
STAFF = "Operator"
#: Who made a batch that no person made, by the door it came through.
NOBODY = {"cli": "Command line", "api": "API", "night": "Every night"}
#: With more rows than this done, their outcomes are not counted anew every two seconds.
COUNTED_LIVE = 100_000
#: A rate over a shorter time says nothing.
SHORTEST_RUN = timedelta(seconds=1)

_WORKING = (State.UPLOADED, State.CHECKING, State.WAITING, State.APPLYING, State.UNDOING)
_VERBS = {
    State.UPLOADED: "Reading the file",
    State.CHECKING: "Checking",
    State.WAITING: "Waiting its turn",
    State.APPLYING: "Running",
    State.UNDOING: "Undoing",
}
_STEPS = {
    "affiliate": "Rows are done. Affiliate events are being rejected",
    "older": "Rows are done. Older leads are being accepted",
    "remaining": "Rows are done. Remaining leads are being accepted",
    "quarantine": "Rows are done. Quarantined leads move up",
    "notices": "Rows are done. Suppliers are being told",
}


def grantors(user: User) -> list[str]:
    """Names of who can give this person the permission to reject leads: the admins."""
    return _names(User.objects.filter(is_active=True, is_superuser=True))


def senders(user: User) -> list[str]:
    """Names of who can send files for this client user's client meanwhile."""
    if not user.client_id:
        return []
    able = User.objects.with_perm(
        "rejections.reject_as_client",
        include_superusers=False,
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return _names(able.filter(client_id=user.client_id).exclude(pk=user.pk))


def _names(people: QuerySet[User]) -> list[str]:
    return [person.full_name for person in people.order_by("first_name", "last_name", "username")]


def say(request: HttpRequest, refusal: Refused) -> None:
    """Put what was refused on the next page this person sees."""
    messages.error(request, f"{refusal.title}. {refusal.detail}")


def limits() -> dict[str, int]:
    """How large a file may be."""
    return {"csv": settings.CSV_MAX_BYTES, "xlsx": settings.XLSX_MAX_BYTES, "rows": settings.CSV_MAX_ROWS}


def by(batch: Batch, user: User) -> str:
    """The name to show this person of who made the batch; another side's people are not named."""
    maker = batch.created_by
    if maker is None:
        return NOBODY.get(batch.via, STAFF)
    return maker.full_name if user.is_staff or not maker.is_staff else STAFF


def may(user: User, batch: Batch) -> dict[str, bool]:
    """What this person may do with the batch as it stands, and see of it."""
    acts = control.may_change(user, batch)
    state = State(batch.state)
    return {
        "start": acts and state == State.CHECKED,
        "change": acts and state in EDITABLE,
        "review": acts and state == State.CHECKED,
        "cancel": acts and state in (State.UPLOADED, *EDITABLE),
        "stop": acts and state in (State.WAITING, State.APPLYING),
        "continue": acts and state in (State.STOPPED, State.FAILED) and not control.ends_so_again(batch),
        "undo": acts and state in UNDOABLE and batch.started_at is not None,
        "suppliers": user.is_staff or batch.campaign.show_suppliers_to_client,
        "payout": user.is_staff,
    }


def recent(batches: Iterable[Batch], user: User) -> list[dict[str, Any]]:
    """Batches as lists show them: batch, counts, rejected, accepted, credit, back, by. Two queries for all.

    They come with their `campaign` and `created_by`. `counts` are outcome → rows, of running batches
    those settled so far; what a batch that has not started would do is no number of this list (None).
    `rejected`, `accepted` and `credit` are what holds now: without the leads `back` counts as put back.
    """
    found = list(batches)
    counts = listing.outcomes([_counting(batch) for batch in found if _has_outcomes(batch)])
    done = listing.done([batch.pk for batch in found if batch.started_at])
    return [
        {
            "batch": batch,
            "counts": counts.get(batch.pk, {}),
            "rejected": _rejected(batch, counts.get(batch.pk, {}), done),
            "accepted": _accepted(batch, counts.get(batch.pk, {}), done),
            "credit": done[batch.pk].credited if batch.pk in done else None,
            "back": done[batch.pk].back if batch.pk in done else 0,
            "by": by(batch, user),
        }
        for batch in found
    ]


def _rejected(batch: Batch, counts: dict[str, int], done: dict[int, Done]) -> int | None:
    if not batch.started_at or batch.kind != Kind.REJECTION:
        return None
    return counts.get(Outcome.REJECTED, 0) - (done[batch.pk].back_rejected if batch.pk in done else 0)


def _accepted(batch: Batch, counts: dict[str, int], done: dict[int, Done]) -> int | None:
    """Leads it accepted; of a correction those it released."""
    if batch.kind == Kind.CORRECTION and batch.started_at:
        return counts.get(Outcome.RELEASED, 0) - (done[batch.pk].back_released if batch.pk in done else 0)
    return done[batch.pk].accepted if batch.pk in done else None


def _has_outcomes(batch: Batch) -> bool:
    unread = (State.UPLOADED, State.MAPPING, State.CHECKING, State.CANCELLED)
    return batch.kind != Kind.CLOSE_OUT and batch.state not in unread


def _counting(batch: Batch) -> Counting:
    """All rows of a batch that is only checked, or done; of one on its way those settled so far."""
    up_to = None if batch.state == State.CHECKED or batch.settled_all else batch.settled_line
    return Counting(batch.pk, opening(batch, Options.from_json(batch.options)), up_to)


def progress(batch: Batch, at: datetime, *, counted: bool = True) -> dict[str, Any] | None:
    """How far a batch at work has come, as `_progress.html` shows it; None when it is not at work.

    `rate` is in rows (leads) a second and `left` in seconds, None where it cannot be known.
    `counted=False` leaves the outcomes out.
    """
    state = State(batch.state)
    if state not in _WORKING:
        return None
    done, total = _done_and_total(batch)
    rate = _rate(batch, done, at)
    return {
        "done": done,
        "total": total,
        "unit": "lead" if state == State.UNDOING or batch.kind == Kind.CLOSE_OUT else "row",
        "rate": round(rate) if rate and rate >= 1 else None,
        "left": (total - done) / rate if rate and total and total > done else None,
        "counts": _counts(batch) if counted else None,
        "said": _said(batch, done, total),
        "stopping": batch.stop_requested,
    }


def _done_and_total(batch: Batch) -> tuple[int, int | None]:
    """Rows (close-out, undo: leads) done, and in all where it is known."""
    if batch.state in (State.UPLOADED, State.WAITING):
        return 0, None
    if batch.state == State.UNDOING:
        looked_at = sum(batch.kept.values())
        left = undo_statements.count_undoable(batch.pk, batch.undo_lines) - looked_at
        return batch.done, batch.done + max(left, 0)
    if batch.kind == Kind.CLOSE_OUT:
        moved = listing.moved_leads(batch.pk)
        return moved, moved + close_out_effect(batch)[0].leads
    return batch.done, batch.rows


def _rate(batch: Batch, done: int, at: datetime) -> float | None:
    """Rows a second since the work began; None for a batch that was continued, for its pause is no work."""
    began = batch.run_started_at
    continued = batch.state == State.APPLYING and began != batch.started_at
    if began is None or continued or at - began < SHORTEST_RUN or not done:
        return None
    return done / (at - began).total_seconds()


def _counts(batch: Batch) -> dict[str, int] | None:
    if batch.state != State.APPLYING or batch.kind == Kind.CLOSE_OUT or batch.done > COUNTED_LIVE:
        return None
    opens = opening(batch, Options.from_json(batch.options))
    return rows.counts(batch.pk, opens, up_to=None if batch.settled_all else batch.settled_line)


def _said(batch: Batch, done: int, total: int | None) -> str:
    """A sentence for screen readers that changes each quarter of the way."""
    if batch.state == State.APPLYING and batch.step in _STEPS:
        return _STEPS[batch.step]
    quarters = f", {25 * (4 * done // total)} per cent done" if total else ""
    return _VERBS[State(batch.state)] + quarters


def open_lines(batches: Iterable[Batch], at: datetime) -> list[dict[str, Any]]:
    """Batches that are open, as `_open_batches.html` shows them: batch, progress, words."""
    return [
        {
            "batch": batch,
            "progress": progress(batch, at, counted=False) if batch.state != State.WAITING else None,
            "words": _WAITS_FOR.get(State(batch.state), ""),
        }
        for batch in batches
    ]


_WAITS_FOR = {
    State.MAPPING: "waits for its columns to be mapped",
    State.CHECKED: "waits to be started",
    State.WAITING: "waits for another batch of its campaign",
    State.STOPPED: "stopped: continue it, or undo it",
    State.FAILED: "failed: continue it, or undo it",
}
