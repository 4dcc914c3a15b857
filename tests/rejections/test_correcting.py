"""A correction upload: every outcome, repairs, conflicts, release, undo."""

from __future__ import annotations

import sys
import unicodedata
from datetime import timedelta
from typing import Any

import pytest

from campaigns import spec
from campaigns.models import Campaign, Destination, Field, PicklistValue, Source
from leads.models import Delivery, Lead, LeadEvent, LeadKey, LeadValues
from leads.statuses import Status
from rejections import celllist, control, results
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import State
from tests import make
from tests.make import NOW
from tests.rejections import corrections as given
from tests.rejections.corrections import LATER


@pytest.fixture
def source(db: None) -> Source:
    return given.source()


def bad(n: int, **values: str) -> dict[str, str]:
    """A lead rejected for its country."""
    return {"email": f"n{n}@example.org", "name": f"Name {n}", "country": "U.S.A.", **values}


def start(batch: Batch) -> Batch:
    control.start(batch, Options(), person=None)
    return given.work(batch)


def undo(batch: Batch) -> Batch:
    control.undo(batch, person=None, lines=None, at=LATER)
    return given.work(batch)


def test_the_seeds_story(source: Source) -> None:
    ids = given.receive(source, *(bad(n) for n in range(5)))
    rows = given.downloaded(source)
    rows[0]["country"] = "United States"
    rows[1]["country"] = "Germany"
    rows[2]["country"] = "Narnia"
    kept_in_file = rows[:4]
    batch = given.upload(source, given.as_file(kept_in_file))
    assert batch.state == State.CHECKED
    assert given.outcomes(batch) == ["released", "released", "still_rejected", "unchanged"]
    assert set(Lead.objects.values_list("status", flat=True)) == {"rejected"}, "a check moves nothing"
    first = next(given.notes(batch))
    assert first == {"changes": [["country", "U.S.A.", "United States"]], "to": "pending"}

    batch = start(batch)
    assert batch.state == State.FINISHED
    lead = Lead.objects.get(pk=ids[0])
    assert (lead.status, lead.disposition, lead.reason, lead.valid_at, lead.in_cap) == (
        "pending", None, "", LATER, True,
    )  # fmt: skip
    assert lead.values.version == 2
    assert lead.values.received["country"] == lead.values.judged["country"] == "United States"
    assert set(LeadKey.objects.filter(lead=lead).exclude(slot=0).values_list("held", flat=True)) == {True}
    third = Lead.objects.get(pk=ids[2])
    assert (third.status, third.values.received["country"], third.values.version) == ("rejected", "Narnia", 2)
    assert third.reason.startswith("Country: “Narnia” is not on the picklist")
    untouched = LeadValues.objects.get(lead=ids[3])
    assert untouched.version == 1
    assert not LeadEvent.objects.filter(lead=ids[3], batch_id=batch.pk).exists()
    assert Lead.objects.get(pk=ids[4]).status == "rejected"


def test_the_outcomes_in_their_order(source: Source) -> None:
    elsewhere = given.source(source.campaign)
    stranger, *_ = given.receive(elsewhere, bad(90))
    pending, *_ = given.receive(source, {"email": "fine@example.org"})
    mine, again = given.receive(source, bad(1), bad(2))
    content = (
        "LeadID,country\n"
        f"{mine},Austria,surplus\n"
        ",Austria\n"
        "999999999,Austria\n"
        "abc,Austria\n"
        f"{stranger},Austria\n"
        f"{mine},Austria\n"
        f"'{mine}.0,Germany\n"
        f"{pending},Austria\n"
        f"{again},\n"
    )
    batch = given.upload(source, content.encode())
    assert given.outcomes(batch) == [
        "unreadable", "blank_identifier", "not_found", "not_found", "other_source", "released", "duplicate_in_file",
        "not_rejected", "unchanged",
    ]  # fmt: skip
    assert BatchRow.objects.get(batch=batch, outcome="duplicate_in_file").first_line == 7
    done = start(batch)
    assert given.outcomes(done) == given.outcomes(batch)
    assert Lead.objects.get(pk=mine).values.received["country"] == "Austria"


def test_a_second_line_of_a_lead_tells_which_of_its_values_are_not_applied(source: Source) -> None:
    (lead,) = given.receive(source, bad(1))
    lines = (f"{lead},Austria,1", f"{lead},Germany,2", f"{lead},Austria,3", f"{lead},,4")
    batch = given.upload(source, "\n".join(["LeadID,country,mine", *lines]).encode())
    rows = celllist.shown(batch, ["duplicate_in_file"], "", page=0)
    same = "Same lead as line 2, which speaks for it."
    other = f"{same} What this line says otherwise is not applied: Country."
    assert [row.words for row in rows] == [other, same, same]


