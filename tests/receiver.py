"""A CRM, or a supplier's webhook, in a thread: slow, failing, refusing, recovering as told; it keeps what it got."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def values(self) -> dict[str, str]:
        """Its fields, of JSON or a form."""
        if self.headers["content-type"].startswith("application/json"):
            return dict(json.loads(self.body))
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Receiver:
    """Where it listens, what it got, and what it answers: the next of `answers`, else the last again."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=lambda: [(200, "thanks")])
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0

    def answer(self) -> tuple[int, str]:
        """The next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens while the block runs; with a certificate, over https."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(Received({name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(found.delay)
            status, text = found.answer()
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):  # who asked has given up
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    found.url = f"http://127.0.0.1:{server.server_port}/leads?source=leadrej"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
