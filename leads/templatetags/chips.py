"""Chips: a state or status as icon, word and colour. Never colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.templatetags.frame import icon
from leads.statuses import Status

register = template.Library()


@dataclass(frozen=True)
class Chip:
    """How something is marked: an icon of its own, a tone of app.css (`c-…`), and whether it turns."""

    icon: str
    tone: str
    turns: bool = False

    def render(self, word: str, size: str = "") -> SafeString:
        """The chip as HTML. `size`: “lg” for one beside a title."""
        return format_html(
            '<span class="chip c-{}{}">{}{}</span>',
            self.tone,
            f" {size}" if size else "",
            icon(self.icon, "spin" if self.turns else ""),
            word,
        )


STATUSES = {
    Status.PROCESSING: Chip("loader-2", "processing"),
    Status.REJECTED: Chip("circle-x", "rejected"),
    Status.QUARANTINED: Chip("hexagon-minus", "quarantined"),
    Status.PENDING: Chip("clock", "pending"),
    Status.ACCEPTED: Chip("circle-check", "accepted"),
    Status.CLIENT_REJECTED: Chip("arrow-back-up", "client"),
}


@register.simple_tag
def status_chip(status: str, size: str = "") -> SafeString:
    """Where a lead stands."""
    return STATUSES[Status(status)].render(Status(status).label, size)


@register.simple_tag
def chip(mark: Chip, word: str) -> SafeString:
    """Any other mark, with its word."""
    return mark.render(word)


@register.filter
def status_tone(status: str) -> str:
    """The colour class of a status, for a dot or a tile."""
    return f"c-{STATUSES[Status(status)].tone}"


@register.filter
def status_icon(status: str) -> str:
    """The icon of a status, for a dot or a tile."""
    return STATUSES[Status(status)].icon


@register.filter
def status_word(status: str) -> str:
    """The words for a status: “Client Rejected”."""
    return Status(status).label


@register.filter
def of_key(values: Mapping[str, str], name: str) -> str:
    """The value under a name, or “”."""
    return values.get(name, "")
