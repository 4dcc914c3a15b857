"""The columns of a list of leads, and what stands in each cell: as text, as one person may read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from campaigns.models import Field, User
from campaigns.rules import local_date
from campaigns.templatetags.figures import moment, money, recent
from leads import profile
from leads.listing import Choices
from leads.models import Lead, LeadQuerySet, LeadValues
from leads.reasons import reason_for
from leads.sheet import shield
from leads.statuses import Status

_STAFF, _CLIENT, _SUPPLIER = 1, 2, 4
_ALL = _STAFF | _CLIENT | _SUPPLIER
#: A campaign's field as a column: its name follows.
OF_FIELD = "field:"
#: Leads of one portion of a download.
_PORTION = 2000


class Row(NamedTuple):
    """A lead with its values, who looks at it when, and the time zone of the list."""

    lead: Lead
    values: LeadValues | None
    viewer: User
    at: datetime
    zone: str


@dataclass(frozen=True)
class Column:
    """A column: its name in addresses, its title, who may have it, and who has it unasked.

    `text` is what a page shows, `plain` what a file holds where that differs. One that `gives` is left out on
    a narrow screen, unless it was asked for.
    """

    key: str
    title: str
    sides: int
    usual: int
    text: Callable[[Row], str]
    number: bool = False
    plain: Callable[[Row], str] | None = None
    gives: bool = False


def _name(row: Row) -> str:
    return profile.title(row.lead, row.values)


def _company(row: Row) -> str:
    company = str((row.values.judged if row.values else {}).get("company") or "")
    return "" if company == _name(row) else company


def _reason(row: Row) -> str:
    """The human words; without such, those of the disposition."""
    disposition = row.lead.disposition
    words = reason_for(row.viewer, disposition, row.lead.reason)
    if words or disposition is None:
        return words
    told = disposition.supplier_text if row.viewer.supplier_id else ""
    return str(told or disposition.label)


def _window(row: Row) -> str:
    window = profile.window(row.lead, row.at)
    if window is None:
        return ""
    left = (window.closes - local_date(row.at, row.lead.campaign.time_zone)).days
    if not window.open:
        return f"closed {window.closes.day} {window.closes:%b}"
    return "tonight" if left == 0 else f"{left} d left"


def _moment(name: str, title: str, usual: int = 0) -> Column:
    def at(row: Row) -> datetime | None:
        value: datetime | None = getattr(row.lead, name)
        return value.astimezone(ZoneInfo(row.zone)) if value else None

    return Column(
        name.removesuffix("_at"),
        title,
        _ALL,
        usual,
        lambda row: moment(value, row.zone) if (value := at(row)) else "",
        number=True,
        plain=lambda row: f"{value:%Y-%m-%d %H:%M:%S}" if (value := at(row)) else "",
    )


def _party(name: str) -> Callable[[Row], str]:
    return lambda row: str(getattr(profile.names(row.lead, row.viewer), name))


def _money(name: str, sides: int, usual: int) -> Column:
    def amount(row: Row) -> Decimal | None:
        found: Decimal | None = getattr(profile.money(row.lead, row.viewer), name)
        return found

    return Column(
        name,
        name.title(),
        sides,
        usual,
        lambda row: money(amount(row), row.lead.campaign.currency),
        number=True,
        plain=lambda row: str(amount(row) or ""),
    )


#: Stands beside amounts in a file, where no sign tells the currency.
_CURRENCY = Column("currency", "Currency", _ALL, 0, lambda row: row.lead.campaign.currency)

_COLUMNS = (
    Column("id", "Lead ID", _ALL, _ALL, lambda row: str(row.lead.pk), number=True),
    Column("name", "Lead", _ALL, _ALL, _name),
    Column("company", "Company", _ALL, 0, _company),
    Column("status", "Status", _ALL, _ALL, lambda row: Status(row.lead.status).label),
    Column("reason", "Reason", _ALL, _ALL, _reason),
    Column("code", "Disposition", _STAFF | _CLIENT, 0, lambda row: str(row.lead.disposition or "")),
    Column("campaign", "Campaign", _ALL, _ALL, _party("campaign")),
    Column("client", "Client", _STAFF, 0, _party("client")),
    Column("source", "Source", _ALL, 0, _party("source")),
    Column("supplier", "Supplier", _STAFF | _CLIENT, 0, _party("supplier")),
    Column("uid", "UID", _ALL, 0, lambda row: row.lead.uid),
    _money("price", _STAFF | _CLIENT, _STAFF | _CLIENT),
    _money("payout", _STAFF | _SUPPLIER, _SUPPLIER),
    Column("window", "Window", _STAFF | _CLIENT, _STAFF | _CLIENT, _window, gives=True),
    _moment("valid_at", "Valid"),
    _moment("accepted_at", "Accepted"),
    _moment("received_at", "Received", _ALL),
)
_OF_SOURCES = ("source", "supplier")


def offered(viewer: User, known: Choices) -> list[Column]:
    """The columns this person may choose from: those of its side, then the fields.

    A client that knows no source has no columns of them, for they would be blank.
    """
    side = _side(viewer)
    blank = _OF_SOURCES if viewer.client_id and not known.sources else ()
    of_side = [column for column in _COLUMNS if column.sides & side and column.key not in blank]
    return of_side + list(map(_of_field, known.fields.values()))


def chosen(viewer: User, known: Choices, keys: Sequence[str]) -> list[Column]:
    """The columns asked for, in the order of the list; the usual ones where none is. The name is always there."""
    may = offered(viewer, known)
    wanted = {column.key for column in may if column.key in keys}
    usual = {column.key for column in may if column.usual & _side(viewer)}
    shown = wanted | {"name"} if wanted else usual
    return [column for column in may if column.key in shown]


def unusual(viewer: User, known: Choices, keys: Sequence[str]) -> tuple[str, ...]:
    """The columns asked for, as an address names them: not at all where they are the usual ones."""
    shown = chosen(viewer, known, keys)
    return () if shown == chosen(viewer, known, ()) else tuple(column.key for column in shown)


def _side(viewer: User) -> int:
    return _STAFF if viewer.is_staff else _CLIENT if viewer.client_id else _SUPPLIER


def _of_field(field: Field) -> Column:
    def text(row: Row) -> str:
        return str((row.values.judged if row.values else {}).get(field.name) or "")

    return Column(f"{OF_FIELD}{field.name}", field.label, _ALL, 0, text)


class Cell(NamedTuple):
    """One cell of the table on a page."""

    column: Column
    text: str


def table(rows: Iterable[Row], columns: Sequence[Column]) -> list[dict[str, object]]:
    """The rows as a page shows them: .lead .name .company .reason .received (short) .cells."""
    return [
        {
            "lead": row.lead,
            "name": _name(row),
            "company": _company(row),
            "reason": _reason(row),
            "received": recent(row.lead.received_at, row.zone),
            "cells": [Cell(column, column.text(row)) for column in columns],
        }
        for row in rows
    ]


def as_csv(
    leads: LeadQuerySet, columns: Sequence[Column], viewer: User, at: datetime, zone: str
) -> Iterator[bytes]:
    """These leads in their order as CSV: UTF-8 with BOM, safe from formulas; memory stays flat."""
    if any(column.key in ("price", "payout") for column in columns):
        columns = [*columns, _CURRENCY]
    yield "\ufeff".encode()
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([shield(column.title) for column in columns])
    known = leads.select_related(
        "campaign__client", "source", "supplier", "disposition", "adjustment", "values"
    )
    for count, lead in enumerate(known.iterator(chunk_size=_PORTION), start=1):
        row = Row(lead, getattr(lead, "values", None), viewer, at, zone)
        writer.writerow([shield((column.plain or column.text)(row)) for column in columns])
        if count % _PORTION == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