def test_every_rejected_lead_is_judged_again_edited_or_not(source: Source) -> None:
    given.receive(source, bad(1))
    content = given.as_file(given.downloaded(source))
    picklist = source.campaign.fields.get(name="country").picklist
    PicklistValue.objects.create(picklist=picklist, value="U.S.A.", folded="u.s.a.")
    batch = given.upload(source, content, goes_through=True)
    assert given.outcomes(batch) == ["released"]
    lead = Lead.objects.get()
    assert (lead.status, lead.values.version) == ("pending", 1), "no value as received was changed"


def test_start_judges_by_what_holds_then_whatever_the_check_said(source: Source) -> None:
    """Only what changed is judged again, of the lead or of what was agreed; a check is not taken at its word."""
    ids = given.receive(source, *(bad(n, phone="07911 204418") for n in (1, 2)), bad(3, phone="7"))
    assert None not in LeadValues.objects.values_list("rules", flat=True)
    rows = given.downloaded(source)
    for row in rows:
        row["country"] = "Narnia"
    batch = given.upload(source, given.as_file(rows))
    assert given.outcomes(batch) == ["still_rejected"] * 3
    PicklistValue.objects.create(
        picklist=Field.objects.get(name="country").picklist, value="Narnia", folded="narnia"
    )
    Campaign.objects.update(phone_region="US")  # where it cannot exist
    batch = start(batch)
    judged = {values.lead_id: values for values in LeadValues.objects.all()}
    failures = [[failure["field"] for failure in judged[lead].failures] for lead in ids]
    assert failures == [["phone"], ["phone"], ["phone"]]
    Campaign.objects.update(phone_region="GB")
    batch = start(given.upload(source, given.as_file(given.downloaded(source))))
    assert given.outcomes(batch) == ["released", "still_rejected", "unchanged"]
    assert [judged[lead].rules == LeadValues.objects.get(lead=lead).rules for lead in ids] == [
        False,
        False,
        True,
    ]


def test_damage_is_undone_and_listed_and_can_be_taken_back(source: Source) -> None:
    (lead,) = given.receive(source, bad(1, phone="+447911120400", name="Łucja Müller"))
    rows = given.downloaded(source)
    rows[0] |= {"phone": "4.47911E+11", "name": "?ucja Müller", "country": "Austria"}
    batch = given.upload(source, given.as_file(rows))
    (note,) = given.notes(batch)
    assert [repair[:3] for repair in note["repairs"]] == [
        ["phone", "4.47911E+11", "+447911120400"],
        ["name", "?ucja Müller", "Łucja Müller"],
    ]
    assert note["changes"] == [["country", "U.S.A.", "Austria"]]
    control.write_as_read(batch, [(2, "name")])
    batch = given.work(batch)
    (note,) = given.notes(batch)
    assert note["changes"] == [["name", "Łucja Müller", "?ucja Müller"], ["country", "U.S.A.", "Austria"]]
    start(batch)
    assert LeadValues.objects.get(lead=lead).received["phone"] == "+447911120400"


def test_in_a_failing_cell_what_is_written_is_tried_first(source: Source) -> None:
    given.receive(source, {"email": "a@example.org", "phone": "0000000447911120400"}, bad(2, phone="0000"))
    rows = given.downloaded(source)
    rows[0]["phone"] = "447911120400"
    rows[1]["phone"] = "0"
    batch = given.upload(source, given.as_file(rows))
    passing, failing = given.notes(batch)
    assert passing["changes"] == [["phone", "0000000447911120400", "447911120400"]]
    assert "changes" not in failing
    assert failing["repairs"][0][:3] == ["phone", "0", "0000"]


def test_a_duplicate_whose_key_is_the_same_after_damage_is_not_edited(source: Source) -> None:
    given.receive(source, {"email": "a@example.org", "phone": "+447911120400"})
    given.receive(source, {"email": "b@example.org", "phone": "+447911120400"})
    rows = given.downloaded(source)
    rows[0]["phone"] = "447911120400"
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    assert given.outcomes(batch) == ["unchanged"]


def test_a_blank_cell_clears_only_when_asked(source: Source) -> None:
    (lead,) = given.receive(source, bad(1))
    rows = given.downloaded(source)
    rows[0]["country"] = ""
    assert given.outcomes(given.upload(source, given.as_file(rows))) == ["unchanged"]
    batch = given.upload(source, given.as_file(rows), blank_clears=True, goes_through=True)
    assert given.outcomes(batch) == ["released"]
    assert LeadValues.objects.get(lead=lead).received["country"] == ""


