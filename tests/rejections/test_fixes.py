"""The fix queue: groups, suggestions, four actions as batches, and their undo."""

from __future__ import annotations

import pytest

from campaigns.lists import Picklist as Values
from campaigns.models import ListMapperEntry, Picklist, PicklistValue, Source
from leads.models import Lead, LeadValues
from rejections import blocked, celllist, control, fix_effects, fixes, lists
from rejections.blocked import Action, Fix
from rejections.fix_effects import preview
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql.fixes import Asked, Group
from rejections.states import State
from rejections.suggestions import suggest
from tests import make
from tests.rejections import corrections as given
from tests.rejections.corrections import LATER


@pytest.fixture
def source(db: None) -> Source:
    return given.source()


def reject(source: Source, count: int, country: str = "U.S.A.", first: int = 0) -> list[int]:
    """Leads of the source rejected for their country."""
    rows = ({"email": f"{source.pk}.{first + n}@example.org", "country": country} for n in range(count))
    return given.receive(source, *rows)


def begin(group: Group, action: Action, value: str = "") -> Batch:
    (batch,) = fixes.start([group], Fix(action, value), person=None, via="page", at=LATER)
    return given.work(batch)


def undo(batch: Batch) -> Batch:
    control.undo(batch, person=None, lines=None, at=LATER)
    return given.work(batch)


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Lead.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def test_groups_are_by_source_field_value_and_disposition_biggest_first(source: Source) -> None:
    other = given.source(source.campaign)
    reject(source, 3)
    reject(source, 1, "Narnia", first=10)
    reject(other, 2)
    given.receive(source, {"email": "broken"}, {"email": "fine@example.org"})
    assert [(g.source_id, g.field, g.value, g.code[12:], g.leads) for g in blocked.queue()] == [
        (source.pk, "country", "U.S.A.", "INVALID_LIST_VALUE", 3),
        (other.pk, "country", "U.S.A.", "INVALID_LIST_VALUE", 2),
        (source.pk, "country", "Narnia", "INVALID_LIST_VALUE", 1),
        (source.pk, "email", "broken", "INVALID_EMAIL", 1),
    ]
    assert len(blocked.queue(Asked([other.pk]))) == 1
    card = blocked.card(blocked.queue()[0])
    assert [suggestion.value for suggestion in card.suggestions] == ["United States"]
    assert (card.leads_elsewhere, len(card.elsewhere)) == (2, 1)
    assert card.actions == (Action.MAP, Action.ADD, Action.CHANGE, Action.KEEP)
    assert blocked.card(blocked.queue()[3]).actions == (Action.CHANGE, Action.KEEP)


def test_map_to_a_value_releases_all_and_future_leads_pass(source: Source) -> None:
    reject(source, 5)
    (group,) = blocked.queue()
    assert preview([group], Fix(Action.MAP, "United States"), LATER).label == "Map and release 5 leads"
    assert not ListMapperEntry.objects.exists()
    batch = begin(group, Action.MAP, "United States")
    assert (batch.state, given.totals(batch)) == (State.FINISHED, {"released": 5})
    assert statuses() == {"pending": 5}
    values = LeadValues.objects.first()
    assert values is not None
    assert (values.received["country"], values.judged["country"], values.version) == (
        "U.S.A.",
        "United States",
        1,
    )
    reject(source, 1, first=50)
    assert statuses() == {"pending": 6}
    assert blocked.queue() == []
    assert Picklist.objects.get().version == 2

    undo(batch)
    assert statuses() == {"pending": 1, "rejected": 5}
    assert not ListMapperEntry.objects.exists()


def test_an_entry_that_was_changed_since_stays_with_undo(source: Source) -> None:
    reject(source, 2)
    batch = begin(blocked.queue()[0], Action.MAP, "United States")
    ListMapperEntry.objects.update(value=PicklistValue.objects.get(value="Germany"))
    undo(batch)
    assert ListMapperEntry.objects.get().value.value == "Germany"


