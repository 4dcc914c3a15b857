"""A worker killed while a supplier takes a webhook: the next one sends the same again, under the same id."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Agreement
from leads import telling
from leads.models import Delivery
from leads.tasks import deliver
from tests import batches, make
from tests.faults.working import Start
from tests.receiver import receiver
from tests.sessions import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_killed_between_sending_and_recording_is_followed_by_one_that_sends_the_same(
    start_worker: Start,
) -> None:
    at = timezone.now() - timedelta(hours=1)
    campaign = make.campaign()
    supplier = make.source(campaign).supplier
    Agreement.objects.update(channel="webhook")
    with receiver() as hook:
        telling.set_webhook(supplier, hook.url, at)
        batch = batches.imported(campaign, [make.lead(campaign, at=at)], at=at)
        notice = Delivery.objects.get()
        hook.delay = 60
        killed = start_worker()
        deliver.delay()
        wait_until(lambda: hook.got, "the supplier to have it in hand")
        killed.kill()
        notice.refresh_from_db()
        assert (notice.status, notice.attempts.count()) == ("pending", 0)
        batches.undone(batch, at=at)
        Delivery.objects.filter(pk=notice.pk).update(next_attempt_at=at)  # two minutes pass
        hook.delay = 0
        start_worker()
        deliver.delay()
        wait_until(lambda: Delivery.objects.filter(status="sent").count() == 2, "both to be told")
        first, again, retraction = hook.got
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == f"notice-{notice.pk}"
    assert first.body == again.body
    assert b"leads.rejection_retracted" in retraction.body, "it may have been told, so it is taken back"
