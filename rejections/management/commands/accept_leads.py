"""`manage.py accept_leads`: a close-out without a file."""

from __future__ import annotations

import sys
from typing import Any

from django.utils import timezone

from rejections import receipt, uploads
from rejections.management import foreground
from rejections.models import Batch
from rejections.options import Options


class Command(foreground.Command):
    help = "Accept every Pending lead of a campaign that became valid up to the through date; the client is billed."
    examples = """
  manage.py accept_leads --campaign SOLAR-UK --through 2026-11-14 --check
  manage.py accept_leads --campaign SOLAR-UK --through 2026-11-14 --json
    """

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--campaign", required=True, metavar="CODE")
        parser.add_argument("--through", required=True, metavar="DATE", help="like 2026-11-14")
        parser.add_argument("--check", action="store_true", help="count, move nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **given: Any) -> None:
        def make() -> Batch:
            return uploads.close_out(
                foreground.campaign(given["campaign"]),
                Options.from_json({"accept_remaining": True, "through": given["through"]}),
                person=None,
                via="cli",
                at=timezone.now(),
                goes_through=not given["check"],
            )

        def report(batch: Batch) -> dict[str, Any]:
            return receipt.as_json(batch, receipt.receipt(batch, timezone.now()))

        sys.exit(foreground.settle(make, report, as_json=given["json"]))
