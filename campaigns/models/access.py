"""What lets software in: API keys of people, tokens of sources, and what was answered to a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now

from campaigns.models.terms import Source

if TYPE_CHECKING:
    from campaigns.models.parties import User


class Right(models.TextChoices):
    """What a key may do, if its owner may."""

    READ = "read", "Read what you see"
    INTAKE = "intake", "Send in leads and affiliate events"
    REJECT = "reject", "Reject and accept leads"
    CORRECT = "correct", "Correct leads"
    LISTS = "lists", "Change picklists, list mappers, dispositions"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def visible_to(self, user: User) -> ApiKeyQuerySet:
        """Keys this person may see and revoke: its own; an admin all."""
        if not user.is_active:
            return self.none()
        return self if user.is_superuser else self.filter(owner=user)


class ApiKey(models.Model):
    """Lets a program do what its owner may do, or less. The key itself is not kept, only its SHA-256."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="How the key begins, so that people know it again.")
    digest = models.CharField(max_length=64, unique=True)
    rights = ArrayField(models.CharField(max_length=10, choices=Right))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="From then on it is not let in.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="To the minute.")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name


class IntakeToken(models.Model):
    """Lets a form or feed send leads into one source, and nothing else. Kept as its SHA-256 only."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="tokens")
    prefix = models.CharField(max_length=12, help_text="How the token begins.")
    digest = models.CharField(max_length=64, unique=True)
    honeypot = models.CharField(
        "hidden field",
        max_length=60,
        blank=True,
        help_text="A field of the form that people do not see. What fills it is no person: answered like others, "
        "and not kept.",
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.source}"


class ApiCall(models.Model):
    """A call with an Idempotency-Key: who works on it, what it has done so far, and its answer.

    A row without an answer is at work as long as its lease lasts; then another may go on from `noted`.
    """

    caller = models.CharField(max_length=40, help_text="key:17 or user:4")
    endpoint = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path, content and files.")
    created_at = models.DateTimeField()
    owner = models.CharField(max_length=32)
    lease_until = models.DateTimeField()
    noted = models.JSONField(default=dict)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name = "API call"
        indexes = [models.Index(fields=["created_at"], name="apicall_created_at")]
        constraints = [models.UniqueConstraint(fields=["caller", "endpoint", "key"], name="one_call_a_key")]


class Session(AbstractBaseSession):
    """Where a person is signed in; written by campaigns.sessions."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions"
    )
    device = models.CharField(max_length=60, blank=True)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta(AbstractBaseSession.Meta):
        abstract = False
