"""Forms of the import: what a person sends, checked for shape; the rules are in the stories."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from campaigns.models import Campaign, User
from rejections.columns import ColumnMap, OnlyWhere
from rejections.options import Options
from rejections.reader import Choices


class UploadForm(forms.Form):
    """A file and the campaign its leads came from."""

    file = forms.FileField(
        allow_empty_file=True,
        error_messages={"required": "Choose the file with the rejected leads. Nothing was uploaded."},
    )
    campaign = forms.ModelChoiceField(
        queryset=Campaign.objects.none(),
        to_field_name="code",
        error_messages={
            "required": "Choose the campaign the leads came from. Choose the file again, too.",
            "invalid_choice": "There is no such campaign. Choose the file again, too.",
        },
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["campaign"]
        field.queryset = Campaign.objects.visible_to(person)


class CorrectionForm(forms.Form):
    """A file of corrected leads."""

    file = forms.FileField(
        allow_empty_file=True,
        error_messages={"required": "Choose the file with the corrected leads. Nothing was uploaded."},
    )
    blank_clears = forms.BooleanField(required=False)


class LeadFileForm(forms.Form):
    """A file of new leads."""

    file = forms.FileField(
        allow_empty_file=True,
        error_messages={"required": "Choose the file with the leads. Nothing was uploaded."},
    )


class ReadingForm(forms.Form):
    """Another reading of the file; what is left out is detected."""

    encoding = forms.CharField(required=False, max_length=40)
    delimiter = forms.CharField(required=False, max_length=4, strip=False)
    quote = forms.CharField(required=False, max_length=4)
    sheet = forms.CharField(required=False, max_length=100, strip=False)
    header_row = forms.IntegerField(required=False, min_value=0, max_value=20)

    def choices(self, reading: dict[str, Any]) -> dict[str, Any]:
        """The choices that differ from how the file is read now, with those made before."""
        given = self.cleaned_data
        names = Choices.__dataclass_fields__
        kept = (None, "")
        return {
            name: given[name]
            for name in names
            if given.get(name) not in kept and given[name] != reading.get(name)
        }


class MappingForm(forms.Form):
    """Which column names the lead, which holds the reason; columns go by their name."""

    identifier = forms.CharField(required=False, max_length=80)
    identifier_column = forms.CharField(required=False, strip=False)
    reason_column = forms.CharField(required=False, strip=False)
    default_reason = forms.CharField(required=False, max_length=500)
    only_column = forms.CharField(required=False, strip=False)

    def mapping(self) -> ColumnMap:
        """The mapping as sent; `only_value_<n>` belong to the n-th column offered as a decision."""
        given = self.cleaned_data
        only = given["only_column"]
        return ColumnMap(
            identifier=given["identifier"] or "lead_id",
            identifier_column=given["identifier_column"],
            reason_column=given["reason_column"],
            default_reason=given["default_reason"],
            only_where=OnlyWhere(only, tuple(self._values(only))) if only else None,
        )

    def _values(self, column: str) -> list[str]:
        data: Any = self.data
        offered = data.getlist("only_offered")
        return data.getlist(f"only_value_{offered.index(column) + 1}") if column in offered else []

    def codes(self) -> dict[str, str]:
        """Phrase → code, as chosen on the page."""
        return {
            text: str(self.data.get(name.replace("phrase_text_", "phrase_code_"), ""))
            for name, text in self.data.items()
            if name.startswith("phrase_text_") and isinstance(text, str) and text.strip() and len(text) <= 500
        }


class ContestForm(forms.Form):
    """What a supplier says against rejections."""

    note = forms.CharField(
        max_length=1000,
        error_messages={"required": "Say what is wrong with the rejection. Nothing was sent."},
    )
    evidence = forms.CharField(required=False, max_length=5000)
    file = forms.FileField(
        required=False, error_messages={"empty": "The file is empty. Choose another, or none."}
    )


def options_from(data: QueryDict) -> Options:
    """The options in a form or an address; raises Refused on a date that is none."""
    return Options.from_json(
        {
            "reject_from": data.get("reject_from") or None,
            "accept_older": "accept_older" in data,
            "accept_remaining": "accept_remaining" in data,
            "through": data.get("through") or None,
            "reject_affiliate_events": "reject_affiliate_events" in data,
            "free_cap": "free_cap" in data,
        }
    )


def options_query(options: Options) -> dict[str, str]:
    """The options as the parameters of an address."""
    return {name: "on" if value is True else str(value) for name, value in options.to_json().items() if value}


def typed_number(text: str) -> int | None:
    """The number a person typed, without its separators; None when it is none."""
    digits = "".join(character for character in text if character not in " ,.\u00a0\u202f")
    return int(digits) if digits.isdecimal() and len(digits) < 12 else None
