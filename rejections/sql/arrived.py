"""Statements over the rows of a file of new leads, kept in the session while they are received."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.db import connection


@contextmanager
def staged(stream: BinaryIO) -> Iterator[int]:
    """Copy raw rows (COPY text: line, cells, problem) into a table of the session's own; their number."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS arrived")
        cursor.execute("CREATE TEMP TABLE arrived (line int PRIMARY KEY, cells text[], problem text)")
        cursor.copy_expert("COPY arrived (line, cells, problem) FROM STDIN", stream)
        cursor.execute("SELECT count(*) FROM arrived")
        count = int(cursor.fetchone()[0])
    yield count
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE arrived")


def take(after: int, limit: int) -> list[tuple[int, list[str], str | None]]:
    """The next rows after a line: (line, cells, problem)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT line, cells, problem FROM arrived WHERE line > %s ORDER BY line LIMIT %s", [after, limit]
        )
        return cursor.fetchall()
