"""How lists are read: along an index, for a person looks at the first page of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def walk() -> Iterator[None]:
    """Have the planner walk an index instead of reading a large table from end to end.

    It would rather do that for a list that may be ten thousand leads long, and again for its next page.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 1.1")
        yield
