"""Where a supplier is told: its webhook's address and secrets, the people who get its e-mails."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from campaigns.models.parties import Supplier
from campaigns.models.sealed import SealedField, Unreadable, readable

if TYPE_CHECKING:
    from campaigns.models.parties import User


def new_secret() -> str:
    """A secret as the Standard Webhooks have them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def visible_to(self, user: User) -> EndpointQuerySet:
        """Endpoints this person may see: all for staff, a supplier's own."""
        if user.is_active and user.is_staff:
            return self
        if user.is_active and user.supplier_id:
            return self.filter(supplier_id=user.supplier_id)
        return self.none()

    def open(self) -> EndpointQuerySet:
        """Endpoints that have an address and are not paused."""
        return self.filter(paused_at=None).exclude(url="", recipients=[])


class Endpoint(models.Model):
    """One way to tell one supplier. The agreement says which way is used, and of what.

    `failing_since` is the first failed try since the last that arrived. `paused_at` is set when that lasts for
    days, or by an answer that no further try can mend; notices then wait until a person resumes it.
    While `previous_until` is not over, the previous secret signs as well.
    """

    class Channel(models.TextChoices):
        WEBHOOK = "webhook", "Webhook"
        EMAIL = "email", "E-mail with a CSV"

    supplier = models.ForeignKey(Supplier, on_delete=models.CASCADE, related_name="endpoints")
    channel = models.CharField(max_length=10, choices=Channel)
    url = models.URLField(max_length=500, blank=True, validators=[URLValidator(schemes=["https", "http"])])
    recipients = ArrayField(models.EmailField(), default=list, blank=True)
    secret = SealedField(blank=True, help_text="Each webhook is signed with it.")
    secret_since = models.DateTimeField(null=True, blank=True)
    previous_secret = SealedField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_why = models.TextField(blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["supplier__name", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "channel"], name="one_endpoint_a_channel"),
            models.CheckConstraint(
                condition=Q(channel="webhook", recipients=[]) | Q(channel="email", url="", secret=""),
                name="endpoint_has_its_own_kind_of_address",
                violation_error_message="A webhook has an address and a secret, an e-mail has recipients.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}, {self.get_channel_display()}"

    def save(self, *args: Any, **options: Any) -> None:
        """A webhook is never without a secret."""
        if self.channel == self.Channel.WEBHOOK:
            self.secret = self.secret or new_secret()
        super().save(*args, **options)

    @property
    def where(self) -> str:
        """Its address, in one line."""
        return self.url or ", ".join(self.recipients)

    @property
    def told_as(self) -> str:
        """What its people call it, in the middle of a sentence."""
        return "webhook" if self.channel == self.Channel.WEBHOOK else "e-mail notice"

    def secrets_at(self, at: datetime) -> list[str]:
        """The secrets that sign at that moment, the newest first; raises SecretLost when that cannot be read."""
        rotating = self.previous_until is not None and at < self.previous_until
        previous = (
            self.previous_secret if rotating and not isinstance(self.previous_secret, Unreadable) else ""
        )
        return [readable(self.secret), *([previous] if previous else [])]
