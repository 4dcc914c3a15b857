"""How batches and their rows look to other software: what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from campaigns.models import User
from leads.statuses import Status
from rejections import receipt, rowlist
from rejections.decisions import Outcome
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.rowlist import Shown
from rejections.sql import tables
from rejections.states import State
from rejections.views import shown as batch_words

KINDS = Kind.choices
STATES = [(state.value, state.label) for state in State]
OUTCOMES = [(outcome.value, outcome.label) for outcome in Outcome]
STATUSES = [(status.value, status.label) for status in Status]


class MoneySerializer(serializers.Serializer):
    """Three sums in the campaign's currency, never one, less what was put back since."""

    not_billed = serializers.DecimalField(14, 2, help_text="Price of Pending leads that were rejected.")
    credited = serializers.DecimalField(14, 2, help_text="Price of Accepted leads that were rejected.")
    billed = serializers.DecimalField(14, 2, help_text="Price of leads that were accepted.")


class BatchSerializer(serializers.Serializer):
    """A batch: where it stands, and what it did; before its start, what it would do. `outcomes` add up to `rows`."""

    batch = serializers.IntegerField()
    kind = serializers.ChoiceField(KINDS)
    state = serializers.ChoiceField(STATES)
    rows = serializers.IntegerField()
    outcomes = serializers.DictField(
        child=serializers.IntegerField(), help_text="Outcome → rows, non-zero only."
    )
    accepted_older = serializers.IntegerField()
    accepted_remaining = serializers.IntegerField()
    held_back = serializers.IntegerField()
    affiliate_events_rejected = serializers.IntegerField()
    cap_slots_freed = serializers.IntegerField()
    quarantine_released = serializers.IntegerField()
    money = MoneySerializer()
    campaign = serializers.CharField()
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    file_name = serializers.CharField(allow_blank=True)
    by = serializers.CharField(help_text="Who made it.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text="When it came to its present end: after an undo, the end of that."
    )
    done = serializers.IntegerField(help_text="Rows that the present state has settled.")
    undecided = serializers.IntegerField(
        help_text="Rows whose damaged identifier waits for a word: review them."
    )
    restored = serializers.IntegerField(help_text="Leads that Undo put back.")
    kept = serializers.DictField(
        child=serializers.IntegerField(), help_text="Leads that Undo kept: why → leads."
    )
    error_code = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)


class RowSerializer(serializers.Serializer):
    """What became of one row; null while it is not settled. `checked` is what the check said, where that differs."""

    line = serializers.IntegerField()
    id = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    outcome = serializers.ChoiceField(OUTCOMES, allow_null=True)
    checked = serializers.ChoiceField(OUTCOMES, allow_null=True)
    advice = serializers.CharField(allow_blank=True)
    lead_id = serializers.IntegerField(allow_null=True)
    suggested_lead = serializers.IntegerField(
        allow_null=True, help_text="The one lead that a damaged id fits."
    )
    status = serializers.ChoiceField(STATUSES, allow_null=True, help_text="Where its lead stands now.")
    disposition = serializers.CharField(allow_null=True)


class SettledSerializer(BatchSerializer):
    """A batch with the outcome of each of its rows."""

    results = RowSerializer(many=True)


def batch_shown(batch: Batch, viewer: User, at: datetime) -> dict[str, Any]:
    """The batch as this person may read it; it comes with `campaign`, `source` and `created_by`."""
    numbers = receipt.receipt(batch, at)
    dates = ("created_at", "started_at", "ended_at")
    told = {
        name: getattr(batch, name) for name in (*dates, "file_name", "done", "kept", "error_code", "error")
    }
    return {
        **receipt.as_json(batch, numbers),
        **told,
        "campaign": batch.campaign.code,
        "source": batch.source.code if batch.source else None,
        "by": batch_words.by(batch, viewer),
        "undecided": tables.count_suggestions(batch.pk)[1] if batch.state == State.CHECKED else 0,
        "restored": numbers.restored,
    }


def row_shown(row: Shown) -> dict[str, Any]:
    """One row."""
    return {
        "line": row.line,
        "id": row.text,
        "reason": row.reason,
        "outcome": row.outcome or None,
        "checked": row.checked or None,
        "advice": row.advice,
        "lead_id": row.lead_id,
        "suggested_lead": row.suggested_lead,
        "status": row.status or None,
        "disposition": row.code or None,
    }


def rows_shown(
    batch: Batch, outcomes: list[str] | None = None, *, after: int = 0, size: int
) -> list[dict[str, Any]]:
    """Rows behind a line, in the file's order; none of a batch that is not checked, or has no rows."""
    if batch.kind == Kind.CLOSE_OUT or batch.state in (State.UPLOADED, State.MAPPING, State.CHECKING):
        return []
    found = rowlist.shown(
        batch,
        Options.from_json(batch.options),
        outcomes or list(Outcome),
        undoable=False,
        after=after,
        size=size,
    )
    return [row_shown(row) for row in found]
