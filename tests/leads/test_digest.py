"""Suppliers told by e-mail: a real SMTP server that takes, refuses and defers; the CSV runs nothing."""

from __future__ import annotations

import csv
import email.policy
import io
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings

from campaigns.models import Agreement, Campaign, Endpoint
from leads import deliver, telling
from leads.models import Delivery, Lead
from leads.sheet import unshield
from tests import batches, make
from tests.make import NOW


class Server:
    """What it says to a recipient and to a message, and what it took."""

    def __init__(self) -> None:
        self.to_recipient = self.to_message = "250 OK"
        self.took: list[EmailMessage] = []

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        if self.to_message.startswith("250"):
            parser = BytesParser(policy=email.policy.default)
            self.took.append(parser.parsebytes(envelope.content))  # type: ignore[arg-type]
        return self.to_message


@pytest.fixture
def server(settings: LazySettings) -> Iterator[Server]:
    found = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "127.0.0.1", False
    settings.EMAIL_PORT = port
    settings.DEFAULT_FROM_EMAIL = "Northlight <notices@northlight.example>"
    yield found
    controller.stop()


@pytest.fixture
def campaign(db: None) -> Campaign:
    """A campaign whose supplier is told by e-mail."""
    made = make.campaign(client=make.client("Brightwater"))
    supplier = make.source(made).supplier
    Agreement.objects.update(channel="email")
    telling.set_recipients(supplier, ["one@lumen.example", "two@lumen.example"])
    return made


def rows(message: EmailMessage) -> list[dict[str, str]]:
    """The lines of the attached file."""
    (attached,) = message.iter_attachments()
    return list(csv.DictReader(io.StringIO(attached.get_payload(decode=True).decode("utf-8-sig"))))  # type: ignore


def test_one_email_tells_of_an_import_with_its_leads_as_a_file(campaign: Campaign, server: Server) -> None:
    leads = [make.lead(campaign, uid=uid) for uid in ("7F-0", "=HYPERLINK(1)", "+44")]
    batches.imported(campaign, [(lead, "@SUM(1)") for lead in leads])
    assert deliver.deliver_due(NOW) == 1
    (message,) = server.took
    assert message["To"] == "one@lumen.example, two@lumen.example"
    assert message["Subject"] == f"3 leads were rejected by the client: {campaign.public_name}"
    told = rows(message)
    assert [int(row["lead_id"]) for row in told] == [lead.pk for lead in leads]
    assert {row["uid"][0] for row in told} == {"7", "'"}, "a spreadsheet runs none of it"
    assert [unshield(row["uid"]) for row in told] == [lead.uid for lead in leads]
    assert (told[0]["what"], told[0]["code"], unshield(told[0]["in_the_clients_words"])) == (
        "leads.rejected", "CLIENT_OTHER", "@SUM(1)",
    )  # fmt: skip
    assert "Brightwater" not in message.as_string()
    assert campaign.name not in message.as_string()


def test_an_email_holds_a_batch_whole(
    campaign: Campaign, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.sql.notices.LEADS_PER_NOTICE", 2)
    batches.imported(campaign, [make.lead(campaign) for _ in range(5)])
    assert deliver.deliver_due(NOW) == 1
    assert len(rows(server.took[0])) == 5


@pytest.mark.parametrize(
    ("recipient", "message", "status", "answer"),
    [
        ("550 no such box", "250 OK", "failed", "550 no such box: one@lumen.example"),
        ("450 try later", "250 OK", "pending", "450 try later: one@lumen.example"),
        ("250 OK", "554 we take no CSV", "failed", "554 we take no CSV"),
        ("250 OK", "452 disk full", "pending", "452 disk full"),
    ],
)
def test_what_the_server_says_decides_whether_there_is_another_try(
    campaign: Campaign, server: Server, recipient: str, message: str, status: str, answer: str
) -> None:
    server.to_recipient, server.to_message = recipient, message
    batches.imported(campaign, [make.lead(campaign)])
    deliver.deliver_due(NOW)
    notice = Delivery.objects.get()
    assert notice.status == status
    assert notice.attempts.get().answer.startswith(answer)
    assert Endpoint.objects.get().failing_since is not None
    server.to_recipient = server.to_message = "250 OK"
    if status == "failed":
        telling.send_again(notice, NOW)
    deliver.deliver_due(NOW + timedelta(minutes=2))
    assert (len(server.took), Endpoint.objects.get().failing_since) == (1, None)


def test_a_server_that_is_not_there_is_tried_again(campaign: Campaign, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    batches.imported(campaign, [make.lead(campaign)])
    deliver.deliver_due(NOW)
    assert Delivery.objects.get().status == "pending"
    assert Endpoint.objects.get().failing_since is None, "it is our server, not their address"


def test_what_a_webhook_held_back_is_told_in_one_email_instead(campaign: Campaign, server: Server) -> None:
    supplier = Agreement.objects.get().supplier
    Agreement.objects.update(channel="webhook")
    webhook = telling.set_webhook(supplier, "http://127.0.0.1:9/", NOW)
    Endpoint.objects.filter(pk=webhook.pk).update(paused_at=NOW)
    leads = [make.lead(campaign) for _ in range(3)]
    for lead in leads:
        batches.imported(campaign, [lead])
    with pytest.raises(telling.NotDone, match="did not arrive"):
        telling.resume(webhook, NOW, by_email=True)
    deliver.deliver_due(NOW)
    (message,) = server.took
    assert message["Subject"] == f"3 notices held back: {campaign.public_name}"
    assert [int(row["lead_id"]) for row in rows(message)] == [lead.pk for lead in leads]
    held = Delivery.objects.filter(channel="webhook", kind="rejections")
    assert set(held.values_list("status", "instead__kind")) == {("sent", "held_back")}
    assert Lead.objects.filter(status="client_rejected").count() == 3


def test_a_test_goes_to_the_recipients(campaign: Campaign, server: Server) -> None:
    endpoint = Endpoint.objects.get()
    assert telling.send_test(endpoint, NOW).status == "sent"
    assert server.took[0]["Subject"] == "A test from leadrej"
    telling.set_recipients(endpoint.supplier, [])
    with pytest.raises(telling.NotDone, match="no address yet"):
        telling.send_test(Endpoint.objects.get(), NOW)
