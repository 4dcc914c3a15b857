"""Receiving a file, or what stands for one: kept on disk, looked at, and made a batch."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from campaigns.models import Campaign, Source, User
from campaigns.rules import local_date
from rejections import options as option_rules
from rejections import reading
from rejections.columns import ColumnMap, check
from rejections.models import Batch, BatchRow, Kind
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import State


def check_window(campaign: Campaign) -> None:
    """Raise Refused when the campaign has no maximum rejection days: nothing can be rejected in it."""
    if campaign.return_window_days is None:
        raise Refused(
            "no_window",
            f"{campaign.name} has no maximum rejection days",
            "Without them no lead of it can be rejected. Nothing was uploaded; an admin can set them "
            "in the campaign's settings.",
        )


def withdrawn(person: User | None, campaign: Campaign) -> list[str]:
    """Import options this person may not use: a campaign may withdraw any from its client users."""
    return [] if person is None or person.is_staff else list(campaign.withdrawn_options)


def _allowed(options: Options | None, campaign: Campaign, person: User | None, at: datetime) -> Options:
    """The options a program starts with, checked as Start would; raises Refused."""
    uploaded_on = local_date(at, campaign.time_zone)
    return option_rules.check(options or Options(), uploaded_on, withdrawn(person, campaign))


def receive(
    campaign: Campaign,
    content: Iterable[bytes],
    file_name: str,
    *,
    person: User | None,
    via: str,
    at: datetime,
    mapping: Mapping[str, Any] | None = None,
    options: Options | None = None,
    choices: Mapping[str, Any] | None = None,
    goes_through: bool = False,
) -> Batch:
    """Keep an uploaded file and make it a batch to be read; raises Refused, then nothing is left behind.

    `mapping` given by a program takes the batch on to its check; `goes_through` also starts it.
    """
    check_window(campaign)
    allowed = _allowed(options, campaign, person, at)
    path, sha256 = keep(content)
    try:
        read_as = reading.look(path, dict(choices or {}))
        return Batch.objects.create(
            kind=Kind.REJECTION,
            state=State.UPLOADED,
            campaign=campaign,
            created_at=at,
            created_by=person,
            client_side=person.client if person else None,
            via=via,
            file=str(path.relative_to(settings.UPLOAD_DIR)),
            file_name=Path(file_name).name[:300],
            sha256=sha256,
            choices=dict(choices or {}),
            reading=read_as,
            mapping=dict(mapping or {}),
            options=allowed.to_json(),
            window_days=campaign.return_window_days,
            time_zone=campaign.time_zone,
            goes_through=goes_through,
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def receive_correction(
    source: Source,
    content: Iterable[bytes],
    file_name: str,
    *,
    person: User | None,
    via: str,
    at: datetime,
    blank_clears: bool = False,
    choices: Mapping[str, Any] | None = None,
    goes_through: bool = False,
) -> Batch:
    """Keep a file of corrected leads and make it a batch; raises Refused, then nothing is left behind.

    One file at a time for each source: a second one could not know what the first is about to change.
    """
    _check_turn(source)
    path, sha256 = keep(content)
    try:
        read_as = reading.look(path, dict(choices or {}))
        mapping = reading.correction_mapping(
            source.campaign_id, read_as["columns"], blank_clears=blank_clears
        )
        with transaction.atomic():
            Source.objects.select_for_update(no_key=True).get(pk=source.pk)
            _check_turn(source)
            return Batch.objects.create(
                kind=Kind.CORRECTION,
                state=State.UPLOADED,
                campaign=source.campaign,
                source=source,
                created_at=at,
                created_by=person,
                via=via,
                file=str(path.relative_to(settings.UPLOAD_DIR)),
                file_name=Path(file_name).name[:300],
                sha256=sha256,
                choices=dict(choices or {}),
                reading=read_as,
                mapping=mapping,
                time_zone=source.campaign.time_zone,
                goes_through=goes_through,
            )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def running_correction(source: Source) -> Batch | None:
    """The correction file of the source that is being worked on, if there is one."""
    at_work = [State.UPLOADED, State.CHECKING, State.WAITING, State.APPLYING, State.UNDOING]
    return (
        Batch.objects.filter(kind=Kind.CORRECTION, source=source, state__in=at_work).exclude(file="").first()
    )


def _check_turn(source: Source) -> None:
    running = running_correction(source)
    if running is not None:
        raise Refused(
            "correction_running",
            f"Correction upload {running.pk} of {source.name} is not done yet",
            f"It is {State(running.state).label.lower()}. Upload the next file when it has ended, so that it is "
            "compared with what the first one changed. Nothing was uploaded.",
        )


def receive_rows(
    campaign: Campaign,
    rows: Sequence[tuple[str, str]],
    *,
    identifier: str,
    person: User | None,
    via: str,
    at: datetime,
    options: Options | None = None,
    goes_through: bool = False,
) -> Batch:
    """Make a batch of (identifier, reason) pairs that did not come in a file, ready to be checked.

    Raises Refused where the campaign or its identifier do not allow it.
    """
    check_window(campaign)
    columns = ["identifier", "reason"]
    named = ColumnMap(identifier, identifier_column="identifier", reason_column="reason")
    mapping = check(named, columns, reading.field_facts(campaign.pk))
    with transaction.atomic():
        batch = Batch.objects.create(
            kind=Kind.REJECTION,
            state=State.CHECKING,
            campaign=campaign,
            created_at=at,
            created_by=person,
            client_side=person.client if person else None,
            via=via,
            reading={"columns": ["identifier", "reason"]},
            mapping=mapping.to_json(),
            options=_allowed(options, campaign, person, at).to_json(),
            window_days=campaign.return_window_days,
            time_zone=campaign.time_zone,
            rows=len(rows),
            goes_through=goes_through,
        )
        BatchRow.objects.bulk_create(
            [BatchRow(batch=batch, line=line, cells=list(pair)) for line, pair in enumerate(rows, start=1)],
            batch_size=5000,
        )
    return batch


def close_out(
    campaign: Campaign,
    options: Options,
    *,
    person: User | None,
    via: str,
    at: datetime,
    only: list[int] | None = None,
    goes_through: bool = False,
) -> Batch:
    """A close-out without a file: Pending leads up to the through date, or only these leads."""
    check_window(campaign)
    if only is None:
        options = replace(options, accept_remaining=True)  # which is why it must have a through date
    return Batch.objects.create(
        kind=Kind.CLOSE_OUT,
        state=State.WAITING if goes_through else State.CHECKED,
        campaign=campaign,
        created_at=at,
        created_by=person,
        client_side=person.client if person else None,
        via=via,
        mapping={} if only is None else {"leads": list(only)},
        options=_allowed(options, campaign, person, at).to_json(),
        window_days=campaign.return_window_days,
        time_zone=campaign.time_zone,
        goes_through=goes_through,
    )


def same_file(batch: Batch) -> Batch | None:
    """The last batch like this one, of its campaign or source, with the same bytes, if there was one before."""
    if not batch.sha256:
        return None
    alike = Batch.objects.filter(campaign_id=batch.campaign_id, kind=batch.kind, source=batch.source)
    return (
        alike.filter(sha256=batch.sha256, pk__lt=batch.pk)
        .exclude(state=State.CANCELLED)
        .select_related("created_by")
        .first()
    )


def discard(batch: Batch, still: QuerySet[Batch] | None = None) -> None:
    """Remove a batch that moved nothing, its rows and its file; one that is not `still` of these is left alone."""
    path = reading.path_of(batch) if batch.file else None
    with transaction.atomic():
        if still is not None and not still.select_for_update(skip_locked=True).filter(pk=batch.pk):
            return
        batch.delete()
    if path is not None:
        path.unlink(missing_ok=True)


def keep(content: Iterable[bytes]) -> tuple[Path, str]:
    """Write what is uploaded under a name of our own; its path and SHA-256. Raises Refused past the limit."""
    name = uuid.uuid4().hex
    path = Path(settings.UPLOAD_DIR) / name[:2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    limit = max(settings.CSV_MAX_BYTES, settings.XLSX_MAX_BYTES)
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as file:
            for part in content:
                size += len(part)
                if size > limit:
                    raise Refused(
                        "too_large",
                        "The file is too large",
                        f"At most {limit // 1_000_000} MB are read. Nothing was changed; split the file and "
                        "import the parts one after the other.",
                    )
                digest.update(part)
                file.write(part)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, digest.hexdigest()
