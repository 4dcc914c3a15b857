"""Doors for the worker: what leaves the house."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from leads import deliver as story
from leads import downloads, intake, quarantine


@shared_task
def deliver(**_: object) -> None:
    """Try every delivery that is due."""
    story.deliver_due(timezone.now())


@shared_task
def tend(**_: object) -> None:
    """Judge what was received and never judged; let quarantined leads move up, or leave."""
    intake.judge_stuck(timezone.now())
    quarantine.tend(timezone.now())
    downloads.forget_old(timezone.now())


@shared_task
def make_downloads(**_: object) -> None:
    """Make one workbook that somebody waits for; the next has its own message, or the clock's."""
    downloads.make_next(timezone.now())
