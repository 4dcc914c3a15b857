"""The terms: campaigns, their sources and fields, agreements with suppliers, caps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, URLValidator
from django.db import models
from django.db.models import Q

from campaigns.models.lists import Picklist
from campaigns.models.parties import Client, Supplier
from campaigns.models.sealed import SealedField, readable
from campaigns.patterns import pattern_problem

if TYPE_CHECKING:
    from campaigns.models.parties import User

#: Databowl's options that a campaign may withdraw from its client users.
IMPORT_OPTIONS = ("reject_from", "accept_older", "accept_remaining", "reject_affiliate_events", "free_cap")


def check_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is not a time zone. Write it like Europe/London.")


def check_options(names: list[str]) -> None:
    """Raise ValidationError unless every name is an import option."""
    if unknown := set(names) - set(IMPORT_OPTIONS):
        raise ValidationError(f"Not an import option: {', '.join(sorted(unknown))}.")


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> CampaignQuerySet:
        """Campaigns this person may see: all for staff, its own for a client or supplier."""
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        if user.client_id:
            return self.filter(client_id=user.client_id)
        if user.supplier_id:
            return self.filter(sources__supplier_id=user.supplier_id).distinct()
        return self.none()


class Campaign(models.Model):
    """What one client buys, under one set of rules, in one currency and one time zone."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    public_name = models.CharField(max_length=200, help_text="What suppliers read.")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="campaigns")
    currency = models.CharField(max_length=3, default="GBP")
    time_zone = models.CharField(max_length=64, default="Europe/London", validators=[check_time_zone])
    phone_region = models.CharField(max_length=2, default="GB")
    day_first = models.BooleanField(default=True, help_text="03/04/2026 is the third of April.")
    return_window_days = models.PositiveSmallIntegerField(
        "maximum rejection days",
        null=True,
        blank=True,
        help_text="A lead can be rejected for this many days after it became valid. Empty: not at all.",
    )
    accept_when_window_closes = models.BooleanField(default=False)
    quarantine_days = models.PositiveSmallIntegerField("keep in quarantine (days)", default=30)
    show_suppliers_to_client = models.BooleanField(default=False)
    withdrawn_options = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        validators=[check_options],
        help_text="Import options its client users may not use: " + ", ".join(IMPORT_OPTIONS),
    )

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User) -> SourceQuerySet:
        """Sources this person may see: a client user only where the campaign shows suppliers, a supplier its own."""
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        if user.client_id:
            return self.filter(campaign__client_id=user.client_id, campaign__show_suppliers_to_client=True)
        if user.supplier_id:
            return self.filter(supplier_id=user.supplier_id)
        return self.none()


class Source(models.Model):
    """One supplier's way into one campaign."""

    class Kind(models.TextChoices):
        LINKEDIN = "linkedin", "LinkedIn"
        META = "meta", "Meta Lead Ads"
        WEB_FORM = "web_form", "Web form"
        PUBLISHER = "publisher", "Publisher feed"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="sources")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="sources")
    field_map = models.JSONField(
        default=dict,
        blank=True,
        help_text="What this source calls a field → the campaign's name for it. Goes before the preset of its kind.",
    )

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def _pattern_problem(pattern: str) -> str | None:
    return pattern_problem(pattern) if pattern else "A field of kind pattern needs its pattern."


