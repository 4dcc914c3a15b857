"""Running a batch from the command line: under a worker's lease, without worker or broker."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from campaigns.models import Campaign, Source
from rejections import control, uploads, workflows
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.states import RUNNABLE, State

REFUSED = 1
STOPPED_OR_FAILED = 3
INTERRUPTED = 130

#: How long one look at the batch lasts before the bar moves and Ctrl-C is noticed (seconds).
SLICE = 1.0


class Command(BaseCommand):
    """A command that teaches by example: `examples`, then what its exit codes mean."""

    examples = ""
    exits = "0 done (whatever the outcomes), 1 refused, 2 usage, 3 stopped or failed, 130 Ctrl-C"

    def create_parser(self, *args: Any, **options: Any) -> Any:
        epilog = f"examples:{self.examples.rstrip()}\n\nexit codes: {self.exits}"
        parser = super().create_parser(
            *args, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter, **options
        )
        parser.description = textwrap.fill(self.help, 100)
        return parser


def campaign(code: str) -> Campaign:
    """The campaign with this code; raises Refused."""
    found = Campaign.objects.filter(code=code).first()
    if found is None:
        raise Refused("no_such_campaign", f"There is no campaign “{code}”", "Nothing was changed.")
    return found


def source(code: str) -> Source:
    """The source with this code; raises Refused."""
    found = Source.objects.select_related("campaign", "supplier").filter(code=code).first()
    if found is None:
        raise Refused("no_such_source", f"There is no source “{code}”", "Nothing was changed.")
    return found


def content(path: Path) -> Iterator[bytes]:
    """The file's bytes, part by part; raises Refused when it cannot be read."""
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                yield part
    except OSError as error:
        raise Refused(
            "file_not_read", f"“{path}” cannot be read", f"{error.strerror}. Nothing was changed."
        ) from None


def work(batch: Batch) -> tuple[Batch, bool]:
    """Work on the batch until it ends or stops at its check: the batch, and whether Ctrl-C ended it.

    Ctrl-C stops a running batch after its present chunk; one that has not started is left as it is.
    """
    owner = f"cli-{uuid.uuid4().hex}"
    with _noting_interrupts() as interrupts, tqdm(unit=" rows", disable=None, file=sys.stderr) as bar:
        while True:
            workflows.run(batch.pk, owner=owner, clock=timezone.now, seconds=SLICE)
            batch = Batch.objects.select_related("campaign").get(pk=batch.pk)
            _show(bar, batch)
            if batch.state not in RUNNABLE:
                return batch, bool(interrupts)
            if interrupts and not _stop(batch):
                return batch, True
            if batch.state == State.WAITING:
                time.sleep(SLICE)


def _show(bar: Any, batch: Batch) -> None:
    bar.set_description(State(batch.state).label, refresh=False)
    bar.total, bar.n = batch.rows or None, batch.done
    bar.refresh()


def _stop(batch: Batch) -> bool:
    """Ask the batch to stop (True); where there is nothing to stop, False."""
    if batch.state in (State.WAITING, State.APPLYING):
        control.stop(batch, timezone.now())
        return True
    return False


@contextmanager
def _noting_interrupts() -> Iterator[list[int]]:
    """Note Ctrl-C instead of breaking a chunk; a second one breaks after all."""
    noted: list[int] = []

    def note(number: int, _: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def settle(
    make: Callable[[], Batch],
    report: Callable[[Batch], dict[str, Any]],
    *,
    as_json: bool,
    advice: Mapping[str, str] | None = None,
) -> int:
    """Make a batch (or find it), work on it, print what became of it; the exit code.

    A refused file leaves no batch behind, nor does Ctrl-C before the first lead has moved. `advice` says by the
    code of a refusal what to do about it on the command line.
    """
    try:
        batch, interrupted = work(make())
        if batch.state == State.FAILED and batch.started_at is None:
            title, _, detail = batch.error.partition(". ")
            uploads.discard(batch)
            raise Refused(batch.error_code, title, (advice or {}).get(batch.error_code, detail))
    except Refused as refusal:
        return refuse(refusal, as_json=as_json)
    if interrupted and batch.state in (State.UPLOADED, State.CHECKING):
        uploads.discard(batch)
        print("Stopped before anything was moved. The batch was dropped.", file=sys.stderr)
        return INTERRUPTED
    show(report(batch), as_json=as_json)
    if interrupted and batch.state != State.FINISHED:
        return INTERRUPTED
    return STOPPED_OR_FAILED if batch.state in (State.STOPPED, State.FAILED) else 0


def refuse(refusal: Refused, *, as_json: bool) -> int:
    """Say why not; the exit code of a refusal."""
    if as_json:
        error = {"code": refusal.code, "title": refusal.title, "detail": refusal.detail}
        print(json.dumps({"error": error}, ensure_ascii=False))
    print(f"{refusal.title}. {refusal.detail}", file=sys.stderr)
    return REFUSED


def show(report: dict[str, Any], *, as_json: bool) -> None:
    """Print a report: one JSON object, or a line for each number."""
    if as_json:
        print(json.dumps(report, ensure_ascii=False))
        return
    for name, value in report.items():
        if isinstance(value, dict):
            for part, number in value.items():
                print(f"{name}.{part}: {number}")
        else:
            print(f"{name}: {value}")
