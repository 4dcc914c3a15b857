"""Arrays as PostgreSQL reads them fastest: one text each, instead of an expression of thousands of constants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def numbers(values: Iterable[int | None]) -> str:
    """The literal of an int array."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def texts(values: Iterable[str | None]) -> str:
    """The literal of a text array."""
    return "{" + ",".join("NULL" if value is None else _quoted(value) for value in values) + "}"


def flags(values: Iterable[bool]) -> str:
    """The literal of a boolean array."""
    return "{" + ",".join("t" if value else "f" for value in values) + "}"


def instants(values: Iterable[datetime | None]) -> str:
    """The literal of a timestamptz array."""
    return "{" + ",".join("NULL" if value is None else f'"{value.isoformat()}"' for value in values) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
