"""The reader at arm's length: in a child process with little memory, little time and no secrets.

Whatever a file does to the libraries that read it, only the child dies of it, and the caller gets a sentence.
"""

from __future__ import annotations

import io
import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rejections.reader.sentences import refusal
from rejections.reader.shapes import Choices, Limits, Reading, Record
from rejections.refusals import Refused

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = logging.getLogger(__name__)

FIRST_ROWS = 20
#: A reply about a file is never this large, or something is wrong with whoever sent it.
_MOST_REPLY_BYTES = 100_000_000
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Allowance:
    """What a child may use: bytes of address space, seconds of processor, seconds that it may be silent in all.

    Time in which the caller does not read (its database is slow, say) is not counted.
    """

    memory: int = 1_000_000_000
    cpu: int = 120
    silence: float = 180.0


@dataclass(frozen=True)
class Summary:
    """What was copied: rows, how many of them have a problem, the line the last of them begins at."""

    rows: int
    unreadable: int
    last_line: int


USUAL = Allowance()


def look(
    path: Path, choices: Choices, limits: Limits, allowance: Allowance = USUAL
) -> tuple[Reading, list[Record]]:
    """How the file is read, and its first rows (long cells cut to 300 characters); raises Refused."""
    child = _Child("look", path, limits, allowance, choices=asdict(choices), rows=FIRST_ROWS)
    with child.ended():
        reply = bytearray()
        while piece := child.read(1 << 16):
            reply += piece
            if len(reply) > _MOST_REPLY_BYTES:
                raise refusal("unreadable_file")
        child.finish()
        found = json.loads(reply)
    rows = [Record(line, tuple(cells), problem) for line, cells, problem in found["rows"]]
    return Reading(**found["reading"]), rows


@contextmanager
def copy_stream(
    path: Path, reading: Reading, limits: Limits, allowance: Allowance = USUAL
) -> Iterator[CopyStream]:
    """The file's rows as PostgreSQL COPY text (line, cells, problem), to be read to its end.

    Raises Refused, from a read and again from the `with` block: a database driver may put an error of its own
    in between. `summary` is there after the end.
    """
    child = _Child("copy", path, limits, allowance, reading=asdict(reading))
    stream = CopyStream(child)
    with child.ended():
        try:
            yield stream
        except Exception as error:
            if child.refused is not None and error is not child.refused:
                raise child.refused from error
            raise


class CopyStream(io.BufferedReader):
    """COPY text as it comes from the child."""

    def __init__(self, child: _Child) -> None:
        self._pipe = _Pipe(child)
        super().__init__(self._pipe, 1 << 16)

    @property
    def summary(self) -> Summary:
        """What was copied; only after the end has been read."""
        assert self._pipe.summary is not None, "the stream has not been read to its end"
        return self._pipe.summary


class _Pipe(io.RawIOBase):
    """The child's output as a raw stream, whose end is the child's word that all went well."""

    def __init__(self, child: _Child) -> None:
        super().__init__()
        self._child = child
        self.summary: Summary | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        piece = self._child.read(len(view))
        if not piece and self.summary is None:
            self.summary = Summary(**self._child.finish())
        view[: len(piece)] = piece
        return len(piece)


class _Child:
    """A reader process, from its start to its end."""

    def __init__(self, work: str, path: Path, limits: Limits, allowance: Allowance, **more: Any) -> None:
        if not path.is_file():
            raise refusal("file_missing")
        self.refused: Refused | None = None
        self._patience = allowance.silence
        self._control, control = os.pipe()
        request = {
            "work": work,
            "path": str(path.resolve()),
            "limits": asdict(limits),
            "memory": allowance.memory,
            "cpu": allowance.cpu,
            "control": control,
            **more,
        }
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-B", "-s", "-m", "rejections.reader.child", json.dumps(request)],
                cwd=_ROOT,
                env={"LC_ALL": "C.UTF-8"},
                start_new_session=True,  # Ctrl-C is for the caller, who may want to end in order
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=[control],
            )
        except BaseException:
            os.close(self._control)
            raise
        finally:
            os.close(control)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of what it writes; nothing at the end; raises Refused when it takes too long."""
        return self._read(self._output, size)

    def finish(self) -> dict[str, Any]:
        """What it says after its output has ended; raises Refused when that is not that all went well."""
        said = b""
        while piece := self._read(self._control, 1 << 16):
            said += piece
        code = self._process.wait(timeout=10)
        answer: dict[str, Any] = json.loads(said) if said else {}
        if "done" in answer and code == 0:
            done: dict[str, Any] = answer["done"]
            return done
        raise self._refuse(self._meaning(answer, code))

    @contextmanager
    def ended(self) -> Iterator[None]:
        """Whatever happens in the block, the process is gone after it."""
        try:
            yield
        finally:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            os.close(self._control)

    def _read(self, descriptor: int, size: int) -> bytes:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        began = time.monotonic()
        ready = waiting.poll(max(self._patience, 0) * 1000)
        self._patience -= time.monotonic() - began
        if not ready:
            self._process.kill()
            raise self._refuse(refusal("too_heavy", what="time"))
        return os.read(descriptor, size)

    def _meaning(self, answer: dict[str, Any], code: int) -> Refused:
        if "refused" in answer:
            return Refused(*answer["refused"])
        logger.warning("reader child ended with %s, %s", code, answer)
        if "refused_for" in answer or code == -signal.SIGKILL:
            return refusal("too_heavy", what="memory")
        if code == -signal.SIGXCPU:
            return refusal("too_heavy", what="time")
        return refusal("unreadable_file")

    def _refuse(self, refused: Refused) -> Refused:
        self.refused = refused
        return refused
