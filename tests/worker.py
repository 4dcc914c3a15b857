"""A real Celery worker in a process of its own, for tests that need one to work, to stop or to be killed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


class Worker:
    """A worker with `processes` children. `environment` leads it to the test database and broker."""

    def __init__(self, environment: dict[str, str], log: Path, processes: int = 1) -> None:
        self.environment = environment
        self.log = log
        self.processes = processes
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 60) -> "Worker":
        """Start it and wait until it takes messages."""
        command = ["-m", "celery", "-A", "leadrej", "worker", "--without-mingle", "--without-gossip"]
        size = [f"--concurrency={self.processes}", f"--hostname={self.log.stem}@%h", "--loglevel=INFO"]
        with self.log.open("ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, *command, *size],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while b" ready." not in self.log.read_bytes()[before:]:
            if not self.alive or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the worker did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL the worker and its children at once, as a lost machine would."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def stop(self, seconds: float = 30) -> None:
        """Ask it to finish what it does and go; kill it when it does not."""
        if not self.alive or self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
