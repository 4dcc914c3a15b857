"""A source with rejected leads, and corrections of them: what the tests of the correction loop begin with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from campaigns.models import Campaign, Field, Picklist, PicklistValue, Source, User
from leads import download, intake
from leads.download import Wanted
from leads.intake import Incoming
from rejections import uploads, workflows
from rejections.models import Batch, BatchRow
from rejections.sql import corrections
from tests import make
from tests.make import NOW

LATER = NOW + timedelta(hours=1)
COUNTRIES = ("Austria", "Germany", "United States")


def source(campaign: Campaign | None = None) -> Source:
    """A source whose campaign has a picklist of countries behind its field `country`."""
    campaign = campaign or make.campaign()
    if not Field.objects.filter(campaign=campaign, name="country").exists():
        picklist = Picklist.objects.create(client=campaign.client, name=f"Countries {campaign.pk}")
        for value in COUNTRIES:
            PicklistValue.objects.create(picklist=picklist, value=value, folded=value.casefold())
        Field.objects.create(
            campaign=campaign, name="country", label="Country", kind="picklist", picklist=picklist, position=9
        )
    return Source.objects.select_related("campaign", "supplier").get(pk=make.source(campaign).pk)


def receive(source: Source, *leads: Mapping[str, str], at: datetime = NOW) -> list[int]:
    """Leads of the source, through the door; their ids."""
    return [one.lead_id for one in intake.receive(source, [Incoming(lead) for lead in leads], at=at)]


def downloaded(source: Source) -> list[dict[str, str]]:
    """The rows of a CSV download of the rejected leads, as a person has them."""
    text = b"".join(download.as_csv(Wanted(source))).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_file(rows: list[dict[str, str]]) -> bytes:
    """Rows as a CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def upload(source: Source, content: bytes, *, person: User | None = None, **given: Any) -> Batch:
    """Upload a file and work on it until it is checked (`goes_through=True`: has ended)."""
    batch = uploads.receive_correction(
        source, [content], "corrected.csv", person=person, via="cli", at=LATER, **given
    )
    return work(batch)


def work(batch: Batch, at: datetime = LATER) -> Batch:
    """Work on a batch until there is nothing to do, however long that takes."""
    while workflows.run(batch.pk, owner="test", clock=lambda: at, seconds=60):
        pass
    return Batch.objects.select_related("campaign", "source").get(pk=batch.pk)


def outcomes(batch: Batch) -> list[str | None]:
    """The outcome of each row, in line order."""
    return list(BatchRow.objects.filter(batch=batch).order_by("line").values_list("outcome", flat=True))


def notes(batch: Batch) -> Iterator[dict[str, Any]]:
    """The note of each row, in line order."""
    for row in BatchRow.objects.filter(batch=batch).order_by("line"):
        yield row.note or {}


def totals(batch: Batch) -> dict[str, int]:
    """Rows by outcome."""
    found: dict[str, int] = {}
    for total in corrections.totals(batch.pk):
        found[total.outcome] = found.get(total.outcome, 0) + total.rows
    return found
