"""Pushing leads through to the client's CRM: a real receiver that is slow, fails, refuses and recovers."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta

import pytest

from campaigns.models import Destination, Source
from leads import deliver, intake
from leads.channels import NotSent, OutOfOrder, Refused, destination, http
from leads.channels.http import Answer
from leads.intake import Incoming
from leads.models import Adjustment, Delivery, Lead, LeadEvent, LeadKey
from leads.sql import push
from leads.sql.move import Moving, move
from leads.statuses import Cause, Status
from tests import make
from tests.make import NOW
from tests.receiver import Receiver, receiver


@pytest.fixture
def crm() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def target(db: None, crm: Receiver) -> Destination:
    source = make.source(make.campaign())
    return Destination.objects.create(campaign=source.campaign, url=crm.url, secret="hush")


def lead(target: Destination, n: int = 1) -> Lead:
    source = Source.objects.select_related("campaign", "supplier").get(campaign=target.campaign_id)
    values = {"email": f"ann{n}@example.org", "phone": "", "name": "Ann Müller"}
    (result,) = intake.receive(source, [Incoming(values, uid=f"u-{n}")], at=NOW)
    return Lead.objects.get(pk=result.lead_id)


def only() -> Delivery:
    return Delivery.objects.get()


def test_a_lead_is_pushed_as_signed_json_and_once(target: Destination, crm: Receiver) -> None:
    sent = lead(target)
    assert deliver.deliver_due(NOW) == 1
    assert deliver.deliver_due(NOW + timedelta(days=1)) == 0
    (got,) = crm.got
    assert got.values == {
        "lead_id": str(sent.pk), "uid": "u-1", "email": "ann1@example.org", "phone": "", "name": "Ann Müller",
    }  # fmt: skip
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    digest = base64.b64encode(hmac.new(b"hush", signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{digest}"
    assert only().status == "sent"
    assert only().attempts.get().answer == "200 thanks"


def test_as_a_form_with_the_crms_own_names(target: Destination, crm: Receiver) -> None:
    target.format, target.field_names, target.secret = "form", {"email": "Email__c"}, ""
    target.save()
    lead(target)
    deliver.deliver_due(NOW)
    (got,) = crm.got
    assert got.values["Email__c"] == "ann1@example.org"
    assert "webhook-signature" not in got.headers


def test_what_fails_is_tried_again_with_growing_pauses_and_recovers(
    target: Destination, crm: Receiver
) -> None:
    crm.answers = [(503, "busy"), (429, "slow down"), (200, "ok")]
    lead(target)
    deliver.deliver_due(NOW)
    assert deliver.deliver_due(NOW + timedelta(seconds=53)) == 0
    assert deliver.deliver_due(NOW + timedelta(seconds=62)) == 1
    assert deliver.deliver_due(NOW + timedelta(minutes=5, seconds=20)) == 0
    assert deliver.deliver_due(NOW + timedelta(minutes=7)) == 1
    assert [one.succeeded for one in only().attempts.all()] == [False, False, True]
    assert only().status == "sent"


def test_the_crm_may_ask_for_a_longer_pause(target: Destination, crm: Receiver) -> None:
    crm.answers, crm.headers = [(429, "")], {"Retry-After": "3600"}
    lead(target)
    deliver.deliver_due(NOW)
    waits = only().next_attempt_at
    assert waits is not None
    assert waits >= NOW + timedelta(hours=1)


def test_a_slow_crm_is_not_waited_for_forever(
    target: Destination, crm: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.2)
    crm.delay = 1
    lead(target)
    deliver.deliver_due(NOW)
    assert (only().status, only().attempts.get().answer) == ("pending", "No answer within 0 seconds")


def test_after_the_last_try_it_has_failed(target: Destination, crm: Receiver) -> None:
    crm.answers = [(500, "no")]
    lead(target)
    at = NOW
    for _ in range(len(deliver.PAUSES) + 1):
        deliver.deliver_due(at)
        at += timedelta(days=1)
    assert only().status == "failed"
    assert Lead.objects.get().status == "pending"


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_refusal_rejects_the_lead_with_the_crms_sentence(
    target: Destination, crm: Receiver, status: int
) -> None:
    crm.answers = [(status, '{"error": {"message": "Company is a competitor."}}')]
    refused = lead(target)
    deliver.deliver_due(NOW)
    refused = Lead.objects.select_related("disposition").get(pk=refused.pk)
    assert (refused.status, refused.disposition.code, refused.reason, refused.in_cap) == (
        "rejected", "REJECT_LEAD_BY_CRM", "Company is a competitor.", False,
    )  # fmt: skip
    assert refused.values.failures[0]["code"] == "REJECT_LEAD_BY_CRM"
    assert not LeadKey.objects.filter(held=True).exists()
    event = LeadEvent.objects.filter(lead=refused).latest("id")
    assert (event.cause, event.from_status) == ("refused_by_crm", "pending")
    assert only().status == "failed"


def test_a_refusal_moves_no_lead_that_the_client_has_sent_back(target: Destination, crm: Receiver) -> None:
    crm.answers = [(422, "no")]
    lead(target)
    delivery = only()
    Lead.objects.update(status="client_rejected")
    delivery.lead.status = "pending"
    deliver._try(delivery, NOW)
    assert Lead.objects.get().status == "client_rejected"


def test_a_refusal_of_a_lead_of_a_closed_month_becomes_its_adjustment(
    target: Destination, crm: Receiver
) -> None:
    crm.answers = [(422, '{"error": {"message": "Company is a competitor."}}')]
    refused = lead(target)
    Lead.objects.update(status="accepted", accepted_at=NOW, is_final=True)
    deliver.deliver_due(NOW)
    assert Lead.objects.get().status == "accepted"
    adjustment = Adjustment.objects.select_related("event__disposition").get()
    assert (adjustment.client_amount, adjustment.supplier_amount) == (-refused.price, -refused.payout)
    assert adjustment.event.disposition.code == "REJECT_LEAD_BY_CRM"


@pytest.mark.parametrize("status", [301, 401, 403, 404, 405, 410])
def test_a_wrong_address_pauses_the_destination_until_somebody_mends_it(
    target: Destination, crm: Receiver, status: int
) -> None:
    crm.answers = [(status, "nope"), (200, "ok")]
    lead(target, 1)
    lead(target, 2)
    assert deliver.deliver_due(NOW) == 1
    target.refresh_from_db()
    assert target.paused_at is not None
    assert target.paused_why == f"{status} nope"
    assert deliver.deliver_due(NOW + timedelta(days=2)) == 0
    deliver.resume(target)
    assert deliver.deliver_due(NOW + timedelta(days=2)) == 2
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}


def test_an_unknown_name_pauses_too(target: Destination) -> None:
    target.url = "http://nowhere.invalid/leads"
    target.save()
    lead(target)
    deliver.deliver_due(NOW)
    target.refresh_from_db()
    assert "nowhere.invalid was not found" in target.paused_why


def test_nobody_there_is_tried_again(target: Destination, crm: Receiver) -> None:
    target.url = "http://127.0.0.1:9/leads"
    target.save()
    lead(target)
    deliver.deliver_due(NOW)
    assert only().status == "pending"
    target.refresh_from_db()
    assert target.paused_at is None


def test_a_lead_rejected_before_it_was_sent_is_not_sent(target: Destination, crm: Receiver) -> None:
    rejected = lead(target)
    move(
        Cause.CLIENT_REJECTED,
        Status.CLIENT_REJECTED,
        [Moving(rejected.pk)],
        at=NOW,
        actor_id=None,
        batch_id=None,
    )
    push.reconcile([rejected.pk], at=NOW)
    assert only().status == "cancelled"
    assert deliver.deliver_due(NOW) == 0
    assert crm.got == []


def test_a_lead_that_comes_back_unsent_is_pushed_again_and_a_sent_one_is_not(
    target: Destination, crm: Receiver
) -> None:
    back = lead(target)
    Lead.objects.update(status="client_rejected")
    push.reconcile([back.pk], at=NOW)
    Lead.objects.update(status="pending")
    push.reconcile([back.pk], at=NOW)
    push.reconcile([back.pk], at=NOW)
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["cancelled", "pending"]
    deliver.deliver_due(NOW)
    Lead.objects.update(status="client_rejected")
    push.reconcile([back.pk], at=NOW)
    Lead.objects.update(status="pending")
    push.reconcile([back.pk], at=NOW)
    assert len(crm.got) == 1
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("plain words\n", "plain words"),
        ('{"message": "a"}', "a"),
        ('{"errors": [{"detail": "a"}, {"detail": "b"}]}', "a; b"),
        ('["a", "b"]', "a; b"),
        ('{"code": 7}', '{"code": 7}'),
        ("x" * 900, "x" * 500),
    ],
)
def test_the_sentence_of_a_refusal(body: str, sentence: str) -> None:
    assert destination.sentence(body) == sentence


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [(400, "", NotSent), (400, "x", Refused), (408, "x", NotSent), (425, "", NotSent), (302, "", OutOfOrder)],
)
def test_what_an_answer_means(status: int, body: str, raised: type[NotSent]) -> None:
    with pytest.raises(NotSent) as said:
        destination.read(Answer(status, body, None))
    assert type(said.value) is raised
