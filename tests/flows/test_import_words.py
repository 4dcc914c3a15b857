"""What the pages of a rejection import say, and what its files and the API say of the same."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from campaigns.models import Campaign
from leads.models import Lead
from leads.statuses import Status
from rejections.decisions import Outcome
from rejections.models import Batch, BatchRow
from rejections.receipt import as_json, receipt
from tests import batches, make
from tests.flows.test_pages import signed_in
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return signed_in(make.operator())


def words(answer: Any) -> str:
    """The page as it is read, every run of blanks as one."""
    return " ".join(unescape(strip_tags(answer.content.decode().replace("<", " <"))).split())


def moved_up(campaign: Campaign, leads: int = 2) -> tuple[Batch, list[Lead]]:
    """An import whose slots let as many quarantined leads move up; and these."""
    make.cap(campaign, leads)
    rejected = [make.lead(campaign) for _ in range(leads)]
    waiting = [make.lead(campaign, Status.QUARANTINED) for _ in range(leads)]
    return batches.imported(campaign, [*rejected, *waiting], free_cap=True), waiting


def test_an_undo_says_before_and_after_that_leads_out_of_quarantine_stay(browser: Client) -> None:
    batch, waiting = moved_up(make.campaign())
    page = f"/imports/{batch.pk}/result/"
    stay = "2 leads that moved up from quarantine stay where they are. The cap may stand above its limit"
    assert stay not in words(browser.get(page))
    assert stay in words(browser.get(f"/imports/{batch.pk}/undo/"))
    batches.undone(batch)
    assert batches.statuses(waiting) == ["pending", "pending"]
    after = words(browser.get(page))
    assert stay in after
    assert "Moved up from quarantine 2" in after


def test_a_row_is_told_by_what_its_lead_was_where_it_stands_otherwise_now(browser: Client) -> None:
    campaign = make.campaign()
    batch, (up, later) = moved_up(campaign)
    still = "nothing is owed"
    batches.imported(campaign, [later])
    decided = make.lead(campaign, decided_for_supplier=True)
    other = batches.imported(campaign, [decided])
    told = "When this row was decided, the lead was neither Pending nor Accepted; it is"
    page = words(browser.get(f"/imports/{batch.pk}/result/"))
    file = b"".join(browser.get(f"/imports/{batch.pk}/result.csv").streaming_content).decode()
    for said in (page, file):
        assert f"{told} Pending now: import the row again to reject it." in said
        assert f"{told} Client Rejected now: nothing to do." in said
        assert still not in said
    assert "was decided for the supplier" in words(browser.get(f"/imports/{other.pk}/result/"))
    assert batches.outcomes(batches.imported(campaign, [up])) == ["rejected"], "as it was advised"


def test_the_check_says_what_would_be_and_the_result_what_is(browser: Client) -> None:
    campaign = make.campaign()
    batch = batches.checked(
        campaign, [make.lead(campaign), make.lead(campaign, Status.ACCEPTED, is_final=True)]
    )
    will = ("The lead will be Client Rejected and go back to its supplier.", "it will stay as it is")
    done = ("The lead is Client Rejected and goes back to its supplier.", "it stays as it is")
    for says, never in ((will, done), (done, will)):
        page = "check" if batch.state == "checked" else "result"
        rows = [
            words(browser.get(f"/imports/{batch.pk}/{page}/?outcome={one}")) for one in ("rejected", "final")
        ]
        file = b"".join(browser.get(f"/imports/{batch.pk}/result.csv").streaming_content).decode()
        for said in (" ".join(rows), file):
            assert all(text in said for text in says)
            assert not any(text in said for text in never)
        batch = batches.started(batch) if page == "check" else batch


def test_money_of_an_undone_import_is_what_holds_for_programs_too() -> None:
    campaign = make.campaign()
    batch = batches.imported(
        campaign, [make.lead(campaign, price="18.00"), make.lead(campaign, price="2.00")]
    )
    assert batches.numbers(batch)["money"]["not_billed"] == "20.00"
    batches.undone(batch, lines=[1])
    assert as_json(batch, receipt(batch, NOW))["money"]["not_billed"] == "2.00"
    batches.undone(batch)
    found = batches.numbers(batch)
    assert (found["money"]["not_billed"], found["outcomes"]) == ("0.00", {"rejected": 2})


def test_rows_that_need_review_are_named_beside_the_button(browser: Client) -> None:
    campaign = make.campaign()
    batch = batches.checked(campaign, [make.lead(campaign)] * 3)
    left_out = "rows that need review are left out"
    assert left_out not in words(browser.get(f"/imports/{batch.pk}/check/"))
    note = {"lead": make.lead(campaign).pk, "how": "digits", "key": "1"}
    BatchRow.objects.filter(batch=batch, line__gt=1).update(
        outcome=Outcome.NEEDS_REVIEW, note=note, lead_id=None, first_line=None
    )
    assert f"2 {left_out}" in words(browser.get(f"/imports/{batch.pk}/check/"))
    BatchRow.objects.filter(batch=batch, line=2).update(review="skip")
    assert "1 row that needs review is left out" in words(browser.get(f"/imports/{batch.pk}/check/"))


def test_each_outcome_there_is_has_its_filter_and_one_put_back_says_so(browser: Client) -> None:
    campaign = make.campaign()
    batch = batches.imported(campaign, [make.lead(campaign) for _ in range(9)])
    others = [o for o in Outcome if o != Outcome.REJECTED][:8]
    for line, outcome in enumerate(others, start=2):
        BatchRow.objects.filter(batch=batch, line=line).update(outcome=outcome)
    page = words(browser.get(f"/imports/{batch.pk}/result/"))
    assert all(f"{outcome.label} 1" in page for outcome in [*others, Outcome.REJECTED])
    done = batches.undone(batches.imported(campaign, [make.lead(campaign), make.lead(campaign)]), lines=[1])
    page = f"/imports/{done.pk}/result/"
    assert "Rejected or put back 2" in words(browser.get(page))
    batches.undone(done)
    assert "Was rejected, put back 2" in words(browser.get(page))
    assert "Rejected 2" not in words(browser.get(page))


@pytest.mark.parametrize("name", ["reject_from", "through"])
def test_a_date_after_the_upload_is_refused_at_the_check_as_at_the_start(browser: Client, name: str) -> None:
    campaign = make.campaign()
    batch = batches.checked(campaign, [make.lead(campaign)])
    tomorrow = {name: str(NOW.date() + timedelta(days=1))}
    check, start = f"/imports/{batch.pk}/check/", f"/imports/{batch.pk}/start/"
    for answer in (browser.get(check, tomorrow), browser.post(start, tomorrow)):
        assert answer.status_code == 422
        assert "too late It may not be later than the day of the upload" in words(answer)
        assert "Reject 1 lead" in words(answer)
        assert f'value="{tomorrow[name]}"' not in answer.content.decode()
    assert browser.get(check, {name: str(NOW.date())}).status_code == 200
    form = re.search(r'<form id="options"[^>]*>', browser.get(check).content.decode())
    assert form
    assert "novalidate" in form[0], "else a browser with scripts keeps the date and says nothing"


def test_options_ticked_since_the_page_was_shown_are_shown_before_they_run(browser: Client) -> None:
    """Without JavaScript the button posts the form of the options, and names those it was made for."""
    campaign = make.campaign()
    batch = batches.checked(campaign, [make.lead(campaign)])
    make.lead(campaign, days_ago=40)
    posted = {"reject_from": "", "through": str(NOW.date()), "accept_older": "on"}

    def address(answer: Any) -> str:
        button = re.search(r'formaction="([^"]*)"', answer.content.decode())
        assert button
        return unescape(button[1])

    changed = browser.post(address(browser.get(f"/imports/{batch.pk}/check/")), posted)
    assert changed.status_code == 422
    assert "You chose other options than this page had shown Nothing was changed." in words(changed)
    assert "Reject 1 and accept 1 lead" in words(changed)
    followed = browser.get(f"/imports/{batch.pk}/start/?outcome=outside_window")
    assert followed.headers["Location"] == f"/imports/{batch.pk}/check/?outcome=outside_window"
    batch.refresh_from_db()
    assert batch.state == "checked"
    assert browser.post(address(changed), posted).status_code == 302
    batch.refresh_from_db()
    assert batch.options["accept_older"] is True


def test_leads_of_closed_months_come_inside_with_reject_from_too(browser: Client) -> None:
    campaign = make.campaign(return_window_days=7)
    batch = batches.checked(campaign, [make.lead(campaign, Status.ACCEPTED, is_final=True, days_ago=9)])
    day = str(NOW.date() - timedelta(days=5))
    assert "1 row comes inside" in words(browser.get(f"/imports/{batch.pk}/check/", {"reject_from": day}))
