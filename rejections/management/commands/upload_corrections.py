"""`manage.py upload_corrections`: corrected leads of one source, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.utils import timezone

from rejections import receipt, uploads
from rejections.management import foreground
from rejections.models import Batch


class Command(foreground.Command):
    help = (
        "Judge a source's rejected leads again, with the cells corrected in a file made by download_leads. "
        "Leads that are not in the file are not changed."
    )
    examples = """
  manage.py download_leads --source FORM-SOLAR-UK --output leads.xlsx
  manage.py upload_corrections leads.xlsx --source FORM-SOLAR-UK --check
  manage.py upload_corrections leads.csv --source FORM-SOLAR-UK --blank-clears --json
    """

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="CSV or XLSX with a column LeadID")
        parser.add_argument("--source", required=True, metavar="CODE")
        parser.add_argument("--blank-clears", action="store_true", help="a blank cell clears the value")
        parser.add_argument("--check", action="store_true", help="decide every row, change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **given: Any) -> None:
        def make() -> Batch:
            return uploads.receive_correction(
                foreground.source(given["source"]),
                foreground.content(given["file"]),
                given["file"].name,
                person=None,
                via="cli",
                at=timezone.now(),
                blank_clears=given["blank_clears"],
                goes_through=not given["check"],
            )

        def report(batch: Batch) -> dict[str, Any]:
            return receipt.as_json(batch, receipt.receipt(batch, timezone.now()))

        sys.exit(foreground.settle(make, report, as_json=given["json"]))
