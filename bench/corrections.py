"""A file of corrections, beside two ways that take its values over and judge none: rows a second of each."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import tablib
from django.db import connection, transaction
from django.utils import timezone
from import_export import fields, resources, widgets

from bench.dataset import statements
from campaigns.models import Agreement, Campaign, Client, Field, Picklist, PicklistValue, Source, Supplier
from leads import download, intake
from leads.download import Wanted
from leads.intake import Incoming
from leads.models import Lead, LeadValues
from leads.statuses import Status
from rejections import uploads, workflows
from rejections.models import Batch
from rejections.states import State

#: Rows that django-import-export gets: it takes its time.
SHORT = 2000
_COUNTRIES = ("Germany", "France", "Spain", "Italy", "Japan", "Austria", "Poland", "Portugal")
_KINDS = {
    "first_name": "text", "email": "email", "phone": "phone", "birthday": "date", "staff": "number",
    "country": "picklist",
}  # fmt: skip


class Run(NamedTuple):
    """A way, the rows it got, and how long they took."""

    words: str
    rows: int
    seconds: float


def measure(rows: int, now: datetime) -> list[Run]:
    """Receive so many leads that are turned away, correct them in their download, and take that over in each way."""
    source = _source(now)
    for start in range(0, rows, intake.CHUNK):
        arriving = [Incoming(_lead(number)) for number in range(start, min(start + intake.CHUNK, rows))]
        intake.receive(source, arriving, at=now - timedelta(days=1))
    content = _corrected(source)
    short = b"".join(islice(io.BytesIO(content), SHORT + 1))
    return [
        _taken_back("values only, by SQL", content, _by_sql),
        _taken_back("values only, django-import-export", short, _by_import_export),
        _ours(source, content),
    ]


def _source(now: datetime) -> Source:
    client, supplier = Client.objects.get(code="bench"), Supplier.objects.get(code="s0")
    campaign = Campaign.objects.create(
        code="BENCH-CORRECTED",
        name="Corrected",
        public_name="Corrected",
        client=client,
        return_window_days=45,
    )
    countries = Picklist.objects.create(client=client, name="Countries")
    for value in _COUNTRIES:
        PicklistValue.objects.create(picklist=countries, value=value, folded=value.casefold())
    for name, kind in _KINDS.items():
        dedupe = kind in ("email", "phone")
        Field.objects.create(
            campaign=campaign, name=name, label=name.title(), kind=kind, dedupe=dedupe, dedupe_ready=dedupe,
            picklist=countries if kind == "picklist" else None,
        )  # fmt: skip
    Agreement.objects.create(
        campaign=campaign,
        supplier=supplier,
        starts_on=(now - timedelta(days=400)).date(),
        price=18,
        payout=11,
    )
    return Source.objects.create(
        code="BENCH-CORRECTED", name="Corrected", kind="web_form", campaign=campaign, supplier=supplier
    )


def _lead(number: int) -> dict[str, str]:
    """A lead whose country is on no list."""
    return {
        "first_name": f"Ann {number % 1000}",
        "email": f"ann.{number}@postbox{number % 50}.example.org",
        "phone": f"0{7_400_000_000 + number}",
        "birthday": f"{1 + number % 28}/{1 + number % 12}/{1940 + number % 60}",
        "staff": f"{number % 5000:,}",
        "country": f"{_COUNTRIES[number % 8]} {number % 100}",
    }


def _corrected(source: Source) -> bytes:
    """The download of the leads, with all countries put right but each tenth."""
    text = b"".join(download.as_csv(Wanted(source))).decode("utf-8-sig")
    reader, out = csv.DictReader(io.StringIO(text, newline="")), io.StringIO()
    writer = csv.DictWriter(out, list(reader.fieldnames or ()))
    writer.writeheader()
    for number, row in enumerate(reader):
        if number % 10:
            row["country"] = row["country"].partition(" ")[0]
        writer.writerow(row)
    return out.getvalue().encode()


def _taken_back(words: str, content: bytes, way: Callable[[bytes], None]) -> Run:
    """Measure a way up to its last statement, and put everything back."""
    with transaction.atomic():
        began = time.perf_counter()
        way(content)
        run = Run(words, content.count(b"\n") - 1, time.perf_counter() - began)
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM leads_lead, leads_leadvalues, leads_leadevent")
    return run


def _by_sql(content: bytes) -> None:
    header = next(csv.reader([content.partition(b"\n")[0].decode()]))
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{name}" text' for name in header)
        cursor.execute(f"CREATE TEMP TABLE corrected ({columns}) ON COMMIT DROP")
        cursor.copy_expert("COPY corrected FROM STDIN WITH (FORMAT csv, HEADER)", io.BytesIO(content))
        for statement in statements("corrections.sql"):
            cursor.execute(statement, {"at": timezone.now()})


class _Values(resources.ModelResource):
    """Values as django-import-export is made for: a lead by its id, saved one by one."""

    lead_id = fields.Field(attribute="lead_id", column_name="LeadID", widget=widgets.IntegerWidget())
    received = fields.Field(attribute="received", column_name="received", widget=widgets.JSONWidget())

    class Meta:
        model = LeadValues
        import_id_fields = ("lead_id",)
        fields = ("lead_id", "received")
        use_transactions = True
        clean_model_instances = False

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        row["received"] = json.dumps({name: row[name] for name in _KINDS})


def _by_import_export(content: bytes) -> None:
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    result = _Values().import_data(tablib.Dataset(*rows, headers=header), raise_errors=True)
    assert result.totals["update"] > 0.85 * len(rows), result.totals


def _ours(source: Source, content: bytes) -> Run:
    """Through receive, read, check, start to its end, in one process; every lead ends where it should."""
    began = time.perf_counter()
    batch = uploads.receive_correction(
        source, [content], "corrected.csv", person=None, via="cli", at=timezone.now(), goes_through=True
    )
    workflows.run(batch.pk, owner="bench", clock=timezone.now, seconds=3600)
    seconds = time.perf_counter() - began
    batch = Batch.objects.get(pk=batch.pk)
    assert batch.state == State.FINISHED, (batch.state, batch.error)
    released = Lead.objects.filter(source=source, status=Status.PENDING).count()
    assert released == batch.rows - -(-batch.rows // 10), (released, batch.rows)
    return Run("leadrej", batch.rows, seconds)
