"""The reader in a process of its own: `python -m rejections.reader.child REQUEST` (JSON), for `rejections.sandbox`.

It takes its limits before it opens the file. Data go to standard output; what became of it, one JSON object,
goes to the descriptor the request names.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rejections.reader import Choices, Limits, Reading, preview, records
from rejections.reader.copytext import copy_line
from rejections.refusals import Refused

_BUFFER = 1 << 20
#: Characters of a cell in the first rows; they are shown, not kept.
_SHOWN = 300


def main(request: dict[str, Any]) -> None:
    """Do what is asked within its limits, and tell what became of it."""
    _limit(request["memory"], request["cpu"])
    work = _look if request["work"] == "look" else _copy
    gc.disable()  # rows are no cycles, and looking for them takes a tenth of the time
    try:
        answer = work(Path(request["path"]), Limits(**request["limits"]), request)
    except Refused as refused:
        answer = {"refused": [refused.code, refused.title, refused.detail]}
    except MemoryError:
        answer = {"refused_for": "memory"}
    except BrokenPipeError:
        os._exit(0)  # the parent has stopped reading
    except BaseException as error:  # a Rust panic is no Exception
        answer = {"broke_at": _place(error)}
    with os.fdopen(request["control"], "w", encoding="utf-8") as control:
        json.dump(answer, control)


def _limit(memory: int, cpu: int) -> None:
    """Address space in bytes, processor time in seconds; no files, no core, no processes."""
    wanted = {
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_CPU: (cpu, cpu + 5),  # the first kills with a signal that says so
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (32, 32),
        resource.RLIMIT_NPROC: (0, 0),
    }
    for kind, (soft, hard) in wanted.items():
        given = resource.getrlimit(kind)[1]
        most = hard if given == resource.RLIM_INFINITY else min(hard, given)
        resource.setrlimit(kind, (min(soft, most), most))


def _look(path: Path, limits: Limits, request: dict[str, Any]) -> dict[str, Any]:
    reading, rows = preview(path, Choices(**request["choices"]), limits, request["rows"])
    shown = [(line, [cell[:_SHOWN] for cell in cells], problem) for line, cells, problem in rows]
    sys.stdout.buffer.write(json.dumps({"reading": asdict(reading), "rows": shown}).encode())
    sys.stdout.buffer.flush()
    return {"done": {}}


def _copy(path: Path, limits: Limits, request: dict[str, Any]) -> dict[str, Any]:
    reading = Reading(**request["reading"])
    rows = unreadable = line = 0
    with os.fdopen(1, "wb", buffering=_BUFFER, closefd=False) as out:
        for record in records(path, reading, limits):
            rows += 1
            line = record.line
            unreadable += record.problem is not None
            out.write(copy_line(record).encode())
    return {"done": {"rows": rows, "unreadable": unreadable, "last_line": line}}


def _place(error: BaseException) -> str:
    """Where the reader broke, without the file's content, which messages may quote."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {where}"


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
