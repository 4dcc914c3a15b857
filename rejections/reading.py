"""From an uploaded file to staged rows: read in a child process, guess what the columns mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from campaigns.lists import fold_phrase
from campaigns.models import Field, Phrase
from leads import sheet
from rejections import sandbox
from rejections.columns import ColumnMap, FieldFacts, check, column_for, guess
from rejections.models import Batch, Kind
from rejections.reader import Choices, Limits, Reading
from rejections.refusals import Refused
from rejections.sql import rows, state, tables
from rejections.states import State

#: Longer texts are explanations, not phrases: they are rejected under CLIENT_OTHER like unknown ones.
LONGEST_PHRASE = 500
#: Rows looked at when guessing.
SAMPLE_ROWS = 200


def limits() -> Limits:
    """What a file may hold, from the settings."""
    return Limits(
        csv_bytes=settings.CSV_MAX_BYTES,
        csv_rows=settings.CSV_MAX_ROWS,
        xlsx_bytes=settings.XLSX_MAX_BYTES,
        xlsx_unpacked_bytes=settings.XLSX_MAX_UNPACKED_BYTES,
        xlsx_cells=settings.XLSX_MAX_CELLS,
    )


def path_of(batch: Batch) -> Path:
    """Where the uploaded file lies."""
    return Path(settings.UPLOAD_DIR) / batch.file


def look(path: Path, choices: dict[str, Any]) -> dict[str, Any]:
    """How the file would be read, in its JSON form; raises Refused when it is not a table."""
    reading, _ = sandbox.look(path, Choices(**choices), limits())
    return asdict(reading)


def read(batch: Batch, owner: str, at: datetime) -> None:
    """Stage the file's raw rows in one transaction, then go on to Map (a program's mapping: to Check)."""
    if not batch.reading:
        batch.reading = look(path_of(batch), batch.choices)
    reading = Reading(**batch.reading)
    with transaction.atomic():
        state.fence(batch.pk, owner, State.UPLOADED)
        rows.unstage(batch.pk)
        with sandbox.copy_stream(path_of(batch), reading, limits()) as stream:
            staged = rows.stage(batch.pk, stream)
        if not staged:
            raise Refused(
                "header_only",
                "The file has a header and no rows",
                "Nothing was changed."
                if batch.kind == Kind.CORRECTION
                else "Nothing was changed. To accept leads without a file, use Accept leads on the campaign's page.",
            )
        batch.rows = staged
        target, mapping = _mapped(batch)
        state.advance(
            batch.pk,
            [State.UPLOADED],
            target,
            reading=batch.reading,
            mapping=mapping,
            rows=staged,
            cursor=0,
            done=0,
            attempts=0,
        )


def field_facts(campaign_id: int) -> list[FieldFacts]:
    """The campaign's fields, as identifiers."""
    return [
        FieldFacts(f.name, f.label, f.kind, f.dedupe, f.dedupe_ready)
        for f in Field.objects.filter(campaign_id=campaign_id)
    ]


def _mapped(batch: Batch) -> tuple[State, dict[str, Any]]:
    """Where the batch goes on, and its mapping; a correction's columns are found by name, so it is checked."""
    if batch.kind == Kind.CORRECTION:
        asked, columns = batch.mapping, batch.reading["columns"]
        clears = bool(asked.get("blank_clears"))
        return State.CHECKING, correction_mapping(batch.campaign_id, columns, blank_clears=clears)
    if batch.mapping:
        return State.CHECKING, _complete(batch).to_json()
    return State.MAPPING, _suggest(batch).to_json()


def correction_mapping(campaign_id: int, columns: Sequence[str], *, blank_clears: bool) -> dict[str, Any]:
    """Which columns of a correction hold what, found by name; raises Refused without a LeadID column.

    `fields`: campaign field → header; `platform`: column A to K → header; `unknown`: headers that are neither.
    """
    names = Field.objects.filter(campaign_id=campaign_id).values_list("name", flat=True)
    found = sheet.read_columns(columns, names)
    if found.lead_id is None:
        raise Refused(
            "no_lead_id",
            "The file has no column “LeadID”",
            "It says which lead a row is. Download the leads of this source, correct them and leave columns "
            f"A to K as they are. The columns here are {', '.join(columns)}. Nothing was changed.",
        )
    return {
        "fields": found.fields,
        "platform": found.platform,
        "unknown": list(found.unknown),
        "blank_clears": blank_clears,
    }


def _complete(batch: Batch) -> ColumnMap:
    """A program's mapping with the columns it left to us, checked; raises Refused."""
    asked = ColumnMap.from_json(batch.mapping)
    columns, fields = batch.reading["columns"], field_facts(batch.campaign_id)
    named = asked.identifier_column or column_for(asked.identifier, columns, fields)
    # Its header alone may name the reasons here: nobody looks at the map, and reasons may come in later rows.
    guesses = (guess(columns, rows, fields).reason_column for rows in (_samples(batch), []))
    reason = asked.reason_column or next(filter(None, guesses), "")
    complete = ColumnMap(asked.identifier, named, reason, asked.default_reason, asked.only_where)
    return check(complete, columns, fields)


def _suggest(batch: Batch) -> ColumnMap:
    """The mapping to show first: the client's last one for the same columns, else a guess."""
    columns = batch.reading["columns"]
    remembered = (
        Batch.objects.filter(campaign__client_id=batch.campaign.client_id, reading__columns=columns)
        .exclude(pk=batch.pk)
        .exclude(started_at=None)
        .order_by("-id")
        .first()
    )
    fields = field_facts(batch.campaign_id)
    if remembered is not None:
        try:
            return check(ColumnMap.from_json(remembered.mapping), columns, fields)
        except Refused:
            pass  # the other campaign's identifier is not one here
    return guess(columns, _samples(batch), fields)


def _samples(batch: Batch) -> list[list[str]]:
    return [cells for _, cells in tables.line_range(batch.pk, after=0, limit=SAMPLE_ROWS)]


def keep_phrases(batch: Batch) -> None:
    """Keep the unknown phrases of this checked file in the client's list, waiting for a disposition.

    What a row that is not selected says is no reason for a rejection.
    """
    mapping = ColumnMap.from_json(batch.mapping)
    texts = [mapping.default_reason] if mapping.default_reason.strip() else []
    if mapping.reason_column:
        column = batch.reading["columns"].index(mapping.reason_column)
        texts += [text for text, _ in tables.phrases(batch.pk, column, selected=True)]
    client_id = batch.campaign.client_id
    new = {fold_phrase(text): text.strip() for text in texts if len(text) <= LONGEST_PHRASE}
    known = set(Phrase.objects.filter(client_id=client_id, folded__in=new).values_list("folded", flat=True))
    Phrase.objects.bulk_create(
        [
            Phrase(client_id=client_id, text=text, folded=folded)
            for folded, text in new.items()
            if folded and folded not in known
        ],
        ignore_conflicts=True,
    )
