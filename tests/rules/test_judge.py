"""Whether a lead's values meet what was agreed, and which failure decides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.judging import CampaignSpec, FieldSpec, Verdict, hold_against, judge, rejudge
from campaigns.lists import Picklist
from campaigns.validators import KINDS

JOBS = Picklist.of(
    [("Sales", False), ("Marketing", False), ("Telex", True)], [("Mktg", "Marketing")], name="Job function"
)
HOME = Picklist.of([("USA", False), ("Germany", False)], [("the States", "USA")], name="Markets")
SPEC = CampaignSpec(
    fields=(
        FieldSpec("email", "E-mail", "email", required=True, dedupe=True),
        FieldSpec("phone", "Phone", "phone", dedupe=True),
        FieldSpec("country", "Country", "country"),
        FieldSpec("job", "Job function", "picklist", picklist=JOBS),
        FieldSpec("market", "Market", "country", picklist=HOME),
        FieldSpec("staff", "Employees", "number"),
        FieldSpec("born", "Date of birth", "date"),
        FieldSpec("consent", "Consent", "boolean"),
        FieldSpec("site", "Web site", "url"),
        FieldSpec("postcode", "Postcode", "regex", pattern=r"[A-Z]{2}\d \d[A-Z]{2}"),
        FieldSpec("notes", "Notes"),
        FieldSpec("terms", "Terms", required=True),
    ),
    phone_region="GB",
)
GOOD = {"email": "zoe@example.com", "terms": "yes"}


def judged(**values: str) -> Verdict:
    return judge(SPEC, GOOD | values)


@pytest.mark.parametrize(
    ("field", "received", "value"),
    [
        pytest.param("email", " Zoe@Example.COM ", "Zoe@example.com", id="an e-mail is trimmed"),
        pytest.param("phone", "07911 204418", "+447911204418", id="a phone becomes E.164"),
        pytest.param("phone", " \u200b", "", id="invisible is blank, and this field may be"),
        pytest.param("country", "Deutschland", "Germany", id="a country gets its English name"),
        pytest.param("job", "MKTG ", "Marketing", id="the list mapper goes before the picklist"),
        pytest.param("job", "sales", "Sales", id="a value in another spelling"),
        pytest.param("market", "The States", "USA", id="a country's own list decides how it is written"),
        pytest.param("market", "Allemagne", "Germany", id="a value that is on the list once it is judged"),
        pytest.param("staff", "1,204.50", "1204.5", id="a number is plain"),
        pytest.param("born", "3/4/1980", "1980-04-03", id="a date is ISO, the day first"),
        pytest.param("consent", "Ja", "true", id="yes is true"),
        pytest.param("site", "example.com", "https://example.com", id="a web address gets its scheme"),
        pytest.param("postcode", "BS3 1TF", "BS3 1TF", id="a pattern changes nothing"),
        pytest.param("notes", " two  words ", "two  words", id="a text keeps its inner space"),
        pytest.param("notes", "a\x00b", "a\ufffdb", id="what cannot be stored is replaced"),
    ],
)
def test_a_valid_value_is_kept_as_judged(field: str, received: str, value: str) -> None:
    verdict = judged(**{field: received})
    assert verdict.is_valid
    assert verdict.disposition is None
    assert (verdict.reason, verdict.field, verdict.value) == ("", "", "")
    assert verdict.judged[field] == value
    assert verdict.judged.keys() == {field.name for field in SPEC.fields}


@pytest.mark.parametrize(
    ("field", "received", "code", "sentence"),
    [
        pytest.param("terms", " ", "REJECT_LEAD_MISSING_FIELD", "Terms is missing", id="a required field is blank"),
        pytest.param(
            "email", "zoe@example", "REJECT_LEAD_INVALID_EMAIL",
            "E-mail: “zoe@example” is not an e-mail address: the part after the @-sign is not valid. "
            "It should have a period",
            id="no e-mail address",
        ),
        pytest.param(
            "phone", "12", "REJECT_LEAD_INVALID_PHONE", "Phone: “12” is not a phone number that can exist",
            id="no phone number",
        ),
        pytest.param(
            "country", "Atlantis", "REJECT_LEAD_INVALID_COUNTRY", "Country: “Atlantis” is not a country",
            id="no country",
        ),
        pytest.param(
            "job", "RevOps", "REJECT_LEAD_INVALID_LIST_VALUE",
            "Job function: “RevOps” is not on the picklist Job function", id="not on the picklist",
        ),
        pytest.param(
            "job", "Telex", "REJECT_LEAD_INVALID_LIST_VALUE",
            "Job function: “Telex” is not on the picklist Job function", id="retired from the picklist",
        ),
        pytest.param(
            "market", "France", "REJECT_LEAD_INVALID_LIST_VALUE", "Market: “France” is not on the picklist Markets",
            id="a country, but not one of the list",
        ),
        pytest.param(
            "staff", "many", "REJECT_LEAD_INVALID_NUMBER", "Employees: “many” is not a number", id="no number"
        ),
        pytest.param(
            "born", "12/25/1980", "REJECT_LEAD_INVALID_DATE",
            "Date of birth: “12/25/1980” is not a date. Write day, month, year, the year with four digits, "
            "or 2026-03-31",
            id="no date",
        ),
        pytest.param(
            "consent", "maybe", "REJECT_LEAD_INVALID_FORMAT", "Consent: “maybe” is neither yes nor no",
            id="neither yes nor no",
        ),
        pytest.param(
            "site", "javascript:alert(1)", "REJECT_LEAD_INVALID_FORMAT",
            "Web site: “javascript:alert(1)” is not a web address", id="no web address",
        ),
        pytest.param(
            "postcode", "bs3", "REJECT_LEAD_INVALID_FORMAT", "Postcode: “bs3” does not fit the field's pattern",
            id="not of the pattern",
        ),
    ],
)  # fmt: skip
def test_a_failure_names_field_value_and_code(field: str, received: str, code: str, sentence: str) -> None:
    verdict = judged(**{field: received})
    assert [failure.code for failure in verdict.failures] == [code]
    assert verdict.disposition == code
    assert verdict.reason.startswith(sentence)
    assert (verdict.field, verdict.value) == (field, received)
    assert verdict.judged[field] == received.strip()


def test_every_failure_is_kept_and_the_order_of_the_fields_decides() -> None:
    verdict = judge(SPEC, {"staff": "many", "email": "", "country": "Atlantis"}, frozenset({"phone"}))
    assert [(failure.field, failure.code) for failure in verdict.failures] == [
        ("email", "REJECT_LEAD_MISSING_FIELD"),
        ("country", "REJECT_LEAD_INVALID_COUNTRY"),
        ("staff", "REJECT_LEAD_INVALID_NUMBER"),
        ("terms", "REJECT_LEAD_MISSING_FIELD"),
    ]
    assert verdict.disposition == "REJECT_LEAD_MISSING_FIELD"


def test_within_one_field_the_format_goes_before_the_list_and_the_list_before_dedupe() -> None:
    spec = CampaignSpec((FieldSpec("market", "Market", "country", dedupe=True, picklist=HOME),))
    verdict = judge(spec, {"market": "Atlantis"}, frozenset({"market"}))
    assert [failure.code for failure in verdict.failures] == [
        "REJECT_LEAD_INVALID_COUNTRY",
        "REJECT_LEAD_INVALID_LIST_VALUE",
        "REJECT_LEAD_DUPLICATE",
    ]


def test_a_taken_key_is_a_duplicate_of_a_deduped_field_only() -> None:
    verdict = judge(SPEC, GOOD, frozenset({"email", "terms", "phone"}))
    assert [(failure.field, failure.code) for failure in verdict.failures] == [
        ("email", "REJECT_LEAD_DUPLICATE")  # terms is not deduped, and the phone is blank
    ]
    assert verdict.reason == "E-mail: “zoe@example.com” is the key of another lead"


def test_taken_keys_may_be_told_afterwards() -> None:
    values = GOOD | {"staff": "many"}
    taken = frozenset({"email"})
    assert hold_against(SPEC, values, judge(SPEC, values), taken) == judge(SPEC, values, taken)


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(FieldSpec("a", "A", "picklist"), id="a picklist field without its picklist"),
        pytest.param(FieldSpec("a", "A", "regex", pattern="("), id="a pattern that is none"),
        pytest.param(FieldSpec("a", "A", "horoscope"), id="a kind there is not"),
    ],
)
def test_a_field_that_is_not_set_up_is_our_error_and_not_the_leads(field: FieldSpec) -> None:
    verdict = judge(CampaignSpec((field,)), {"a": "x"})
    assert verdict.disposition == "REJECT_LEAD_SYSTEM_ERROR"
    assert verdict.reason.startswith("A: “x” could not be checked")


def test_a_long_value_is_shortened_in_the_sentence_only() -> None:
    verdict = judged(country="A" * 100)
    assert verdict.value == "A" * 100
    assert verdict.reason == f"Country: “{'A' * 60}…” is not a country"


def test_values_of_no_field_are_not_judged() -> None:
    assert "utm_source" not in judged(utm_source="x").judged


@given(
    st.dictionaries(st.sampled_from([field.name for field in SPEC.fields]), st.text(st.characters())),
    st.frozensets(st.sampled_from([field.name for field in SPEC.fields])),
)
@settings(deadline=None)
def test_any_values_have_a_verdict_that_can_be_stored(values: dict[str, str], taken: frozenset[str]) -> None:
    verdict = judge(SPEC, values, taken)
    order = [field.name for field in SPEC.fields]
    places = [order.index(failure.field) for failure in verdict.failures]
    assert places == sorted(places)
    assert verdict.judged.keys() == set(order)
    for text in [*verdict.judged.values(), verdict.reason, verdict.value]:
        text.encode()
        assert "\x00" not in text
    if verdict.is_valid:
        assert judge(SPEC, verdict.judged).judged == verdict.judged


VALUES = st.dictionaries(
    st.sampled_from([field.name for field in SPEC.fields]),
    st.sampled_from(
        ["", "x", "zoe@example.com", "07911 204418", "Mktg", "USA", "1,204", "3/4/1980", "yes", "BS3 1TF"]
    ),
)


@given(VALUES, VALUES, st.frozensets(st.sampled_from(["email", "phone"])))
@settings(deadline=None)
def test_judging_only_what_changed_comes_to_the_same(
    values: dict[str, str], changes: dict[str, str], taken: frozenset[str]
) -> None:
    before = judge(SPEC, values, taken)
    assert rejudge(SPEC, before, values | changes, changes.keys()) == judge(SPEC, values | changes)


def test_what_did_not_change_is_judged_again_where_a_list_did() -> None:
    before = judged(job="Telex", market="Narnia", staff="many")
    grown = Picklist.of([("Telex", False)], [], name="Job function")
    fields = [replace(field, picklist=grown) if field.name == "job" else field for field in SPEC.fields]
    longer = CampaignSpec(tuple(fields), SPEC.phone_region)
    values = GOOD | {"job": "Telex", "market": "Narnia", "staff": "many"}
    after = rejudge(longer, before, values, ())
    assert after == judge(longer, values)
    assert [failure.field for failure in after.failures] == ["market", "market", "staff"]
    assert longer.rules == SPEC.rules
    assert replace(SPEC, day_first=False).rules != SPEC.rules


def test_a_spec_remembers_so_many_values_and_no_more() -> None:
    spec = CampaignSpec((FieldSpec("notes", "Notes"),))
    values = [*map(str, range(12_000)), "x" * 1000]
    assert [judge(spec, {"notes": value}).judged["notes"] for value in values] == values
    assert 0 < len(spec.remembered) <= 10_000
    assert max(len(value) for _, value in spec.remembered) < 1000


def test_every_field_kind_is_tried_here() -> None:
    assert {field.kind for field in SPEC.fields} == KINDS.keys()
