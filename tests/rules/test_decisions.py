"""What becomes of one row of a rejection import: every outcome, and which of two comes first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import combinations, product
from typing import Any

import pytest

from campaigns.rules import window_opens
from leads.statuses import Status
from rejections.decisions import (
    OF_CORRECTIONS,
    REJECTING,
    WINDOWED,
    Outcome,
    RowFacts,
    decide_rejection,
    settle,
)

ZONE = "Europe/London"
#: Uploaded on 14 November with seven maximum rejection days: the window opens with 7 November.
OPENS = window_opens(date(2026, 11, 14), 7, ZONE)
INSIDE = OPENS + timedelta(days=3)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Lead:
    """The facts of a lead, as the statements give them."""

    id: int = 1
    status: str = Status.PENDING
    valid_at: datetime | None = INSIDE
    is_final: bool = False
    decided_for_supplier: bool = False


GOOD = RowFacts(key="1")
PENDING, ACCEPTED = Lead(), Lead(status=Status.ACCEPTED)
OLD, YOUNG = OPENS - MOMENT, OPENS
FINAL = replace(ACCEPTED, is_final=True)
GONE = replace(PENDING, status=Status.CLIENT_REJECTED)
REFUSED = replace(PENDING, status=Status.REJECTED, valid_at=None)
OTHER = replace(PENDING, id=2)


def row(**facts: Any) -> RowFacts:
    return GOOD._replace(**facts)


TABLE: list[tuple[str, RowFacts, list[Lead], Outcome]] = [
    # One sentence per row of the table: facts of the row, leads its identifier finds, outcome.
    ("A pending lead inside the window, with a reason, is rejected", GOOD, [PENDING], Outcome.REJECTED),
    ("An accepted lead is rejected too: it was billed, and is credited", GOOD, [ACCEPTED], Outcome.REJECTED),
    ("A lead whose month is closed gets its one credit", GOOD, [FINAL], Outcome.FINAL),
    # Lines and selection.
    ("A broken line is unreadable", row(readable=False), [PENDING], Outcome.UNREADABLE),
    ("A row the selector leaves out is not selected", row(selected=False), [PENDING], Outcome.NOT_SELECTED),
    # Identifiers.
    ("An empty identifier cell is blank", row(key=None), [], Outcome.BLANK_IDENTIFIER),
    ("A damaged identifier that fits one lead waits for a person", row(suggested=True), [], Outcome.NEEDS_REVIEW),
    ("A damaged identifier waits even when it hits a lead as it stands", row(suggested=True), [PENDING],
     Outcome.NEEDS_REVIEW),
    ("An identifier that no lead of the campaign has is not found", GOOD, [], Outcome.NOT_FOUND),
    ("Two leads with the identifier are ambiguous, never guessed", GOOD, [PENDING, OTHER], Outcome.AMBIGUOUS),
    ("A client-rejected lead is a candidate like any other", GOOD, [GONE, OTHER], Outcome.AMBIGUOUS),
    ("A quarantined lead is a candidate like any other", GOOD,
     [PENDING, replace(OTHER, status=Status.QUARANTINED)], Outcome.AMBIGUOUS),
    ("Three candidates are as ambiguous as two", GOOD, [PENDING, OTHER, replace(OTHER, id=3)], Outcome.AMBIGUOUS),
    ("A lead refused at the door beside the candidate does not make it ambiguous", GOOD,
     [replace(REFUSED, id=2), PENDING], Outcome.REJECTED),
    ("A lead in processing beside the candidate does not make it ambiguous", GOOD,
     [PENDING, replace(REFUSED, id=2, status=Status.PROCESSING)], Outcome.REJECTED),
    ("Only leads refused at the door have it: nothing to reject", GOOD, [REFUSED, replace(REFUSED, id=2)],
     Outcome.NOT_REJECTABLE),
    # Where the lead stands.
    ("A later line that names the lead is a duplicate", row(first_line=2), [PENDING], Outcome.DUPLICATE_IN_FILE),
    ("A lead the client rejected before is already rejected", GOOD, [GONE], Outcome.ALREADY_REJECTED),
    ("A closed month makes no difference to a lead already rejected", GOOD, [replace(GONE, is_final=True)],
     Outcome.ALREADY_REJECTED),
    ("A lead refused at the door was never the client's", GOOD, [REFUSED], Outcome.NOT_REJECTABLE),
    ("A lead in processing is not the client's yet", GOOD, [replace(REFUSED, status=Status.PROCESSING)],
     Outcome.NOT_REJECTABLE),
    ("A lead in quarantine is not the client's yet", GOOD, [replace(REFUSED, status=Status.QUARANTINED)],
     Outcome.NOT_REJECTABLE),
    ("A pending lead decided for the supplier stays", GOOD, [replace(PENDING, decided_for_supplier=True)],
     Outcome.NOT_REJECTABLE),
    ("An accepted lead decided for the supplier stays", GOOD, [replace(ACCEPTED, decided_for_supplier=True)],
     Outcome.NOT_REJECTABLE),
    # The window.
    ("Day seven of seven is in, from its first instant", GOOD, [replace(PENDING, valid_at=YOUNG)], Outcome.REJECTED),
    ("The last instant of day eight is out", GOOD, [replace(PENDING, valid_at=OLD)], Outcome.OUTSIDE_WINDOW),
    ("A billed lead leaves the window as a pending one does", GOOD, [replace(ACCEPTED, valid_at=OLD)],
     Outcome.OUTSIDE_WINDOW),
    # The reason.
    ("Without a reason nothing is rejected", row(has_reason=False), [PENDING], Outcome.BLANK_REASON),
    ("A reason that is no ground for a return rejects nothing", row(returnable=False), [PENDING],
     Outcome.REASON_NOT_RETURNABLE),
    # Which of two comes first, where both apply.
    ("A broken line is not read any further", row(readable=False, selected=False, key=None), [],
     Outcome.UNREADABLE),
    ("Not selected before blank identifier", row(selected=False, key=None), [], Outcome.NOT_SELECTED),
    ("Not selected before needs review", row(selected=False, suggested=True), [], Outcome.NOT_SELECTED),
    ("Not selected before not found", row(selected=False), [], Outcome.NOT_SELECTED),
    ("Not selected before duplicate: it names no lead", row(selected=False, first_line=2), [PENDING],
     Outcome.NOT_SELECTED),
    ("Blank identifier before blank reason", row(key=None, has_reason=False), [], Outcome.BLANK_IDENTIFIER),
    ("Needs review before not found", row(suggested=True), [], Outcome.NEEDS_REVIEW),
    ("Needs review before ambiguous", row(suggested=True), [PENDING, OTHER], Outcome.NEEDS_REVIEW),
    ("Needs review before already rejected", row(suggested=True), [GONE], Outcome.NEEDS_REVIEW),
    ("Not found before blank reason", row(has_reason=False), [], Outcome.NOT_FOUND),
    ("Ambiguous before duplicate", row(first_line=2), [PENDING, OTHER], Outcome.AMBIGUOUS),
    ("Ambiguous before blank reason", row(has_reason=False), [PENDING, OTHER], Outcome.AMBIGUOUS),
    ("Duplicate before already rejected", row(first_line=2), [GONE], Outcome.DUPLICATE_IN_FILE),
    ("Duplicate before not rejectable", row(first_line=2), [REFUSED], Outcome.DUPLICATE_IN_FILE),
    ("Duplicate before outside the window", row(first_line=2), [replace(PENDING, valid_at=OLD)],
     Outcome.DUPLICATE_IN_FILE),
    ("Duplicate before blank reason", row(first_line=2, has_reason=False), [PENDING], Outcome.DUPLICATE_IN_FILE),
    ("Duplicate before final", row(first_line=2), [FINAL], Outcome.DUPLICATE_IN_FILE),
    ("Already rejected before decided for the supplier", GOOD, [replace(GONE, decided_for_supplier=True)],
     Outcome.ALREADY_REJECTED),
    ("Already rejected before outside the window", GOOD, [replace(GONE, valid_at=OLD)], Outcome.ALREADY_REJECTED),
    ("Already rejected before blank reason", row(has_reason=False), [GONE], Outcome.ALREADY_REJECTED),
    ("Not rejectable before outside the window", GOOD,
     [replace(ACCEPTED, decided_for_supplier=True, valid_at=OLD)], Outcome.NOT_REJECTABLE),
    ("Not rejectable before blank reason", row(has_reason=False), [REFUSED], Outcome.NOT_REJECTABLE),
    ("Not rejectable before final", GOOD, [replace(FINAL, decided_for_supplier=True)], Outcome.NOT_REJECTABLE),
    ("Outside the window before blank reason", row(has_reason=False), [replace(PENDING, valid_at=OLD)],
     Outcome.OUTSIDE_WINDOW),
    ("Outside the window before a reason that does not count", row(returnable=False),
     [replace(PENDING, valid_at=OLD)], Outcome.OUTSIDE_WINDOW),
    ("Outside the window before final", GOOD, [replace(FINAL, valid_at=OLD)], Outcome.OUTSIDE_WINDOW),
    ("Blank reason before a reason that does not count", row(has_reason=False, returnable=False), [PENDING],
     Outcome.BLANK_REASON),
    ("Blank reason before final", row(has_reason=False), [FINAL], Outcome.BLANK_REASON),
    ("A reason that does not count before final", row(returnable=False), [FINAL], Outcome.REASON_NOT_RETURNABLE),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "leads", "outcome"), [pytest.param(*r, id=s) for s, *r in TABLE])
def test_decision_table(facts: RowFacts, leads: list[Lead], outcome: Outcome) -> None:
    decision = decide_rejection(facts, leads, OPENS)
    assert decision.outcome == outcome
    if outcome in WINDOWED | {Outcome.OUTSIDE_WINDOW, Outcome.ALREADY_REJECTED, Outcome.DUPLICATE_IN_FILE}:
        assert decision.lead is not None, "the receipt links to the lead this outcome speaks of"


def test_the_table_has_a_row_for_every_outcome_that_one_decision_can_give() -> None:
    assert {outcome for *_, outcome in TABLE} == set(Outcome) - OF_CORRECTIONS - {Outcome.CHANGED_MEANWHILE}


def every_row_and_lead() -> list[tuple[RowFacts, list[Lead]]]:
    rows = [
        RowFacts(key, *flags, first_line=first, has_reason=reason, returnable=returnable)
        for key, *flags, first, reason, returnable in product(
            ["1", None], [True, False], [True, False], [True, False], [None, 2], [True, False], [True, False]
        )
    ]
    leads = [
        Lead(1, status, valid_at, final, decided)
        for status, valid_at, final, decided in product(
            Status, [OLD, YOUNG, None], [True, False], [True, False]
        )
    ]
    return list(
        product(
            rows, [[], *([lead] for lead in leads), *map(list, combinations([PENDING, OTHER, REFUSED], 2))]
        )
    )


def test_laying_the_window_over_a_decision_made_without_it_gives_the_same() -> None:
    """The check stores outcomes with the window left aside; one comparison lays any window over them."""
    for facts, leads in every_row_and_lead():
        aside, at_once = decide_rejection(facts, leads, None), decide_rejection(facts, leads, OPENS)
        valid_at = aside.lead.valid_at if aside.lead else None
        outside = aside.outcome in WINDOWED and valid_at is not None and valid_at < OPENS
        assert at_once.outcome == (Outcome.OUTSIDE_WINDOW if outside else aside.outcome)
        assert at_once.lead == aside.lead


def test_nothing_is_rejected_without_one_nameable_lead_in_the_window_and_a_reason() -> None:
    for facts, leads in every_row_and_lead():
        decision = decide_rejection(facts, leads, OPENS)
        if decision.outcome in REJECTING:
            assert decision.lead in leads
            assert decision.lead.status in (Status.PENDING, Status.ACCEPTED)
            assert decision.lead.valid_at is not None
            assert decision.lead.valid_at >= OPENS
            assert (decision.outcome == Outcome.FINAL) == decision.lead.is_final
            assert facts.readable
            assert facts.selected
            assert facts.has_reason
            assert facts.first_line is None


@pytest.mark.parametrize(
    ("checked", "fresh", "settled"),
    [
        pytest.param(Outcome.REJECTED, Outcome.REJECTED, Outcome.REJECTED, id="both say reject: it moves"),
        pytest.param(Outcome.FINAL, Outcome.FINAL, Outcome.FINAL, id="both say final: it is credited"),
        pytest.param(Outcome.REJECTED, Outcome.FINAL, Outcome.FINAL, id="its month was closed: a credit instead"),
        pytest.param(Outcome.REJECTED, Outcome.ALREADY_REJECTED, Outcome.ALREADY_REJECTED,
                     id="another import was faster: the fresh outcome"),
        pytest.param(Outcome.REJECTED, Outcome.NOT_FOUND, Outcome.NOT_FOUND, id="it lost its key: the fresh outcome"),
        pytest.param(Outcome.NOT_FOUND, Outcome.REJECTED, Outcome.CHANGED_MEANWHILE,
                     id="it came after the check: nobody saw it"),
        pytest.param(Outcome.NOT_REJECTABLE, Outcome.FINAL, Outcome.CHANGED_MEANWHILE,
                     id="newly creditable: nobody saw it"),
        pytest.param(Outcome.OUTSIDE_WINDOW, Outcome.REJECTED, Outcome.CHANGED_MEANWHILE,
                     id="it became valid again: nobody saw it"),
        pytest.param(Outcome.NEEDS_REVIEW, Outcome.REJECTED, Outcome.CHANGED_MEANWHILE,
                     id="a damaged identifier moves nothing without its accept"),
        pytest.param(Outcome.BLANK_REASON, Outcome.NOT_REJECTABLE, Outcome.NOT_REJECTABLE,
                     id="neither says reject: the fresh outcome"),
    ],
)  # fmt: skip
def test_a_lead_moves_at_start_only_if_the_check_and_the_fresh_facts_say_so(
    checked: Outcome, fresh: Outcome, settled: Outcome
) -> None:
    assert settle(checked, fresh) == settled


def test_whatever_the_check_said_a_row_settles_as_rejecting_only_when_it_was_checked_as_rejecting() -> None:
    for checked, fresh in product(Outcome, Outcome):
        assert (settle(checked, fresh) in REJECTING) == (checked in REJECTING and fresh in REJECTING)


def test_every_outcome_has_words_and_one_line_of_advice() -> None:
    for outcome in Outcome:
        assert outcome.label == outcome.value.replace("_", " ").capitalize()
        assert outcome.advice.endswith(".")
        assert "\n" not in outcome.advice
