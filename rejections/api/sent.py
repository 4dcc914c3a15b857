"""What other software sends of rejections and batches: forms, and the rows of a call."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.api.base import LARGEST_PAGE, PAGE
from campaigns.api.described import LARGEST
from campaigns.api.fields import Day, Flag, Form, Text, Whole
from campaigns.lists import storable
from rejections.api.shapes import KINDS, OUTCOMES

#: Rows of one call.
MOST_ROWS = 10_000
_LONGEST_ID, _LONGEST_REASON = 500, 5_000


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
