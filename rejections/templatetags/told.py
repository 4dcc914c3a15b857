"""What the frame shows a person of its batches: the count beside the menu, the bell."""

from __future__ import annotations

from typing import Any

from django import template

from rejections import told as story

register = template.Library()


@register.simple_tag(takes_context=True)
def told(context: template.Context) -> story.Told | None:
    """What the person of this page is told (`rejections.told`); None for nobody.

    Menu and bell ask on the same page: it is counted once a request.
    """
    person: Any = context.get("user")
    if person is None or not person.is_authenticated:
        return None
    request: Any = context["request"]
    if not hasattr(request, "told"):
        request.told = story.told(person)
    found: story.Told = request.told
    return found
