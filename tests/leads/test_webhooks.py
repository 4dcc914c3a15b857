"""Suppliers told by webhook: a real receiver, the reference library, and a clock that is passed in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Min
from standardwebhooks import Webhook, WebhookVerificationError

from campaigns.models import Agreement, Campaign, Endpoint
from leads import deliver, telling
from leads.channels import NotSent, OutOfOrder, webhook
from leads.channels.http import Answer
from leads.models import Delivery, Lead
from rejections.models import Batch
from tests import batches, make
from tests.make import NOW
from tests.receiver import Received, Receiver, receiver
from tests.rejections import corrections

DAY = timedelta(days=1)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def campaign(db: None) -> Campaign:
    """A campaign whose supplier is to be told of everything by webhook."""
    made = make.campaign()
    make.source(made)
    Agreement.objects.update(channel="webhook", tells=["rejections", "retractions", "recoveries"])
    return made


@pytest.fixture
def endpoint(campaign: Campaign, hook: Receiver) -> Endpoint:
    return telling.set_webhook(Agreement.objects.get().supplier, hook.url, NOW)


def imported(campaign: Campaign, leads: int = 1, **values: Any) -> list[Lead]:
    """Leads that the client has just rejected, by an import of its own."""
    named = [make.lead(campaign, **values) for _ in range(leads)]
    batches.imported(campaign, named)
    return named


def verified(got: Received, secret: str) -> Any:
    """What the reference library reads of it; raises where the signature is not right."""
    return Webhook(secret).verify(got.body, got.headers)


def told(hook: Receiver) -> list[tuple[str, str]]:
    """(id, type) of all that has arrived, in the order in which it did."""
    return [(got.headers["webhook-id"], json.loads(got.body)["type"]) for got in hook.got]


def hours(first: float, last: float) -> None:
    """The worker's rounds from the first hour after NOW until before the last, at each moment something is due."""
    at: datetime | None = NOW + timedelta(hours=first)
    while at is not None and at < NOW + timedelta(hours=last):
        deliver.deliver_due(at)
        later = Delivery.objects.filter(status="pending", next_attempt_at__gt=at)
        at = later.aggregate(next=Min("next_attempt_at"))["next"]


