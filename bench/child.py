"""One piece of the benchmark's work, in a process of its own; says what it found as JSON on stdout."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path
from typing import Any

from django.utils import timezone

from bench import dataset, sides


def main(work: str, file: Path | None, rows: int, leads: int) -> int:
    """Build the data set, write the file, sum up the end state, or be a side."""
    print(json.dumps(_do(work, file, rows, leads)))
    return 0


def _do(work: str, file: Path | None, rows: int, leads: int) -> dict[str, Any]:
    if work == "build":
        dataset.build(leads, timezone.now())
        return {}
    if work == "state":
        return dict(sides.end_state())
    assert file is not None
    if work == "file":
        dataset.write_file(file, rows, timezone.now())
        return {}
    began = time.perf_counter()
    done = sides.SIDES[work][0](file)
    return {
        "rows": done,
        "seconds": time.perf_counter() - began,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "child_memory": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
    }
