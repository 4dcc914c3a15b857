"""Forms of the pages of campaigns, and of a person's profile."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from campaigns import tokens
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


class KeyForm(forms.Form):
    """A new API key: what for, which of the person's rights, until when."""

    name = forms.CharField(
        max_length=80, error_messages={"required": "Say which program will use it. No key was made."}
    )
    rights = forms.MultipleChoiceField(
        error_messages={"required": "Choose at least one right. No key was made."}, initial=["read"]
    )
    expires_on = forms.DateField(
        required=False, error_messages={"invalid": "That is not a date. Write it like 2026-11-14."}
    )

    def __init__(self, person: User, data: QueryDict | None) -> None:
        super().__init__(data)
        rights: Any = self.fields["rights"]
        rights.choices = [(right.value, right.label) for right in tokens.grantable(person)]

    def clean_expires_on(self) -> date | None:
        """A key that has ended already helps nobody."""
        day: date | None = self.cleaned_data["expires_on"]
        if day and day < timezone.localdate():
            raise forms.ValidationError("That day is over. No key was made.")
        return day


class TokenForm(forms.Form):
    """A new token of a source, with the name of a field that people do not see."""

    honeypot = forms.CharField(max_length=60, required=False)
