"""Page by page: where a list stands, and the rows of a batch as one table with its filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict

from rejections import rowlist
from rejections.decisions import Outcome
from rejections.models import Batch
from rejections.options import Options
from rejections.templatetags.batches import put_back_words


@dataclass(frozen=True)
class Pager:
    """One page (from 0) of a list: its first and last number, and the addresses of its neighbours."""

    page: int
    first: int
    last: int
    total: int
    previous: str
    next: str

    @classmethod
    def of(cls, data: QueryDict, total: int, size: int, *, name: str = "page") -> Pager:
        """The page the address asks for, kept inside the list; its other parameters are kept."""
        asked = data.get(name, "")
        pages = max(1, -(-total // size))
        page = min(int(asked) - 1, pages - 1) if asked.isdecimal() and len(asked) < 10 and int(asked) else 0

        def address(number: int) -> str:
            parameters = data.copy()
            parameters[name] = str(number + 1)
            return parameters.urlencode()

        return cls(
            page=page,
            first=page * size + 1 if total else 0,
            last=min(total, (page + 1) * size),
            total=total,
            previous=address(page - 1) if page else "",
            next=address(page + 1) if page + 1 < pages else "",
        )


def row_table(
    request: HttpRequest,
    batch: Batch,
    options: Options,
    counts: dict[str, int],
    *,
    all_of: dict[str, int],
    hidden: list[tuple[str, str]],
    undoable: bool,
    back: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """The table of rows: those of `all_of`, or of the one outcome in the address, and of a search.

    `back` is what of the outcomes was put back since.
    """
    outcome = request.GET.get("outcome", "")
    outcome = outcome if outcome in counts else ""
    search = request.GET.get("q", "").strip()[:200]
    outcomes = {outcome: counts[outcome]} if outcome else all_of
    total = sum(outcomes.values())
    pager = Pager.of(request.GET, total, rowlist.PAGE)
    lines = rowlist.shown(batch, options, list(outcomes), search=search, page=pager.page, undoable=undoable)
    if search:
        pager = _searched(request.GET, pager.page, len(lines))
    kept = dict(hidden) | ({"q": search} if search else {})
    return {
        "lines": lines,
        "outcome": outcome,
        "search": search,
        "hidden": [*hidden, *([("outcome", outcome)] if outcome else [])],
        "filters": outcome_filters(counts, all_of, outcome, kept, back or {}),
        "selectable": undoable and any(line.undoable for line in lines),
        "pager": pager,
    }


def _searched(data: QueryDict, page: int, found: int) -> Pager:
    """A search is not counted in full: a full page has a next one."""
    size = rowlist.PAGE
    first = page * size

    def address(number: int) -> str:
        parameters = data.copy()
        parameters["page"] = str(number + 1)
        return parameters.urlencode()

    return Pager(
        page,
        first + 1 if found else 0,
        first + found,
        first + found,
        address(page - 1) if page else "",
        address(page + 1) if found == size else "",
    )


def outcome_filters(
    counts: dict[str, int],
    all_of: dict[str, int],
    outcome: str,
    kept: dict[str, str],
    back: Mapping[str, int],
) -> list[dict[str, Any]]:
    """All, and each outcome there is, as links that keep the other parameters: label, rows, query, here."""
    names = [name for name in counts if name in all_of or name == outcome]
    filters = [{"label": "All", "rows": sum(all_of.values()), "query": urlencode(kept), "here": not outcome}]
    for name in names:
        label = _label(Outcome(name), counts[name], back.get(name, 0))
        query = urlencode({**kept, "outcome": name})
        filters.append({"label": label, "rows": counts[name], "query": query, "here": name == outcome})
    return filters


def _label(outcome: Outcome, rows: int, back: int) -> str:
    if not back:
        return outcome.label
    return put_back_words(outcome) if back >= rows else f"{outcome.label} or put back"
