"""Charts drawn on the server with SVG attributes alone: they need neither JavaScript nor inline style."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from campaigns.templatetags.figures import counted, number, percent
from leads.insight import Bar
from leads.periods import Rate
from leads.sql.sources import Day

register = template.Library()

#: One day is so many units wide, its bar so many of them; the plot is so many units high.
STEP, BAR, HEIGHT = 20, 14, 100
_TONES = ("accepted", "rejected", "client")
_NICE = (2, 4, 6, 8, 10)
#: Days that are named below their bar.
_NAMED_EVERY = 4


@register.simple_tag
def day_bars(days: Sequence[Day]) -> SafeString:
    """Stacked bars, one for each day: valid, rejected and client rejected leads."""
    top = nice_top(max((sum(day.leads) for day in days), default=0))
    bars = ((_said(day), _rects(day, at, top)) for at, day in enumerate(days))
    return format_html(
        '<div class="daybars"><ol class="ys" aria-hidden="true">{}</ol>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>'
        '<ol class="xs" aria-hidden="true">{}</ol></div>',
        format_html_join("", "<li>{}</li>", ((number(tick),) for tick in (top, top // 2, 0))),
        STEP * len(days),
        HEIGHT,
        _summary(days),
        format_html_join(
            "", '<path d="M0 {}H{}"/>', ((y, STEP * len(days)) for y in (0, HEIGHT // 2, HEIGHT))
        ),
        format_html_join("", "<g><title>{}</title>{}</g>", bars),
        format_html_join("", "<li>{}</li>", ((_name(day, at),) for at, day in enumerate(days))),
    )


def nice_top(most: int) -> int:
    """An even round number not below `most`: 2, 4, 6, 8, 10, 20, 40 …"""
    size = 1
    while True:
        for times in _NICE:
            if times * size >= most:
                return times * size
        size *= 10


def _rects(day: Day, at: int, top: int) -> SafeString:
    heights = [HEIGHT * leads / top for leads in day.leads]
    feet = accumulate(heights)
    x = at * STEP + (STEP - BAR) / 2
    parts = (
        (tone, f"{x:g}", f"{HEIGHT - foot:.2f}", BAR, f"{height:.2f}")
        for tone, height, foot in zip(_TONES, heights, feet, strict=True)
        if height
    )
    return format_html_join("", '<rect class="c-{}" x="{}" y="{}" width="{}" height="{}"/>', parts)


def _said(day: Day) -> str:
    return (
        f"{day.day.day} {day.day:%b}: {day.valid:,} Accepted or Pending, {day.rejected:,} Rejected, "
        f"{day.client_rejected:,} Client Rejected"
    )


def _summary(days: Sequence[Day]) -> str:
    sums = [sum(parts) for parts in zip(*(day.leads for day in days), strict=True)]
    return (
        f"Stacked bars for {len(days)} days: {sums[0]:,} Accepted or Pending, {sums[1]:,} Rejected, "
        f"{sums[2]:,} Client Rejected. The table below holds each day."
    )


def _name(day: Day | Rate, at: int) -> str:
    return f"{day.day.day} {day.day:%b}" if at % _NAMED_EVERY == 0 else ""


@register.simple_tag
def spread_bars(bars: Sequence[Bar], window: int | None) -> SafeString:
    """Bars over days from 0 on; a line marks the end of the window, and what comes after it is grey."""
    top = nice_top(max((bar.leads for bar in bars), default=0))
    inside = len(bars) if window is None else window + 1
    parts = (
        (
            "client" if bar.days < inside else "neutral",
            f"{bar.days * STEP + (STEP - BAR) / 2:g}",
            f"{HEIGHT - HEIGHT * bar.leads / top:.2f}",
            BAR,
            f"{HEIGHT * bar.leads / top:.2f}",
            _after(bar),
        )
        for bar in bars
    )
    every = math.ceil(len(bars) / 12) or 1
    return format_html(
        '<div class="daybars"><ol class="ys" aria-hidden="true">{}</ol>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}{}</svg>'
        '<ol class="xs each" aria-hidden="true">{}</ol></div>',
        format_html_join("", "<li>{}</li>", ((number(tick),) for tick in (top, top // 2, 0))),
        STEP * len(bars),
        HEIGHT,
        _spread_summary(bars, window),
        format_html_join(
            "", '<path d="M0 {}H{}"/>', ((y, STEP * len(bars)) for y in (0, HEIGHT // 2, HEIGHT))
        ),
        format_html_join(
            "", '<rect class="c-{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>', parts
        ),
        format_html('<path class="mark" d="M{} 0V{}"/>', inside * STEP, HEIGHT) if inside < len(bars) else "",
        format_html_join("", "<li>{}</li>", ((bar.days if bar.days % every == 0 else "",) for bar in bars)),
    )


def _after(bar: Bar) -> str:
    later = " or later" if bar.last else ""
    return f"day {bar.days}{later}: {bar.leads:,} Client Rejected"


def _spread_summary(bars: Sequence[Bar], window: int | None) -> str:
    most = max(bars, key=lambda bar: bar.leads)
    marked = f" The window of {window} days is marked." if window is not None else ""
    return (
        f"Client rejections by days after a lead became valid: {sum(bar.leads for bar in bars):,} in all, most on "
        f"day {most.days}.{marked} The table below holds each day."
    )


@register.simple_tag
def rate_lines(rates: Sequence[Rate]) -> SafeString:
    """Two lines of shares, day by day: rejected by the client, over its area, and rejected at the door, dashed.

    Days without leads are gaps.
    """
    highest = max((max(rate.returned, rate.door) / rate.leads for rate in rates if rate.leads), default=0)
    top, width = nice_top(max(math.ceil(100 * highest), 1)), STEP * len(rates)
    lines = [
        [None if not rate.leads else HEIGHT - HEIGHT * 100 * of / rate.leads / top for rate, of in pairs]
        for pairs in (((rate, rate.returned) for rate in rates), ((rate, rate.door) for rate in rates))
    ]
    returned, door = (list(_runs(line)) for line in lines)
    return format_html(
        '<div class="daybars lines"><ol class="ys" aria-hidden="true">{}</ol>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}'
        '<path class="area c-client" d="{}"/><path class="line c-client" d="{}"/>'
        '<path class="line dashed c-rejected" d="{}"/>{}</svg><ol class="xs" aria-hidden="true">{}</ol></div>',
        format_html_join("", "<li>{} %</li>", ((number(tick),) for tick in (top, top // 2, 0))),
        width,
        HEIGHT,
        _rates_summary(rates),
        format_html_join("", '<path d="M0 {}H{}"/>', ((y, width) for y in (0, HEIGHT // 2, HEIGHT))),
        "".join(f"M{run[0][0]:g} {HEIGHT}L{_through(run)}L{run[-1][0]:g} {HEIGHT}Z" for run in returned),
        "".join(f"M{_through(run)}" for run in returned),
        "".join(f"M{_through(run)}" for run in door),
        format_html_join(
            "",
            '<rect class="over" x="{}" y="0" width="{}" height="{}"><title>{}</title></rect>',
            ((at * STEP, STEP, HEIGHT, _rate_said(rate)) for at, rate in enumerate(rates)),
        ),
        format_html_join("", "<li>{}</li>", ((_name(rate, at),) for at, rate in enumerate(rates))),
    )


def _runs(heights: Sequence[float | None]) -> Iterator[list[tuple[float, float]]]:
    """The points in the middle of each step, run by run between the gaps."""
    points = [(STEP * at + STEP / 2, y) for at, y in enumerate(heights)]
    for there, run in groupby(points, key=lambda point: point[1] is not None):
        if there:
            yield [(x, y) for x, y in run if y is not None]


def _through(run: Sequence[tuple[float, float]]) -> str:
    """A line through the points; through one alone it is a dot."""
    return "L".join(f"{x:g} {y:.2f}" for x, y in (*run, run[-1]))


def _rate_said(rate: Rate) -> str:
    if not rate.leads:
        return f"{rate.day.day} {rate.day:%b}: no leads"
    return (
        f"{rate.day.day} {rate.day:%b}: {percent(rate.returned, rate.leads)} Client Rejected, "
        f"{percent(rate.door, rate.leads)} Rejected, of {counted(rate.leads, 'lead')}"
    )


def _rates_summary(rates: Sequence[Rate]) -> str:
    return (
        f"Two lines over {len(rates)} days. First, {_rate_said(rates[0])}. Last, {_rate_said(rates[-1])}. "
        "The table below holds each day."
    )
