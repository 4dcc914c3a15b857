"""`python -m bench`: rows per second of imports and corrections beside hand-written SQL and django-import-export.

Each side works in a process of its own on a fresh copy of the same database; the sides take turns, and of
each the median counts. The data set is built at the first call and kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadrej.settings")

Run = dict[str, float]


def main() -> int:
    """Measure and print; or, as a child, be one side."""
    given = _arguments()
    django.setup()
    if given.child:
        from bench import child

        return child.main(given.child, given.file, given.rows, given.leads)
    folder = Path(tempfile.mkdtemp(prefix="leadrej-bench-"))
    try:
        return _Bench(given, folder).run()
    finally:
        shutil.rmtree(folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--leads", type=int, default=2_000_000)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the client's file")
    parser.add_argument("--peer-rows", type=int, default=5_000, help="rows django-import-export gets")
    parser.add_argument("--pairs", type=int, default=3, help="turns of each side")
    parser.add_argument("--sides", nargs="+", metavar="SIDE", help="only these sides")
    parser.add_argument("--forget", action="store_true", help="remove the data set afterwards")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


class _Bench:
    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        from bench import databases, dataset, sides

        self.given, self.folder, self.sides = given, folder, sides
        self.databases, self.url = databases.Databases(given.leads), databases.url
        self.recipe = dataset.recipe(given.leads)
        self.names = given.sides or list(sides.SIDES)

    def run(self) -> int:
        """Build what is missing, measure, print; the exit code."""
        if self.databases.fingerprint() != self.recipe:
            print(f"Building {self.given.leads:,} leads; this takes some minutes and is kept.", flush=True)
            self.databases.create_template()
            self._child("build", self.databases.template)
            self.databases.sign_template(self.recipe)
        try:
            runs, states = self._measure()
            answers = self._lists()
            corrected = self._corrections()
        finally:
            self.databases.drop(self.databases.copy)
            if self.given.forget:
                self.databases.drop(self.databases.template)
        _print(runs)
        _print_corrections(corrected)
        return _compare(states) or _print_lists(answers)

    def _lists(self) -> list[list[Any]]:
        """How lists of the leads are answered: words, seconds, leads found, large tables read whole."""
        self.databases.copy_template()
        return list(self._child("lists", self.databases.copy))

    def _corrections(self) -> list[list[Any]]:
        """How fast a file of corrections is taken over: words, rows, seconds; ours is the last."""
        self.databases.copy_template()
        return list(self._child("corrections", self.databases.copy))

    def _measure(self) -> tuple[dict[str, list[Run]], dict[str, Any]]:
        """The runs of each side, and the end states of those that import the whole file."""
        whole = self.folder / "rejections.csv"
        self._child("file", self.databases.template, whole)
        short = self.sides.head(whole, self.given.peer_rows)
        runs: dict[str, list[Run]] = {name: [] for name in self.names}
        states = {}
        for turn in range(1, self.given.pairs + 1):
            for name in self.names:
                _, takes_part = self.sides.SIDES[name]
                self.databases.copy_template()
                run = self._child(name, self.databases.copy, short if takes_part else whole)
                runs[name].append(run)
                print(f"  turn {turn}: {name}: {run['rows'] / run['seconds']:,.0f} rows/s", flush=True)
                if not takes_part:
                    states[name] = self._child("state", self.databases.copy)
        return runs, states

    def _child(self, work: str, database: str, file: Path | None = None) -> Any:
        """Do one piece of work in a process of its own; what it says."""
        command = [sys.executable, "-m", "bench", "--child", work, "--leads", str(self.given.leads)]
        command += ["--rows", str(self.given.rows), *(["--file", str(file)] if file else [])]
        environment = {
            **os.environ,
            "DATABASE_URL": self.url(database),
            "REDIS_URL": "redis://localhost:1/0",
            "UPLOAD_DIR": str(self.folder / "uploads"),
        }
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)


def _print(runs: dict[str, list[Run]]) -> None:
    speeds = {name: median(run["rows"] / run["seconds"] for run in done) for name, done in runs.items()}
    ours = speeds.get("leadrej")
    print(
        f"\n{'medians':30}{'rows':>9}{'seconds':>9}{'rows/s':>9}{'leadrej is':>12}{'CPU s':>8}"
        f"{'peak MB':>9}{'reader MB':>11}"
    )
    for name, done in runs.items():
        seconds = median(run["seconds"] for run in done)
        processor = median(run["processor"] for run in done)
        memory, reader = (max(run[key] for run in done) / 1e6 for key in ("memory", "child_memory"))
        print(
            f"{name:30}{done[0]['rows']:>9,}{seconds:>9.1f}{speeds[name]:>9,.0f}"
            f"{f'{ours / speeds[name]:.2f} ×' if ours else '':>12}{processor:>8.1f}{memory:>9.0f}"
            f"{f'{reader:.0f}' if reader else '':>11}"
        )


def _print_corrections(runs: list[list[Any]]) -> None:
    ours = runs[-1][1] / runs[-1][2]
    print(f"\n{'corrections':34}{'rows':>9}{'seconds':>9}{'rows/s':>9}{'leadrej is':>12}")
    for words, rows, seconds in runs:
        speed = rows / seconds
        print(f"{words:34}{rows:>9,}{seconds:>9.1f}{speed:>9,.0f}{f'{ours / speed:.2f} ×':>12}")


def _print_lists(answers: list[list[Any]]) -> int:
    """The lists, slowest first; the exit code says whether one reads a large table from end to end."""
    print(f"\n{'lists of leads':34}{'ms':>8}{'found':>9}")
    for words, seconds, leads, whole in sorted(answers, key=lambda answer: -answer[1]):
        print(
            f"{words:34}{1000 * seconds:>8,.0f}{leads:>9,}  {'reads whole: ' + ', '.join(whole) if whole else ''}"
        )
    return int(any(whole for *_, whole in answers))


def _compare(states: dict[str, Any]) -> int:
    """Whether the sides that took the whole file left the same database behind; the exit code."""
    if len(states) < 2:
        return 0
    if len({json.dumps(state) for state in states.values()}) == 1:
        print("\nThe sides that took the whole file left the same end state behind.")
        return 0
    print("\nThe end states differ:")
    for name, state in states.items():
        print(f"  {name}: {state}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
