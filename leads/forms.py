"""Forms of a lead's page, and of a download."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.validators import validate_email

from campaigns.models import Source
from leads.download import Wanted
from leads.statuses import Status


class RejectForm(forms.Form):
    """Why one lead is rejected, in the client's own words."""

    reason = forms.CharField(
        max_length=500,
        error_messages={"required": "Write the reason for the rejection. Nothing was changed."},
    )


class SavedViewForm(forms.Form):
    """A list of leads and the name to keep it under."""

    name = forms.CharField(max_length=60)
    query = forms.CharField(max_length=2000, required=False)


class DownloadForm(forms.Form):
    """Which leads of a source are wanted as a file; the days are those they were received on."""

    format = forms.ChoiceField(choices=[("xlsx", "XLSX"), ("csv", "CSV")], initial="xlsx")
    statuses = forms.MultipleChoiceField(
        choices=[(status.value, status.label) for status in Status],
        initial=[Status.REJECTED.value],
        error_messages={"required": "Choose at least one status. Nothing was downloaded."},
    )
    first = forms.DateField(required=False)
    last = forms.DateField(required=False)

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first, nor the very last there is."""
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day is before the first. Nothing was downloaded.")
        if last and last == date.max:
            self.add_error("last", "There is no such day. Nothing was downloaded.")
        return given

    def wanted(self, source: Source) -> Wanted:
        """The leads meant."""
        given = self.cleaned_data
        return Wanted(source, tuple(given["statuses"]), given["first"], given["last"])


class WebhookForm(forms.Form):
    """Where a supplier's webhooks go."""

    url = forms.URLField(
        max_length=500,
        assume_scheme="https",
        error_messages={
            "required": "Write the address of your webhook. Nothing was changed.",
            "invalid": "That is not an address. Write it like https://hooks.example.com/leads.",
        },
    )


class RecipientsForm(forms.Form):
    """Who gets a supplier's e-mails: addresses, one a line or separated by commas. None: nobody."""

    recipients = forms.CharField(max_length=2000, required=False)
    MOST = 10

    def clean_recipients(self) -> list[str]:
        """Each of them an address, and not too many."""
        found = [one.strip() for one in re.split(r"[,;\s]+", self.cleaned_data["recipients"]) if one.strip()]
        if len(found) > self.MOST:
            raise forms.ValidationError(f"Write at most {self.MOST} addresses. Nothing was changed.")
        for one in found:
            try:
                validate_email(one)
            except forms.ValidationError:
                sentence = f"“{one}” is not an e-mail address. Nothing was changed."
                raise forms.ValidationError(sentence) from None
        return list(dict.fromkeys(found))
