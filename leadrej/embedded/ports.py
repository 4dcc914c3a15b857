"""What the two servers share: where their programs lie, whether they run, and on which port they listen."""

import importlib.util
import re
import socket
from contextlib import suppress
from pathlib import Path

import psutil
from django.core.exceptions import ImproperlyConfigured

LOOPBACK = "127.0.0.1"
START_SECONDS = 300  # replaying the log after a crash takes its time
STOP_SECONDS = 60


def package(name: str) -> Path:
    """The folder of an installed wheel. Its own Python is not imported: that already touches the machine."""
    found = importlib.util.find_spec(name)
    if not found or not found.origin:
        raise ImproperlyConfigured(f"The package {name} is not installed. Run `make setup`, or set the URLs.")
    return Path(found.origin).parent


def remembered(conf: Path) -> int | None:
    """The port that the configuration file names; None when there is no such file yet."""
    if not conf.exists():
        return None
    named = re.search(r"^port (?:= )?(\d+)$", conf.read_text(encoding="utf-8"), re.MULTILINE)
    return int(named[1]) if named else None


def alive(pid_file: Path, program: str, sign: str) -> bool:
    """Whether the process named in `pid_file` is `program` started with `sign`; a stale file is removed."""
    if not pid_file.exists():
        return False
    with suppress(psutil.Error, ValueError, IndexError):
        process = psutil.Process(int(pid_file.read_text(encoding="utf-8").split()[0]))
        if process.name() == program and sign in " ".join(process.cmdline()):
            return True
    pid_file.unlink(missing_ok=True)
    return False


def free(wish: int | None) -> int:
    """The wished port if nobody listens there, otherwise one the system gives."""
    for port in (wish, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port or 0))
            return int(probe.getsockname()[1])
    raise ImproperlyConfigured("No free port was found on the loopback address.")
