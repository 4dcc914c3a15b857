"""Builds the data set the sides are measured on, and the file they import."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.db import connection

from campaigns.lists import fold_phrase
from campaigns.models import Agreement, Campaign, Client, Disposition, Field, Phrase, Source, Supplier, User
from campaigns.rules import local_date, window_opens

HERE = Path(__file__).parent
CAMPAIGNS = 20
SUPPLIERS = 4
WINDOW_DAYS = 45
TIME_ZONE = "Europe/London"
CODE = "BENCH-1"
PHRASES = {
    "Duplicate Lead": "CLIENT_DUPLICATE",
    "Wrong number": "CLIENT_INVALID_PHONE",
    "Outside service area": "CLIENT_OUT_OF_AREA",
    "Over 75": "CLIENT_OUT_OF_AGE",
    "Test lead": "CLIENT_TEST",
    "Number disconnected": "CLIENT_DISCONNECTED",
    "Says they never enquired": "CLIENT_NEVER_ENQUIRED",
}
_FILLED = ("leads_lead", "leads_leadkey", "leads_leadevent")


def recipe(leads: int) -> str:
    """What the data set is built from: another recipe, or other tables, another data set."""
    sources = [(HERE / name).read_bytes() for name in ("dataset.sql", "dataset.py")]
    sources += [path.name.encode() for path in sorted(HERE.parent.glob("*/migrations/0*.py"))]
    return f"{leads} leads {hashlib.sha256(b''.join(sources)).hexdigest()[:16]}"


def build(leads: int, now: datetime) -> None:
    """Fill the (empty) database of the settings."""
    call_command("migrate", verbosity=0)
    first = agree(now)
    with _bare():
        fill(leads, first, now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def fill(leads: int, first: Campaign, now: datetime) -> None:
    """Put the leads into the campaigns that follow the first."""
    with connection.cursor() as cursor:
        for statement in statements("dataset.sql"):
            cursor.execute(statement, {"leads": leads, "campaign": first.pk, "now": now})


def uid(lead_id: int) -> str:
    """The UID of a lead, as dataset.sql draws it."""
    return str(UUID(hashlib.md5(str(lead_id).encode()).hexdigest()))


def email(lead_id: int) -> str:
    """The e-mail address of a lead, as dataset.sql draws it."""
    return f"{hashlib.md5(str(lead_id).encode()).hexdigest()[:12]}@postbox.example"


def write_file(path: Path, rows: int, now: datetime) -> None:
    """Write the client's file of about `rows` rows."""
    campaign = Campaign.objects.get(code=CODE)
    opens = window_opens(local_date(now, TIME_ZONE), WINDOW_DAYS, TIME_ZONE)
    with connection.cursor() as cursor, path.open("wb") as out:
        values = {"campaign": campaign.pk, "rows": rows, "opens": opens, "seed": "bench"}
        cursor.copy_expert(cursor.mogrify(next(statements("file.sql")), values), out)


def statements(name: str) -> Iterator[str]:
    """The statements of an SQL file beside this one."""
    text = re.sub(r"--.*", "", (HERE / name).read_text(encoding="utf-8"))
    return (part.strip() for part in text.split(";\n") if part.strip())


def agree(now: datetime) -> Campaign:
    """20 campaigns of one client, each with four sources; the first of them."""
    client = Client.objects.create(code="bench", name="Bench")
    suppliers = [Supplier.objects.create(code=f"s{n}", name=f"Supplier {n}") for n in range(SUPPLIERS)]
    User.objects.create(username="bench", is_staff=True)
    dispositions = Disposition.objects.in_bulk(field_name="code")
    for text, code in PHRASES.items():
        Phrase.objects.create(
            client=client, text=text, folded=fold_phrase(text), disposition=dispositions[code]
        )
    campaigns = [_campaign(client, suppliers, number, now) for number in range(1, CAMPAIGNS + 1)]
    assert [c.pk for c in campaigns] == [campaigns[0].pk + n for n in range(CAMPAIGNS)]
    return campaigns[0]


def _campaign(client: Client, suppliers: list[Supplier], number: int, now: datetime) -> Campaign:
    campaign = Campaign.objects.create(
        code=f"BENCH-{number}", name=f"Bench {number}", public_name=f"Bench {number}", client=client,
        time_zone=TIME_ZONE, return_window_days=WINDOW_DAYS,
    )  # fmt: skip
    for name in ("email", "phone"):
        Field.objects.create(
            campaign=campaign, name=name, label=name.title(), kind=name, dedupe=True, dedupe_ready=True
        )
    for supplier in suppliers:
        Agreement.objects.create(
            campaign=campaign,
            supplier=supplier,
            starts_on=(now - timedelta(days=400)).date(),
            price=18,
            payout=11,
        )
        Source.objects.create(
            code=f"{campaign.code}-{supplier.code}", name=campaign.code, kind="web_form", campaign=campaign,
            supplier=supplier,
        )  # fmt: skip
    return campaign


@contextmanager
def _bare() -> Iterator[None]:
    """The filled tables without secondary indexes and foreign keys, which are built at the end."""
    with connection.cursor() as cursor:
        indexes = _rows(
            cursor,
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[])"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')",
        )
        keys = _rows(
            cursor,
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid = ANY(%s::regclass[])",
        )
        cursor.execute(
            "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; SET work_mem = '256MB'"
        )
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    with connection.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def _rows(cursor: Any, query: str) -> list[tuple[str, ...]]:
    cursor.execute(query, [list(_FILLED)])
    found: list[tuple[str, ...]] = cursor.fetchall()
    return found
