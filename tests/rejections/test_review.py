"""Damaged identifiers: suggested only where one lead fits, and never applied without a person's accept."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import Lead
from leads.statuses import Status
from rejections import control, results, rowlist
from rejections.decisions import SKIPPED
from rejections.models import Batch, BatchRow
from rejections.options import Options
from rejections.sql import rows as statements
from tests import make
from tests.batches import Row, checked, numbers, outcomes, started, statuses

P, A, R, C = Status.PENDING, Status.ACCEPTED, Status.REJECTED, Status.CLIENT_REJECTED
DAMAGED = "4.47911E+11"  # 447911204418, as a spreadsheet shows it

pytestmark = pytest.mark.django_db


def by_uid(lead: Lead, rows: list[Row]) -> Batch:
    return checked(lead.campaign, rows, identifier="uid")


def lead_of_uid(uid: str = "447911204418", campaign: Any = None, status: Status = P) -> Lead:
    return make.lead(campaign or make.campaign(), status, uid=uid)


def row(batch: Batch, line: int) -> BatchRow:
    return BatchRow.objects.get(batch=batch, line=line)


def test_one_lead_that_fits_is_suggested_and_named_with_what_happened() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED])
    found = row(batch, 1)
    assert (found.outcome, found.lead_id, found.review) == ("needs_review", None, None)
    assert (found.note["lead"], found.note["key"]) == (lead.pk, "447911204418")
    assert "Scientific notation" in found.note["how"]


def test_nothing_is_rejected_while_nobody_has_accepted() -> None:
    lead = lead_of_uid()
    batch = started(by_uid(lead, [DAMAGED]))
    assert (outcomes(batch), statuses([lead])) == (["needs_review"], [P])


def test_an_accepted_suggestion_is_rejected_like_any_row() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED])
    control.review(batch, accept=[1], skip=[])
    assert outcomes(batch) == ["rejected"]
    assert statuses([lead]) == [P], "reviewing moves nothing"
    started(batch)
    assert (outcomes(batch), statuses([lead])) == (["rejected"], [C])


def test_a_skipped_suggestion_stays_as_it_is_and_is_decided() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED])
    control.review(batch, accept=[], skip=[1])
    assert (outcomes(batch), row(batch, 1).review) == (["needs_review"], "skip")
    started(batch)
    assert statuses([lead]) == [P]
    [shown] = rowlist.shown(batch, Options(), ["needs_review"], undoable=False)
    [_, cells] = results.table(batch)
    assert shown.advice == cells[-3] == SKIPPED, "it was decided: nobody is asked to import it again"


def test_a_person_may_think_again_until_start() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED])
    seen = []
    for accept, skip in ([[1], []], [[], [1]], [[1], []], [[], [1]]):
        control.review(batch, accept=accept, skip=skip)
        seen += outcomes(batch)
    assert seen == ["rejected", "needs_review"] * 2
    started(batch)
    assert statuses([lead]) == [P]


def test_an_accepted_suggestion_is_decided_by_the_same_rules() -> None:
    campaign = make.campaign()
    gone = lead_of_uid("447911204418", campaign, C)
    old = make.lead(campaign, uid="880022116633", days_ago=30)
    batch = checked(campaign, [DAMAGED, "8.80022E+11"], identifier="uid")
    assert outcomes(batch) == ["needs_review", "needs_review"]
    control.review(batch, accept=[1, 2], skip=[])
    started(batch)
    assert outcomes(batch) == ["already_rejected", "outside_window"]
    assert statuses([gone, old]) == [C, P]


def test_two_leads_that_fit_are_never_guessed() -> None:
    one = lead_of_uid("447911204418")
    two = lead_of_uid("447911204419", one.campaign)
    batch = by_uid(one, [DAMAGED])
    assert outcomes(batch)[0] in ("not_found", "ambiguous")
    control.review(batch, accept=[1], skip=[])
    started(batch)
    assert statuses([one, two]) == [P, P]


def test_leads_of_other_campaigns_and_refused_ones_are_no_candidates() -> None:
    lead = lead_of_uid()
    lead_of_uid("447911204419")
    lead_of_uid("447911204420", lead.campaign, R)
    assert outcomes(by_uid(lead, [DAMAGED])) == ["needs_review"]


def test_many_leads_that_look_alike_do_not_hide_one_that_fits() -> None:
    """Keys of the same length with letters in them cannot have become a number."""
    lead = lead_of_uid()
    for n in range(60):
        lead_of_uid(f"4479110{n:02d}xyz", lead.campaign)
    assert outcomes(by_uid(lead, [DAMAGED])) == ["needs_review"]


def test_a_lead_id_that_lost_its_last_digits_is_doubted_even_where_it_hits_a_lead() -> None:
    campaign = make.campaign()
    hit = make.lead(campaign, id=123_456_789_012_345_000)
    meant = make.lead(campaign, id=123_456_789_012_345_678)
    batch = checked(campaign, ["123456789012345000"])
    assert outcomes(batch) != ["rejected"]
    started(batch)
    assert statuses([hit, meant]) == [P, P]


def test_a_whole_lead_id_is_never_doubted() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, id=123_456_789_012_345)
    make.lead(campaign, id=123_456_789_012_346)
    assert outcomes(checked(campaign, ["123456789012345"])) == ["rejected"]
    assert statuses([lead]) == [P]


# Duplicates, recomputed.


def test_accepting_a_line_makes_later_lines_that_name_its_lead_duplicates() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED, "447911204418"])
    assert outcomes(batch) == ["needs_review", "rejected"]
    control.review(batch, accept=[1], skip=[])
    assert outcomes(batch) == ["rejected", "duplicate_in_file"]
    assert row(batch, 2).first_line == 1
    control.review(batch, accept=[], skip=[1])
    assert outcomes(batch) == ["needs_review", "rejected"]
    assert row(batch, 2).first_line is None


def test_accepting_a_line_after_one_that_names_its_lead_makes_it_the_duplicate() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, ["x", "447911204418", DAMAGED])
    control.review(batch, accept=[3], skip=[])
    assert outcomes(batch) == ["not_found", "rejected", "duplicate_in_file"]
    started(batch)
    assert numbers(batch)["outcomes"] == {"not_found": 1, "duplicate_in_file": 1, "rejected": 1}
    assert statuses([lead]) == [C]


def test_two_damaged_lines_of_one_lead_are_one_rejection() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED, "4,47911E+11"])
    control.review(batch, accept=[1, 2], skip=[])
    assert outcomes(batch) == ["rejected", "duplicate_in_file"]


def test_lines_that_no_suggestion_stands_in_are_left_alone() -> None:
    """A program may send any line; a duplicate must not become a second rejection by it."""
    lead = lead_of_uid()
    batch = by_uid(lead, ["447911204418", "447911204418", DAMAGED, "nobody"])
    before = list(BatchRow.objects.order_by("line").values())
    control.review(batch, accept=[1, 2, 4, 99], skip=[])
    assert list(BatchRow.objects.order_by("line").values()) == before
    control.review(batch, accept=[2, 3], skip=[])
    assert outcomes(batch) == ["rejected", "duplicate_in_file", "duplicate_in_file", "not_found"]


def test_counts_add_up_whatever_was_reviewed() -> None:
    lead = lead_of_uid()
    batch = by_uid(lead, [DAMAGED, "447911204418", "x", DAMAGED])
    for accept, skip in ([], []), ([1], [4]), ([4], [1]), ([1, 4], []):
        control.review(batch, accept=accept, skip=skip)
        assert sum(statements.counts(batch.pk, None).values()) == 4
