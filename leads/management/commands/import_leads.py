"""`manage.py import_leads`: a file of new leads of one source, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.utils import timezone
from tqdm import tqdm

from campaigns.models import Source
from rejections import arrivals
from rejections.arrivals import Arrivals
from rejections.management import foreground
from rejections.refusals import Refused


class Command(foreground.Command):
    help = (
        "Receive the leads of a CSV or XLSX file for a source and judge them. Its columns are found by the "
        "source's field map and the usual names, LinkedIn's and Meta's exports among them."
    )
    examples = """
  manage.py import_leads leads.csv --source META-SOLAR-UK
  manage.py import_leads october.xlsx --source FORM-SOLAR-UK --received-at created --json
    """
    exits = (
        "0 done (whatever became of the leads), 1 refused, 2 usage, 130 Ctrl-C (leads received so far stay)"
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="CSV, TSV or XLSX")
        parser.add_argument("--source", required=True, metavar="CODE")
        parser.add_argument("--received-at", default="", metavar="COL", help="the column that says when")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            source = foreground.source(given["source"])
            next(foreground.content(given["file"]), b"")  # a sentence for a file that is not there
            found, interrupted = Arrivals(), False
            with tqdm(unit=" leads", disable=None, file=sys.stderr) as bar:

                def show(seen: Arrivals) -> None:
                    nonlocal found
                    found = seen
                    bar.total = seen.total
                    bar.update(seen.rows - bar.n)

                try:
                    found = arrivals.receive_file(
                        source,
                        given["file"],
                        at=timezone.now(),
                        received_at_column=given["received_at"],
                        seen=show,
                    )
                except KeyboardInterrupt:
                    interrupted = True
        except Refused as refusal:
            sys.exit(foreground.refuse(refusal, as_json=given["json"]))
        self._report(source, found, as_json=given["json"])
        if interrupted:
            print("Stopped. The leads counted here were received and stay.", file=sys.stderr)
            sys.exit(foreground.INTERRUPTED)

    def _report(self, source: Source, found: Arrivals, *, as_json: bool) -> None:
        for line, why in found.lines.items():
            print(f"line {line}: {why}", file=sys.stderr)
        report = {
            "source": source.code,
            "rows": found.rows,
            "received": found.tally.received,
            "unreadable": found.unreadable,
            "undated": found.undated,
            "statuses": found.tally.statuses,
            "dispositions": found.tally.dispositions,
        }
        foreground.show(report, as_json=as_json)
