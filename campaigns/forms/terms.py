"""Forms of a campaign's settings: its terms, caps, fields, agreements and destination."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS

from campaigns.models import Agreement, Campaign, Cap, Destination, Field, Picklist, Supplier
from campaigns.phones import country_code
from campaigns.templatetags.figures import counted
from leads import addresses
from rejections import worklist
from rejections.options import OPTION_WORDS


class TermsForm(forms.ModelForm):
    """A form of the settings, in the look of the house."""

    #: Why fields cannot be changed: name → sentence.
    fixed: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, why in self.fixed.items():
            self.fields[name].disabled, self.fields[name].help_text = True, why
        for field in self.fields.values():
            field.widget.attrs["class"] = _look(field)

    def doubts(self) -> list[str]:
        """What a person should know before this is saved; asked of a valid form."""
        return []

    def _get_validation_exclusions(self) -> set[str]:
        """Constraints that hold within the campaign are checked with it."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"campaign", "supplier"}


def _look(field: forms.Field) -> str:
    widget = field.widget
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "form-check-input"
    if isinstance(widget, forms.CheckboxInput):
        return "switch"
    if isinstance(widget, forms.Select):
        return "form-select"
    small = isinstance(field, forms.DateField | forms.IntegerField | forms.DecimalField)
    return "form-control num w-auto" if small else "form-control"