@pytest.mark.parametrize(
    ("cells", "noted"),
    [
        ({"Lead Status": "Pending"}, ["Lead Status"]),
        ({"Version": "v9"}, ["Version"]),
        ({"Version": "new", "Source": "Elsewhere"}, ["Source", "Version"]),
        ({"Rejected Field": "Mail", "Rejected Value": "x"}, ["Rejected Field", "Rejected Value"]),
        ({"Received At": "2020-01-01 00:00:00", "Supplier": "Nobody"}, ["Supplier", "Received At"]),
        ({}, None),
        ({"Version": "1", "Lead Status": " Rejected ", "Supplier": ""}, None),
        ({"Version": "v0", "Lead Status": "Pending", "UID": "mine"}, ["UID"]),
    ],
)
def test_what_was_typed_in_a_to_k_is_noted_column_by_column(
    source: Source, cells: dict[str, str], noted: list[str] | None
) -> None:
    given.receive(source, bad(1))
    (row,) = given.downloaded(source)
    batch = given.upload(source, given.as_file([row | cells]))
    (note,) = given.notes(batch)
    assert note.get("ignored") == noted


def test_typing_in_a_to_k_is_ignored_and_said(source: Source) -> None:
    (lead,) = given.receive(source, bad(1))
    rows = given.downloaded(source)
    rows[0] |= {"UID": "mine", "Disposition Code": "FINE", "Lead Status": "Pending", "country": "Austria"}
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    (note,) = given.notes(batch)
    assert note["ignored"] == ["UID", "Lead Status", "Disposition Code"]
    assert Lead.objects.get(pk=lead).uid != "mine"


def test_a_cell_changed_here_since_the_download_is_a_conflict(source: Source) -> None:
    (lead,) = given.receive(source, bad(1))
    rows = given.downloaded(source)
    theirs = [dict(rows[0], country="Narnia", name="Other")]
    given.upload(source, given.as_file(theirs), goes_through=True)
    rows[0] |= {"country": "Austria", "email": "new@example.org"}
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    (note,) = given.notes(batch)
    assert given.outcomes(batch) == ["conflict"]
    assert note["conflicts"] == [["country", "U.S.A.", "Narnia", "Austria"]]
    values = LeadValues.objects.get(lead=lead)
    assert (values.received["email"], values.received["name"]) == ("n1@example.org", "Other")


def test_cells_changed_here_that_the_file_leaves_alone_stay(source: Source) -> None:
    (lead,) = given.receive(source, bad(1))
    rows = given.downloaded(source)
    given.upload(source, given.as_file([dict(rows[0], name="Other")]), goes_through=True)
    rows[0]["country"] = "Austria"
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    assert given.outcomes(batch) == ["released"]
    assert LeadValues.objects.get(lead=lead).received["name"] == "Other"


def test_a_full_cap_holds_released_leads_in_quarantine(source: Source) -> None:
    make.cap(source.campaign, 1)
    given.receive(source, bad(1), bad(2))
    rows = [dict(row, country="Austria") for row in given.downloaded(source)]
    batch = given.upload(source, given.as_file(rows))
    assert [note["to"] for note in given.notes(batch)] == ["pending", "quarantined"]
    start(batch)
    assert list(Lead.objects.order_by("pk").values_list("status", flat=True)) == ["pending", "quarantined"]


def test_two_rows_cannot_take_the_same_key(source: Source) -> None:
    given.receive(source, *(bad(n) for n in range(5)))
    rows = [dict(row, country="Austria", email="same@example.org") for row in given.downloaded(source)]
    batch = given.upload(source, given.as_file(rows))
    assert given.totals(batch) == {"released": 1, "still_rejected": 4}
    assert given.totals(start(batch)) == {"released": 1, "still_rejected": 4}
    assert set(Lead.objects.filter(status="rejected").values_list("disposition__code", flat=True)) == {
        "REJECT_LEAD_DUPLICATE"
    }


def test_undo_gives_values_and_keys_back(source: Source) -> None:
    ids = given.receive(source, *(bad(n) for n in range(5)))
    before = {pk: (Lead.objects.filter(pk=pk).values().get(), stored(pk)) for pk in ids}
    rows = [
        dict(row, country="Austria", email=f"new{row['LeadID']}@example.org")
        for row in given.downloaded(source)
    ]
    rows[4]["country"] = "Narnia"
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    assert given.totals(batch) == {"released": 4, "still_rejected": 1}
    batch = undo(batch)
    assert batch.state == State.UNDONE
    for pk in ids:
        assert (Lead.objects.filter(pk=pk).values().get(), stored(pk)) == before[pk]
        values = LeadValues.objects.get(lead=pk)
        assert values.version == 3, "each change of a value is a version"
        assert values.rules is None, "who judges it next must not rely on what it was judged by meanwhile"
    assert not LeadKey.objects.filter(held=True).exists()


