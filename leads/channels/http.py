"""One signed POST: what came back, or why nothing did. Redirects are not followed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from leads.channels import NotSent, OutOfOrder

#: Seconds to connect, and to wait for each part of the answer.
TIMEOUT = 10.0
#: Seconds for the whole body of an answer, however slowly it drips.
PATIENCE = 30.0
#: So much of an answer is read.
MOST_READ = 64_000


@dataclass(frozen=True)
class Answer:
    """The status of an answer, the beginning of its body, and how long it asks to wait (seconds)."""

    status: int
    body: str
    retry_after: int | None


def sign(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of the Standard Webhooks: the receiver can tell who sent this, and when."""
    stamp = str(int(at.timestamp()))
    key = secret.removeprefix("whsec_")
    try:
        raw = base64.b64decode(key, validate=True) if secret.startswith("whsec_") else secret.encode()
    except ValueError:
        raw = secret.encode()
    digest = hmac.new(raw, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """POST the body. Raises OutOfOrder for a wrong name or certificate, NotSent for what may pass by itself."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = None
    try:
        connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT)
        connection.request("POST", target, body, {"User-Agent": "leadrej", **headers})
        answer = connection.getresponse()
        read = _body(answer).decode("utf-8", "replace")
        asked = answer.getheader("Retry-After") or ""
    except socket.gaierror as error:
        raise OutOfOrder(f"The name {parts.hostname} was not found: {error.strerror}") from error
    except ssl.SSLError as error:
        raise OutOfOrder(f"The connection to {parts.hostname} is not secure: {error}") from error
    except (ValueError, UnicodeError) as error:
        raise OutOfOrder(f"The address cannot be used: {error}") from error
    except TimeoutError as error:
        raise NotSent(f"No answer within {TIMEOUT:.0f} seconds") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"No connection: {error}") from error
    finally:
        if connection is not None:
            connection.close()
    return Answer(answer.status, read, int(asked) if asked.isdecimal() and len(asked) < 7 else None)


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of the body; what takes too long is left."""
    deadline, body = time.monotonic() + PATIENCE, b""
    while len(body) < MOST_READ and time.monotonic() < deadline and (part := answer.read1(8192)):
        body += part
    return body
