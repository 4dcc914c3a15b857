"""`manage.py import_affiliate_events`: conversions that affiliates report, from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.utils import timezone

from leads.models import Lead
from rejections import affiliatefile
from rejections.management import foreground
from rejections.refusals import Refused


class Command(foreground.Command):
    help = (
        "Record the affiliate events of a CSV or XLSX file with the columns lead_id, reference, status (pending, "
        "approved, rejected), payout, occurred_at. A file that comes again changes what is not settled yet."
    )
    examples = """
  manage.py import_affiliate_events conversions.csv
  manage.py import_affiliate_events october.xlsx --json
    """
    exits = "0 done (whatever became of the rows), 1 refused, 2 usage"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="CSV, TSV or XLSX")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            next(foreground.content(given["file"]), b"")  # a sentence for a file that is not there
            found = affiliatefile.receive(given["file"], Lead.objects.all(), at=timezone.now())
        except Refused as refusal:
            sys.exit(foreground.refuse(refusal, as_json=given["json"]))
        for line, why in found.lines.items():
            print(f"line {line}: {why}", file=sys.stderr)
        foreground.show({"rows": found.rows, "answers": dict(found.answers)}, as_json=given["json"])
