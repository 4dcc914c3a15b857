"""Statements: the month grid, one statement with its lines, and its files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns.models import User
from campaigns.views import later
from leads import monthgrid, statementfile, statements
from leads.models import Download
from leads.reasons import sentence_for
from leads.sql import money
from leads.sql.money import Group
from leads.statements import CLIENTS, SUPPLIERS, OneStatement
from rejections import monthclosings
from rejections.models import Batch, MonthClosing
from rejections.views import downloads, files
from rejections.views.paging import Pager

PAGE = 50


@login_required
@require_safe
def grid(request: HttpRequest) -> HttpResponse:
    """What each client owes, or each supplier earns, month by month."""
    person: Any = request.user
    side = _side(person, request.GET.get("of", ""))
    parts = later.parts(request, "grid")
    table = None if parts else monthgrid.grid(person, side, timezone.now())
    if request.GET.get("part") == "grid":
        return render(request, "statements/_grid.html", {"side": side, "grid": table})
    adjustments = monthgrid.waiting_adjustments(person, side)
    batches = Batch.objects.visible_to(person).in_bulk(
        {one["batch_id"] for one in adjustments if one["batch_id"]}
    )
    context = {
        "side": side,
        "grid": table,
        "later": parts,
        "closings": monthclosings.under_way(person),
        "adjusted_leads": sum(one["leads"] for one in adjustments),
        "adjustments": [one | {"batch": batches.get(one["batch_id"])} for one in adjustments],
    }
    return render(request, "statements/grid.html", context)


def _side(person: User, asked: str) -> str:
    if person.is_staff:
        return SUPPLIERS if asked == SUPPLIERS else CLIENTS
    return CLIENTS if person.client_id else SUPPLIERS


def _found(
    request: HttpRequest, side: str, pk: int, month: date, currency: str, *, checked: bool = False
) -> OneStatement:
    """The statement, if this person may see its party's; else 404."""
    person: Any = request.user
    party = next((one for one in statements.parties(person, side) if one.pk == pk), None)
    if party is None:
        raise Http404
    found = statements.statement(person, party, month, currency, timezone.now(), checked=checked)
    if not found.scope.open and not found.scope.closed:  # nothing of it was ever agreed in this currency
        raise Http404
    return found


@login_required
@require_safe
def statement(request: HttpRequest, side: str, pk: int, month: date, currency: str) -> HttpResponse:
    """One statement: its lines by campaign, what they come to, and its own check."""
    person: Any = request.user
    part, parts = request.GET.get("part"), later.parts(request, "check", "earned")
    found = _found(request, side, pk, month, currency, checked=not parts and part != "earned")
    shows_earned = person.is_staff and side == CLIENTS
    earned = _where_it_goes(found) if shows_earned and not parts and part != "check" else None
    if part in ("check", "earned"):
        template = f"statements/_{part}.html" if part == "check" or earned else "_nothing.html"
        return render(request, template, {"statement": found, "earned": earned})
    numbers = {group.batch_id for sheet in found.sheets for group in sheet.groups if group.batch_id}
    batches = Batch.objects.visible_to(person).in_bulk(numbers)
    over = [sheet.campaign for sheet in found.sheets if sheet.state == "over"] if person.is_staff else []
    closings = monthclosings.of_month(over, month) if over else {}
    context = {
        "statement": found,
        "sheets": [_shown(sheet, found, batches, person, closings) for sheet in found.sheets],
        "earned": earned,
        "later": parts if shows_earned else {"check": parts.get("check")},
        "address": _address(found),
    }
    return render(request, "statements/statement.html", context)


def _address(found: OneStatement) -> dict[str, Any]:
    return {
        "side": found.party.side,
        "pk": found.party.pk,
        "month": found.month,
        "currency": found.currency,
    }


def _shown(
    sheet: statements.Sheet,
    found: OneStatement,
    batches: dict[int, Batch],
    person: User,
    closings: dict[int, MonthClosing],
) -> dict[str, Any]:
    """A campaign's lines as the table has them."""
    rows = [
        {
            "words": statements.words(group.kind, found.party.side),
            "group": group,
            "batch": batches.get(group.batch_id or 0),
            "query": urlencode(
                {
                    "campaign": group.campaign_id,
                    "kind": group.kind,
                    "batch": group.batch_id or "",
                    "unit": group.unit,
                }
            ),
        }
        for group in sheet.groups
    ]
    return {
        "sheet": sheet,
        "name": sheet.name(person),
        "rows": rows,
        "zone": sheet.campaign.time_zone,
        "closing": closings.get(sheet.campaign.pk),
    }


def _where_it_goes(found: OneStatement) -> dict[str, Any]:
    suppliers = statements.earned(found)
    paid = sum((amount for _, amount in suppliers), Decimal(0))
    total = found.figures.total
    share = max(0, min(1000, round(1000 * paid / total))) if total > 0 else 0
    return {"suppliers": suppliers, "margin": total - paid, "share": share, "rest": 1000 - share}


@login_required
@require_safe
def lines(request: HttpRequest, side: str, pk: int, month: date, currency: str) -> HttpResponse:
    """The single lines of one group of a statement."""
    person: Any = request.user
    found = _found(request, side, pk, month, currency)
    group = _group(request, found)
    pager = Pager.of(request.GET, group.lines, PAGE)
    sheet = next(one for one in found.sheets if one.campaign.pk == group.campaign_id)
    context = {
        "statement": found,
        "words": statements.words(group.kind, side),
        "name": sheet.name(person),
        "zone": sheet.campaign.time_zone,
        "lines": [
            {"line": line, "reason": sentence_for(person, line.code, line.reason, line.supplier_text)}
            for line in money.lines(found.scope, group, offset=pager.page * PAGE, limit=PAGE)
        ],
        "group": group,
        "pager": pager,
        "address": _address(found),
    }
    return render(request, "statements/lines.html", context)


def _group(request: HttpRequest, found: OneStatement) -> Group:
    """The group of lines the address names, else 404."""
    asked = request.GET
    try:
        unit = Decimal(asked.get("unit", ""))
    except InvalidOperation:
        raise Http404 from None
    for sheet in found.sheets:
        for group in sheet.groups:
            named = (str(group.campaign_id), group.kind, str(group.batch_id or ""))
            if (
                named == tuple(asked.get(key, "") for key in ("campaign", "kind", "batch"))
                and group.unit == unit
            ):
                return group
    raise Http404


@login_required
@require_safe
def download(
    request: HttpRequest, side: str, pk: int, month: date, currency: str, format: str
) -> HttpResponseBase:
    """Every single line of a statement, as CSV or XLSX."""
    person: Any = request.user
    found = _found(request, side, pk, month, currency)
    name = f"{found.number}.{format}"
    if format == "csv":
        return files.csv_stream(statementfile.as_csv(found, person), name)
    made_later = downloads.made_later(
        request,
        Download.Kind.STATEMENT,
        {"side": side, "party": pk, "month": str(month), "currency": currency},
        rows=sum(group.lines for sheet in found.sheets for group in sheet.groups),
        columns=len(statementfile.COLUMNS),
        name=name,
        title=f"Statement {found.number}",
        back=reverse("statement", kwargs=_address(found)),
    )
    table = statementfile.table(found, person)
    return made_later or files.xlsx_made(lambda path: statementfile.write_xlsx(table, path), name)
