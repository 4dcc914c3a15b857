"""What a change does to a picklist and its list mapper, on paper."""

from __future__ import annotations

import pytest

from campaigns.listing import Do, Edit, Listing, plan, read_paste, separator
from campaigns.lists import resolve

NOW = Listing(
    {"Finance": False, "Sales": False, "Old": True}, {"Fin": "Finance", "Vertrieb": "Sales"}, "Functions"
)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (Edit(Do.ADD, "  "), "is blank"),
        (Edit(Do.ADD, "x" * 301), "is longer than 300 characters"),
        (Edit(Do.MAP, "Ventes", "Old"), "cannot stand for “Old”, which is not in use"),
        (Edit(Do.MAP, "Ventes", "Vertrieb"), "cannot stand for “Vertrieb”, which is not in use"),
        (Edit(Do.MAP, "SALES", "Finance"), "is itself a value"),
        (Edit(Do.MAP, " fin ", "Sales"), "is mapped to “Finance” already"),
        (Edit(Do.RETIRE, "Old"), "is not in use"),
        (Edit(Do.RENAME, "Sales", "Finance"), "cannot be called “Finance”: that is another value"),
        (Edit(Do.RENAME, "Sales", "Old"), "cannot be called “Old”: that is a retired value"),
        (Edit(Do.RENAME, "Old", "New"), "is not in use"),
        (Edit(Do.UNMAP, "Nope"), "is no entry"),
        (Edit(Do.REMAP, "Nope", "Sales"), "is no entry"),
        (Edit(Do.REMAP, "Fin", "Old"), "cannot stand for “Old”, which is not in use"),
    ],
)
def test_what_cannot_be_done_changes_nothing(edit: Edit, problem: str) -> None:
    made = plan(NOW, [edit])
    assert made.steps[0].problem == problem
    assert made.after == NOW
    assert made.changes == ()


@pytest.mark.parametrize(
    "edit",
    [
        Edit(Do.ADD, "Finance"),
        Edit(Do.MAP, "FIN", "Finance"),
        Edit(Do.MAP, "finance", "Finance"),
        Edit(Do.REMAP, "Fin", "Finance"),
        Edit(Do.RENAME, "Sales", "Sales"),
    ],
)
def test_what_is_so_already_is_no_change(edit: Edit) -> None:
    made = plan(NOW, [edit])
    assert made.steps[0].same
    assert (made.after, made.changes) == (NOW, ())


@pytest.mark.parametrize(
    ("edits", "values", "entries"),
    [
        ([Edit(Do.ADD, "Legal")], {"Legal": False}, {}),
        ([Edit(Do.ADD, "Old")], {"Old": False}, {}),
        ([Edit(Do.ADD, "vertrieb")], {"vertrieb": False}, {"Vertrieb": None}),
        ([Edit(Do.MAP, "Ventes", "Sales")], {}, {"Ventes": "Sales"}),
        ([Edit(Do.REMAP, "Fin", "Sales")], {}, {"Fin": "Sales"}),
        ([Edit(Do.UNMAP, "Fin")], {}, {"Fin": None}),
        ([Edit(Do.RETIRE, "Sales")], {"Sales": True}, {}),
        (
            [Edit(Do.RENAME, "Sales", "Selling")],
            {"Sales": None, "Selling": False},
            {"Sales": "Selling", "Vertrieb": "Selling"},
        ),
        ([Edit(Do.RENAME, "Sales", "SALES")], {"Sales": None, "SALES": False}, {"Vertrieb": "SALES"}),
        (
            [Edit(Do.RENAME, "Sales", "Vertrieb")],
            {"Sales": None, "Vertrieb": False},
            {"Sales": "Vertrieb", "Vertrieb": None},
        ),
        ([Edit(Do.ADD, "Legal"), Edit(Do.MAP, "Recht", "Legal")], {"Legal": False}, {"Recht": "Legal"}),
        ([Edit(Do.RETIRE, "Sales"), Edit(Do.MAP, "sales", "Finance")], {"Sales": True}, {"sales": "Finance"}),
    ],
)
def test_what_a_change_leaves(
    edits: list[Edit], values: dict[str, bool | None], entries: dict[str, str | None]
) -> None:
    made = plan(NOW, edits)
    assert not made.problems
    expected_values = {name: state for name, state in {**NOW.values, **values}.items() if state is not None}
    expected_entries = {
        text: value for text, value in {**NOW.entries, **entries}.items() if value is not None
    }
    assert made.after == Listing(expected_values, expected_entries, "Functions")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Sales", ""),
        ("Sales & Marketing", ""),
        ("Sales -> Selling", "“->”"),
        ("Sales; Finance", "a semicolon"),
        ("Sales, Finance", "a comma"),
        ("Sales\tFinance", "a tab"),
    ],
)
def test_what_is_likely_not_one_value(text: str, holds: str) -> None:
    assert separator(text) == holds


def test_a_value_that_differs_from_another_in_case_only_is_warned_of() -> None:
    (step,) = plan(NOW, [Edit(Do.ADD, "SALES")]).steps
    assert step.warning.startswith("differs from “Sales” in case")
    assert not plan(NOW, [Edit(Do.ADD, "Old")]).steps[0].warning


def test_the_old_spelling_of_a_value_and_a_text_of_a_retired_one() -> None:
    renamed = plan(NOW, [Edit(Do.RENAME, "Sales", "Selling")]).after.picklist()
    assert resolve(renamed, "sales") == resolve(renamed, "Vertrieb") == "Selling"
    retired = plan(NOW, [Edit(Do.RETIRE, "Sales")]).after.picklist()
    assert resolve(retired, "Vertrieb") is resolve(retired, "Sales") is None


def test_what_else_happens_is_said() -> None:
    notes = [
        plan(NOW, [edit]).steps[0].note
        for edit in (
            Edit(Do.ADD, "Old"),
            Edit(Do.ADD, "FIN"),
            Edit(Do.RETIRE, "Sales"),
        )
    ]
    assert notes == [
        "was retired, and is in use again",
        "the entry “Fin” → “Finance” goes, for it would be this value",
        "1 list mapper entry rests with it",
    ]


def test_a_paste_is_values_with_their_texts() -> None:
    pasted = "Legal = Recht, Juridique\n\nFinance\tFinances\tFinanzen\nMarketing\n"
    assert [(e.do.value, e.text.strip(), e.value.strip()) for e in read_paste(pasted)] == [
        ("add", "Legal", ""),
        ("map", "Recht", "Legal"),
        ("map", "Juridique", "Legal"),
        ("add", "Finance", ""),
        ("map", "Finances", "Finance"),
        ("map", "Finanzen", "Finance"),
        ("add", "Marketing", ""),
    ]
    made = plan(NOW, read_paste(pasted + "Sales = Fin\nSales = Vertrieb"))
    assert (len(made.changes), [step.edit.text for step in made.problems]) == (6, ["Fin"])
