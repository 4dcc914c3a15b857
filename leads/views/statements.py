"""Statements: the month grid, one statement with its lines, its files, and closing a month."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Campaign, User
from campaigns.views.campaign import named
from leads import monthgrid, statementfile, statements
from leads.reasons import sentence_for
from leads.sql import money
from leads.sql.money import Group
from leads.statements import CLIENTS, SUPPLIERS, OneStatement
from rejections import months
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.views.paging import Pager

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@require_safe
def grid(request: HttpRequest) -> HttpResponse:
    """What each client owes, or each supplier earns, month by month."""
    person: Any = request.user
    side = _side(person, request.GET.get("of", ""))
    adjustments = monthgrid.waiting_adjustments(person, side)
    batches = Batch.objects.visible_to(person).in_bulk(
        {one["batch_id"] for one in adjustments if one["batch_id"]}
    )
    context = {
        "side": side,
        "grid": monthgrid.grid(person, side, timezone.now()),
        "adjustments": [one | {"batch": batches.get(one["batch_id"])} for one in adjustments],
    }
    return render(request, "statements/grid.html", context)


def _side(person: User, asked: str) -> str:
    if person.is_staff:
        return SUPPLIERS if asked == SUPPLIERS else CLIENTS
    return CLIENTS if person.client_id else SUPPLIERS


def _found(request: HttpRequest, side: str, pk: int, month: date, currency: str) -> OneStatement:
    """The statement, if this person may see its party's; else 404."""
    person: Any = request.user
    party = next((one for one in statements.parties(person, side) if one.pk == pk), None)
    if party is None:
        raise Http404
    found = statements.statement(person, party, month, currency, timezone.now())
    if not found.scope.open and not found.scope.closed:  # nothing of it was ever agreed in this currency
        raise Http404
    return found


@login_required
@require_safe
def statement(request: HttpRequest, side: str, pk: int, month: date, currency: str) -> HttpResponse:
    """One statement: its lines by campaign, what they come to, and its own check."""
    person: Any = request.user
    found = _found(request, side, pk, month, currency)
    numbers = {group.batch_id for sheet in found.sheets for group in sheet.groups if group.batch_id}
    batches = Batch.objects.visible_to(person).in_bulk(numbers)
    context = {
        "statement": found,
        "sheets": [_shown(sheet, found, batches, person) for sheet in found.sheets],
        "earned": _where_it_goes(found) if person.is_staff and side == CLIENTS else None,
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
    sheet: statements.Sheet, found: OneStatement, batches: dict[int, Batch], person: User
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
    return {"sheet": sheet, "name": sheet.name(person), "rows": rows, "zone": sheet.campaign.time_zone}


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
    if format == "xlsx" and sum(group.lines for sheet in found.sheets for group in sheet.groups) > (
        statementfile.XLSX_LINES
    ):
        messages.error(
            request, "A sheet has no room for so many lines. Nothing is lost: the CSV holds them all."
        )
        return redirect("statement", **_address(found))
    answer: HttpResponseBase
    if format == "csv":
        answer = StreamingHttpResponse(
            statementfile.as_csv(found, person), content_type="text/csv; charset=utf-8"
        )
    else:
        with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as file:
            path = Path(file.name)
        statementfile.write_xlsx(found, person, path)
        answer = FileResponse(path.open("rb"), content_type=XLSX)
        path.unlink()
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{found.number}.{format}')}"
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, code: str, month: date) -> HttpResponse:
    """Ask what closing the month would do and make impossible; then close it. Staff only."""
    person: Any = request.user
    campaign = named(person, code)
    if not person.is_staff:
        raise Http404
    if request.method != "POST":
        return _ask(request, campaign, month)
    try:
        months.close(campaign, month, person=person, typed=request.POST.get("word", ""), at=timezone.now())
    except Refused as refusal:
        return _ask(request, campaign, month, refusal)
    messages.success(request, f"{month:%B %Y} of {campaign.name} is closed")
    return redirect(_statement_of(campaign, month))


def _ask(
    request: HttpRequest, campaign: Campaign, month: date, refused: Refused | None = None
) -> HttpResponse:
    """The question: a fragment for the dialog, else a page; a month that cannot be closed says why."""
    effect = months.effect(campaign, month, timezone.now())
    why = refused or months.refusal(campaign, month, timezone.now())
    context = {
        "campaign": campaign,
        "month": month,
        "effect": effect,
        "lost": _named(effect.lost, request.user),  # type: ignore[arg-type]
        "refused": why and _told(why, campaign),
        "closable": why is None or why.code == "word_not_typed",
        "back": _statement_of(campaign, month),
    }
    in_dialog = request.headers.get("HX-Request") and refused is None
    template = "statements/_close.html" if in_dialog else "statements/close.html"
    return render(request, template, context, status=422 if refused else 200)


def _statement_of(campaign: Campaign, month: date) -> str:
    return reverse("statement", args=[CLIENTS, campaign.client_id, month, campaign.currency])


def _named(lost: list[Any], person: User) -> list[tuple[Batch, int]]:
    batches = Batch.objects.visible_to(person).in_bulk([one.batch_id for one in lost])
    return [(batches[one.batch_id], one.leads) for one in lost if one.batch_id in batches]


def _told(refused: Refused, campaign: Campaign) -> dict[str, str]:
    """The refusal with the way out of it."""
    told = {"code": refused.code, "title": refused.title, "detail": refused.detail}
    if refused.code == "campaign_busy" and (batch := months.running(campaign)):
        told |= {"url": reverse("batch", args=[batch.pk]), "action": "See the batch"}
    elif refused.code == "earlier_month_open" and (oldest := months.oldest_open(campaign)):
        told |= {
            "url": reverse("month_close", args=[campaign.code, oldest]),
            "action": f"Close {oldest:%B %Y}",
        }
    return told
