"""How disputes are shown: the chip of where a lead of one stands, and the time that is left."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from campaigns.templatetags.figures import NBSP, day
from leads.templatetags.chips import Chip
from rejections.models import DisputedLead

register = template.Library()

State = DisputedLead.State
STATES = {
    State.OPEN: Chip("message-report", "info"),
    State.GRANTED: Chip("check", "accepted"),
    State.REFUSED: Chip("x", "neutral"),
    State.WITHDRAWN: Chip("arrow-back", "neutral"),
}
#: Less than this is left: it is marked.
SOON = timedelta(days=2)


@register.simple_tag
def dispute_chip(state: str, count: int | None = None) -> SafeString:
    """Where a disputed lead stands; with a number, how many stand there."""
    word = str(State(state).label)
    return STATES[State(state)].render(f"{count:,} {word.lower()}" if count is not None else word)


@register.simple_tag
def open_disputes() -> int:
    """How many disputes wait for the operators' answer."""
    return DisputedLead.objects.filter(state=State.OPEN).values("dispute").distinct().count()


@register.filter
def time_left(until: datetime, now: datetime | None = None) -> str:
    """What is left until an instant: “1 d 7 h left”, “45 min left”, “time is over”."""
    left = until - (now or timezone.now())
    if left <= timedelta():
        return "time is over"
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    if hours >= 24:
        return f"{hours // 24}{NBSP}d {hours % 24}{NBSP}h left"
    return f"{hours}{NBSP}h left" if hours else f"{max(1, minutes)}{NBSP}min left"


@register.filter
def is_soon(until: datetime, now: datetime | None = None) -> bool:
    """Whether little time is left until an instant."""
    return until - (now or timezone.now()) < SOON


@register.filter
def whole_day(until: datetime, zone: str) -> str:
    """The last day before an instant that begins the next one: “26 Nov 2026”."""
    return day(until - timedelta(microseconds=1), zone)
