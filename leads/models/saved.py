"""What people keep for themselves: lists of leads they come back to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

if TYPE_CHECKING:
    from campaigns.models import User


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> SavedViewQuerySet:
        """A view is its person's own; its address is what can be shared."""
        return self.filter(person_id=user.pk) if user.is_active else self.none()


class SavedView(models.Model):
    """A list of leads under a name: its address, and nothing else."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True, help_text="The address of the list, after the “?”.")

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="view_name_once_per_person")]

    def __str__(self) -> str:
        return self.name
