"""Costly parts of a page: where leads are many it comes without them, and asks for them once it is there."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from leads.sql.standing import are_many


@dataclass(frozen=True)
class Later:
    """Addresses of one part alone, and of the page with all of its parts, for browsers without JavaScript."""

    part: str
    whole: str


def parts(request: HttpRequest, *names: str) -> dict[str, Later]:
    """Those of the page's parts that come later, by name: none when they are asked for, or leads are few."""
    if "whole" in request.GET or request.GET.get("part") in names or not are_many():
        return {}
    return {name: Later(_address(request, "part", name), _address(request, "whole", "1")) for name in names}


def _address(request: HttpRequest, key: str, value: str) -> str:
    asked = request.GET.copy()
    asked[key] = value
    return f"{request.path}?{asked.urlencode()}"
