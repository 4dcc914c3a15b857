"""Forms of a lead's page."""

from __future__ import annotations

from django import forms


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
