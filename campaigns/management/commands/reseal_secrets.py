"""`manage.py reseal_secrets`: bring stored secrets under a new SECRET_KEY, so that the old one can go."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from campaigns.resealing import reseal


class Command(BaseCommand):
    help = (
        "Encrypt the secrets of webhooks and pushes anew under SECRET_KEY. Run it once SECRET_KEY is new and the key "
        "before stands in SECRET_KEY_FALLBACKS; afterwards that one can go, sessions and links signed with it aside. "
        "Exit codes: 0 done, 3 some secrets could not be read."
    )

    def handle(self, *args: Any, **given: Any) -> None:
        found = reseal()
        print(f"{found.sealed} secrets are under SECRET_KEY now.")
        for whose in found.lost:
            print(f"Lost, its key is gone: {whose}. Make a new secret there.", file=sys.stderr)
        if found.lost:
            sys.exit(3)
