"""A month of a campaign that somebody asked to have closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from campaigns.models import Campaign

if TYPE_CHECKING:
    from campaigns.models import User


class MonthClosingQuerySet(models.QuerySet["MonthClosing"]):
    def visible_to(self, user: User) -> MonthClosingQuerySet:
        """Closing a month is the operators' work: others see the closed month only."""
        return self if user.is_active and user.is_staff else self.none()


class MonthClosing(models.Model):
    """Who asked to close a month, when, and what came of it: ASKED ▶ CLOSED | REFUSED ─asked again▶ ASKED.

    The constraint is the promise that a month is asked for once at a time. What a closed month is stands in
    `ClosedMonth`, which the same transaction writes.
    """

    class State(models.TextChoices):
        ASKED = "asked"
        CLOSED = "closed"
        REFUSED = "refused"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="Its first day.")
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    title = models.TextField(blank=True, help_text="Why it was refused.")
    detail = models.TextField(blank=True, help_text="What was not changed, and what to do.")
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that began since it was asked for."
    )

    objects = MonthClosingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "month"], name="month_asked_for_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="asked_month_begins_on_the_first"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%B %Y}"