def stored(pk: int) -> Any:
    values = (
        LeadValues.objects.filter(lead=pk).values("received", "judged", "failures", "kept_rejected").get()
    )
    return values, sorted(LeadKey.objects.filter(lead=pk).values_list("slot", "key", "held"))


def test_after_an_undo_an_older_download_still_knows_what_it_saw(source: Source) -> None:
    given.receive(source, bad(1))
    rows = given.downloaded(source)
    batch = given.upload(source, given.as_file([dict(rows[0], country="Narnia")]), goes_through=True)
    second = given.downloaded(source)
    undo(batch)
    second[0]["country"] = "Austria"
    batch = given.upload(source, given.as_file(second))
    assert given.outcomes(batch) == ["conflict"]
    rows[0]["country"] = "Austria"
    assert given.outcomes(given.upload(source, given.as_file(rows))) == ["released"]


def test_what_the_client_has_got_is_not_undone(source: Source) -> None:
    Destination.objects.create(campaign=source.campaign, url="https://crm.example.org/leads")
    sent, waiting, under_way = given.receive(source, bad(1), bad(2), bad(3))
    rows = [dict(row, country="Austria") for row in given.downloaded(source)]
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    Delivery.objects.filter(lead=sent).update(status="sent")
    Delivery.objects.filter(lead=under_way).update(claimed_until=LATER + timedelta(days=9999))
    batch = undo(batch)
    assert batch.kept == {"sent_to_client": 2}
    assert dict(Lead.objects.values_list("pk", "status")) == {
        sent: "pending", waiting: "rejected", under_way: "pending",
    }  # fmt: skip
    assert Delivery.objects.get(lead=waiting).status == "cancelled"


def test_one_file_at_a_time_for_a_source(source: Source) -> None:
    given.receive(source, bad(1))
    content = given.as_file(given.downloaded(source))
    first = given.upload(source, content)
    given.upload(source, content)  # a checked one stands in nobody's way
    Batch.objects.filter(pk=first.pk).update(state=State.WAITING)
    with pytest.raises(Refused) as refused:
        given.upload(source, content)
    assert refused.value.code == "correction_running"
    assert f"Correction upload {first.pk}" in refused.value.title
    given.upload(given.source(), b"LeadID\n1\n")


def test_a_file_without_lead_ids_is_refused_at_upload(source: Source) -> None:
    with pytest.raises(Refused, match="no column “LeadID”"):
        given.upload(source, b"email,country\na@example.org,Austria\n")
    assert not Batch.objects.exists()


def test_the_result_is_the_persons_file_with_what_became_of_each_row(source: Source) -> None:
    (lead,) = given.receive(source, bad(1))
    rows = given.downloaded(source)
    rows[0]["country"] = "Narnia"
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    header, row = results.table(batch)
    assert header[-5:] == ["line", "outcome", "advice", "lead_id", "status"]
    assert row[-5:-2] == ["2", "still_rejected", row[-3]]
    assert "“Narnia” is not on the picklist" in row[-3]
    assert row[-2:] == [str(lead), "rejected"]
    assert len(b"".join(results.as_csv(batch)))


def test_a_campaign_without_a_window_accepts_and_can_correct(source: Source) -> None:
    Campaign.objects.update(return_window_days=None)
    source.refresh_from_db()
    (lead,) = given.receive(source, bad(1))
    rows = [dict(row, country="Austria") for row in given.downloaded(source)]
    given.upload(source, given.as_file(rows), goes_through=True)
    assert Lead.objects.get(pk=lead).status == Status.ACCEPTED
    assert Lead.objects.get(pk=lead).accepted_at == LATER
    assert NOW < LATER


@pytest.mark.parametrize(
    ("of", "name", "other"), [(sys, "version_info", (3, 99)), (unicodedata, "unidata_version", "99.0.0")]
)
def test_a_verdict_does_not_outlive_the_python_that_reached_it(
    monkeypatch: pytest.MonkeyPatch, of: Any, name: str, other: Any
) -> None:
    before = spec._digest()
    monkeypatch.setattr(of, name, other)
    assert spec._digest() != before


def test_running_twice_is_running_once(source: Source) -> None:
    given.receive(source, *(bad(n) for n in range(7)))
    rows = [dict(row, country="Austria") for row in given.downloaded(source)]
    batch = given.upload(source, given.as_file(rows), goes_through=True)
    Batch.objects.filter(pk=batch.pk).update(state=State.APPLYING, step="rows", settled_line=0, done=0)
    again = given.work(batch)
    assert again.state == State.FINISHED
    assert LeadEvent.objects.filter(batch_id=batch.pk).count() == 7