class CampaignForm(TermsForm):
    """Names, returns, and how values are read."""

    withdrawn_options = forms.MultipleChoiceField(
        label="Options its client users may not use",
        choices=list(OPTION_WORDS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Campaign
        fields = (
            "name",
            "public_name",
            "return_window_days",
            "accept_when_window_closes",
            "quarantine_days",
            "time_zone",
            "currency",
            "phone_region",
            "day_first",
            "show_suppliers_to_client",
            "withdrawn_options",
        )
        labels = {
            "name": "Name",
            "public_name": "Name for suppliers",
            "return_window_days": "Maximum rejection days",
            "accept_when_window_closes": "Accept leads when their window closes",
            "day_first": "Days before months",
            "phone_region": "Phone region",
            "show_suppliers_to_client": "The client may see suppliers’ names",
        }
        help_texts = {
            "return_window_days": "The last day counts in full. Empty: nothing can be rejected, and valid leads are "
            "Accepted at once. A file keeps the days it was uploaded under.",
            "accept_when_window_closes": "Each night, as a close-out with its receipt and its undo.",
            "quarantine_days": "Leads over a cap wait so long for a place, and are then Rejected.",
            "time_zone": "A day ends at midnight here.",
            "phone_region": "Two letters, GB: a number without its country is read as one of this country.",
        }

    def __init__(self, *args: Any, has_leads: bool, at: datetime, **kwargs: Any) -> None:
        if has_leads:
            self.fixed = {"currency": "Fixed since the first lead."}
        self.at = at
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].widget.attrs["list"] = "zones"

    def doubts(self) -> list[str]:
        """Pending leads whose window would close, or open again."""
        before, after = (
            worklist.unsettled([campaign], self.at)[0].standing
            for campaign in (Campaign.objects.get(pk=self.instance.pk), self.instance)
        )
        closed = (
            before.pending if self.instance.return_window_days is None else after.closed
        ) - before.closed
        if closed > 0:
            return [
                f"{counted(closed, 'Pending lead')} could no longer be rejected: their window would be over."
            ]
        return [f"{counted(-closed, 'Pending lead')} could be rejected again."] if closed else []

    def clean_phone_region(self) -> str:
        """A country that phone numbers are known for."""
        region = str(self.cleaned_data["phone_region"]).upper()
        if not country_code(region):
            raise forms.ValidationError("That is not a country’s two letters. Write it like GB.")
        return region


class CapForm(TermsForm):
    """One cap: for the whole campaign or one of its suppliers."""

    class Meta:
        model = Cap
        fields = ("supplier", "period", "limit")
        labels = {"supplier": "For", "period": "Per", "limit": "Leads"}
        help_texts = {"limit": "Over it, valid leads wait in quarantine, oldest first."}
        error_messages = {
            NON_FIELD_ERRORS: {"unique_together": "There is a cap for this already. Change that one."}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        whose: Any = self.fields["supplier"]
        whose.queryset = Supplier.objects.filter(sources__campaign=self.instance.campaign_id).distinct()
        whose.empty_label = "Whole campaign"
        per: Any = self.fields["period"]
        per.choices = [("", "Choose a period"), *((value, word) for value, word in per.choices if value)]


class FieldForm(TermsForm):
    """One field of a campaign's leads."""

    class Meta:
        model = Field
        fields = ("name", "label", "kind", "required", "dedupe", "picklist", "pattern")
        help_texts = {
            "name": "As files and other software name it: letters, digits, - and _.",
            "required": "A lead without it is Rejected.",
            "dedupe": "A second lead with the same value is Rejected, and client files may name leads by it. Leads "
            "that are there already get their keys in the background.",
            "picklist": "For the kind picklist.",
            "pattern": "For the kind pattern: a regular expression the whole value must match.",
        }

    def __init__(self, *args: Any, has_leads: bool, **kwargs: Any) -> None:
        if has_leads and kwargs["instance"].pk:
            self.fixed = {"name": "Fixed: the values of the leads are stored by it."}
        super().__init__(*args, **kwargs)
        lists: Any = self.fields["picklist"]
        lists.queryset = Picklist.objects.filter(client=self.instance.campaign.client_id)
        lists.empty_label = "none"


class AgreementForm(TermsForm):
    """Terms with one supplier, from a day on. Those that have begun are never changed."""

    tells = forms.MultipleChoiceField(
        label="Told of",
        choices=Agreement.Tells.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Agreement
        fields = (
            "starts_on",
            "price",
            "payout",
            "supplier_return_days",
            "reverses_payout",
            "dispute_days",
            "answer_days",
            "silence_grants",
            "return_cap_percent",
            "tells",
            "channel",
        )
        labels = {
            "starts_on": "From",
            "supplier_return_days": "Supplier return days",
            "reverses_payout": "A client’s rejection takes the payout back",
            "dispute_days": "Days to dispute",
            "answer_days": "Days to answer a dispute",
            "silence_grants": "Without an answer, a dispute is granted",
            "return_cap_percent": "Return cap, per cent of the month’s leads",
            "channel": "Told by",
        }
        help_texts = {"starts_on": "Leads that came in before keep what was agreed then."}
        widgets = {"starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}
        error_messages = {
            NON_FIELD_ERRORS: {
                "unique_together": "There are terms from this day already. Choose another day."
            }
        }

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        currency = self.instance.campaign.currency
        for name in ("price", "payout"):
            self.fields[name].label = f"{self.fields[name].label}, {currency}"

    def doubts(self) -> list[str]:
        """A payout above the price."""
        loss = self.cleaned_data["payout"] - self.cleaned_data["price"]
        sentence = (
            f"The payout is more than the price: each Accepted lead would cost {loss} more than it brings."
        )
        return [sentence] if loss > 0 else []

    def clean_starts_on(self) -> date:
        """What was agreed for days past is not written anew: leads came in under it."""
        begins: date = self.cleaned_data["starts_on"]
        others = self.instance.campaign.agreements.filter(supplier=self.instance.supplier)
        if begins < self.today and others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Other terms held then. Choose today or a later day.")
        return begins


class DestinationForm(TermsForm):
    """Where valid leads go, and what the client's software calls each field."""

    url = forms.URLField(
        label="Address",
        max_length=500,
        assume_scheme="https",
        help_text="Valid leads are pushed here, one request a lead.",
    )
    secret = forms.CharField(
        label="Secret",
        max_length=200,
        required=False,
        widget=forms.PasswordInput,
        help_text="Each push is signed with it. Blank: it stays as it is.",
    )

    class Meta:
        model = Destination
        fields = ("url", "format", "secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = self.instance.field_names
        self.sent_as = {f"sent_as_{field.name}": field for field in self.instance.campaign.fields.all()}
        for name, field in self.sent_as.items():
            self.fields[name] = forms.CharField(
                label=f"{field.label}, sent as",
                max_length=100,
                required=False,
                initial=names.get(field.name, ""),
                widget=forms.TextInput(attrs={"class": "form-control mono", "placeholder": field.name}),
            )

    def clean_url(self) -> str:
        """An address that may be reached at all; names are looked up when a lead is pushed."""
        url = str(self.cleaned_data["url"])
        try:
            addresses.split(url, private=settings.ALLOW_PRIVATE_ENDPOINTS)
        except ValueError as refused:
            raise forms.ValidationError(str(refused)) from None
        return url

    def clean_secret(self) -> str:
        """Blank keeps the one that is there."""
        typed: str = self.cleaned_data["secret"]
        return typed or self.initial.get("secret", "")

    def save(self, commit: bool = True) -> Destination:
        """The destination, with the names of fields that were filled in."""
        named = {field.name: self.cleaned_data[name] for name, field in self.sent_as.items()}
        self.instance.field_names = {name: sent for name, sent in named.items() if sent}
        saved: Destination = super().save(commit)
        return saved
