"""Lists: picklists with their list mapper, dispositions, and the phrases clients use for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from campaigns.lists import fold, fold_phrase
from campaigns.models.parties import Client

if TYPE_CHECKING:
    from campaigns.models.parties import User


class PicklistQuerySet(models.QuerySet["Picklist"]):
    def visible_to(self, user: User) -> PicklistQuerySet:
        """Picklists this person may see: all for staff, its client's for a client user."""
        if user.is_active and user.is_staff:
            return self
        if user.is_active and user.client_id:
            return self.filter(client_id=user.client_id)
        return self.none()


class Picklist(models.Model):
    """The allowed values for fields of one client's campaigns; every save is a version."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="picklists")
    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)

    objects = PicklistQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["client", "name"], name="picklist_name_once_per_client")
        ]

    def __str__(self) -> str:
        return self.name


class PicklistValue(models.Model):
    """One allowed value. Retired, never deleted."""

    picklist = models.ForeignKey(Picklist, on_delete=models.PROTECT, related_name="values")
    value = models.CharField(max_length=300)
    folded = models.TextField(editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["value"]
        constraints = [
            models.UniqueConstraint(fields=["picklist", "value"], name="value_once_per_picklist"),
        ]

    def __str__(self) -> str:
        return self.value

    def clean(self) -> None:
        """Keep the folded text beside the value, for it is what incoming texts are compared with."""
        self.folded = fold(self.value)


class ListMapperEntry(models.Model):
    """An incoming text that stands for one of the picklist's values (no chains: it points to a value)."""

    picklist = models.ForeignKey(Picklist, on_delete=models.CASCADE, related_name="entries")
    text = models.CharField(max_length=300)
    folded = models.TextField(editable=False)
    value = models.ForeignKey(PicklistValue, on_delete=models.PROTECT, related_name="entries")

    class Meta:
        ordering = ["text"]
        verbose_name_plural = "list mapper entries"
        constraints = [
            models.UniqueConstraint(fields=["picklist", "folded"], name="entry_once_per_picklist"),
        ]

    def __str__(self) -> str:
        return f"{self.text} → {self.value}"

    def clean(self) -> None:
        """An entry points to a value of its own picklist and may not be one of its values itself."""
        self.folded = fold(self.text)
        if self.value.picklist_id != self.picklist_id:
            raise ValidationError({"value": "This value belongs to another picklist."})
        if self.picklist.values.filter(folded=self.folded, retired_at=None).exists():
            raise ValidationError({"text": f"“{self.text}” is itself a value of {self.picklist}."})


class PicklistVersion(models.Model):
    """One save of a picklist or its list mapper: who, when, and what; append-only."""

    picklist = models.ForeignKey(Picklist, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    changes = models.JSONField(default=list, help_text="do, text, value of each change.")
    replaced = models.JSONField(
        null=True, help_text="What it replaced (campaigns.former); empty where that was not kept."
    )

    class Meta:
        ordering = ["picklist_id", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["picklist", "number"], name="version_once_per_picklist")
        ]

    def __str__(self) -> str:
        return f"{self.picklist}, version {self.number}"


class Disposition(models.Model):
    """A code of why a lead stands where it stands."""

    class Family(models.TextChoices):
        DOOR = "door", "Refused at the door"
        CLIENT = "client", "Rejected by the client"
        CAP = "cap", "Cap"

    code = models.CharField(max_length=60, unique=True)
    label = models.CharField(max_length=120)
    family = models.CharField(max_length=10, choices=Family)
    returnable = models.BooleanField(default=True, help_text="A client may send leads back for this.")
    keeps_payout = models.BooleanField("payout kept", default=False)
    supplier_text = models.CharField(max_length=200, blank=True, help_text="What suppliers read.")

    class Meta:
        ordering = ["family", "code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(family="client") | Q(code__startswith="CLIENT_"),
                name="client_codes_say_client",
                violation_error_message="A client's code begins with CLIENT_.",
            )
        ]

    def __str__(self) -> str:
        return self.code


class Phrase(models.Model):
    """A client's own words for a reason; without a disposition it waits to be mapped."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="phrases")
    text = models.CharField(max_length=500)
    folded = models.TextField(editable=False)
    disposition = models.ForeignKey(
        Disposition,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="phrases",
        limit_choices_to={"family": "client"},
    )
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["text"]
        constraints = [
            models.UniqueConstraint(fields=["client", "folded"], name="phrase_once_per_client"),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """Phrases are compared without case and outer or doubled space."""
        self.folded = fold_phrase(self.text)
