"""The contract of columns A to K, and texts that come back as they went."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.sheet import (
    PLATFORM,
    column_of,
    read_columns,
    read_version,
    same_text,
    shield,
    unshield,
    version_text,
    xml_plain,
    xml_safe,
)


def test_a_to_k_are_eleven_columns_in_the_agreed_order() -> None:
    assert PLATFORM == (
        "LeadID", "UID", "Lead Status", "Disposition Code", "Custom Reason", "Rejected Field", "Rejected Value",
        "Source", "Supplier", "Received At", "Version",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("email", "email"),
        ("source", "field:source"),
        ("lead_status", "field:lead_status"),
        ("uid", "field:uid"),
    ],
)
def test_a_field_named_like_a_platform_column_is_marked(field: str, column: str) -> None:
    assert column_of(field) == column


def test_columns_are_found_by_name_in_any_order_and_case() -> None:
    found = read_columns(
        ["note", "EMAIL", "field:Source", "source", " leadid ", "Email"], ["email", "source"]
    )
    assert found.lead_id == " leadid "
    assert found.fields == {"email": "EMAIL", "source": "field:Source"}
    assert found.platform["Source"] == "source"
    assert found.unknown == ("note", "Email")
    assert read_columns(["email"], ["email"]).lead_id is None


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[a-z][a-z_]{0,11}", fullmatch=True), unique_by=lambda n: n.replace("_", "")))
def test_every_field_is_found_again(fields: list[str]) -> None:
    found = read_columns([*PLATFORM, *map(column_of, fields)], fields)
    assert set(found.fields) == set(fields)
    assert set(found.platform) == set(PLATFORM)


@pytest.mark.parametrize(
    ("cell", "version"),
    [("v3", 3), ("V12", 12), (" 7 ", 7), ("3.0", 3), ("", None), ("x3", None), ("v-1", None)],
)
def test_versions_are_read_as_they_come_back(cell: str, version: int | None) -> None:
    assert read_version(cell) == version


def test_a_version_is_written_so_that_it_is_read() -> None:
    assert read_version(version_text(41)) == 41


@settings(deadline=None)
@given(st.text())
def test_cells_come_back(text: str) -> None:
    assert unshield(shield(text)) == text
    assert xml_plain(xml_safe(text)) == text
    for cell in (text, shield(text), xml_safe(text), "'" + text, xml_safe(shield(text))):
        assert same_text(text, cell), cell


@settings(deadline=None)
@given(st.text(max_size=8), st.text(max_size=8))
def test_another_letter_is_another_text(before: str, after: str) -> None:
    letters = [text.strip("'").replace("_", "") for text in (before, after)]
    if same_text(*letters):
        assert letters[0].lstrip("'\r\n") == letters[1].lstrip("'\r\n") or "\r" in before + after