def test_add_to_picklist_removes_an_entry_like_it_and_undo_retires_the_value(source: Source) -> None:
    reject(source, 2, "Schweiz")
    batch = begin(blocked.queue()[0], Action.ADD)
    assert statuses() == {"pending": 2}
    assert PicklistValue.objects.get(value="Schweiz").retired_at is None
    undo(batch)
    assert PicklistValue.objects.get(value="Schweiz").retired_at == LATER
    assert statuses() == {"rejected": 2}
    begin(blocked.queue()[0], Action.ADD)
    assert PicklistValue.objects.get(value="Schweiz").retired_at is None
    with pytest.raises(Refused, match="already"):
        lists.add_value(Picklist.objects.get(), "Schweiz", by=None, at=LATER)


def test_an_entry_that_went_for_a_value_comes_back_with_undo(source: Source) -> None:
    reject(source, 1, "Schweiz")
    (group,) = blocked.queue()
    germany = PicklistValue.objects.get(value="Germany")
    # Somebody mapped the text after the lead had come in, and nobody judged the lead again.
    ListMapperEntry.objects.create(picklist=germany.picklist, text="schweiz", folded="schweiz", value=germany)
    batch = begin(group, Action.ADD)
    assert not ListMapperEntry.objects.exists()
    undo(batch)
    assert ListMapperEntry.objects.get().value == germany


def test_change_the_value_of_these_leads_only(source: Source) -> None:
    reject(source, 2)
    batch = begin(blocked.queue()[0], Action.CHANGE, "Germany")
    assert statuses() == {"pending": 2}
    assert set(LeadValues.objects.values_list("received__country", "version")) == {("Germany", 2)}
    reject(source, 1, first=50)
    assert statuses() == {"pending": 2, "rejected": 1}
    undo(batch)
    assert set(LeadValues.objects.values_list("received__country", flat=True)) == {"U.S.A."}


def test_a_changed_value_counts_as_written_and_may_be_cleared(source: Source) -> None:
    given.receive(source, {"email": "a@example.org", "phone": "0000"})
    (group,) = blocked.queue()
    begin(group, Action.CHANGE, "=0")
    assert LeadValues.objects.get().received["phone"] == "=0"
    begin(blocked.queue()[0], Action.CHANGE, "")
    assert statuses() == {"pending": 1}


def test_keep_rejected_takes_the_group_out_until_something_else_fails(source: Source) -> None:
    ids = reject(source, 3)
    batch = begin(blocked.queue()[0], Action.KEEP)
    assert batch.state == State.FINISHED
    assert blocked.queue() == []
    assert statuses() == {"rejected": 3}
    undo(batch)
    assert blocked.queue()[0].leads == 3
    begin(blocked.queue()[0], Action.KEEP)
    rows = given.downloaded(source)[:1]
    rows[0] |= {"country": "Austria", "email": "broken"}
    given.upload(source, given.as_file(rows), goes_through=True)
    (group,) = blocked.queue()
    assert (group.field, group.leads) == ("email", 1)
    assert not LeadValues.objects.get(lead=ids[0]).kept_rejected


def test_the_preview_tells_who_meets_a_cap_and_who_fails_for_something_else(source: Source) -> None:
    make.cap(source.campaign, 3)
    reject(source, 5)
    given.receive(source, {"email": "0@example.org", "phone": "12", "country": "U.S.A."})
    group = next(g for g in blocked.queue() if g.field == "country")
    seen = preview([group], Fix(Action.CHANGE, "Austria"), LATER)
    assert seen.label == "Change and release 3 of 5; 2 meet the monthly cap"
    seen = preview([group], Fix(Action.CHANGE, "Narnia"), LATER)
    assert (seen.released, seen.stay, seen.failing[0][1]) == (0, 5, 5)


