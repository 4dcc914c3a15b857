"""The embedded services: started once, shared, stopped by the last, and back after any kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.worker import CHECKOUT

# Uses the services, says where they are, and lets go when a line comes in.
USER = """
import sys
from pathlib import Path
from leadrej import embedded
services = embedded.use(Path(sys.argv[1]))
import psycopg2, redis
with psycopg2.connect(services.database_url) as connection, connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_xact_lock(1)")  # two that create the same thing at once would clash
    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    cursor.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    cursor.execute("INSERT INTO kept VALUES (1)")
    cursor.execute("SELECT count(*), current_setting('server_version_num')::int / 10000 FROM kept")
    kept, version = cursor.fetchone()
    counted = redis.Redis.from_url(services.redis_url).incr("kept")
print(version, kept, counted, flush=True)
sys.stdin.readline()
"""


class User:
    """A process that holds the services of `home`."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def seen(self) -> list[int]:
        """PostgreSQL's major version, the rows in its table, the number under Valkey's key."""
        assert self.process.stdout
        return [int(word) for word in self.process.stdout.readline().split()]

    def end(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def servers(home: Path) -> list[psutil.Process]:
    """PostgreSQL's and Valkey's main processes of `home`, as far as they live."""
    alive = []
    for pid_file in (home / "postgres" / "postmaster.pid", home / "valkey" / "server.pid"):
        if pid_file.exists() and psutil.pid_exists(pid := int(pid_file.read_text().split()[0])):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
    return alive


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose path has spaces, is longer than a Unix socket may be, and is closed to other users."""
    home = tmp_path / "a folder with spaces" / ("long " * 20).strip() / "home"
    yield home
    for server in servers(home):
        server.kill()


@pytest.fixture
def use(home: Path) -> Iterator[Callable[[], User]]:
    """`use()`: one more process that uses the services of `home`."""
    started: list[User] = []

    def start() -> User:
        started.append(User(home))
        return started[-1]

    yield start
    for user in started:
        if user.process.poll() is None:
            user.kill()


def test_the_second_attaches_and_the_last_stops_them(home: Path, use: Callable[[], User]) -> None:
    first = use()
    assert first.seen() == [18, 1, 1]
    running = servers(home)
    second = use()
    assert second.seen() == [18, 2, 2]
    assert servers(home) == running

    first.end()
    assert servers(home) == running
    second.end()
    assert servers(home) == []

    third = use()
    assert third.seen() == [18, 3, 3], "the data are still there"
    third.end()


def test_two_starts_at_once_make_one_server(home: Path, use: Callable[[], User]) -> None:
    racing = [use() for _ in range(4)]
    assert sorted(user.seen() for user in racing) == [[18, n, n] for n in (1, 2, 3, 4)]
    assert len(servers(home)) == 2
    for user in racing:
        user.end()
    assert servers(home) == []


def test_a_killed_user_leaves_them_to_the_next(home: Path, use: Callable[[], User]) -> None:
    first = use()
    first.seen()
    running = servers(home)
    first.kill()
    assert servers(home) == running
    second = use()
    assert second.seen() == [18, 2, 2]
    second.end()
    assert servers(home) == []


def test_killed_servers_come_back_with_what_was_committed(home: Path, use: Callable[[], User]) -> None:
    first = use()
    first.seen()
    time.sleep(1.1)  # Valkey writes once a second
    for server in servers(home):
        server.send_signal(signal.SIGKILL)
    first.kill()
    assert (home / "postgres" / "postmaster.pid").exists()
    assert (home / "valkey" / "server.pid").exists()

    second = use()
    assert second.seen() == [18, 2, 2]
    second.end()


def test_a_pid_file_that_names_another_process_is_stale(home: Path, use: Callable[[], User]) -> None:
    first = use()
    first.seen()
    left = (home / "postgres" / "postmaster.pid").read_text()
    first.end()
    _, _, rest = left.partition("\n")
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{rest}")
    (home / "valkey" / "server.pid").write_text(f"{os.getpid()}\n")
    second = use()
    assert second.seen() == [18, 2, 2]
    second.end()


def test_a_child_does_not_stop_them_under_its_parent(home: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from leadrej import embedded
services = embedded.use(Path({str(home)!r}))
if os.fork() == 0:
    sys.exit(0)
os.wait()
import psycopg2
psycopg2.connect(services.database_url).close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert servers(home) == []


def test_a_home_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {**os.environ, "LEADREJ_HOME": str(tmp_path / "file" / "home"), "SECRET_KEY": "x"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("leadrej cannot start: LEADREJ_HOME, ")
    assert "Traceback" not in done.stderr
