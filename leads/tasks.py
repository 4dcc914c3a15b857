"""Doors for the worker: what leaves the house."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from leads import deliver as story
from leads import downloads, intake, keys, quarantine
from rejections import workbooks

log = logging.getLogger(__name__)


@shared_task
def deliver(**_: object) -> None:
    """Try every delivery that is due."""
    story.deliver_due(timezone.now())


@shared_task
def tend(**_: object) -> None:
    """Judge what was received and never judged; build keys; let quarantined leads move up, or leave."""
    keys.tend()
    intake.judge_stuck(timezone.now())
    quarantine.tend(timezone.now())
    downloads.forget_old(timezone.now())


@shared_task
def make_downloads(**_: object) -> None:
    """Make one workbook that somebody waits for; the next has its own message, or the clock's."""
    downloads.make_next(timezone.now(), workbooks.MAKERS)


def ring_for_downloads() -> None:
    """Tell a worker that somebody waits for a workbook. A dead broker is no failure: the clock rings too."""
    try:
        make_downloads.delay()
    except OperationalError:
        log.warning("the broker is away: the download waits for the clock")
