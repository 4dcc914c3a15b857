"""Forms of the pages of campaigns, and of a person's profile."""

from __future__ import annotations

from django import forms

from campaigns.models import User


class AcceptForm(forms.Form):
    """Up to which day a close-out accepts leads."""

    through = forms.DateField(
        error_messages={
            "required": "Choose the last day whose leads are accepted.",
            "invalid": "That is not a date. Write it like 2026-11-14.",
        }
    )


class PreferencesForm(forms.ModelForm):
    """What a person prefers: how pages look, single keys, what it is told by e-mail."""

    mails = forms.MultipleChoiceField(choices=User.Mail.choices, required=False)

    class Meta:
        model = User
        fields = ("theme", "density", "single_keys", "mails")
