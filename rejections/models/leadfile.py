"""A file of new leads, on its way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from campaigns.models import Source

if TYPE_CHECKING:
    from campaigns.models import User


class LeadFileQuerySet(models.QuerySet["LeadFile"]):
    def visible_to(self, user: User) -> LeadFileQuerySet:
        """Intake is the operators' work: others see none of it."""
        return self if user.is_active and user.is_staff else self.none()


class LeadFile(models.Model):
    """A file whose rows become leads of a source.

    ::

        MAPPING ─import▶ WAITING ▶ FINISHED | FAILED
                         WAITING ─stop▶ STOPPED      FAILED | STOPPED ─continue▶ WAITING

    `line` is the last line whose leads are stored, committed with them, so that a worker that dies receives
    no row twice. `tally` counts the leads that were judged since, by status and by disposition.
    """

    class State(models.TextChoices):
        MAPPING = "mapping"
        WAITING = "waiting"
        FINISHED = "finished"
        STOPPED = "stopped"
        FAILED = "failed"

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="lead_files")
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    file = models.CharField(max_length=300, help_text="Path below the upload directory.")
    file_name = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    reading = models.JSONField(default=dict, help_text="How the file is read.")
    sample = models.JSONField(default=list, help_text="Its first rows: line, cells, what is wrong with it.")
    field_map = models.JSONField(default=dict, help_text="Header → field, where a person chose; “” is none.")
    received_at_column = models.TextField(blank=True)
    rows = models.IntegerField(null=True)
    done = models.IntegerField(default=0)
    line = models.IntegerField(default=0)
    tally = models.JSONField(default=dict)
    unreadable = models.IntegerField(default=0)
    undated = models.IntegerField(default=0)
    lines = models.JSONField(default=dict, help_text="Line → what is wrong with it, for the first of them.")
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Claims without progress since.")

    objects = LeadFileQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name
