"""What a source's names mean in a campaign: its own map, the campaign's names, the usual words."""

from __future__ import annotations

import pytest

from leads.presets import FieldName, Names

FIELDS = [
    FieldName("email", "E-mail", "email"),
    FieldName("phone", "Phone", "phone"),
    FieldName("first_name", "First name", "text"),
    FieldName("country", "Country", "picklist"),
    FieldName("job_function", "Function", "picklist"),
    FieldName("company_size", "Company size", "picklist"),
]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("email", "email"),
        ("Email Address", "email"),
        ("Work email", "email"),
        ("PHONE_NUMBER", "phone"),
        ("First name", "first_name"),
        ("Country/Region", "country"),
        ("Job function", "job_function"),
        ("Company headcount", "company_size"),
        ("ad_name", None),
        ("", None),
        ("🙂", None),
    ],
)
def test_usual_names_are_understood(header: str, field: str | None) -> None:
    assert Names("linkedin", FIELDS, {}).field(header) == field


def test_the_sources_own_map_goes_first_and_names_only_fields_there_are() -> None:
    names = Names("web_form", FIELDS, {"Your e-mail": "email", "country": "job_function", "x": "gone"})
    assert names.field("your E-Mail") == "email"
    assert names.field("Country") == "job_function"
    assert names.field("x") is None


def test_metas_prefixes_are_taken_off_and_its_id_is_the_uid() -> None:
    names = Names("meta", FIELDS, {})
    row = {"id": "l:1024", "phone_number": "p:+4930123456", "full_name": "p: Ann", "email": "ann@example.org"}
    assert names.values(row)["phone"] == "+4930123456"
    assert names.values(row)["full_name"] == "p: Ann"
    assert names.uid(row) == "1024"
    assert Names("web_form", FIELDS, {}).values({"phone": "p:+49"})["phone"] == "p:+49"


def test_of_two_names_for_one_field_the_first_that_is_filled_speaks_and_both_are_kept() -> None:
    names = Names("web_form", FIELDS, {})
    assert names.values({"email": " ", "Work email": "a@example.org"}) == {"email": "a@example.org"}
    assert names.values({"email": "a@example.org", "Work email": "b@example.org"}) == {
        "email": "a@example.org",
        "Work email": "b@example.org",
    }
