"""Doors for the worker. A message carries a batch id and no more; Postgres knows what is left to do."""

from __future__ import annotations

import logging
import uuid

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from rejections import control, disputes, leadfiles, monthclosings, sweeping, workflows
from rejections.models import Batch

log = logging.getLogger(__name__)


def ring(batch_id: int) -> None:
    """Tell a worker that there is work. A dead broker is no failure: the sweeper rings again."""
    try:
        run_batch.delay(batch_id)
    except OperationalError:
        log.warning("the broker is away: batch %s waits for the sweeper", batch_id)


@shared_task
def run_batch(batch_id: int, **_: object) -> None:
    """Work on one batch for a while, then ring for what is left, or for the next in the queue."""
    owner = f"worker-{uuid.uuid4().hex}"
    if workflows.run(batch_id, owner=owner, clock=timezone.now, seconds=settings.WORK_SECONDS):
        ring(batch_id)
        return
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is not None and (waiting := control.next_waiting(batch)) is not None:
        ring(waiting)


@shared_task
def sweep(**_: object) -> None:
    """Ring for every batch that nobody works on, and clear away what was never started."""
    for batch_id in sweeping.sweep(timezone.now()):
        ring(batch_id)


@shared_task
def close_windows(**_: object) -> None:
    """Each night: accept what no client can reject any more, where the campaign says so."""
    for batch_id in sweeping.close_windows(timezone.now()):
        ring(batch_id)


@shared_task
def answer_disputes(**_: object) -> None:
    """Answer disputes whose time is over, by what silence was agreed to mean."""
    disputes.answer_by_silence(timezone.now())


def ring_for_lead_files() -> None:
    """Tell a worker that a file of leads waits. A dead broker is no failure: the clock rings too."""
    try:
        receive_leads.delay()
    except OperationalError:
        log.warning("the broker is away: a file of leads waits for the clock")


@shared_task
def receive_leads(**_: object) -> None:
    """Receive from one file of leads for a while, then ring for what is left."""
    if leadfiles.work_next(timezone.now(), settings.WORK_SECONDS):
        ring_for_lead_files()


def ring_for_closings() -> None:
    """Tell a worker that a month is to be closed. A dead broker is no failure: the clock rings too."""
    try:
        close_months.delay()
    except OperationalError:
        log.warning("the broker is away: a month to close waits for the clock")


@shared_task
def close_months(**_: object) -> None:
    """Close one month that somebody asked for, then ring for the next."""
    if monthclosings.work_next(timezone.now()):
        ring_for_closings()