class Field(models.Model):
    """One field of a campaign's leads, in the order in which it is judged and shown."""

    class Kind(models.TextChoices):
        TEXT = "text"
        EMAIL = "email", "E-mail"
        PHONE = "phone"
        COUNTRY = "country"
        PICKLIST = "picklist"
        NUMBER = "number"
        DATE = "date"
        BOOLEAN = "boolean", "Yes or no"
        URL = "url", "Web address"
        REGEX = "regex", "Pattern"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="fields")
    name = models.SlugField(max_length=60)
    label = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.TEXT)
    required = models.BooleanField(default=False)
    dedupe = models.BooleanField(default=False)
    dedupe_ready = models.BooleanField(
        default=False, editable=False, help_text="The keys of the leads that were there before are built."
    )
    keys_built_to = models.BigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="Leads up to this id have their keys of this field.",
    )
    picklist = models.ForeignKey(
        Picklist, null=True, blank=True, on_delete=models.PROTECT, related_name="fields"
    )
    pattern = models.CharField(max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["campaign_id", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "name"], name="field_once_per_campaign"),
            models.CheckConstraint(
                condition=~Q(kind="picklist") | Q(picklist__isnull=False),
                name="picklist_field_has_picklist",
                violation_error_message="A field of kind picklist needs its picklist.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Without dedupe no key is kept: switched on again, all are built anew."""
        if not self.dedupe:
            self.dedupe_ready, self.keys_built_to = False, 0
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """A picklist serves its own client's campaigns only; a pattern must be one, and end in time."""
        if self.kind == self.Kind.REGEX and (problem := _pattern_problem(self.pattern)):
            raise ValidationError({"pattern": problem})
        if self.picklist and self.picklist.client_id != self.campaign.client_id:
            raise ValidationError({"picklist": "This picklist belongs to another client."})
        before = Field.objects.filter(pk=self.pk).first()
        if before and before.dedupe and self.dedupe and before.kind != self.kind:
            raise ValidationError(
                {"kind": "Its leads have keys of the old kind. Switch dedupe off and save first."}
            )


def default_tells() -> list[str]:
    """What a supplier is told of, where nothing else was agreed."""
    return ["rejections", "retractions"]


class Agreement(models.Model):
    """What was agreed between one campaign and one supplier, from one day on."""

    class Channel(models.TextChoices):
        PORTAL = "portal", "Portal only"
        WEBHOOK = "webhook", "Webhook"
        EMAIL = "email", "E-mail with a CSV"

    class Tells(models.TextChoices):
        REJECTIONS = "rejections", "Rejections by the client"
        RETRACTIONS = "retractions", "Rejections taken back"
        RECOVERIES = "recoveries", "Leads released after a correction"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="agreements")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="agreements")
    starts_on = models.DateField()
    price = models.DecimalField(max_digits=10, decimal_places=2, help_text="What the client pays a lead.")
    payout = models.DecimalField(max_digits=10, decimal_places=2, help_text="What the supplier gets a lead.")
    supplier_return_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty: the campaign's maximum rejection days."
    )
    reverses_payout = models.BooleanField("a client rejection reverses the payout", default=True)
    dispute_days = models.PositiveSmallIntegerField(default=7)
    answer_days = models.PositiveSmallIntegerField(default=5)
    silence_grants = models.BooleanField(
        "a dispute without an answer is granted",
        default=False,
        help_text="Off: without an answer within the answer days, the rejection stands.",
    )
    return_cap_percent = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text="A check warns when more of the month's leads than this share would go back. Empty: no such limit.",
    )
    tells = ArrayField(
        models.CharField(max_length=20, choices=Tells),
        default=default_tells,
        blank=True,
        help_text="What this supplier is told of.",
    )
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PORTAL)

    class Meta:
        ordering = ["campaign_id", "supplier_id", "-starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "supplier", "starts_on"], name="one_agreement_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.campaign} × {self.supplier}, from {self.starts_on}"


class Cap(models.Model):
    """The volume agreed for a period: of a whole campaign, or of one supplier in it."""

    class Period(models.TextChoices):
        DAY = "day", "a day"
        WEEK = "week", "a week"
        MONTH = "month", "a month"
        TOTAL = "total", "in total"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="caps")
    supplier = models.ForeignKey(Supplier, null=True, blank=True, on_delete=models.CASCADE)
    period = models.CharField(max_length=10, choices=Period)
    limit = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "supplier", "period"], nulls_distinct=False, name="one_cap_a_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.limit:,} {self.get_period_display()}"


class Destination(models.Model):
    """Where a campaign's valid leads are pushed to: the client's MA or CRM, over HTTP.

    `paused_at` is set by a person, or by the first answer that no further try can mend; deliveries then
    wait until it is cleared.
    """

    class Format(models.TextChoices):
        JSON = "json", "JSON"
        FORM = "form", "Form"

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="destination")
    url = models.URLField(max_length=500, validators=[URLValidator(schemes=["http", "https"])])
    format = models.CharField(max_length=4, choices=Format, default=Format.JSON)
    field_names = models.JSONField(
        default=dict,
        blank=True,
        help_text="The campaign's name for a field → the CRM's. Fields without one keep their name.",
    )
    secret = SealedField(blank=True, help_text="Each push is signed with it.")
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_why = models.TextField(blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.campaign} → {self.url}"

    @property
    def secrets(self) -> list[str]:
        """What a push is signed with; raises SecretLost when it cannot be read."""
        return [readable(self.secret)] if self.secret else []
