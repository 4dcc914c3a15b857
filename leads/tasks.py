"""Doors for the worker: what leaves the house."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from leads import deliver as story


@shared_task
def deliver(**_: object) -> None:
    """Try every delivery that is due."""
    story.deliver_due(timezone.now())
