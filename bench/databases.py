"""Databases of the benchmark's own: a template that is built once, and a copy of it for each run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg2
from django.conf import settings


class Databases:
    """The two databases for data sets of this many leads, on the server of the settings."""

    def __init__(self, leads: int) -> None:
        self.template = f"{settings.DATABASES['default']['NAME']}_bench_{leads}"
        self.copy = f"{self.template}_copy"

    def fingerprint(self) -> str | None:
        """What the template was built from; None when there is none, or a half-built one."""
        with _server() as cursor:
            cursor.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
                [self.template],
            )
            row = cursor.fetchone()
            return row[0] if row else None

    def create_template(self) -> None:
        """An empty database under the template's name."""
        self.drop(self.template)
        with _server() as cursor:
            cursor.execute(f"CREATE DATABASE {self.template}")

    def sign_template(self, text: str) -> None:
        """Say what the finished template was built from."""
        with _server() as cursor:
            cursor.execute(f"COMMENT ON DATABASE {self.template} IS %s", [text])

    def copy_template(self) -> None:
        """A fresh copy of the template; dirty pages are on disk before a run begins."""
        self.drop(self.copy)
        with _server() as cursor:
            cursor.execute(f"CREATE DATABASE {self.copy} TEMPLATE {self.template} STRATEGY file_copy")
            cursor.execute("CHECKPOINT")

    def drop(self, name: str) -> None:
        """Remove the database, if it is there."""
        with _server() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def url(name: str) -> str:
    """Where the database of this name is reached."""
    server = settings.DATABASES["default"]
    where = f"{quote(server['USER'])}:{quote(server['PASSWORD'])}@{server['HOST']}:{server['PORT']}"
    return f"postgresql://{where}/{name}"


@contextmanager
def _server() -> Iterator[Any]:
    connection = psycopg2.connect(url("postgres"))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
