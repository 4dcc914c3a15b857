"""What docs/suppliers.md tells suppliers is so: the example receives, the tables and the payload are true."""

from __future__ import annotations

import http.client
import json
import re
import threading
from datetime import timedelta
from http.server import HTTPServer
from typing import Any

import pytest

from campaigns.models import Agreement, Endpoint
from leads import deliver, telling, wording
from leads.channels import webhook
from leads.models import Delivery
from tests import batches, make
from tests.make import NOW
from tests.worker import CHECKOUT

PAGE = (CHECKOUT / "docs" / "suppliers.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def endpoint(db: None) -> Endpoint:
    supplier = make.source(make.campaign()).supplier
    Agreement.objects.update(channel="webhook")
    return Endpoint.objects.create(supplier=supplier, channel="webhook", url="http://127.0.0.1:9/")


def test_the_example_takes_what_is_ours_once_and_refuses_the_rest(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", endpoint.secret)
    example: dict[str, Any] = {"__name__": "example"}
    exec(compile(block("python"), "docs/suppliers.md", "exec"), example)
    handled: list[Any] = []
    example["handle"] = handled.append
    monkeypatch.setattr(example["Receiver"], "log_message", lambda *_: None)
    server = HTTPServer(("127.0.0.1", 0), example["Receiver"])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    Endpoint.objects.update(url=f"http://127.0.0.1:{server.server_port}/")
    batches.imported(Agreement.objects.get().campaign, [make.lead(Agreement.objects.get().campaign)])
    deliver.deliver_due(NOW)
    telling.send_again(Delivery.objects.get(), NOW)
    deliver.deliver_due(NOW)
    assert [message["type"] for message in handled] == ["leads.rejected"]
    assert Delivery.objects.get().attempts.filter(succeeded=True).count() == 2
    forged = http.client.HTTPConnection("127.0.0.1", server.server_port)
    stolen = {"webhook-id": "notice-1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    forged.request("POST", "/", b"{}", stolen)
    assert forged.getresponse().status == 401
    forged.close()
    server.shutdown()
    server.server_close()


def test_the_payload_is_the_one_that_is_shown(endpoint: Endpoint) -> None:
    campaign = Agreement.objects.get().campaign
    batches.imported(campaign, [make.lead(campaign)])
    shown, sent = json.loads(block("json")), json.loads(wording.webhook_body(Delivery.objects.get()))

    def shape(said: Any) -> Any:
        if isinstance(said, dict):
            return {name: shape(value) for name, value in said.items()}
        return [shape(value) for value in said] if isinstance(said, list) else type(said)

    assert shape(shown) == shape(sent)
    assert list(shown["data"]["leads"][0]) == list(sent["data"]["leads"][0])


def test_the_tables_name_every_type_answer_and_pause() -> None:
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", PAGE, re.MULTILINE)) - {"type"} == set(
        wording.TYPES.values()
    )
    assert {int(code) for code in re.findall(r"`(4\d\d)`", PAGE)} == {*webhook._WRONG, webhook._GONE}
    said = "after 1, 5 and 30 minutes, 2, 5, 10 and 14 hours, and twice 20 hours"
    minutes, hours = (1, 5, 30), (2, 5, 10, 14, 20, 20)
    assert said in PAGE
    assert [timedelta(minutes=m) for m in minutes] + [timedelta(hours=h) for h in hours] == deliver.PAUSES
