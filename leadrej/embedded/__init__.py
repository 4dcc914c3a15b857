"""PostgreSQL and Valkey from their wheels, for a machine where DATABASE_URL or REDIS_URL name none.

All of it lies in one folder, the home: the data, the generated password, and two lock files.

* Whoever uses the services holds a shared lock on `services.lock` until it ends, and who lets go last stops
  them. A process that was killed lets go too, without stopping anything: the next user finds them running.
* Starting and stopping happen under an exclusive lock on `starting.lock`: two starts at once make one server.

Both listen on the loopback address only, on a port that is remembered in the home, and want the password.
"""

import atexit
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.core.exceptions import ImproperlyConfigured

from leadrej.embedded.ports import LOOPBACK
from leadrej.embedded.postgres import NAME, Postgres
from leadrej.embedded.valkey import Valkey
from leadrej.environment import kept_secret

_held: list[IO[str]] = []  # the open lock files: garbage collection would close them, and so let go


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
    return command not in {"help", "--help", "version", "--version", "collectstatic"} and "--help" not in rest


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
        _held.append(held)
        atexit.register(_let_go, home, held, os.getpid())
        postgres_port = Postgres(home, password).ensure()
        valkey_port = Valkey(home, password).ensure()
    return Services(
        database_url=f"postgresql://{NAME}:{password}@{LOOPBACK}:{postgres_port}/{NAME}",
        redis_url=f"redis://:{password}@{LOOPBACK}:{valkey_port}/0",
    )


def _let_go(home: Path, held: IO[str], holder: int) -> None:
    """At the end of the process: stop the services if nobody else holds them."""
    if os.getpid() != holder or not home.exists():  # a forked child shares the lock; it is not its to give up
        return
    with held, _starting(home), suppress(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        password = kept_secret(home / "password")
        Postgres(home, password).stop()
        Valkey(home, password).stop()


@contextmanager
def _starting(home: Path) -> Iterator[None]:
    with (home / "starting.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
