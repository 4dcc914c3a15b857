"""Forms of a campaign's pages."""

from __future__ import annotations

from django import forms


class AcceptForm(forms.Form):
    """Up to which day a close-out accepts leads."""

    through = forms.DateField(
        error_messages={
            "required": "Choose the last day whose leads are accepted.",
            "invalid": "That is not a date. Write it like 2026-11-14.",
        }
    )
