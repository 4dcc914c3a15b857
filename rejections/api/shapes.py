"""How batches and their rows look to other software: what is sent, what comes back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.base import LARGEST_PAGE, PAGE
from campaigns.api.described import LARGEST
from campaigns.api.fields import Day, Flag, Form, Text, Whole
from campaigns.lists import storable
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

#: Rows of one call.
MOST_ROWS = 10_000
_LONGEST_ID, _LONGEST_REASON = 500, 5_000

KINDS = Kind.choices
STATES = [(state.value, state.label) for state in State]
OUTCOMES = [(outcome.value, outcome.label) for outcome in Outcome]
STATUSES = [(status.value, status.label) for status in Status]


@extend_schema_field(
    {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_ROWS,
        "items": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {
                    "type": ["string", "integer"],
                    "maxLength": _LONGEST_ID,
                    "minimum": 0,
                    "maximum": LARGEST,
                    "description": "A Lead ID, a UID or a field's value, as `identifier` says.",
                },
                "reason": {
                    "type": "string",
                    "maxLength": _LONGEST_REASON,
                    "description": "The client's words, kept verbatim. Without: the row ends `blank_reason`.",
                },
            },
        },
    }
)
class Rows(serializers.Field):
    """Rows, each an id and a reason. Read by hand: 10,000 forms of two fields would take longer than their import."""

    def to_internal_value(self, data: Any) -> list[tuple[str, str]]:
        if not isinstance(data, list) or not 0 < len(data) <= MOST_ROWS:
            raise serializers.ValidationError(f"Send a list of 1 to {MOST_ROWS:,} rows; more go as a file.")
        found, errors = [], {}
        for at, row in enumerate(data):
            if problem := _wrong(row):
                errors[str(at)] = [problem]
            else:
                found.append((_text(row["id"]), storable(row.get("reason", ""))))
        if errors:
            raise serializers.ValidationError(errors)
        return found


def _text(named: str | float) -> str:
    """An id as text; 17.0 is 17 in JSON."""
    return storable(named if isinstance(named, str) else str(int(named)))


def _wrong(row: Any) -> str:
    """What is wrong with a row's shape; blank when nothing is."""
    if not isinstance(row, dict) or "id" not in row or row.keys() - {"id", "reason"}:
        return "A row has an id and a reason, and nothing else."
    named, reason = row["id"], row.get("reason", "")
    if isinstance(named, bool) or not isinstance(named, str | int | float):
        return "id is a text or a whole number."
    if isinstance(named, float) and not named.is_integer():
        return "id is a text or a whole number."
    if not isinstance(named, str) and not 0 <= named <= LARGEST:
        return "id is no Lead ID."
    if isinstance(named, str) and len(named) > _LONGEST_ID:
        return f"id has at most {_LONGEST_ID} characters."
    if not isinstance(reason, str) or len(reason) > _LONGEST_REASON:
        return f"reason is a text of at most {_LONGEST_REASON} characters."
    return ""


class OptionsIn(Form):
    """What to do besides rejecting the rows; all off by default."""

    reject_from = Day(
        required=False, allow_null=True, help_text="Count the return window back from this date."
    )
    accept_older = Flag(required=False, help_text="Accept Pending leads older than the return window.")
    accept_remaining = Flag(required=False, help_text="Accept all other Pending leads up to `through`.")
    through = Day(required=False, allow_null=True, help_text="Needed with `accept_remaining`.")
    reject_affiliate_events = Flag(required=False)
    free_cap = Flag(required=False, help_text="Give the cap slots of rejected leads back.")


class RejectionsIn(Form):
    """Leads of one campaign to reject."""

    campaign = Text(max_length=40, help_text="The campaign's code.")
    identifier = Text(
        max_length=80, default="lead_id", help_text="lead_id, uid, or field:NAME of a field with dedupe on."
    )
    rows = Rows()
    options = OptionsIn(required=False)
    check = Flag(default=False, help_text="Decide every row, move nothing.")


class OnlyWhereIn(Form):
    """Only rows where a column has one of these values."""

    column = Text(max_length=300)
    values = serializers.ListField(child=Text(max_length=300), min_length=1, max_length=100)


class MappingIn(Form):
    """Which column means what, and how the file is read; what is left out is found by header and content."""

    identifier = Text(max_length=80, default="lead_id", help_text="lead_id, uid, or field:NAME.")
    identifier_column = Text(max_length=300, required=False)
    reason_column = Text(max_length=300, required=False)
    default_reason = Text(max_length=500, required=False)
    only_where = OnlyWhereIn(required=False)
    header_row = Whole(min_value=0, max_value=20, required=False)
    encoding = Text(max_length=40, required=False)
    delimiter = Text(max_length=4, required=False)
    sheet = Text(max_length=100, required=False)
    blank_clears = Flag(required=False, help_text="Corrections: a blank cell clears the value.")


class BatchIn(Form):
    """A file, and what shall be done with it. A close-out has none."""

    kind = serializers.ChoiceField(KINDS)
    campaign = Text(max_length=40, required=False, help_text="Its code; for kind rejection and close_out.")
    source = Text(max_length=40, required=False, help_text="Its code; for kind correction.")  # type: ignore[assignment]
    file = serializers.FileField(required=False, allow_empty_file=True)
    mapping = MappingIn(required=False)
    options = OptionsIn(required=False)
    start = Flag(default=False, help_text="Go through when it is checked; else it stops at its check.")


class StartIn(Form):
    """Other options than the batch was made with."""

    options = OptionsIn(required=False)


class UndoIn(Form):
    """Which rows; without any, all."""

    lines = serializers.ListField(
        child=Whole(min_value=1, max_value=2**31 - 1), min_length=1, max_length=MOST_ROWS, required=False
    )


class ReviewIn(Form):
    """Rows that need a person's word: accept the lead that fits, or skip it."""

    accept = serializers.ListField(
        child=Whole(min_value=1, max_value=2**31 - 1), max_length=MOST_ROWS, required=False
    )
    skip = serializers.ListField(
        child=Whole(min_value=1, max_value=2**31 - 1), max_length=MOST_ROWS, required=False
    )


class RowQuery(Form):
    """Which rows."""

    outcome = serializers.ListField(
        child=serializers.ChoiceField(OUTCOMES), required=False, help_text="One or several."
    )
    cursor = Whole(
        min_value=0, max_value=2**31 - 1, default=0, help_text="Only lines behind this: follow `next`."
    )
    page_size = Whole(min_value=1, max_value=LARGEST_PAGE, default=PAGE)


class ResultQuery(Form):
    """As what."""

    format = serializers.ChoiceField(["csv", "xlsx"], default="csv")


class MoneySerializer(serializers.Serializer):
    """Three sums in the campaign's currency, never one."""

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
    ended_at = serializers.DateTimeField(allow_null=True)
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
