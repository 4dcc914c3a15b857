"""Other database sessions beside the test's own: to hold locks, to wait for them, to race for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def threads(count: int = 4) -> Iterator[Callable[..., Future[Any]]]:
    """`start(function, *arguments)` runs it in a thread with a database session of its own."""

    def closing(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        yield lambda function, *arguments: pool.submit(closing, function, *arguments)


@contextmanager
def locked(table: str, *ids: int) -> Iterator[None]:
    """Rows of a table locked by the test's own session."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) FOR UPDATE", [list(ids)])
        yield


def free(table: str, row_id: int) -> bool:
    """Whether no session holds a lock on this row."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE id = %s FOR UPDATE SKIP LOCKED", [row_id])
        return cursor.fetchone() is not None


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The condition's answer as soon as it is true; fails the test when that takes too long."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.01)
    return answer


def blocked() -> int:
    """How many sessions of this database wait for a lock of another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # one is kept for a whole transaction
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND cardinality(pg_blocking_pids(pid)) > 0"
        )
        return int(cursor.fetchone()[0])


def wait_for_blocked(count: int = 1) -> None:
    """Until this many sessions of this database wait for a lock of another."""
    wait_until(lambda: blocked() >= count, f"{count} blocked session(s)")
