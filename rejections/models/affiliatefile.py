"""A file of affiliate events, checked and not recorded yet, or recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from campaigns.models import User


class AffiliateFileQuerySet(models.QuerySet["AffiliateFile"]):
    def visible_to(self, user: User) -> AffiliateFileQuerySet:
        """Affiliate events are the operators' work: others see none of it."""
        return self if user.is_active and user.is_staff else self.none()


class AffiliateFile(models.Model):
    """An uploaded file: CHECKED ─record▶ RECORDED. `found` is what the check said, then what was done.

    It holds `rows`, `answers` (answer → rows) and `lines` (line → why it is not taken over, the first of them).
    """

    class State(models.TextChoices):
        CHECKED = "checked"
        RECORDED = "recorded"

    state = models.CharField(max_length=10, choices=State, default=State.CHECKED)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(null=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    file = models.CharField(max_length=300, help_text="Path below the upload directory.")
    file_name = models.CharField(max_length=300)
    found = models.JSONField(default=dict)

    objects = AffiliateFileQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name
