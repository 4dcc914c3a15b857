"""What the menu shows of notices: how many do not arrive."""

from __future__ import annotations

from typing import Any

from django import template

from leads import noticeboard

register = template.Library()


@register.simple_tag(takes_context=True)
def undelivered(context: template.Context) -> int:
    """Notices this person may see that wait because an endpoint fails or is paused."""
    person: Any = context.get("user")
    if person is None or not person.is_authenticated or person.client_id:
        return 0
    return noticeboard.undelivered(person).count()
