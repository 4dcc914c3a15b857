"""How batches are shown: chips of states and outcomes, the stacked bar, the number a batch goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from campaigns.rules import shared_zone
from leads.templatetags.chips import Chip
from rejections.decisions import Outcome
from rejections.states import State

if TYPE_CHECKING:
    from rejections.models import Batch

register = template.Library()

STATES = {
    State.UPLOADED: Chip("file-search", "processing"),
    State.MAPPING: Chip("columns-3", "neutral"),
    State.CHECKING: Chip("list-search", "processing"),
    State.CHECKED: Chip("eye", "info"),
    State.WAITING: Chip("hourglass", "neutral"),
    State.APPLYING: Chip("loader-2", "processing", turns=True),
    State.FINISHED: Chip("check", "accepted"),
    State.UNDOING: Chip("rotate-2", "dark", turns=True),
    State.UNDONE: Chip("arrow-back", "dark"),
    State.STOPPED: Chip("player-pause", "warn"),
    State.FAILED: Chip("alert-triangle", "rejected"),
    State.CANCELLED: Chip("x", "neutral"),
}

#: In the order bars and lists show them: what moved, what a person can still do, what is settled.
OUTCOMES = {
    Outcome.REJECTED: Chip("arrow-back-up", "client"),
    Outcome.FINAL: Chip("lock", "dark"),
    Outcome.RELEASED: Chip("send", "accepted"),
    Outcome.STILL_REJECTED: Chip("circle-x", "rejected"),
    Outcome.CONFLICT: Chip("versions", "warn"),
    Outcome.UNCHANGED: Chip("equal", "neutral"),
    Outcome.OUTSIDE_WINDOW: Chip("calendar-off", "pending"),
    Outcome.NEEDS_REVIEW: Chip("eye-question", "info"),
    Outcome.NOT_FOUND: Chip("zoom-question", "neutral"),
    Outcome.AMBIGUOUS: Chip("git-fork", "quarantined"),
    Outcome.DUPLICATE_IN_FILE: Chip("copy", "neutral"),
    Outcome.ALREADY_REJECTED: Chip("history", "neutral"),
    Outcome.NOT_REJECTABLE: Chip("hand-stop", "dark"),
    Outcome.REASON_NOT_RETURNABLE: Chip("ban", "rejected"),
    Outcome.BLANK_REASON: Chip("message-off", "warn"),
    Outcome.BLANK_IDENTIFIER: Chip("id-off", "warn"),
    Outcome.UNREADABLE: Chip("file-broken", "rejected"),
    Outcome.CHANGED_MEANWHILE: Chip("arrows-exchange", "quarantined"),
    Outcome.NOT_SELECTED: Chip("filter-off", "neutral"),
    Outcome.NOT_REJECTED: Chip("circle-check", "dark"),
    Outcome.OTHER_SOURCE: Chip("arrow-up-right", "neutral"),
}

PREFIXES = {"rejection": "IMP", "correction": "COR", "close_out": "CLO"}

#: The bar is drawn on a grid this wide, and no part of it is narrower than MIN_WIDTH.
BAR_WIDTH, MIN_WIDTH = 1000, 6


@register.filter
def batch_number(batch: Batch) -> str:
    """The number a batch goes by on screen: “IMP-2291”."""
    return f"{PREFIXES[batch.kind]}-{batch.pk}"


@register.filter
def called(batch: Batch) -> str:
    """What a batch is called: its file, or what was done without one."""
    if batch.file_name:
        return batch.file_name
    if batch.kind == "close_out":
        return "Accept leads"
    return "Leads picked by hand" if batch.via == "page" else "Leads sent without a file"


@register.simple_tag
def state_chip(state: str, size: str = "") -> SafeString:
    """Where a batch stands."""
    return STATES[State(state)].render(State(state).label, size)


#: A row whose lead was put back, in the words of what had become of it.
BACK = Chip("arrow-back", "dark")
_WAS = {Outcome.REJECTED: "rejected", Outcome.FINAL: "credited", Outcome.RELEASED: "released"}


def put_back_words(outcome: Outcome) -> str:
    """What a row is called whose lead was put back."""
    return f"Was {_WAS.get(outcome, 'stored')}, put back"


@register.simple_tag
def outcome_chip(outcome: str, put_back: bool = False) -> SafeString:
    """What became of a row, and whether that was taken back."""
    if put_back:
        return BACK.render(put_back_words(Outcome(outcome)))
    return OUTCOMES[Outcome(outcome)].render(Outcome(outcome).label)


@register.filter
def advice(outcome: str) -> str:
    """The one line of advice that goes with an outcome."""
    return Outcome(outcome).advice


class Count(NamedTuple):
    """One outcome with its number of rows, as lists and tiles show it."""

    outcome: Outcome
    rows: int
    chip: Chip


@register.filter
def in_order(counts: Mapping[str, int] | None) -> list[Count]:
    """Counts by outcome as a list in the order of the page, those without rows left out."""
    return [Count(o, counts[o], chip) for o, chip in OUTCOMES.items() if counts and counts.get(o)]


class Tile(NamedTuple):
    """A number over the rows of a result: rows of one outcome, those put back by themselves."""

    outcome: Outcome
    label: str
    rows: int
    chip: Chip


@register.simple_tag
def tiles(counts: Mapping[str, int], back: Mapping[str, int]) -> list[Tile]:
    """Counts by outcome in the order of the page, less what was put back, which has a tile of its own."""
    found = []
    for outcome, rows, chip in in_order(counts):
        taken = min(back.get(outcome, 0), rows)
        if rows > taken:
            found.append(Tile(outcome, outcome.label, rows - taken, chip))
        if taken:
            found.append(Tile(outcome, put_back_words(outcome), taken, BACK))
    return found


@register.simple_tag
def outcome_bar(counts: Mapping[str, int], size: str = "big", whole: int | None = None) -> SafeString:
    """Counts by outcome as one stacked bar, drawn with SVG attributes alone.

    `size`: “big” or “mini”. `whole` is the number of rows when not all have an outcome yet.
    """
    parts = in_order(counts)
    total = max(whole or 0, sum(part.rows for part in parts))
    label = ", ".join(f"{part.rows:,} {part.outcome.label.lower()}" for part in parts) or "no rows"
    return format_html(
        '<svg class="sbar {}" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        size,
        BAR_WIDTH,
        label,
        format_html_join(
            "",
            '<rect class="c-{}" x="{}" y="0" width="{}" height="10"/>',
            _segments(parts, total),
        ),
    )


def _segments(parts: list[Count], total: int) -> list[tuple[str, int, int]]:
    """Tone, left edge and width of each part; small parts are widened at the cost of the large."""
    if not total:
        return []
    widths = [max(MIN_WIDTH, round(BAR_WIDTH * part.rows / total)) for part in parts]
    filled = round(BAR_WIDTH * sum(part.rows for part in parts) / total)
    if widths:
        widths[widths.index(max(widths))] -= max(0, sum(widths) - max(filled, MIN_WIDTH * len(widths)))
    edges = [sum(widths[:i]) for i in range(len(widths))]
    return [(part.chip.tone, x, width) for part, x, width in zip(parts, edges, widths, strict=True)]


STEPS = (("upload", "Upload"), ("map", "Map"), ("check", "Check"), ("result", "Result"))
_LEFT_OUT = {"close_out": ("upload", "map"), "correction": ("map",)}


class Step(NamedTuple):
    """One step of the way from file to result."""

    number: int
    word: str
    done: bool
    here: bool
    page: str


@register.simple_tag
def steps(batch: Batch | None, here: str) -> list[Step]:
    """The steps for the stepper, `here` being the page shown (upload, map, check or result).

    A close-out has no file: it begins with its check; columns of a correction are found by name. What
    came without a file has not gone this way: no steps. `page` is the
    URL name of a step that can be gone back to, else empty.
    """
    if batch is not None and batch.kind != "close_out" and not batch.file:
        return []
    left_out = _LEFT_OUT.get(batch.kind if batch else "", ())
    names = [step for step in STEPS if step[0] not in left_out]
    at = [name for name, _ in names].index(here)
    back = batch is not None and batch.state in (State.MAPPING, State.CHECKED)
    return [
        Step(i + 1, word, i < at, i == at, "batch_map" if back and i < at and name == "map" else "")
        for i, (name, word) in enumerate(names)
    ]


@register.simple_tag
def zone_of(lines: Iterable[Mapping[str, Any]]) -> str:
    """The time zone of a list of batches or sources, each with its campaign."""
    of = [line.get("batch") or line["source"] for line in lines]
    return shared_zone((each.campaign.time_zone for each in of), settings.TIME_ZONE)
