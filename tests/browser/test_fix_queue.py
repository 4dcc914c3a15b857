"""An operator empties the fix queue with the keyboard alone."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import PicklistValue
from leads.models import Lead
from tests import make
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.rejections import corrections as given
from tests.worker import Worker


def reject(source: Any, country: str, count: int) -> None:
    first = Lead.objects.count()
    rows = [{"email": f"{first + n}@example.org", "country": country} for n in range(count)]
    given.receive(source, *rows, at=timezone.now())


def button(page: Page, words: str) -> Any:
    return page.get_by_role("button", name=words, exact=True)


def test_the_queue_is_emptied_by_keyboard(open_browser: OpenBrowser, worker: Worker) -> None:
    source = given.source()
    reject(source, "U.S.A.", 5)
    reject(source, "Narnia", 3)
    reject(source, "Austira", 2)
    page = open_browser(make.operator(first_name="Olga", last_name="Operates"))
    page.goto("/campaigns/")
    page.keyboard.press("g")
    page.keyboard.press("f")
    expect(button(page, "Map and release 5 leads")).to_be_enabled()
    page.keyboard.press("Control+Enter")  # the biggest group, as suggested
    expect(page.get_by_text("5 released")).to_be_visible()

    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Country: Austira")).to_be_visible()
    for key in ("k", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Country: Narnia")).to_be_visible()
    page.keyboard.press("e")
    page.keyboard.type("Nowhere")
    expect(button(page, "Change 3 leads; none passes yet")).to_be_enabled()
    page.keyboard.press("Control+a")
    page.keyboard.type("Germany")
    expect(button(page, "Change and release 3 leads")).to_be_enabled()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(button(page, "Keep 3 leads rejected")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("3 kept rejected")).to_be_visible()

    # Two at once: X ticks the row.
    reject(source, "Germny", 2)
    reject(source, "Austrai", 1)
    page.goto("/fix-queue/")
    for key in ("j", "j", "x", "j", "x"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Fix 2 as suggested").press("Enter")
    page.get_by_role("button", name="Release 3 leads").click()
    expect(page.get_by_text("1 released")).to_be_visible()

    # While the last group is on screen, somebody retires the value it would be mapped to.
    expect(button(page, "Map and release 2 leads")).to_be_enabled()
    PicklistValue.objects.filter(value="Austria").update(retired_at=timezone.now())
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("“Austria” is not in use").first).to_be_visible()
    page.keyboard.press("a")
    expect(button(page, "Add and release 2 leads")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(steps.heading(page, "Fix queue")).to_be_visible()
    expect(page.get_by_text("2 released").first).to_be_visible()
    page.goto("/fix-queue/")
    expect(page.get_by_text("Nothing to fix")).to_be_visible()
    page.get_by_role("link", name="Decisions made").first.click()
    expect(page.get_by_role("cell", name="Olga Operates")).to_have_count(5)


def test_on_a_phone_a_group_is_a_page_of_its_own(open_browser: OpenBrowser, worker: Worker) -> None:
    source = given.source()
    reject(source, "U.S.A.", 2)
    page = open_browser(make.operator(), viewport={"width": 390, "height": 844})
    page.goto("/fix-queue/")
    page.get_by_role("link", name="Country").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("U.S.A.")
    page.get_by_label("Keep rejected").check()
    expect(button(page, "Keep 2 leads rejected")).to_be_visible()
    page.get_by_label("Picklist value").select_option("Germany")
    expect(page.get_by_label("Map to a value")).to_be_checked()
    expect(button(page, "Map and release 2 leads")).to_be_enabled()
    button(page, "Map and release 2 leads").click()
    expect(page.get_by_text("2 released")).to_be_visible()
    assert not Lead.objects.exclude(status="pending").exists()
