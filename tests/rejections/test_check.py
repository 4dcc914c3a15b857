"""The check decides the whole file and moves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Campaign, Phrase
from leads.models import Lead, LeadEvent
from leads.statuses import Status
from rejections import control, uploads
from rejections.columns import ColumnMap, OnlyWhere
from rejections.models import Batch, BatchRow
from rejections.refusals import Refused
from tests import make
from tests.batches import by_outcome, checked, holdings, outcomes, received, started, work
from tests.make import NOW

P, A, R, Q, C = Status.PENDING, Status.ACCEPTED, Status.REJECTED, Status.QUARANTINED, Status.CLIENT_REJECTED

pytestmark = pytest.mark.django_db


def uploaded(campaign: Campaign, content: bytes, mapped: ColumnMap | None = None, **values: Any) -> Batch:
    """A file, read and (under this mapping) checked."""
    values = {"person": None, "via": "page", "at": NOW, **values}
    batch = work(uploads.receive(campaign, [content], "leads.csv", **values))
    if mapped is not None:
        control.map_columns(batch, mapped)
    return work(batch)


LEAD_ID = ColumnMap("lead_id", "lead_id", "rejection_reason")


# The whole file, every outcome.


def test_every_row_gets_its_one_outcome_and_nothing_moves() -> None:
    campaign, other = make.campaign(), make.campaign()
    make.phrase(campaign.client, "No contact", "CLIENT_NO_CONTACT")
    pending, accepted = make.lead(campaign), make.lead(campaign, A)
    rows = {
        "rejected": (pending, "Duplicate Lead"),
        "rejected (accepted)": (accepted, "Duplicate Lead"),
        "final": (make.lead(campaign, A, is_final=True), "x"),
        "not_found": (make.lead(other), "x"),
        "not_found (text)": ("B-17", "x"),
        "blank_identifier": ("  ", "x"),
        "duplicate_in_file": (pending, "again"),
        "already_rejected": (make.lead(campaign, C), "x"),
        "not_rejectable": (make.lead(campaign, R), "x"),
        "not_rejectable (quarantined)": (make.lead(campaign, Q), "x"),
        "not_rejectable (decided)": (make.lead(campaign, decided_for_supplier=True), "x"),
        "blank_reason": (make.lead(campaign), " "),
        "reason_not_returnable": (make.lead(campaign), "no  CONTACT"),
        "outside_window": (make.lead(campaign, days_ago=9), "x"),
    }
    before = holdings()
    batch = checked(campaign, rows.values())
    assert batch.state == "checked"
    counts = by_outcome(batch)
    expected: dict[str, int] = {}
    for name in rows:
        expected[name.split(" ")[0]] = expected.get(name.split(" ")[0], 0) + 1
    assert counts == expected
    assert sum(counts.values()) == batch.rows == len(rows)
    assert holdings() == before
    assert not LeadEvent.objects.exists()


def test_an_id_of_another_campaign_answers_word_for_word_like_one_that_never_was() -> None:
    campaign = make.campaign()
    foreign = make.lead(make.campaign(client=campaign.client))
    batch = checked(campaign, [foreign, "999999999"])
    one, two = BatchRow.objects.filter(batch=batch).order_by("line")
    hidden = ("outcome", "lead_id", "valid_at", "note", "checked", "first_line")
    assert [getattr(one, name) for name in hidden] == [getattr(two, name) for name in hidden]
    assert (one.outcome, one.lead_id) == ("not_found", None)


# Identifiers.


@pytest.mark.parametrize("text", ["{0}", " {0} ", "'{0}", "{0}.0", "00{0}", "{0}.00", "\u200b{0}"])
def test_a_lead_id_is_found_in_whatever_way_a_spreadsheet_wrote_it(text: str) -> None:
    lead = make.lead(make.campaign())
    assert outcomes(checked(lead.campaign, [text.format(lead.pk)])) == ["rejected"]


def test_leads_are_found_by_a_deduped_field() -> None:
    campaign = make.campaign()
    make.lead(campaign, email="ana@bücher.example", phone="07700 900123")
    email = checked(campaign, ["ANA@xn--bcher-kva.example ", "bob@example.org"], identifier="field:email")
    assert outcomes(email) == ["rejected", "not_found"]
    phone = checked(campaign, ["+44 7700 900123", "+49 7700 900123"], identifier="field:phone")
    assert outcomes(phone) == ["rejected", "not_found"]


def test_leads_are_found_by_uid_and_several_are_ambiguous() -> None:
    campaign = make.campaign()
    make.lead(campaign, uid="{7F-01}")
    for _ in range(2):
        make.lead(campaign, uid="7f02")
    make.lead(campaign, R, uid="7f03")
    batch = checked(campaign, ["7f01", "7F-02", "7f03", "7f04"], identifier="uid")
    assert outcomes(batch) == ["rejected", "ambiguous", "not_rejectable", "not_found"]


def test_a_field_that_does_not_identify_leads_is_refused_before_anything_is_stored() -> None:
    campaign = make.campaign()
    for identifier in ("field:name", "field:fax", "nonsense"):
        with pytest.raises(Refused):
            received(campaign, ["x"], identifier=identifier)
    assert not Batch.objects.exists()


# Duplicates in the file.


def test_the_first_line_that_names_a_lead_speaks_for_it_and_is_named() -> None:
    campaign = make.campaign()
    lead, other = make.lead(campaign), make.lead(campaign)
    batch = checked(campaign, [other, lead, "x", "x", "x", f"{lead.pk}.0", lead])
    rows = BatchRow.objects.filter(batch=batch).order_by("line")
    assert [(row.outcome, row.first_line) for row in rows] == [
        ("rejected", None),
        ("rejected", None),
        ("not_found", None),
        ("not_found", None),
        ("not_found", None),
        ("duplicate_in_file", 2),
        ("duplicate_in_file", 2),
    ]


@pytest.mark.parametrize("reason", ["", "No contact"])
def test_the_first_line_speaks_whatever_its_outcome(reason: str) -> None:
    campaign = make.campaign()
    make.phrase(campaign.client, "No contact", "CLIENT_NO_CONTACT")
    lead = make.lead(campaign)
    batch = started(checked(campaign, [(lead, reason), (lead, "Duplicate Lead")]))
    assert outcomes(batch)[1] == "duplicate_in_file"
    assert Lead.objects.get(pk=lead.pk).status == P


def test_a_row_that_is_not_selected_names_no_lead() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    content = make.csv_bytes(
        [[lead.pk, "Called, will buy", "Accepted"], [lead.pk, "Duplicate", " REJECTED "]],
        ("lead_id", "rejection_reason", "Status"),
    )
    mapping = ColumnMap(
        "lead_id", "lead_id", "rejection_reason", only_where=OnlyWhere("Status", ("Rejected",))
    )
    assert outcomes(uploaded(campaign, content, mapping)) == ["not_selected", "rejected"]
    assert [phrase.text for phrase in Phrase.objects.all()] == ["Duplicate"], "what it says is no reason"


def test_a_mapping_of_another_identifier_forgets_the_duplicates_of_the_first() -> None:
    campaign = make.campaign()
    lead, other = (make.lead(campaign, email=f"{n}@example.org") for n in (1, 2))
    content = make.csv_bytes(
        [[lead.pk, "1@example.org", "x"], [lead.pk, "2@example.org", "x"]], ("lead_id", "email", "reason")
    )
    batch = uploaded(campaign, content, ColumnMap("lead_id", "lead_id", "reason"))
    assert outcomes(batch) == ["rejected", "duplicate_in_file"]
    control.map_columns(batch, ColumnMap("field:email", "email", "reason"))
    work(batch)
    assert outcomes(batch) == ["rejected", "rejected"]
    assert set(BatchRow.objects.values_list("lead_id", flat=True)) == {lead.pk, other.pk}


# Reasons.


def test_a_phrase_without_a_mapping_is_kept_waiting_and_counts_as_other() -> None:
    campaign = make.campaign()
    make.phrase(campaign.client, "Duplicate Lead", "CLIENT_DUPLICATE")
    leads = [make.lead(campaign) for _ in range(4)]
    reasons = [" duplicate   lead", "Moved to Mars", "MOVED  to mars ", "other words"]
    batch = started(checked(campaign, list(zip(leads, reasons, strict=True))))
    codes = Lead.objects.order_by("id").values_list("disposition__code", flat=True)
    assert list(codes) == ["CLIENT_DUPLICATE", "CLIENT_OTHER", "CLIENT_OTHER", "CLIENT_OTHER"]
    assert list(Lead.objects.order_by("id").values_list("reason", flat=True)) == [r.strip() for r in reasons]
    waiting = Phrase.objects.filter(disposition=None)
    assert set(waiting.values_list("folded", flat=True)) == {"moved to mars", "other words"}
    assert {phrase.client for phrase in waiting} == {campaign.client}
    assert batch.state == "finished"


def test_a_phrase_waits_once_however_often_it_comes() -> None:
    campaign = make.campaign()
    for _ in range(2):
        checked(campaign, [(make.lead(campaign), "Moved to Mars")])
    assert Phrase.objects.count() == 1


def test_the_phrases_of_one_client_mean_nothing_to_another() -> None:
    campaign, other = make.campaign(), make.campaign()
    make.phrase(other.client, "Duplicate Lead", "CLIENT_DUPLICATE")
    started(checked(campaign, [make.lead(campaign)]))
    assert Lead.objects.get().disposition.code == "CLIENT_OTHER"


@pytest.mark.parametrize("text", ["ß" * 500, "ŉ" * 500, "x" * 501, "x" * 100_000])
def test_no_text_is_too_long_for_a_reason(text: str) -> None:
    lead = make.lead(make.campaign())
    batch = started(checked(lead.campaign, [(lead, text)]))
    assert (batch.state, Lead.objects.get().reason) == ("finished", text)


def test_one_reason_for_rows_without_one() -> None:
    campaign = make.campaign()
    make.phrase(campaign.client, "Test lead", "CLIENT_TEST")
    leads = [make.lead(campaign), make.lead(campaign)]
    content = make.csv_bytes([[leads[0].pk, ""], [leads[1].pk, "Other"]])
    mapping = ColumnMap("lead_id", "lead_id", "rejection_reason", default_reason=" Test lead ")
    batch = started(uploaded(campaign, content, mapping))
    assert outcomes(batch) == ["rejected", "rejected"]
    assert [Lead.objects.get(pk=lead.pk).reason for lead in leads] == ["Test lead", "Other"]
    assert Lead.objects.get(pk=leads[0].pk).disposition.code == "CLIENT_TEST"


# Files: raw cells, broken lines, lines.


def test_raw_cells_and_physical_lines_are_kept() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    content = f'lead_id,rejection_reason\n\n {lead.pk} , "Duplicate\nLead"\n2,"a",b\n'.encode()
    batch = uploaded(campaign, content, LEAD_ID)
    rows = list(BatchRow.objects.filter(batch=batch).order_by("line"))
    assert [(row.line, row.outcome) for row in rows] == [(3, "rejected"), (5, "unreadable")]
    assert rows[0].cells[0] == f" {lead.pk} "
    assert rows[1].problem
    assert batch.rows == 2


def test_a_program_goes_through_from_file_to_end() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    content = make.csv_bytes([[lead.pk, "Duplicate Lead"], ["0", "x"]])
    batch = uploaded(campaign, content, via="cli", mapping={"identifier": "lead_id"}, goes_through=True)
    assert (batch.state, batch.mapping["reason_column"]) == ("finished", "rejection_reason")
    assert outcomes(batch) == ["rejected", "not_found"]
    assert Lead.objects.get().status == C


def test_checking_twice_gives_the_same() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign) for _ in range(7)]
    content = make.csv_bytes([[lead.pk, "x"] for lead in [*leads, leads[0]]])
    batch = uploaded(campaign, content, LEAD_ID)
    first = list(BatchRow.objects.order_by("line").values())
    control.map_columns(batch, LEAD_ID)
    work(batch)
    assert list(BatchRow.objects.order_by("line").values()) == first
