"""`manage.py undo_batch`: take a batch back, lead by lead, where nothing has happened since."""

from __future__ import annotations

import sys
from typing import Any

from django.utils import timezone

from rejections import control
from rejections.management import foreground
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql import receipt


class Command(foreground.Command):
    help = (
        "Put every lead a batch moved back to what it was. Leads changed since, or in a closed month, are kept "
        "and counted."
    )
    examples = """
  manage.py undo_batch 2291
  manage.py undo_batch 2291 --json
    """

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("batch", type=int, metavar="ID")
        parser.add_argument("--json", action="store_true", help="one JSON object on stdout")

    def handle(self, *args: Any, **given: Any) -> None:
        def make() -> Batch:
            batch = Batch.objects.filter(pk=given["batch"]).first()
            if batch is None:
                raise Refused("no_such_batch", f"There is no batch {given['batch']}", "Nothing was changed.")
            control.undo(batch, person=None, lines=None, at=timezone.now())
            return batch

        def report(batch: Batch) -> dict[str, Any]:
            return {
                "batch": batch.pk,
                "state": batch.state,
                "restored": receipt.restored(batch.pk),
                "kept": batch.kept,
            }

        sys.exit(foreground.settle(make, report, as_json=given["json"]))
