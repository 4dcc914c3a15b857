"""Who takes part: clients who buy leads, suppliers who sell them, and the people of each side."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from campaigns.masking import Mask


class Client(models.Model):
    """A company that buys leads through its campaigns."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SupplierQuerySet(models.QuerySet["Supplier"]):
    def visible_to(self, user: User) -> SupplierQuerySet:
        """Suppliers this person may see: a client user those of campaigns that show them, a supplier itself."""
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        if user.client_id:
            shown = Q(
                sources__campaign__client_id=user.client_id,
                sources__campaign__show_suppliers_to_client=True,
            )
            return self.filter(shown).distinct()
        return self.filter(pk=user.supplier_id)


class Supplier(models.Model):
    """A company that sells leads through its sources."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)

    objects = SupplierQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def default_mails() -> list[str]:
    """What a person is told by e-mail until it says otherwise."""
    return [User.Mail.BATCH_ENDED.value]


class User(AbstractUser):
    """A person, standing on exactly one side: staff, one client, or one supplier.

    Staff who are superusers are *admins*, other staff are *operators*. What a person prefers is kept
    here, so that every page comes as it is to look, on every device.
    """

    class Theme(models.TextChoices):
        SYSTEM = "system", "As the system"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    class Density(models.TextChoices):
        DENSE = "dense", "Dense"
        COMFORTABLE = "comfortable", "Comfortable"

    class Mail(models.TextChoices):
        BATCH_ENDED = "batch_ended", "a batch I started has ended, and I had left its page"
        MONTH_CLOSED = "month_closed", "a month of my statements was closed"

    client = models.ForeignKey(Client, null=True, blank=True, on_delete=models.PROTECT, related_name="users")
    supplier = models.ForeignKey(
        Supplier, null=True, blank=True, on_delete=models.PROTECT, related_name="users"
    )
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(max_length=11, choices=Density, default=Density.DENSE)
    single_keys = models.BooleanField(default=True)
    mails = ArrayField(
        models.CharField(max_length=20, choices=Mail),
        default=default_mails,
        blank=True,
        help_text="What this person is told by e-mail.",
    )
    batches_seen_at = models.DateTimeField(
        null=True, editable=False, help_text="When it last looked at which of its batches have ended."
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                name="user_stands_on_one_side",
                condition=Q(is_staff=True, client=None, supplier=None)
                | Q(is_staff=False, client__isnull=False, supplier=None, is_superuser=False)
                | Q(is_staff=False, client=None, supplier__isnull=False, is_superuser=False),
                violation_error_message="A user is staff, or belongs to one client, or to one supplier.",
            )
        ]

    @property
    def role(self) -> str:
        """The word for this person's side: Admin, Operator, Client or Supplier."""
        if self.is_staff:
            return "Admin" if self.is_superuser else "Operator"
        return "Client" if self.client_id else "Supplier"

    @cached_property
    def masks(self) -> list[Mask]:
        """What stands between this person and the names in another side's words; read once for each request."""
        from campaigns import masks

        return masks.behind(self)

    @property
    def mails_of_side(self) -> list[tuple[str, str]]:
        """What this person can be told by e-mail, (value, words): who has no batches, or no statements, less."""
        less = (
            self.Mail.MONTH_CLOSED if self.is_staff else self.Mail.BATCH_ENDED if self.supplier_id else None
        )
        return [(mail.value, str(mail.label)) for mail in self.Mail if mail != less]

    @property
    def full_name(self) -> str:
        """Name to show: the full name, else the log-in."""
        return self.get_full_name() or self.get_username()
