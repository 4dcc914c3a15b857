"""`manage.py import_rejections`: a client's file of rejected leads, from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.utils import timezone

from rejections import receipt, uploads
from rejections.management import foreground
from rejections.models import Batch
from rejections.options import Options

#: What to do about a refusal, by its code, where a page would say “choose”.
ADVICE = {
    "no_identifier_column": "Name the column that holds the identifier with --identifier-column. Nothing was changed.",
    "no_reason": "Name the column that holds the reason with --reason-column, or give one reason for all rows with "
    "--default-reason. Nothing was changed.",
}


class Command(foreground.Command):
    help = "Reject the leads a client's file names, inside the campaign's return window."

    examples = """
  manage.py import_rejections rejected.csv --campaign SOLAR-UK --identifier lead_id
  manage.py import_rejections rejected.xlsx --campaign SOLAR-UK --identifier field:email --check --json
  manage.py import_rejections november.csv --campaign SOLAR-UK --identifier uid \\
      --accept-remaining --through 2026-11-14 --free-cap
    """

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", type=Path, help="CSV, TSV or XLSX")
        parser.add_argument("--campaign", required=True, metavar="CODE")
        parser.add_argument(
            "--identifier", required=True, metavar="KIND", help="lead_id, uid, or field:NAME with dedupe on"
        )
        parser.add_argument("--identifier-column", default="", metavar="COL", help="left out: by its header")
        parser.add_argument("--reason-column", default="", metavar="COL", help="left out: by its header")
        parser.add_argument("--default-reason", default="", metavar="TEXT", help="for rows without a reason")
        parser.add_argument("--reject-from", metavar="DATE", help="count the window back from this date")
        parser.add_argument(
            "--accept-older", action="store_true", help="accept Pending leads older than the window"
        )
        parser.add_argument(
            "--accept-remaining", action="store_true", help="accept all other Pending leads …"
        )
        parser.add_argument("--through", metavar="DATE", help="… that became valid up to this date")
        parser.add_argument("--reject-affiliate-events", action="store_true")
        parser.add_argument("--free-cap", action="store_true", help="give the cap slots back")
        parser.add_argument("--check", action="store_true", help="decide every row, move nothing")
        parser.add_argument("--encoding", metavar="E")
        parser.add_argument("--delimiter", metavar="D")
        parser.add_argument("--sheet", metavar="S")
        parser.add_argument("--header-row", type=int, metavar="N")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **given: Any) -> None:
        def make() -> Batch:
            return uploads.receive(
                foreground.campaign(given["campaign"]),
                foreground.content(given["file"]),
                given["file"].name,
                person=None,
                via="cli",
                at=timezone.now(),
                mapping={
                    name: given[name]
                    for name in ("identifier", "identifier_column", "reason_column", "default_reason")
                },
                options=_options(given),
                choices={name: given[name] for name in ("encoding", "delimiter", "sheet", "header_row")},
                goes_through=not given["check"],
            )

        def report(batch: Batch) -> dict[str, Any]:
            return receipt.as_json(batch, receipt.receipt(batch, timezone.now()))

        sys.exit(foreground.settle(make, report, as_json=given["json"], advice=ADVICE))


def _options(given: dict[str, Any]) -> Options:
    """The options given; a through date without --accept-remaining is left aside by the rules."""
    return Options.from_json({name: given[name] for name in Options.__dataclass_fields__})
