"""The parts every page is framed with: icons, menu links, the owner's name, initials."""

from __future__ import annotations

import unicodedata
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.models import User

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One icon of the sprite, hidden from screen readers. `size` is a class: s, l, xl or spin."""
    return format_html(
        '<svg class="i{}{}" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        " " if size else "",
        size,
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def menu_link(context: template.Context, name: str, icon_name: str, label: str, **options: Any) -> SafeString:
    """A link of the main menu, marked when it leads to the page shown.

    Options: `also`, names of further pages it stands for, separated by spaces; `key`, the single
    key that follows it; `go`, the key that follows it after G; `count` and `of`, a number beside it and
    what it counts (“4 open”), `count_id` where it is renewed in place. Without an icon: `icon_name=""`.
    """
    match = getattr(context.get("request"), "resolver_match", None)
    here = match is not None and match.url_name in {name, *options.get("also", "").split()}
    marks = [format_html(' data-{}="{}"', mark, options[mark]) for mark in ("key", "go") if options.get(mark)]
    return format_html(
        '<a href="{}"{}{}>{}{}{}</a>',
        reverse(name),
        SafeString(' aria-current="page"') if here else "",
        SafeString("".join(marks)),
        icon(icon_name) if icon_name else "",
        label,
        menu_count(options.get("count"), options.get("of", ""), options.get("count_id", "")),
    )


@register.simple_tag
def menu_count(count: int | None, of: str, count_id: str = "", *, anew: bool = False) -> SafeString | str:
    """The number beside a menu link; without one there is only its place, if it has an id.

    `anew`: it takes the place of the one on the page, by htmx.
    """
    if not count and not count_id:
        return ""
    return format_html(
        '<span class="n"{}{}>{}</span>',
        format_html(' id="{}"', count_id) if count_id else "",
        SafeString(' hx-swap-oob="true"') if anew else "",
        format_html('{}<span class="sr"> {}</span>', f"{count:,}", of) if count else "",
    )


@register.simple_tag
def owner() -> str:
    """The name of who runs this instance, as clients and suppliers know it."""
    return getattr(settings, "OWNER_NAME", "leadrej")


@register.simple_tag
def admins() -> list[str]:
    """Names of who gives permissions here; for pages of staff and clients, not of suppliers."""
    people = User.objects.filter(is_active=True, is_superuser=True).order_by(
        "first_name", "last_name", "username"
    )
    return [person.full_name for person in people]


@register.filter
def initials(name: str) -> str:
    """Two letters for a person: “Inês Carvalho” → “IC”; a name in one word gives one letter."""
    words = [word for word in unicodedata.normalize("NFC", str(name)).split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.filter
def hue(name: str) -> str:
    """The class of a person's circle: the same name has the same one of three colours."""
    return ("", "b", "c")[sum(map(ord, str(name))) % 3]


@register.filter
def one_of(names: list[str]) -> str:
    """Names as a choice: “Ana”, “Ana or Ben”, “Ana, Ben or Cem”; past four, the rest as a number."""
    names = [str(name) for name in names]
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} others"]
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
