"""The sides of the comparison: each imports the file into the database of the settings."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import tablib
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from import_export import fields, resources
from import_export.instance_loaders import CachedInstanceLoader

from bench.dataset import CODE, HERE, WINDOW_DAYS, statements
from campaigns.models import Campaign, Disposition, Field, User
from campaigns.rules import local_date, window_opens
from leads.models import Lead, LeadEvent
from leads.statuses import RETURNABLE, Cause, Status
from rejections import uploads, workflows
from rejections.models import Batch
from rejections.states import State

_IDENTIFIER = {"identifier": "field:email", "identifier_column": "Email", "reason_column": "Rejection reason"}


def ours(path: Path) -> int:
    """A CSV file through receive, read, check, start to its end, in one process; rows."""
    batch = uploads.receive(
        Campaign.objects.get(code=CODE),
        _parts(path),
        path.name,
        person=User.objects.get(username="bench"),
        via="cli",
        at=timezone.now(),
        mapping=_IDENTIFIER,
        goes_through=True,
    )
    workflows.run(batch.pk, owner="bench", clock=timezone.now, seconds=3600)
    batch = Batch.objects.get(pk=batch.pk)
    assert batch.state == State.FINISHED, (batch.state, batch.error)
    return batch.rows


def _parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            yield part


def reference(path: Path) -> int:
    """`reference.sql` in one transaction; rows."""
    campaign = Campaign.objects.get(code=CODE)
    values = {
        "campaign": campaign.pk,
        "slot": Field.objects.get(campaign=campaign, name="email").pk,
        "person": User.objects.get(username="bench").pk,
        "at": timezone.now(),
        "opens": _opens(campaign),
        "time_zone": campaign.time_zone,
        "window_days": WINDOW_DAYS,
        "file_name": path.name,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements("reference.sql"):
            if statement.startswith("COPY"):
                with path.open("rb") as file:
                    cursor.copy_expert(statement, file)
            else:
                cursor.execute(statement, values)
    return Batch.objects.latest("pk").rows


def _opens(campaign: Campaign) -> Any:
    return window_opens(local_date(timezone.now(), campaign.time_zone), WINDOW_DAYS, campaign.time_zone)


class _Rejections(resources.ModelResource):
    """A file of rejections as django-import-export is made for: a lead by its e-mail address, saved one by one."""

    email = fields.Field(attribute="email", column_name="Email")
    reason = fields.Field(attribute="reason", column_name="Rejection reason")
    status = fields.Field(attribute="status", column_name="status")
    disposition_id = fields.Field(attribute="disposition_id", column_name="disposition_id")

    class Meta:
        model = Lead
        import_id_fields = ("email",)
        fields = ("email", "reason", "status", "disposition_id")
        use_transactions = True
        clean_model_instances = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.campaign = Campaign.objects.get(code=CODE)
        self.person = User.objects.get(username="bench")
        self.slot = Field.objects.get(campaign=self.campaign, name="email").pk
        self.opens = _opens(self.campaign)
        phrases = self.campaign.client.phrases.filter(disposition__isnull=False)
        self.meanings = dict(phrases.values_list("text", "disposition_id"))
        self.other = Disposition.objects.get(code="CLIENT_OTHER").pk

    def get_queryset(self) -> QuerySet[Lead]:
        return Lead.objects.filter(
            campaign=self.campaign, keys__slot=self.slot, status__in=RETURNABLE, valid_at__gte=self.opens
        ).annotate(email=F("keys__key"))

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        row["status"] = Status.CLIENT_REJECTED.value
        row["disposition_id"] = self.meanings.get(row["Rejection reason"], self.other)

    def skip_row(
        self, instance: Lead, original: Lead, row: Any, import_validation_errors: Any = None
    ) -> bool:
        return instance.pk is None


class _WithHistory(_Rejections):
    """As it comes: it compares, keeps a difference of each row, and saves; a lead event is written after each."""

    def after_save_instance(self, instance: Lead, row: Any, **kwargs: Any) -> None:
        LeadEvent.objects.create(
            lead=instance, cause=Cause.CLIENT_REJECTED, from_status=Status.PENDING, to_status=instance.status,
            disposition_id=instance.disposition_id, reason=instance.reason, actor=self.person, at=timezone.now(),
        )  # fmt: skip


class _Tuned(_Rejections):
    """Its fastest way: all leads read at once, written in bulk, no differences, and no history."""

    class Meta(_Rejections.Meta):
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        skip_html_diff = True


def import_export(path: Path) -> int:
    """django-import-export as it comes; rows."""
    return _import(_WithHistory(), path)


def import_export_tuned(path: Path) -> int:
    """django-import-export, bulk and cached, without history; rows."""
    return _import(_Tuned(), path)


def _import(resource: _Rejections, path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for row in rows:
        row[0] = row[0].strip().lower()
    result = resource.import_data(tablib.Dataset(*rows, headers=header), raise_errors=True)
    assert result.totals["update"] > 0.85 * len(rows), result.totals
    return len(rows)


#: Name → how it imports a file, and whether it gets its first rows only.
SIDES: dict[str, tuple[Callable[[Path], int], bool]] = {
    "leadrej": (ours, False),
    "reference.sql": (reference, False),
    "django-import-export": (import_export, True),
    "django-import-export, tuned": (import_export_tuned, True),
}


def head(path: Path, rows: int) -> Path:
    """The file's header and first rows, as a file beside it."""
    short = path.with_name(f"first-{rows}-{path.name}")
    with path.open("rb") as whole, short.open("wb") as part:
        part.writelines(islice(whole, rows + 1))
    return short


def end_state() -> dict[str, str]:
    """What the full sides must agree on: counts and sums over every column that tells of the batch."""
    found = {}
    for statement in statements("end_state.sql"):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            name, *rest = cursor.fetchone()
            found[name] = " ".join(map(str, rest))
    return found


__all__ = ["HERE", "SIDES", "end_state", "head"]
