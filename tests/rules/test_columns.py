"""Which column means what: mappings that fit and that do not, and what headers suggest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rejections.columns import ColumnMap, FieldFacts, OnlyWhere, check, column_for, guess, suggests_selector
from rejections.refusals import Refused

COLUMNS = ["Lead ID", "Email address", "Status", "Rejection reason"]
EMAIL = FieldFacts("email", "E-mail", "email", dedupe=True, ready=True)
PHONE = FieldFacts("phone", "Phone", "phone", dedupe=True, ready=True)
NAME = FieldFacts("name", "Full name", "text", dedupe=False, ready=False)
FIELDS = [EMAIL, PHONE, NAME]
GOOD = ColumnMap("lead_id", "Lead ID", "Rejection reason")


def refusal(mapping: ColumnMap, fields: list[FieldFacts] = FIELDS) -> Refused:
    with pytest.raises(Refused) as refused:
        check(mapping, COLUMNS, fields)
    assert refused.value.detail.endswith("Nothing was changed.")
    return refused.value


# What a mapping must have.


@pytest.mark.parametrize(
    "mapping",
    [
        pytest.param(GOOD, id="Lead ID"),
        pytest.param(replace(GOOD, identifier="uid"), id="UID, in whatever column"),
        pytest.param(ColumnMap("field:email", "Email address", "Rejection reason"), id="a deduped field"),
        pytest.param(
            ColumnMap("lead_id", "Lead ID", default_reason="Duplicate"), id="one reason for all rows"
        ),
        pytest.param(replace(GOOD, default_reason="Duplicate"), id="a reason for rows without one"),
        pytest.param(replace(GOOD, only_where=OnlyWhere("Status", ("Rejected",))), id="a selector"),
        pytest.param(replace(GOOD, reason_column="Lead ID"), id="one column for two purposes"),
    ],
)
def test_a_mapping_that_fits_is_given_back_as_it_is(mapping: ColumnMap) -> None:
    assert check(mapping, COLUMNS, FIELDS) == mapping


@pytest.mark.parametrize(
    ("code", "mapping"),
    [
        ("no_identifier_column", ColumnMap("lead_id", "", "Rejection reason")),
        ("no_reason", ColumnMap("lead_id", "Lead ID")),
        ("no_reason", ColumnMap("lead_id", "Lead ID", default_reason="  ")),
        ("no_such_column", replace(GOOD, identifier_column="lead id")),
        ("no_such_column", replace(GOOD, reason_column="Reason")),
        ("no_such_column", replace(GOOD, only_where=OnlyWhere("State", ("x",)))),
        ("no_such_column", replace(GOOD, only_where=OnlyWhere("", ("x",)))),
        ("no_selected_values", replace(GOOD, only_where=OnlyWhere("Status", ()))),
        ("no_selected_values", replace(GOOD, only_where=OnlyWhere("Status", (" ", "")))),
        ("no_such_identifier", replace(GOOD, identifier="email")),
        ("no_such_identifier", replace(GOOD, identifier="field:fax")),
        ("no_such_identifier", replace(GOOD, identifier="field:")),
        ("no_such_identifier", replace(GOOD, identifier="")),
        ("not_deduped", replace(GOOD, identifier="field:name")),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(code: str, mapping: ColumnMap) -> None:
    assert refusal(mapping).code == code


def test_a_missing_column_is_named_beside_those_there_are() -> None:
    refused = refusal(replace(GOOD, reason_column="Why"))
    assert "“Why”" in refused.title
    assert "Lead ID, Email address, Status, Rejection reason" in refused.detail


def test_a_field_whose_keys_are_still_being_built_is_refused_for_now() -> None:
    building = replace(EMAIL, ready=False)
    assert refusal(replace(GOOD, identifier="field:email"), [building]).code == "keys_not_built"


def test_a_field_of_another_campaign_does_not_identify_leads_here() -> None:
    assert refusal(replace(GOOD, identifier="field:email"), [PHONE]).code == "no_such_identifier"


# JSON, as a batch keeps it and programs send it.


def test_a_mapping_survives_its_json_form() -> None:
    mapping = replace(GOOD, default_reason="Other", only_where=OnlyWhere("Status", ("Rejected", "Returned")))
    assert ColumnMap.from_json(mapping.to_json()) == mapping
    assert ColumnMap.from_json(GOOD.to_json()) == GOOD


def test_what_concerns_the_reading_of_the_file_is_left_aside() -> None:
    data = {**GOOD.to_json(), "header_row": 3, "encoding": "cp1252", "sheet": "Leads"}
    assert ColumnMap.from_json(data) == GOOD


@pytest.mark.parametrize("where", ["Status", {"column": "Status"}, {"values": ["x"]}, ["Status", ["x"]],
                                   {"column": "Status", "values": "rejected"}])  # fmt: skip
def test_a_selector_in_another_form_is_refused_and_never_read_letter_by_letter(where: Any) -> None:
    with pytest.raises(Refused) as refused:
        ColumnMap.from_json({"only_where": where})
    assert refused.value.code == "bad_selector"


def test_positions_count_from_zero_and_are_none_where_no_column_is_used() -> None:
    assert GOOD.positions(COLUMNS) == (0, 3, None)
    only = ColumnMap("lead_id", "Lead ID", default_reason="x", only_where=OnlyWhere("Status", ("x",)))
    assert only.positions(COLUMNS) == (0, None, 2)


# What headers suggest.


@pytest.mark.parametrize(
    ("columns", "identifier", "column"),
    [
        (["lead_id", "rejection_reason"], "lead_id", "lead_id"),
        (["Reason", "LEAD ID"], "lead_id", "LEAD ID"),
        (["id", "email"], "lead_id", "id"),
        (["Lead-Ref.", "x"], "lead_id", "Lead-Ref."),
        (["UID", "reason"], "uid", "UID"),
        (["Consumer Session ID", "reason"], "uid", "Consumer Session ID"),
        (["uid", "lead_id"], "lead_id", "lead_id"),
        (["E-Mail", "reason"], "field:email", "E-Mail"),
        (["Mobile number", "reason"], "field:phone", "Mobile number"),
        (["Full name", "reason"], "lead_id", ""),
        (["a", "b"], "lead_id", ""),
        ([], "lead_id", ""),
    ],
)
def test_the_identifier_is_guessed_from_headers_lead_id_first(
    columns: list[str], identifier: str, column: str
) -> None:
    guessed = guess(columns, [], FIELDS)
    assert (guessed.identifier, guessed.identifier_column) == (identifier, column)


def test_a_field_that_cannot_identify_leads_is_never_guessed() -> None:
    assert guess(["email", "reason"], [], [replace(EMAIL, ready=False)]).identifier == "lead_id"
    assert guess(["email", "reason"], [], [replace(EMAIL, dedupe=False)]).identifier == "lead_id"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (["lead_id", "rejection_reason"], "rejection_reason"),
        (["lead_id", "Reject Reason"], "Reject Reason"),
        (["lead_id", "Custom reason (client)", "Reason"], "Reason"),
        (["lead_id", "Reason for us"], "Reason for us"),
        (["lead_id", "notes"], ""),
    ],
)
def test_the_reason_is_guessed_from_headers(columns: list[str], reason: str) -> None:
    assert guess(columns, [], FIELDS).reason_column == reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["1", "", "Wrong person"], ["2", " ", ""]], "Why not (reason)"),
        ([["1", "Duplicate", "x"], ["2"]], "Reason"),
        ([["1", "", ""], ["2"]], ""),
        ([], "Reason"),
    ],
)
def test_a_column_that_is_blank_in_every_row_is_not_guessed_as_the_reason(
    rows: list[list[str]], reason: str
) -> None:
    assert guess(["Lead ID", "Reason", "Why not (reason)"], rows, FIELDS).reason_column == reason


def test_a_guess_is_a_mapping_that_fits_or_is_visibly_incomplete() -> None:
    guessed = guess(COLUMNS, [["1", "a@b.c", "Rejected", "x"], ["2", "", "Accepted", ""]], FIELDS)
    assert check(guessed, COLUMNS, FIELDS) == guessed
    assert guessed.only_where == OnlyWhere("Status", ("rejected",))


def test_the_column_of_an_identifier_that_a_program_chose() -> None:
    assert column_for("uid", ["Lead ID", "UID"], FIELDS) == "UID"
    assert column_for("field:email", ["Mail", "UID"], FIELDS) == "Mail"
    assert column_for("field:fax", ["Fax"], FIELDS) == ""


# The selector.


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        pytest.param(["Accepted", " REJECTED "], ("rejected",), id="both words, in any case"),
        pytest.param(["ok", "Returned", "declined", ""], ("declined", "returned"), id="several words, and blanks"),
        pytest.param(["rejected", "rejected"], None, id="all rejected: nothing to choose"),
        pytest.param(["accepted", ""], None, id="none rejected: nothing to choose"),
        pytest.param(["rejected", "accepted", "Leeds"], None, id="a word of its own: another kind of column"),
        pytest.param(["", ""], None, id="blank"),
    ],
)  # fmt: skip
def test_a_selector_is_offered_when_a_column_tells_rejected_from_others(
    cells: list[str], values: tuple[str, ...] | None
) -> None:
    guessed = guess(["id", "Decision"], [["1", cell] for cell in cells], FIELDS)
    assert guessed.only_where == (OnlyWhere("Decision", values) if values else None)


def test_short_rows_do_not_disturb_the_selector() -> None:
    rows = [["1"], ["2", "Rejected"], [], ["3", "Accepted"]]
    assert guess(["id", "Decision"], rows, FIELDS).only_where == OnlyWhere("Decision", ("rejected",))


def test_words_of_a_column_that_say_rejected() -> None:
    assert suggests_selector(["Rejected ", "accepted", "Leeds"]) == ("rejected",)
    assert suggests_selector(["Rejected", "Leeds"]) == ()
    assert suggests_selector([]) == ()
