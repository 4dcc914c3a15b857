"""Going back to a former version of a picklist, on paper: whatever was saved since, the list judges as it did then."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.former import as_it_was, edits_back, replaced
from campaigns.listing import Do, Edit, Listing, plan

THEN = Listing({"Finance": False, "Sales": False, "Old": True}, {"Fin": "Finance", "Vertrieb": "Sales"})

TEXTS = st.sampled_from(["Finance", "Sales", "Old", "New", "Fin", "Vertrieb", "Ventas", "sales"])
EDITS = st.builds(Edit, st.sampled_from(list(Do)), TEXTS, TEXTS)


def went_back(saves: list[list[Edit]]) -> tuple[Listing, Listing, list[Edit]]:
    """The list after these saves, what is known of how it was, and the edits that bring that back."""
    now, kept, renames = THEN, [], []
    for edits in saves:
        made = plan(now, edits)
        kept.insert(0, replaced(now, made.after))
        renames += [(e.text, e.value) for step in made.changes if (e := step.edit).do == Do.RENAME]
        now = made.after
    then = as_it_was(now, kept)
    return now, then, edits_back(now, then, renames[::-1])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(EDITS, max_size=3), max_size=4))
def test_what_saves_replaced_leads_back_to_the_list_and_leads_are_judged_as_then(
    saves: list[list[Edit]],
) -> None:
    now, then, edits = went_back(saves)
    assert then == THEN
    made = plan(now, edits)
    assert not made.problems
    after = made.after.picklist()
    assert set(after.values) == {"Finance", "Sales"}
    assert dict(after.entries) == THEN.entries
    assert plan(made.after, edits_back(made.after, then, [])).changes == (), "once is enough"


def test_a_rename_is_taken_back_and_what_came_later_is_retired() -> None:
    _, _, edits = went_back([[Edit(Do.RENAME, "Sales", "Verkauf")], [Edit(Do.ADD, "New")]])
    assert edits == [Edit(Do.RENAME, "Verkauf", "Sales"), Edit(Do.UNMAP, "Verkauf"), Edit(Do.RETIRE, "New")]
