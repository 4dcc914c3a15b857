"""One signed POST to an address outside: what came back, or why nothing did.

The name is looked up once, every address it has must be public, and the connection goes to one of these: a name
that changes its mind meanwhile leads nowhere else. Redirects are not followed, proxies are not asked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import SplitResult

from django.conf import settings

from leads import addresses
from leads.channels import Forbidden, NotSent, OutOfOrder

#: Seconds to connect to one address, and to wait for each part of the answer.
TIMEOUT = 10.0
#: Seconds for all of it once connected, however slowly it drips.
PATIENCE = 30.0
#: So much of an answer is read.
MOST_READ = 64_000
#: So many addresses of one name are tried.
_MOST_TRIED = 3


@dataclass(frozen=True)
class Answer:
    """The status of an answer, the beginning of its body, and how long it asks to wait (seconds)."""

    status: int
    body: str
    retry_after: int | None

    @property
    def words(self) -> str:
        """It as the record of tries shows it."""
        return f"{self.status} {' '.join(self.body.split())[:200]}".strip()


def sign(secrets: Sequence[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of the Standard Webhooks: the receiver can tell who sent this, and when."""
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    digests = [hmac.new(_key(secret), signed, hashlib.sha256).digest() for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }


def _key(secret: str) -> bytes:
    """The bytes of a secret: of a `whsec_` one its base64, of any other its text."""
    if secret.startswith("whsec_"):
        with suppress(ValueError):
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


def look_up(url: str) -> tuple[SplitResult, list[str]]:
    """The parts of the address and the IP addresses of its name; raises Forbidden or OutOfOrder."""
    private = settings.ALLOW_PRIVATE_ENDPOINTS
    try:
        parts = addresses.split(url, private=private)
        host, port = parts.hostname or "", parts.port or 0
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except socket.gaierror as error:
        raise OutOfOrder(f"The name {host} was not found: {error.strerror}") from error
    except (ValueError, UnicodeError) as error:
        raise Forbidden(f"The address cannot be used: {error}") from error
    if not private and not all(map(addresses.is_public, found)):
        raise Forbidden(f"{host} is not an address on the public internet. Nothing was sent.")
    return parts, found[:_MOST_TRIED]


class _Connection(http.client.HTTPConnection):
    """A connection to addresses that were looked up before; a certificate must be the name's."""

    def __init__(self, parts: SplitResult, found: Sequence[str]) -> None:
        self.secure = parts.scheme == "https"
        self.default_port = 443 if self.secure else 80
        super().__init__(parts.hostname or "", parts.port, timeout=TIMEOUT)
        self.found = found
        self.expired = False
        self.clock = threading.Timer(PATIENCE, self._give_up)
        self.clock.daemon = True

    def connect(self) -> None:
        self.sock = self._dial()
        self.clock.start()
        if self.secure:
            self.sock = _tls().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def _dial(self) -> socket.socket:
        problem: OSError = OSError("no address")
        for address in self.found:
            try:
                return socket.create_connection((address, self.port), TIMEOUT)
            except OSError as error:
                problem = error
        raise problem

    def _give_up(self) -> None:
        self.expired = True
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.clock.cancel()
        super().close()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the body. Raises OutOfOrder for a wrong name or certificate, NotSent for what may pass by itself."""
    parts, found = look_up(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = _Connection(parts, found)
    try:
        connection.request("POST", target, body, {"User-Agent": "leadrej", **headers})
        answer = connection.getresponse()
        if connection.expired:  # what was shut in the middle of its headers looks whole
            raise http.client.HTTPException("cut off")
        read = _body(answer).decode("utf-8", "replace")
        asked = answer.getheader("Retry-After") or ""
    except ssl.SSLCertVerificationError as error:
        raise OutOfOrder(f"The certificate of {parts.hostname} is not in order: {error}") from error
    except (UnicodeError, http.client.InvalidURL) as error:
        raise OutOfOrder(f"The address cannot be used: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        if connection.expired:
            raise NotSent(f"No whole answer within {PATIENCE:.0f} seconds") from error
        if isinstance(error, TimeoutError):
            raise NotSent(f"No answer within {TIMEOUT:.0f} seconds") from error
        raise NotSent(f"No connection: {error}") from error
    finally:
        connection.close()
    return Answer(answer.status, read, int(asked) if asked.isdecimal() and len(asked) < 7 else None)


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of the body; what breaks off or takes too long is left, for the status has been said."""
    body = b""
    with suppress(OSError, http.client.HTTPException):
        while len(body) < MOST_READ and (part := answer.read1(8192)):
            body += part
    return body[:MOST_READ]
