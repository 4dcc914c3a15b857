"""What leaves the house goes where it was sent and nowhere else: real sockets, a real certificate, a lying resolver."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from leads.channels import Forbidden, NotSent, OutOfOrder, http
from tests.receiver import Receiver, receiver

#: Written so that a resolver takes each for this machine.
OURSELVES = (
    "127.0.0.1 localhost localhost. 127.1 0x7f.1 2130706433 0177.0.0.1 [::1] [::ffff:127.0.0.1] 0.0.0.0"
)


@pytest.fixture
def house() -> Iterator[Receiver]:
    """Something on this machine that must not be reached."""
    with receiver() as found:
        yield found


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The resolver gives these answers, one a question; returns the names it is asked for."""
    asked, left = [], list(answers)

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (family[":" in ip], socket.SOCK_STREAM, 6, "", (ip, port)) for ip in left.pop(0)
        ]  # a further question fails the test

    monkeypatch.setattr(http.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("host", OURSELVES.split())
def test_nothing_of_ours_reaches_this_machine(host: str, house: Receiver, settings: LazySettings) -> None:
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    port = house.url.split(":")[2].partition("/")[0]
    for url in (f"https://{host}:{port}/", f"http://{host}:{port}/"):
        with pytest.raises(OutOfOrder):
            http.post(url, b"{}", {})
    assert house.got == []


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    resolves(monkeypatch, ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(Forbidden, match=r"not an address on the public internet\. Nothing was sent") as said:
        http.post("https://hooks.example/", b"{}", {})
    assert "10.0.0.7" not in str(said.value), "what a name stands for inside is not told"


def test_a_name_that_changes_its_mind_is_asked_once(house: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the address that was looked at; a second answer would have led elsewhere."""
    port = house.url.split(":")[2].partition("/")[0]
    asked = resolves(monkeypatch, ["127.0.0.1"])
    dialled: list[Any] = []

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        return _by_number(address, timeout)

    monkeypatch.setattr(http.socket, "create_connection", dial)
    assert http.post(f"http://hooks.example:{port}/", b"{}", {}).status == 200
    assert (asked, dialled) == (["hooks.example"], ["127.0.0.1"])
    assert house.got[0].headers["host"] == f"hooks.example:{port}"


def test_a_redirect_is_an_answer_and_leads_nowhere(house: Receiver) -> None:
    with receiver() as elsewhere:
        house.answers, house.headers = [(307, "there")], {"Location": elsewhere.url}
        assert http.post(house.url, b"{}", {}).status == 307
        assert elsewhere.got == []


def test_of_a_long_answer_the_beginning_is_read(house: Receiver) -> None:
    house.answers = [(200, "x" * 1_000_000)]
    assert len(http.post(house.url, b"{}", {}).body) == http.MOST_READ


@pytest.mark.parametrize("endless", [b"HTTP/1.1 200 OK\r\nX-Drip: ", b"H"])
def test_an_answer_that_drips_for_ever_is_not_waited_for(
    endless: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each byte comes in time, so that only a limit on the whole ends it."""
    monkeypatch.setattr(http, "PATIENCE", 0.4)
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        caller, _ = server.accept()
        with caller:
            caller.sendall(endless)
            while not stop.wait(0.05):
                try:
                    caller.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    with pytest.raises(NotSent, match="No whole answer"):
        http.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
    stop.set()
    thread.join(5)
    server.close()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
@pytest.mark.parametrize(("name", "fits"), [("hooks.example", True), ("other.example", False)])
def test_the_certificate_must_be_that_of_the_name_and_not_of_the_address(
    name: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hooks.example".split()
    extra = ["-addext", "subjectAltName=DNS:hooks.example", "-keyout", key, "-out", certificate]
    subprocess.run([*make, *extra], check=True, capture_output=True)
    ours, theirs = (
        ssl.create_default_context(cafile=str(certificate)),
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    )
    theirs.load_cert_chain(certificate, key)
    monkeypatch.setattr(http, "_tls", lambda: ours)
    with receiver(theirs) as found:
        port = found.url.split(":")[2].partition("/")[0]
        resolves(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])
        monkeypatch.setattr(http.socket, "create_connection", _by_number)
        if fits:
            assert http.post(f"https://{name}:{port}/", b"{}", {}).status == 200
            return
        with pytest.raises(OutOfOrder, match=r"certificate of other\.example"):
            http.post(f"https://{name}:{port}/", b"{}", {})
        assert found.got == []


def _by_number(address: tuple[str, int], timeout: float) -> socket.socket:
    """A connection for which nothing is looked up."""
    made = socket.socket()
    made.settimeout(timeout)
    made.connect(address)
    return made
