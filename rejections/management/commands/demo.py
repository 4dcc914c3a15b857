"""`manage.py demo`: sample clients, suppliers, campaigns, leads and people of every role."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from rejections.demo import files, loading
from rejections.demo.parties import LOGINS, PASSWORD
from rejections.refusals import Refused


class Command(BaseCommand):
    """Loads the demo once; a second call says so. Refuses where other leads are, and in production."""

    help = "Load 20,000 sample leads of six campaigns, with people of every role, into an empty database."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--files", type=Path, metavar="DIR", help="write the sample client files to DIR instead"
        )
        parser.add_argument(
            "--force", action="store_true", help="load it in production, with its known password"
        )

    def handle(self, *, files: Path | None, force: bool, **options: Any) -> None:
        if files:
            _write_files(files)
        elif loading.is_loaded():
            print("The demo is loaded already.")
            _print_logins()
        else:
            self._load(force)

    def _load(self, force: bool) -> None:
        try:
            if settings.PRODUCTION and not force:
                raise Refused(
                    "production",
                    "This is a production system",
                    f"The demo's people, an admin among them, all have the password “{PASSWORD}”. "
                    "Nothing was changed; --force loads it all the same.",
                )
            loading.load(timezone.now())
        except Refused as refusal:
            print(f"{refusal.title}. {refusal.detail}", file=sys.stderr)
            sys.exit(1)
        print("The demo is loaded: 20,000 leads of the last 60 days in six campaigns.")
        _print_logins()


def _write_files(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.sample_files().items():
        (folder / name).write_bytes(content)
        print(folder / name)


def _print_logins() -> None:
    print(f"Log in with the password “{PASSWORD}” as:")
    for login in LOGINS:
        print(f"  {login.username:15} {login.first_name} {login.last_name}, {login.what}")
