"""How lists are read: along an index, for a person looks at the first page of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_SETTINGS = "SET LOCAL enable_seqscan = off; SET LOCAL random_page_cost = 1.1; SET LOCAL jit = off"


@contextmanager
def walk(*, bitmaps: bool = True) -> Iterator[None]:
    """Have the planner walk an index instead of reading a large table from end to end.

    It would rather do that for a list that may be ten thousand leads long, and again for its next page. Without
    `bitmaps` it reads what an index holds from the index alone. The settings last as long as the transaction.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            settings = _SETTINGS if bitmaps else f"{_SETTINGS}; SET LOCAL enable_bitmapscan = off"
            cursor.execute(settings)
        yield