def test_of_a_large_group_the_first_leads_stand_for_all_but_not_for_the_places_of_a_cap(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fix_effects, "PREVIEWED", 4)
    monkeypatch.setattr(fix_effects, "LEAST", 4)
    reject(source, 10)
    given.receive(source, {"email": "x", "country": "U.S.A."})
    (group,) = [one for one in blocked.queue() if one.field == "country"]

    def label() -> str:
        return preview([group], Fix(Action.CHANGE, "Austria"), LATER).label

    assert label() == "Change and release about 10 of 10"
    cap = make.cap(source.campaign, 6)
    assert label() == "Change and release about 6 of 10; about 4 meet the monthly cap"
    cap.limit = 3
    cap.save()
    assert label() == "Change and release about 3 of 10; about 7 meet the monthly cap"


def test_other_sources_too_is_one_batch_for_each_and_one_entry(source: Source) -> None:
    other = given.source(source.campaign)
    reject(source, 3)
    reject(other, 2)
    groups = blocked.queue()
    batches = fixes.start(groups, Fix(Action.MAP, "United States"), person=None, via="page", at=LATER)
    assert [batch.source_id for batch in batches] == [source.pk, other.pk]
    for batch in batches:
        given.work(batch)
    assert statuses() == {"pending": 5}
    assert ListMapperEntry.objects.count() == 1


def test_what_cannot_be_done_is_refused_and_changes_nothing(source: Source) -> None:
    reject(source, 1)
    (group,) = blocked.queue()
    for fix in (Fix(Action.MAP, "Narnia"), Fix(Action.MAP, "")):
        with pytest.raises(Refused, match="not in use"):
            fixes.start([group], fix, person=None, via="page", at=LATER)
    with pytest.raises(Refused, match="no picklist"):
        fixes.start([group._replace(field="name")], Fix(Action.ADD), person=None, via="page", at=LATER)
    with pytest.raises(Refused, match="any more"):
        fixes.start([group._replace(code="X")], Fix(Action.CHANGE, "x"), person=None, via="page", at=LATER)
    assert not Batch.objects.exists()
    assert Picklist.objects.get().version == 1


def test_what_people_chose_before_goes_first(source: Source) -> None:
    reject(source, 2, "USA!!")
    begin(blocked.queue()[0], Action.CHANGE, "Austria")
    reject(source, 1, "USA!!", first=20)
    (first, *_) = blocked.card(blocked.queue()[0]).suggestions
    assert first == ("Austria", "chosen 2 times before")


def test_suggestions_by_likeness() -> None:
    values = Values(
        ("Information Technology", "Human Resources", "Sales", "United States"),
        (("RevOps", "Sales"),),
        "Functions",
    )
    assert suggest(values, "Rev Ops", {})[0].value == "Sales"
    assert suggest(values, "informatoin tech", {})[0].value == "Information Technology"
    assert suggest(values, "HR", {})[0].value == "Human Resources"
    assert suggest(values, "U.S.A.", {})[0] == ("United States", "the same country")
    assert suggest(values, "Quantenphysik", {}) == []
    assert suggest(values, "x", {"Gone": 4, "Sales": 1})[0] == ("Sales", "chosen 1 time before")


def test_the_result_of_a_fix_shows_the_field_and_what_the_value_was_mapped_to(source: Source) -> None:
    reject(source, 2)
    reject(source, 1, "Narnia", first=10)
    usa, narnia = blocked.queue()
    mapped, kept = begin(usa, Action.MAP, "United States"), begin(narnia, Action.KEEP)
    found = [
        (cell.kind, cell.label, cell.before, cell.after)
        for batch, outcome in ((mapped, "released"), (kept, "still_rejected"))
        for row in celllist.shown(batch, [outcome], "", page=0)
        for cell in row.cells
    ]
    assert found == [("change", "Country", "U.S.A.", "United States")] * 2 + [
        ("value", "Country", "Narnia", "")
    ]
