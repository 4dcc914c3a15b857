"""`manage.py download_leads`: a source's leads as a file to correct and upload again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from leads import download
from leads.statuses import Status
from rejections.management import foreground
from rejections.refusals import Refused


class Command(foreground.Command):
    help = "Write a source's leads to a file, Rejected ones unless said otherwise."
    examples = """
  manage.py download_leads --source FORM-SOLAR-UK --output rejected.xlsx
  manage.py download_leads --source FORM-SOLAR-UK --status rejected --status quarantined --format csv --output leads.csv
    """
    exits = "0 done, 1 source or output refused, 2 usage"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--source", required=True, metavar="CODE")
        parser.add_argument(
            "--status", action="append", choices=[str(status) for status in Status], help="may be repeated"
        )
        parser.add_argument("--format", choices=["xlsx", "csv"], default="xlsx")
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")

    def handle(self, *args: Any, **given: Any) -> None:
        output: Path = given["output"]
        try:
            source = foreground.source(given["source"])
            wanted = download.Wanted(source, tuple(given["status"] or [Status.REJECTED]))
            output.open("ab").close()  # a workbook that finds out at its end leaves a traceback
            if given["format"] == "xlsx":
                download.write_xlsx(wanted, output)
            else:
                with output.open("wb") as file:
                    file.writelines(download.as_csv(wanted))
        except OSError as error:
            output_refused = Refused("not_written", f"“{output}” cannot be written", f"{error.strerror}.")
            sys.exit(foreground.refuse(output_refused, as_json=False))
        except Refused as refusal:
            sys.exit(foreground.refuse(refusal, as_json=False))
        print(f"{wanted.count():,} leads written to {output}", file=sys.stderr)
