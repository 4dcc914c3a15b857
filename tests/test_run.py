"""`make run`: what dies is started again, what cannot live ends it, and a stop leaves nothing behind."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from leadrej.run import Part, stop, watch
from tests.worker import CHECKOUT

SLEEPS = "import time; time.sleep(60)"
IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"
)


def part(tmp_path: Path, script: str) -> Part:
    return Part("worker", [sys.executable, "-u", "-c", script], tmp_path / "worker.log")


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait for `condition()` to be true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_part_that_dies_is_started_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dying = part(tmp_path, SLEEPS)
    dying.start()
    threading.Thread(target=watch, args=([dying],), daemon=True).start()
    first = dying.process
    assert first
    first.kill()
    assert until(lambda: len(dying.starts) == 2)
    assert dying.process is not first
    assert not dying.dead
    assert "The worker ended (-9) and is started again." in capsys.readouterr().out
    dying.command[-1] = "raise SystemExit(3)"  # ends the watching thread, too
    assert dying.process
    dying.process.kill()
    assert until(lambda: dying.hopeless)


def test_a_part_that_cannot_live_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hopeless = part(tmp_path, "raise SystemExit(3)")
    hopeless.start()
    assert watch([hopeless]) == 1
    assert str(hopeless.log) in capsys.readouterr().err


def test_a_stop_ends_even_what_does_not_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadrej.run.STOP_SECONDS", 0.5)
    deaf, polite, never_started = (part(tmp_path, script) for script in (IGNORES_SIGTERM, SLEEPS, SLEEPS))
    deaf.start()
    polite.start()
    assert until(lambda: "deaf" in deaf.log.read_text())
    stop([deaf, polite, never_started])
    assert deaf.process
    assert polite.process
    assert deaf.process.wait(5) == -9
    assert polite.process.wait(5) == -15


def test_a_taken_port_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "leadrej.run"],
            cwd=CHECKOUT,
            env={**os.environ, "PORT": port},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"leadrej cannot listen on 127.0.0.1:{port}: ")
