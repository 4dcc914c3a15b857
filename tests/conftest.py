"""What all tests stand on: a database and a broker of their own, a real worker, a real browser.

The engines are those of the settings. Several runs at once in one checkout, and beside `make run`, do not
meet: each claims a slot, and with it the database `test_…_<slot>` and the broker's database number <slot>.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
import redis
from django.conf import settings
from django.db import connections

from tests.worker import CHECKOUT, Worker

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 60_000  # a page and a worker on a busy machine; what is there sooner is not waited for
SLOTS = range(1, 16)  # a server with the usual 16 databases has room; 0 is left to `make run`
_state: dict[str, Any] = {}


def pytest_configure(config: pytest.Config) -> None:
    # A run that is told to end shall stop its workers and let go of the services, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    slot, _state["lock"] = _claim_slot()
    database = connections.databases["default"]
    database["TEST"]["NAME"] = f"test_{database['NAME']}_{slot}"
    # What a test commits need not outlive a power cut, and thousands of small commits are quicker so.
    database["OPTIONS"] = {"options": "-c synchronous_commit=off", **database.get("OPTIONS", {})}
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"{settings.REDIS_URL.rpartition('/')[0]}/{slot}"
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    settings.UPLOAD_DIR = Path(tempfile.mkdtemp(prefix="leadrej-tests-"))
    settings.ALLOW_PRIVATE_ENDPOINTS = True  # receivers of the tests listen on this machine
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(settings.UPLOAD_DIR, ignore_errors=True)
    _state["lock"].close()
    if not CHROMIUM and not hasattr(config, "workerinput"):  # of parallel processes, the first one speaks
        config.get_terminal_writer().line(
            "Left out: the browser tests, for Chromium is not installed. "
            "On Debian: apt-get update && apt-get install -y chromium"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Mark tests by their folder, and leave the browser's out where there is no Chromium."""
    for item in items:
        if _commits(item):
            # Emptying the tables afterwards takes along what migrations wrote; this puts it back before.
            mark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
            item.add_marker(mark, append=False)
    for item in items:
        parts = item.path.relative_to(CHECKOUT).parts
        if "browser" in parts or "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if "faults" in parts:
            item.add_marker("faults")
    if CHROMIUM:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _commits(item: Any) -> bool:
    """Whether the test's own transactions are real ones."""
    marker = item.get_closest_marker("django_db")
    asked = bool(marker and (marker.kwargs.get("transaction") or marker.args[:1] == (True,)))
    return asked or not {"transactional_db", "live_server"}.isdisjoint(getattr(item, "fixturenames", ()))


def _claim_slot() -> tuple[int, IO[str]]:
    """The first slot that no other run holds, with the open lock file that keeps it ours."""
    settings.HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    for slot in SLOTS:
        lock = (settings.HOME / f"tests-{slot}.lock").open("a")
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return slot, lock
        lock.close()
    raise pytest.UsageError(f"{len(SLOTS)} test runs are under way in this checkout; wait for one to end.")


@pytest.fixture(scope="session")
def broker() -> redis.Redis:
    """The tests' own broker database, empty at the start of the run."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    return client


@pytest.fixture(scope="session")
def environment(django_db_setup: None, broker: redis.Redis) -> dict[str, str]:
    """The environment in which a process of ours meets the tests' database, broker and uploads.

    For `subprocess.run([sys.executable, "manage.py", …], env=environment, cwd=CHECKOUT)`; a test that does so
    needs `transactional_db`, for another process sees committed rows only.
    """
    database = connections["default"].settings_dict
    where = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{where}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "UPLOAD_DIR": str(settings.UPLOAD_DIR),
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOW_PRIVATE_ENDPOINTS": "on",
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


@pytest.fixture(scope="session")
def _shared_worker(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(environment, tmp_path_factory.mktemp("worker") / "shared.log")
    yield worker
    worker.stop()


@pytest.fixture
def worker(transactional_db: None, broker: redis.Redis, _shared_worker: Worker) -> Iterator[Worker]:
    """A running Celery worker on the test database. It outlives the test, its messages do not."""
    _empty(broker)
    if not _shared_worker.alive:
        _shared_worker.start()
    yield _shared_worker
    _empty(broker)
    if not _idle(broker, seconds=20):
        _shared_worker.kill()  # it would hold on to rows that are about to go


@pytest.fixture
def start_worker(
    transactional_db: None,
    environment: dict[str, str],
    broker: redis.Redis,
    _shared_worker: Worker,
    tmp_path: Path,
) -> Iterator[Callable[..., Worker]]:
    """`start_worker(processes=1, **variables)`: workers of the test's own, to be killed at will."""
    _shared_worker.stop()
    _empty(broker)
    started: list[Worker] = []

    def start(processes: int = 1, **variables: str) -> Worker:
        log = tmp_path / f"worker{len(started)}.log"
        started.append(Worker({**environment, **variables}, log, processes).start())
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
    _empty(broker)


def _empty(broker: redis.Redis) -> None:
    """Remove all messages; the queues' declarations stay, for a running worker relies on them."""
    for key in broker.scan_iter():
        if not key.startswith(b"_kombu.binding"):
            broker.delete(key)


def _idle(broker: redis.Redis, seconds: float) -> bool:
    """Wait until no task is unacknowledged."""
    deadline = time.monotonic() + seconds
    while broker.hlen("unacked"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> Iterator[Any]:
    """A real Chromium, for the whole run. Tests open `browser.new_context(base_url=live_server.url)`."""
    from playwright.sync_api import expect, sync_playwright

    # Playwright runs an event loop in this thread. Django takes what we do beside it for asynchronous code, which
    # it would refuse, and would give a connection of its own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE_MS)
    connection = connections["default"]
    with sync_playwright() as playwright:
        connections["default"] = connection
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, live_server: Any) -> Iterator[Any]:
    """A fresh page on the live server, 1280 × 800; an error on its console fails the test."""
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.complaints = complaints
    yield page
    context.close()
    assert not complaints, "the browser complained:\n" + "\n".join(complaints)
