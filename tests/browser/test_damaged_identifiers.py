"""What a spreadsheet damaged: accepted and skipped by a person, with the mouse and with the keyboard."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from leads.models import Lead
from leads.statuses import Status
from rejections.models import Batch
from tests import batches
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.browser.steps import Site
from tests.worker import Worker

#: What the spreadsheet made of these UIDs, and what they were.
DAMAGED = {"4.47911E+11": "447911204418", "8.80022E+11": "880022116633", "5.51234E+11": "551234567890"}


def damaged(site: Site) -> list[Lead]:
    return [
        site.lead(number, uid=uid, name=f"Person {number}")
        for number, uid in enumerate(DAMAGED.values(), start=11)
    ]


def checked(site: Site) -> Batch:
    rows = [(text, "Spam") for text in DAMAGED]
    return batches.checked(site.campaign, rows, identifier="uid", person=site.operator, at=site.at)


def test_a_file_is_reviewed_with_the_mouse(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    leads = damaged(site)
    page = open_browser(site.operator)
    content = "uid,name,reason\n" + "".join(f"{text},Person {n},Spam\n" for n, text in enumerate(DAMAGED, 11))
    batch = steps.checked(page, site.campaign, content.encode())
    review = page.get_by_role("region", name="Needs review", exact=True)
    expect(review.get_by_role("row").nth(1)).to_contain_text("447911204418")
    expect(review.get_by_role("row").nth(1)).to_contain_text(
        "Person 11"
    )  # beside it, never a reason to accept
    expect(page.get_by_text("No row would reject a lead")).to_be_visible()
    expect(steps.starter(page)).to_be_disabled()
    review.get_by_role("button", name="Use this lead for line 2").click()
    expect(page.get_by_role("button", name="Reject 1 lead")).to_be_enabled()
    review.get_by_role("button", name="Skip line 3").click()
    expect(review.get_by_role("row").nth(2)).to_contain_text("Skipped")
    review.get_by_role("button", name="Use this lead for line 3 after all").click()
    expect(page.get_by_role("button", name="Reject 2 leads")).to_be_enabled()
    review.get_by_role("button", name="Use the 1 suggestion").click()
    page.get_by_role("button", name="Reject 3 leads").click()
    steps.ended(page, "3 leads rejected")
    assert batches.statuses(leads) == [Status.CLIENT_REJECTED] * 3
    assert Batch.objects.get(pk=batch.pk).rows == 3


def test_the_options_survive_a_decision(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    damaged(site)
    page = open_browser(site.operator)
    page.goto(f"/imports/{checked(site).pk}/check/?accept_older=on")
    page.get_by_role("button", name="Use this lead for line 1").click()
    expect(page.get_by_role("button", name="Reject 1 and accept 1 lead")).to_be_enabled()
    expect(page.get_by_role("switch", name="Move leads older")).to_be_checked()


def test_rows_are_reviewed_with_the_keyboard(open_browser: OpenBrowser, worker: Worker) -> None:
    """J goes to the first row; after each decision the next row has the focus."""
    site = steps.site()
    damaged(site)
    page = open_browser(site.operator)
    page.goto(f"/imports/{checked(site).pk}/check/")
    rows = page.get_by_role("region", name="Needs review", exact=True).get_by_role("row")
    page.keyboard.press("j")
    for line, (key, said) in enumerate({"y": "Lead used", "n": "Skipped", "Y": "Lead used"}.items(), start=1):
        expect(rows.nth(line).locator(":focus")).to_have_count(1)
        page.keyboard.press(key)
        expect(rows.nth(line)).to_contain_text(said)
    page.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(page, "2 leads rejected")
    left_out = page.get_by_role("row").filter(
        has_text="A person skipped it: the lead that fits was left as it is"
    )
    expect(left_out).to_have_count(1)
    expect(left_out).to_contain_text("8.80022E+11")


def test_keys_do_nothing_while_somebody_types_or_when_they_are_off(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    site = steps.site()
    damaged(site)
    page = open_browser(site.operator)
    page.goto(f"/imports/{checked(site).pk}/check/")
    page.get_by_role("searchbox", name="Search rows").press("y")
    page.keyboard.press("Escape")
    check = page.url
    page.goto("/profile/")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("switch", name="Single keys").uncheck()
    page.goto(check)
    page.get_by_role("region", name="Needs review", exact=True).get_by_role("link").first.focus()
    page.keyboard.press("y")
    expect(page.get_by_role("button", name="Use this lead for line 1")).to_be_visible()


def test_over_100_unnamed_leads_take_a_typed_number(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    for number in range(1000, 1100):
        site.lead(number, days_ago=30)
    batch = batches.checked(site.campaign, [("1", "Spam")], person=site.operator, at=site.at)
    page = open_browser(site.operator)
    page.goto(f"/imports/{batch.pk}/check/")
    page.get_by_role("switch", name="Move leads older").check()
    number = page.get_by_label("101 leads the file does not name will be accepted: type 101")
    number.fill("100")
    page.get_by_role("button", name="Reject 1 and accept 101 leads").click()
    refused_for_the_number(page)
    expect(number).to_have_attribute("aria-invalid", "true")
    assert Lead.objects.exclude(status=Status.PENDING).count() == 0
    number.fill("101")
    page.get_by_role("button", name="Reject 1 and accept 101 leads").click()
    steps.ended(page, "1 lead rejected, 101 leads accepted")


def refused_for_the_number(page: Page) -> None:
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("101 leads that the file does not name would be accepted")
    expect(alert).to_contain_text("Type 101 to confirm. Nothing was changed.")
    expect(alert).to_be_focused()
