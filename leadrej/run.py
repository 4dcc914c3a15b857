"""`make run`: the whole of leadrej on this machine, in the foreground, until Ctrl-C.

Migrates, loads the demo once, then runs web, worker and beat, each in a process of its own, and starts again
what dies. The embedded services run as long as this process or one of its children holds them.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from leadrej import environment

START_SECONDS = 60
STOP_SECONDS = 30
PATIENCE = 5  # a part that dies this often within as many seconds is not started again


@dataclass
class Part:
    """One of the three programs, with its log file and the times at which it was started."""

    name: str
    command: list[str]
    log: Path
    starts: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches us alone, and we end the parts in order.
            self.process = subprocess.Popen(
                self.command,
                cwd=environment.CHECKOUT,
                env={**os.environ, "REMAP_SIGTERM": "SIGQUIT"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts.append(time.monotonic())

    @property
    def dead(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    @property
    def hopeless(self) -> bool:
        return len(self.starts) >= PATIENCE and time.monotonic() - self.starts[-PATIENCE] < PATIENCE

    def signal(self, number: signal.Signals) -> None:
        """To the program; SIGKILL to all processes it started, too."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)


def main() -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP and return 0; 1 when a part cannot be kept alive."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, signal.default_int_handler)
    try:
        from leadrej import settings  # starts the embedded services
    except ImproperlyConfigured as wrong:
        sys.exit(f"leadrej cannot start: {wrong}")
    address, port = environment.text("LISTEN", "127.0.0.1"), environment.number("PORT", 8000)
    _refuse_a_taken_port(address, port)
    logs = settings.HOME / "logs"
    logs.mkdir(exist_ok=True)
    parts = _parts(address, port, logs)
    try:
        _manage("migrate", "--no-input", "--verbosity=0").check_returncode()
        _manage("demo")  # says so when it is loaded already, or when the database holds other leads
        for part in parts:
            part.log.unlink(missing_ok=True)
            part.start()
        state = "runs" if _web_answers(address, port) else "does not answer as it should"
        print(f"\nleadrej {state} at http://{address}:{port}/ (logs: {logs}). Ctrl-C stops it.", flush=True)
        return watch(parts)
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
        return 0
    finally:
        stop(parts)


def _manage(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=environment.CHECKOUT, check=False)


def _parts(address: str, port: int, logs: Path) -> list[Part]:
    processes, threads = environment.number("WEB_PROCESSES", 2), environment.number("WEB_THREADS", 8)
    web = [
        "gunicorn",
        "leadrej.wsgi",
        f"--bind={address}:{port}",
        "--worker-class=gthread",
        "--no-control-socket",
    ]
    celery = ["celery", "-A", "leadrej"]
    commands = {
        "web": [*web, f"--workers={processes}", f"--threads={threads}"],
        "worker": [*celery, "worker", f"--concurrency={environment.number('WORKER_PROCESSES', 2)}"],
        "beat": [*celery, "beat", "--pidfile="],
    }
    return [
        Part(name, [sys.executable, "-m", *words], logs / f"{name}.log") for name, words in commands.items()
    ]


def _refuse_a_taken_port(address: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as wrong:
            sys.exit(
                f"leadrej cannot listen on {address}:{port}: {wrong.strerror}. Try PORT={port + 1} make run."
            )


def _web_answers(address: str, port: int) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{address}:{port}/login/", timeout=5):
                return True
        except urllib.error.HTTPError:
            return False
        except OSError:
            time.sleep(0.1)
    return False


def watch(parts: list[Part]) -> int:
    """Start again what dies; returns 1 when a part dies again and again."""
    while True:
        for part in parts:
            if not part.dead or part.process is None:
                continue
            if part.hopeless:
                print(f"The {part.name} keeps dying; {part.log} says why.", file=sys.stderr, flush=True)
                return 1
            print(f"The {part.name} ended ({part.process.returncode}) and is started again.", flush=True)
            part.start()
        time.sleep(0.5)


def stop(parts: list[Part]) -> None:
    """Let every part finish what it does; end what does not within STOP_SECONDS, or at a second Ctrl-C."""
    deadline = time.monotonic() + STOP_SECONDS
    with suppress(KeyboardInterrupt):
        for part in parts:
            part.signal(signal.SIGTERM)
        while time.monotonic() < deadline and not all(part.dead for part in parts if part.process):
            time.sleep(0.05)
    for part in parts:
        part.signal(signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
