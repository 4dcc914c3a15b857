"""The main job as people do it: the seed's own example from the file to the lead, and all the way back."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from leads.models import Lead
from leads.statuses import Status
from rejections.models import Batch
from tests import batches, sessions
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.worker import Worker


def test_an_operator_drops_the_example(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Import rejections").click()
    steps.choose_campaign(page, site.campaign)
    expect(page.get_by_text("leads valid since")).to_contain_text("2 Pending")
    steps.drop(page, steps.EXAMPLE)
    expect(page.get_by_text("returns.csv · 1 KB").first).to_be_visible()
    page.get_by_role("button", name="Start rejection task").click()
    walk_from_map_to_undo(page)


def test_a_client_chooses_the_example_on_its_home(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.client)
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(steps.file(steps.EXAMPLE))
    expect(page.get_by_text("2 Pending")).to_be_visible()  # its only campaign is chosen already
    page.get_by_role("button", name="Start rejection task").click()
    walk_from_map_to_undo(page)


def walk_from_map_to_undo(page: Page) -> None:
    see_the_mapping(page)
    steps.check(page)
    tick_an_option(page)
    assert statuses() == [Status.PENDING] * 3  # nothing moves before Start
    page.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(page, "2 leads rejected")
    expect(page.get_by_text("The outcome is what the check said, row for row.")).to_be_visible()
    result = page.url
    row = page.get_by_role("row").filter(has_text="Failed Validation: Not UK Based")
    row.get_by_role("link", name="2", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Client Rejected")
    expect(page.get_by_role("main")).to_contain_text("“Failed Validation: Not UK Based”")
    steps.status_of(page, 1, "Client Rejected")
    expect(page.get_by_role("main")).to_contain_text("“Duplicate Lead”")
    steps.status_of(page, 3, "Pending")
    page.goto(result)
    undo_in_the_dialog(page)
    for number in (1, 2):
        steps.status_of(page, number, "Pending")
        expect(page.get_by_text("taken back").first).to_be_visible()


def see_the_mapping(page: Page) -> None:
    expect(steps.heading(page, "How the file was read")).to_be_visible()
    expect(page.get_by_text("2 rows, 0 unreadable")).to_be_visible()
    expect(page.get_by_label("Identifier column")).to_have_value("lead_id")
    expect(page.get_by_label("Reason column")).to_have_value("rejection_reason")
    expect(page.get_by_role("radio", name="Lead ID")).to_be_checked()
    expect(page.get_by_role("row", name="Failed Validation: Not UK Based").first).to_be_visible()


def tick_an_option(page: Page) -> None:
    """Its effect stands beside it before it is ticked; ticked, the button says it."""
    expect(page.get_by_role("button", name="Reject 2 leads")).to_be_enabled()
    older = page.get_by_role("switch", name="Move leads older than maximum rejected date to accepted")
    expect(page.get_by_text("would accept 1 lead").first).to_be_visible()
    older.check()
    expect(page.get_by_role("button", name="Reject 2 and accept 1 lead")).to_be_enabled()
    expect(page).to_have_url(re.compile("accept_older=on"))
    older.uncheck()
    expect(page.get_by_role("button", name="Reject 2 leads")).to_be_enabled()


def undo_in_the_dialog(page: Page) -> None:
    page.get_by_role("link", name="Undo", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 leads go back to what they were")
    dialog.get_by_role("link", name="Keep the import").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Undo", exact=True).click()
    dialog.get_by_role("button", name="Put back 2 leads").click()
    steps.ended(page, "2 leads put back")


def statuses() -> list[str]:
    return batches.statuses(list(Lead.objects.order_by("pk")))


def test_progress_is_live_and_the_run_stops_and_goes_on(
    open_browser: OpenBrowser, start_worker: Callable[..., Worker]
) -> None:
    """One row a chunk; the second waits for a lead that the test holds."""
    start_worker(CHUNK_ROWS="1")
    site = steps.site()
    for number in range(4, 10):
        site.lead(number)
    page = open_browser(site.operator)
    content = b"lead_id,reason\n" + b"".join(b"%d,Spam\n" % number for number in (1, 2, *range(4, 10)))
    batch = steps.checked(page, site.campaign, content)
    with sessions.locked("leads_lead", 2):
        page.get_by_role("button", name="Reject 8 leads").click()
        expect(steps.heading(page, "Leads are being moved")).to_be_visible()
        progress = page.get_by_role("progressbar", name=f"Progress of IMP-{batch.pk}")
        expect(progress).to_have_attribute("value", "1")
        expect(page.get_by_text("1 of 8 rows")).to_be_visible()
        page.get_by_role("button", name="Stop").click(no_wait_after=True)  # it comes after the present row
        sessions.wait_for_blocked(2)
    expect(page.get_by_text(re.compile(r"Stopped after \d of 8\srows\."))).to_be_visible()
    assert Status.PENDING in statuses()[3:]
    page.get_by_role("button", name="Continue").click()
    steps.ended(page, "8 leads rejected")


def test_the_page_can_be_left_and_the_run_goes_on(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.client)
    batch = steps.checked(page, site.campaign)
    with sessions.locked("leads_lead", 2):
        page.get_by_role("button", name="Reject 2 leads").click()
        expect(steps.heading(page, "Leads are being moved")).to_be_visible()
        page.context.close()
    again = open_browser(site.client)
    again.goto("/imports/")
    again.get_by_role("link", name=f"IMP-{batch.pk}").click()
    steps.ended(again, "2 leads rejected")


def test_undo_of_ticked_rows_puts_back_their_leads_only(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    steps.checked(page, site.campaign)
    page.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(page, "2 leads rejected")
    page.get_by_role("checkbox", name="Select line 3").check()
    page.get_by_role("button", name="Undo ticked rows").click()
    expect(steps.heading(page, "Undo 1 row of")).to_be_visible()
    page.get_by_role("button", name="Put back 1 lead").click()
    steps.ended(page, "2 leads rejected, 1 put back")
    expect(page.get_by_role("row").filter(has_text="Its lead was put back.")).to_contain_text("Not UK Based")
    expect(page.get_by_role("checkbox", name="Select line 3")).to_have_count(0)
    steps.status_of(page, 1, "Client Rejected")
    steps.status_of(page, 2, "Pending")


def test_without_the_permission_the_page_says_who_can_give_it(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    site = steps.site()
    page = open_browser(site.reader)
    for address in ("/", "/imports/new/"):
        page.goto(address)
        main = page.get_by_role("main")
        expect(main).to_contain_text("Ada Admin")
        expect(main).to_contain_text("Reject leads as a client")
        expect(page.get_by_role("button", name="Start rejection task")).to_have_count(0)
    token = next(c["value"] for c in page.context.cookies() if c["name"] == "csrftoken")
    answer = page.request.post(
        "/imports/new/",
        headers={"X-CSRFToken": token, "Referer": page.url},
        multipart={"campaign": site.campaign.code, "file": steps.file(steps.EXAMPLE)},
    )
    assert answer.status == 403
    assert not Batch.objects.exists()
