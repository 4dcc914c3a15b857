"""The same click twice: by two people, by one in a hurry, by a page that was reloaded or came back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from leads.models import Delivery, LeadEvent
from leads.statuses import Cause
from rejections.models import Batch
from rejections.states import State
from tests import batches, sessions
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.browser.steps import Site
from tests.worker import Worker

DONE = "2 leads rejected"


def checked(site: Site) -> Batch:
    """The example, checked."""
    rows = [("1", "Duplicate Lead"), ("2", "Failed Validation: Not UK Based")]
    return batches.checked(site.campaign, rows, person=site.client, at=site.at)


def ran_once(batch: Batch) -> None:
    batch.refresh_from_db()
    assert batch.state == State.FINISHED
    moved = LeadEvent.objects.filter(cause=Cause.CLIENT_REJECTED).order_by("lead")
    assert list(moved.values_list("lead", "batch_id")) == [(1, batch.pk), (2, batch.pk)]
    assert Delivery.objects.filter(batch_id=batch.pk, supplier__isnull=False).count() == 1


def test_two_people_start_the_same_batch_at_the_same_moment(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    site = steps.site()
    batch = checked(site)
    pages = [open_browser(person) for person in (site.operator, site.client)]
    for page in pages:
        page.goto(f"/imports/{batch.pk}/check/")
    with sessions.locked("rejections_batch", batch.pk):
        for page in pages:
            page.get_by_role("button", name="Reject 2 leads").click(no_wait_after=True)
        sessions.wait_for_blocked(2)
    for page in pages:
        steps.ended(page, DONE)
        assert page.url.endswith(f"/imports/{batch.pk}/result/")
    ran_once(batch)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_double_click_starts_once(open_browser: OpenBrowser, worker: Worker, javascript: bool) -> None:
    site = steps.site()
    batch = checked(site)
    page = open_browser(site.operator, java_script_enabled=javascript)
    page.goto(f"/imports/{batch.pk}/check/")
    page.get_by_role("button", name="Reject 2 leads").dblclick()
    page.wait_for_url("**/result/")
    sessions.wait_until(lambda: Batch.objects.get(pk=batch.pk).state == State.FINISHED, "the run")
    page.reload()
    steps.ended(page, DONE)
    ran_once(batch)


def test_a_reload_after_start_sends_nothing_again(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    batch = checked(site)
    page = open_browser(site.operator)
    sent = count_posts(page)
    page.goto(f"/imports/{batch.pk}/check/")
    page.get_by_role("button", name="Reject 2 leads").click()
    page.wait_for_url("**/result/")
    page.reload()
    steps.ended(page, DONE)
    page.reload()
    assert len(sent) == 1
    ran_once(batch)


def test_a_reload_of_a_refused_start_is_refused_again(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    batch = checked(site)
    page = open_browser(site.operator)
    sent = count_posts(page)
    page.goto(f"/imports/{batch.pk}/check/?accept_older=on")
    for number in range(1000, 1101):
        site.lead(number, days_ago=30)
    page.get_by_role("button", name="Reject 2 and accept 1 lead").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed.")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed.")
    assert len(sent) == 2
    assert not LeadEvent.objects.exists()


def test_a_date_after_the_upload_is_refused_as_soon_as_it_is_chosen(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    site = steps.site()
    batch = checked(site)
    page = open_browser(site.operator)
    page.goto(f"/imports/{batch.pk}/check/")
    page.get_by_label("Reject from the date").fill("2999-01-01")
    expect(page.get_by_role("alert")).to_contain_text("It may not be later than the day of the upload")
    expect(page.get_by_label("Reject from the date")).to_have_value("")
    expect(page.get_by_role("button", name="Reject 2 leads")).to_be_enabled()


def test_a_page_from_before_the_start_leads_to_the_result(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    batch = checked(site)
    stale, page = open_browser(site.client), open_browser(site.client)
    for one in (stale, page):
        one.goto(f"/imports/{batch.pk}/check/")
    page.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(page, DONE)
    stale.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(stale, DONE)
    page.go_back()
    if (again := page.get_by_role("button", name="Reject 2 leads")).count():
        again.click()
    steps.ended(page, DONE)
    ran_once(batch)


def count_posts(page: Page) -> list[str]:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent
