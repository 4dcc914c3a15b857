"""Forms of a lead's page, and of a download."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from campaigns.models import Source
from leads.download import Wanted
from leads.statuses import Status


class RejectForm(forms.Form):
    """Why one lead is rejected, in the client's own words."""

    reason = forms.CharField(
        max_length=500,
        error_messages={"required": "Write the reason, as the client says it. Nothing was changed."},
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
