"""The house keeps its shape: who may know whom, who alone may write what, and how rooms are called."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.worker import CHECKOUT

APPS = ("campaigns", "leads", "rejections")
#: A helper's home is the module that needs it.
NO_ROOMS = {"core", "common", "utils", "services", "helpers", "managers", "signals"}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (CHECKOUT / folder).rglob("*.py")


def writers(pattern: str) -> set[str]:
    """Modules of ours, bar migrations and the demo, in which the pattern is found."""
    written = re.compile(pattern, re.IGNORECASE)
    return {
        str(path.relative_to(CHECKOUT))
        for path in modules(*APPS)
        if written.search(path.read_text()) and not {"migrations", "demo"} & set(path.parts)
    }


def test_every_module_knows_only_those_it_may_know() -> None:
    """rejections → leads → campaigns; nobody imports a door; rules know no machinery (pyproject.toml)."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    found = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_no_room_is_called_after_nothing() -> None:
    named = {part for path in modules(*APPS, "leadrej") for part in (*path.parent.parts, path.stem)}
    assert not named & NO_ROOMS


def test_after_intake_only_the_statements_of_leads_write_where_a_lead_stands() -> None:
    update = r"UPDATE\s+leads_lead\b|INSERT\s+INTO\s+leads_lead\b|COPY\s+leads_lead\b"
    through_a_model = r"\bLead\.objects(?!\.(create|bulk_create))[^\n]*\.update\(|bulk_update\("
    assert writers(f"{update}|{through_a_model}") == {
        f"leads/sql/{name}.py" for name in ("adjust", "door", "leaving", "months", "move", "undo")
    }


def test_history_is_only_ever_added_to() -> None:
    assert (
        writers(r"UPDATE\s+leads_leadevent\b|DELETE\s+FROM\s+leads_leadevent\b|LeadEvent[^\n]*\.delete\(")
        == set()
    )


def test_only_its_own_statements_write_where_a_batch_stands() -> None:
    found = writers(r"\.update\(\s*state=|\.state\s*=[^=]")
    of_batches = {path for path in found if path.startswith("rejections/")}
    no_batches = {"rejections/leadfiles.py", "rejections/monthclosings.py"}
    assert of_batches - no_batches == {"rejections/sql/state.py"}


def test_the_clock_is_read_at_doors_only() -> None:
    """Whoever decides is given the moment: what was decided can be decided again.

    What leaves the house is signed with the moment at which it leaves (channels).
    """
    doors = re.compile(
        r"/(views|admin|api|forms|channels|management|templatetags)/|/(tasks|api|admin|views|forms)\.py$"
    )
    readers = writers(r"timezone\.now|datetime\.now|date\.today|localdate")
    assert {path for path in readers if not doors.search("/" + path)} == set()
