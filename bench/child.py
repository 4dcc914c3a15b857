"""One piece of the benchmark's work, in a process of its own; says what it found as JSON on stdout."""

from __future__ import annotations

import json
import os
import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from django.db import connection
from django.utils import timezone

from bench import corrections, dataset, lists, sides


def main(work: str, file: Path | None, rows: int, leads: int) -> int:
    """Build the data set, write the file, sum up the end state, ask for lists, take corrections over, or be a side."""
    print(json.dumps(_do(work, file, rows, leads)))
    return 0


def _do(work: str, file: Path | None, rows: int, leads: int) -> Any:
    if work == "build":
        dataset.build(leads, timezone.now())
        return {}
    if work == "state":
        return dict(sides.end_state())
    if work == "lists":
        return lists.measure(leads, timezone.now())
    if work == "corrections":
        return corrections.measure(rows, timezone.now())
    assert file is not None
    if work == "file":
        dataset.write_file(file, rows, timezone.now())
        return {}
    with _watched_children() as peak:
        began, used = time.perf_counter(), _processor()
        done = sides.SIDES[work][0](file)
        seconds, processor = time.perf_counter() - began, _processor() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "rows": done,
        "seconds": seconds,
        "processor": processor,
        "memory": memory,
        "child_memory": max(peak),
    }


def _processor() -> float:
    """Seconds of processor time so far: ours, our ended children's, and the server's for our connection.

    Beside other work they tell more than the clock. 0 where the server's process is not to be seen from here.
    """
    connection.ensure_connection()
    with suppress(psutil.NoSuchProcess):
        server = psutil.Process(connection.connection.info.backend_pid)
        if server.name().startswith("postgres"):
            theirs = server.cpu_times()
            return sum(os.times()[:4]) + theirs.user + theirs.system
    return 0.0


@contextmanager
def _watched_children() -> Iterator[list[int]]:
    """The resident bytes of our child processes, looked at every 20 ms.

    `getrusage` would tell of ourselves: a child's peak counts from before it became another program.
    """
    seen, over, ourselves = [0], threading.Event(), psutil.Process()

    def watch() -> None:
        while not over.wait(0.02):
            with suppress(psutil.NoSuchProcess):
                seen.append(sum(child.memory_info().rss for child in ourselves.children()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