def test_an_import_reaches_the_supplier_signed_and_once(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    (lead,) = imported(campaign, uid="7F-0", email="ana@example.org", price="99.75")
    assert deliver.deliver_due(NOW) == 1
    assert deliver.deliver_due(NOW + DAY) == 0
    (got,) = hook.got
    notice = Delivery.objects.get()
    assert verified(got, endpoint.secret) == {
        "type": "leads.rejected",
        "timestamp": "2026-11-22T12:00:00Z",
        "data": {
            "campaign": campaign.public_name,
            "import": notice.batch_id,
            "leads": [
                {"lead_id": lead.pk, "uid": "7F-0", "code": "CLIENT_OTHER", "label": "Other reason",
                 "reason": "Duplicate Lead"}
            ],
        },
    }  # fmt: skip
    assert got.headers["webhook-id"] == f"notice-{notice.pk}"
    for secret in (campaign.client.name, campaign.name, campaign.code, "99.75", "ana@"):
        assert secret not in got.body.decode()
    assert (notice.status, notice.attempts.get().answer) == ("sent", "200 thanks")


def test_while_the_secret_changes_both_sign_and_afterwards_the_new_one(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    old = endpoint.secret
    new = telling.rotate(endpoint, NOW)
    # The webhook is signed with the moment at which it leaves, which is the real one.
    Endpoint.objects.update(previous_until=make.NOW.replace(year=2999))
    telling.send_test(endpoint, NOW)
    assert verified(hook.got[0], old) == verified(hook.got[0], new)
    assert verified(hook.got[0], new)["type"] == "test"
    Endpoint.objects.update(previous_until=make.NOW.replace(year=2000))
    telling.send_test(endpoint, NOW)
    assert verified(hook.got[1], new)
    with pytest.raises(WebhookVerificationError):
        verified(hook.got[1], old)


def test_a_receiver_that_is_down_for_a_day_loses_nothing_and_gets_it_in_order(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    hook.answers = [(503, "down")]
    imported(campaign, 2)
    hours(0, 12)
    imported(campaign, 3)
    back = imported(campaign)
    batches.undone(batch_of(back[0]))
    hours(12, 24)
    down, hook.answers = len(hook.got), [(200, "up")]
    hours(24, 60)
    written = [
        f"notice-{pk}"
        for pk in Delivery.objects.exclude(status="cancelled").order_by("pk").values_list("pk", flat=True)
    ]
    arrived = [one for one, _ in told(hook)[down:]]
    assert arrived == written, "each once, in the order in which they were written"
    assert {one for one, _ in told(hook)[:down]} == {written[0]}, "until then, the first only"
    by_id: dict[str, set[bytes]] = {}
    for got in hook.got:
        by_id.setdefault(got.headers["webhook-id"], set()).add(got.body)
    assert all(len(bodies) == 1 for bodies in by_id.values()), "the same under the same id"
    assert down == Delivery.objects.get(pk=int(written[0].removeprefix("notice-"))).attempts.count() - 1
    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.paused_at) == (None, None)


def batch_of(lead: Lead) -> Batch:
    return Batch.objects.get(pk=lead.events.get(cause="client_rejected").batch_id)


def test_what_the_supplier_will_never_take_stops_and_lets_the_next_one_go(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    hook.answers = [(422, "no such campaign"), (200, "ok")]
    imported(campaign)
    imported(campaign)
    assert deliver.deliver_due(NOW) == 2
    assert list(Delivery.objects.order_by("pk").values_list("status", "tries")) == [
        ("failed", 1),
        ("sent", 1),
    ]
    telling.send_again(Delivery.objects.earliest("pk"), NOW)
    deliver.deliver_due(NOW)
    assert told(hook)[0] == told(hook)[2]
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}


def test_an_endpoint_that_fails_for_days_is_paused_and_holds_back_what_comes(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    owner = make.supplier_user(endpoint.supplier)
    hook.answers = [(500, "no")]
    imported(campaign)
    hours(0, 60)
    endpoint.refresh_from_db()
    assert endpoint.paused_at is not None
    assert timedelta(days=2) <= endpoint.paused_at - NOW < timedelta(days=2.5)
    assert endpoint.paused_why.startswith("Nothing has arrived for 2 days")
    tries = len(hook.got)
    imported(campaign)
    hours(60, 120)
    assert len(hook.got) == tries, "nothing is sent to it"
    (said,) = Delivery.objects.filter(kind="endpoint_paused")
    assert (said.person, said.status) == (owner, "sent")

    with pytest.raises(telling.NotDone, match="did not arrive"):
        telling.resume(endpoint, NOW + 5 * DAY, by_email=False)
    endpoint.refresh_from_db()
    assert endpoint.paused_at is not None, "a test that fails leaves it paused"
    hook.answers = [(200, "mended")]
    assert telling.resume(endpoint, NOW + 5 * DAY, by_email=False) == 2
    deliver.deliver_due(NOW + 5 * DAY)
    assert [kind for _, kind in told(hook)[-3:]] == ["test", "leads.rejected", "leads.rejected"]


def test_an_address_that_is_gone_is_paused_at_once(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    hook.answers = [(410, "gone")]
    imported(campaign)
    deliver.deliver_due(NOW)
    hours(0, 24)
    endpoint.refresh_from_db()
    assert (len(hook.got), endpoint.paused_why) == (1, "It answered “410 gone”.")
    assert endpoint.paused_at is not None
    assert endpoint.paused_at - NOW < timedelta(minutes=1)
    assert Delivery.objects.get(kind="rejections").status == "pending"


def test_an_address_of_ours_is_never_asked_and_pauses_the_endpoint(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_ENDPOINTS = False
    imported(campaign)
    deliver.deliver_due(NOW)
    endpoint.refresh_from_db()
    assert hook.got == []
    assert endpoint.paused_at is not None
    for attempt in (lambda: telling.set_webhook(endpoint.supplier, "https://127.0.0.1/", NOW),
                    lambda: telling.resume(endpoint, NOW, by_email=False)):  # fmt: skip
        with pytest.raises(telling.NotDone):
            attempt()
    assert hook.got == [], "a test is sent no other way"


def test_the_tries_of_one_notice_end_within_three_days(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver, settings: Any
) -> None:
    settings.ENDPOINT_PATIENCE_DAYS = 30
    hook.answers = [(500, "no")]
    imported(campaign)
    hours(0, 72)
    notice = Delivery.objects.get()
    assert (notice.status, notice.attempts.count()) == ("failed", len(deliver.PAUSES) + 1)


def test_a_supplier_without_an_address_is_told_once_it_has_one(campaign: Campaign, hook: Receiver) -> None:
    imported(campaign)
    assert deliver.deliver_due(NOW) == 0
    telling.set_webhook(Agreement.objects.get().supplier, hook.url, NOW)
    assert deliver.deliver_due(NOW + 9 * DAY) == 1
    assert told(hook)[0][1] == "leads.rejected"


def test_one_suppliers_dead_endpoint_keeps_nobody_else_waiting(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    other = make.source(campaign)
    Agreement.objects.filter(supplier=other.supplier).update(channel="webhook")
    telling.set_webhook(other.supplier, "http://127.0.0.1:9/", NOW)
    batches.imported(campaign, [make.lead(campaign, source=other), make.lead(campaign)])
    deliver.deliver_due(NOW)
    assert len(hook.got) == 1
    assert Endpoint.objects.get(supplier=other.supplier).failing_since is not None


def test_a_worker_killed_between_sending_and_recording_sends_the_same_again(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    imported(campaign)
    claimed = deliver._claim(NOW)
    assert claimed is not None
    deliver.attempt(claimed)  # and dies
    assert deliver.deliver_due(NOW + timedelta(minutes=1)) == 0
    batch = batch_of(Lead.objects.get())
    batches.undone(batch)
    assert deliver.deliver_due(NOW + timedelta(minutes=3)) == 2
    assert [kind for _, kind in told(hook)] == [
        "leads.rejected",
        "leads.rejected",
        "leads.rejection_retracted",
    ]
    assert hook.got[0].headers["webhook-id"] == hook.got[1].headers["webhook-id"]
    assert hook.got[0].body == hook.got[1].body


def test_a_notice_that_we_cannot_even_write_holds_up_nobody_else(
    campaign: Campaign, endpoint: Endpoint, hook: Receiver
) -> None:
    imported(campaign)
    other = make.source(campaign)
    Agreement.objects.filter(supplier=other.supplier).update(channel="webhook")
    telling.set_webhook(other.supplier, hook.url, NOW)
    Delivery.objects.update(payload={})  # as a fault of ours might have left it
    batches.imported(campaign, [make.lead(campaign, source=other)])
    assert deliver.deliver_due(NOW) == 2
    assert len(hook.got) == 1
    broken = Delivery.objects.earliest("pk")
    assert "error of ours" in broken.attempts.get().answer
    endpoint.refresh_from_db()
    assert (broken.status, endpoint.failing_since) == ("pending", None)


def test_released_leads_are_told_and_told_back_when_the_correction_is_undone(
    db: None, hook: Receiver
) -> None:
    where = corrections.source()
    Agreement.objects.update(channel="webhook", tells=["recoveries"])
    telling.set_webhook(where.supplier, hook.url, NOW)
    (lead_id,) = corrections.receive(where, {"name": "Ann", "country": "Avstria"})
    (row,) = corrections.downloaded(where)
    batch = corrections.upload(where, corrections.as_file([row | {"country": "Austria"}]), goes_through=True)
    deliver.deliver_due(corrections.LATER)
    batches.undone(batch, at=corrections.LATER)
    deliver.deliver_due(corrections.LATER)
    assert [kind for _, kind in told(hook)] == ["leads.recovered", "leads.recovery_retracted"]
    assert json.loads(hook.got[0].body)["data"]["leads"] == [
        {"lead_id": lead_id, "uid": Lead.objects.get().uid}
    ]


def test_tests_are_few(endpoint: Endpoint, hook: Receiver) -> None:
    for _ in range(telling.TESTS_A_MINUTE):
        telling.send_test(endpoint, NOW)
    with pytest.raises(telling.NotDone, match="Too many"):
        telling.send_test(endpoint, NOW)
    assert len(hook.got) == telling.TESTS_A_MINUTE


@pytest.mark.parametrize(
    ("status", "raised", "permanent"),
    [(301, NotSent, False), (400, NotSent, True), (401, NotSent, False), (404, NotSent, False),
     (410, OutOfOrder, False), (413, NotSent, True), (422, NotSent, True), (429, NotSent, False)],
)  # fmt: skip
def test_what_an_answer_means(status: int, raised: type[NotSent], permanent: bool) -> None:
    with pytest.raises(NotSent) as said:
        webhook.read(Answer(status, "x", 10**6))
    assert (type(said.value), said.value.permanent) == (raised, permanent)
    assert said.value.pause is None or said.value.pause <= DAY, "nobody is waited for longer"
