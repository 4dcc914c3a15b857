"""What changes leads in bulk: a batch, and the rows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from campaigns.models import Campaign, Client, Source
from rejections.states import EXCLUSIVE, State

if TYPE_CHECKING:
    from campaigns.models import User


class Kind(models.TextChoices):
    """The three kinds of batch."""

    REJECTION = "rejection", "Rejection import"
    CORRECTION = "correction", "Correction upload"
    CLOSE_OUT = "close_out", "Close-out"


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: User) -> BatchQuerySet:
        """Batches this person may see: all for staff, those of its campaigns for a client user."""
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        if user.client_id:
            return self.filter(campaign__client_id=user.client_id).exclude(kind=Kind.CORRECTION)
        return self.none()


class Batch(models.Model):
    """An uploaded file, or its equivalent from another door, and everything it ran under.

    ::

        UPLOADED ─read, stage raw cells▶ MAPPING ─map▶ CHECKING ▶ CHECKED ─start▶ WAITING ▶ APPLYING ▶ FINISHED
        MAPPING, CHECKED ─other reading▶ UPLOADED        CHECKED ─other mapping▶ CHECKING
        APPLYING ─stop▶ STOPPED ─start▶ WAITING          FINISHED, STOPPED, FAILED ─undo▶ UNDOING ▶ UNDONE
        UPLOADED, CHECKING, APPLYING, UNDOING ▶ FAILED ─continue▶ the state it failed in
        UPLOADED, MAPPING, CHECKED ▶ CANCELLED

    A worker holds a batch by its lease (database clock) and checks it in every chunk. `step` and
    `cursor` say how far the present state's work has come; `rows` and `done` are its progress.
    """

    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.label) for s in State], default=State.UPLOADED
    )
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="batches")
    source = models.ForeignKey(Source, null=True, blank=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="batches"
    )
    client_side = models.ForeignKey(
        Client, null=True, blank=True, on_delete=models.PROTECT, help_text="The client whose user made it."
    )
    via = models.CharField(max_length=10, default="page", help_text="page, cli or api")

    file = models.CharField(max_length=300, blank=True, help_text="Path below the upload directory.")
    file_name = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    choices = models.JSONField(default=dict, help_text="A person's overrides of how the file is read.")
    reading = models.JSONField(default=dict, help_text="How the file was read.")
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    window_days = models.PositiveSmallIntegerField(null=True)
    time_zone = models.CharField(max_length=64)

    rows = models.IntegerField(default=0)
    done = models.IntegerField(default=0, help_text="Rows (undo: leads) the present state has settled.")
    step = models.CharField(max_length=12, blank=True)
    cursor = models.BigIntegerField(default=0)
    settled_line = models.IntegerField(default=0, help_text="Start has settled the rows up to this line.")
    held_back = models.IntegerField(default=0)
    affiliate_events = models.IntegerField(default=0, help_text="Affiliate events that it rejected.")
    undo_lines = ArrayField(models.IntegerField(), null=True, help_text="Undo of these rows only.")
    undo_from = models.CharField(max_length=10, blank=True, help_text="The state the batch was undone from.")
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kept = models.JSONField(default=dict, help_text="Leads that Undo kept as they were: reason → number.")

    started_at = models.DateTimeField(null=True)
    run_started_at = models.DateTimeField(null=True, help_text="When the present state's work began.")
    ended_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(
        null=True, help_text="When it last ended moving leads: disputes count from here, whatever is undone."
    )
    seen_at = models.DateTimeField(null=True, help_text="When a person last had its progress on screen.")
    goes_through = models.BooleanField(default=False, help_text="Started with its check, by a program.")
    stop_requested = models.BooleanField(default=False)
    failed_in = models.CharField(max_length=10, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Claims without progress since.")

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"
        permissions = [("reject_as_client", "Reject leads as a client")]
        indexes = [
            models.Index(fields=["campaign", "sha256"], name="batch_same_file"),
            models.Index(
                fields=["state", "id"],
                condition=~Q(state__in=["finished", "undone", "cancelled"]),
                name="batch_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in State]), name="batch_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind="correction") | Q(source__isnull=False), name="correction_has_source"
            ),
            models.UniqueConstraint(
                fields=["campaign"],
                condition=Q(state__in=[s.value for s in EXCLUSIVE], kind__in=["rejection", "close_out"]),
                name="one_running_batch_per_campaign",
            ),
            models.UniqueConstraint(
                fields=["source"],
                condition=Q(state__in=[s.value for s in EXCLUSIVE], kind="correction"),
                name="one_running_correction_per_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def settled_all(self) -> bool:
        """Whether Start has settled every row: the batch is past its first step."""
        return self.step not in ("", "rows")


class BatchRow(models.Model):
    """One record of a batch: its raw cells, and what became of it.

    `outcome` leaves the window aside until the row is settled (`outside_window` is laid over it from
    `valid_at`); `checked` keeps what the check said where Start found otherwise.
    """

    pk = models.CompositePrimaryKey("batch_id", "line")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line = models.IntegerField()
    cells = ArrayField(models.TextField())
    problem = models.TextField(null=True)
    key = models.TextField(null=True)
    lead_id = models.BigIntegerField(null=True)
    valid_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=24, null=True)
    checked = models.CharField(max_length=24, null=True)
    first_line = models.IntegerField(null=True, help_text="The first line that names the same lead.")
    note = models.JSONField(null=True)
    review = models.CharField(max_length=6, null=True, choices=[("accept", "accept"), ("skip", "skip")])

    class Meta:
        ordering = ["line"]
