"""From the file to the start with the keyboard alone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import FileChooser, Locator, Page, expect

from campaigns.models import Picklist
from leads.models import Lead
from tests import make
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.rejections import corrections as given
from tests.worker import Worker


def tab_to(page: Page, target: Locator, *, most: int = 60, back: bool = False) -> None:
    """Press Tab until the target has the focus; what has it must be seen to have it."""
    for _ in range(most):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{most} tabs did not reach {target}")


def test_from_the_upload_to_the_start(open_browser: OpenBrowser, worker: Worker, tmp_path: Path) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    choosers: list[FileChooser] = []
    page.on(
        "filechooser", lambda chooser: choosers.append(chooser)
    )  # listened for from the start: it takes a while to take effect
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("i")
    expect(steps.heading(page, "Import rejections")).to_be_visible()
    choose_file(page, choosers, tmp_path)
    tab_to(page, page.get_by_role("combobox", name="Campaign"))
    page.keyboard.type("Solar")
    expect(page.get_by_text("2 Pending")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Start rejection task"))
    page.keyboard.press("Enter")
    expect(steps.heading(page, "How the file was read")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Check 2 rows"))
    page.keyboard.press("Enter")
    expect(steps.heading(page, "What will happen to the")).to_be_visible()
    older = page.get_by_role("switch", name="Move leads older")
    tab_to(page, older)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Reject 2 and accept 1 lead")).to_be_enabled()
    expect(older).to_be_focused()
    page.keyboard.press("Space")
    start = page.get_by_role("button", name="Reject 2 leads")
    expect(start).to_be_enabled()
    tab_to(page, start)
    page.keyboard.press("Enter")
    steps.ended(page, "2 leads rejected")


def choose_file(page: Page, choosers: list[FileChooser], folder: Path) -> None:
    """The zone is a field that takes the focus and opens the file chooser."""
    path = folder / "returns.csv"
    path.write_bytes(steps.EXAMPLE)
    tab_to(page, page.locator("input[type=file]"))
    page.keyboard.press("Enter")
    for _ in range(100):
        if choosers:
            break
        page.wait_for_timeout(100)
    choosers[0].set_files(path)
    expect(page.get_by_text("returns.csv · 1 KB").first).to_be_visible()


def test_the_undo_dialog_keeps_the_focus_and_gives_it_back(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    page = open_browser(site.client)
    steps.checked(page, site.campaign)
    page.get_by_role("button", name="Reject 2 leads").click()
    steps.ended(page, "2 leads rejected")
    undo = page.get_by_role("link", name="Undo", exact=True)
    tab_to(page, undo)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Undo IMP-")
    expect(dialog.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(undo).to_be_focused()


def test_keys_lead_where_the_list_of_keys_says(open_browser: OpenBrowser) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    page.goto("/campaigns/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("i")  # a dialog is open: no key leads away
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(steps.heading(page, "Solar UK")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Imports", level=1)).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(steps.heading(page, "Hello, Olga")).to_be_visible()
    for key, heading in (("l", "Leads"), ("f", "Fix queue")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bob Baker")


def test_the_focus_stays_where_one_works(open_browser: OpenBrowser) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    page.goto("/imports/")
    page.get_by_role("combobox", name="State").focus()
    page.keyboard.press("End")
    tab_to(page, page.get_by_role("button", name="Filter"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("No import matches")).to_be_visible()
    expect(page.get_by_role("button", name="Filter")).to_be_focused()
    page.goto("/campaigns/SOLAR-UK/accept/")
    page.get_by_label("Accept every Pending lead").fill("2001-01-01")
    page.keyboard.press("Enter")
    page.wait_for_url("**/check/")
    expect(page.locator("h1")).to_be_focused()
    expect(page.locator("h1")).to_have_css("outline-style", "none")  # no control: nothing can be done with it
    page.goto("/profile/")
    page.get_by_role("radio", name="Comfortable").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="Comfortable")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("data-density", "comfortable")


def test_what_went_wrong_has_the_focus_and_is_in_sight(open_browser: OpenBrowser) -> None:
    source = given.source()
    given.receive(source, {"email": "n/a", "country": "Germany"})
    page = open_browser(make.operator())
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(f"/leads/{Lead.objects.get().pk}/")
    page.get_by_role("button", name="Check this fix").focus()
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="No value was changed")
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()


def test_a_key_that_is_told_once_is_in_sight(open_browser: OpenBrowser) -> None:
    page = open_browser(make.admin())
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto("/profile/keys/")
    page.get_by_label("Which program will use it?").fill("CRM")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make the key").click()
    told = page.get_by_role("textbox", name="Key", exact=True)
    expect(page.locator("[data-told]")).to_be_focused()
    expect(told).to_be_in_viewport()


def test_a_dialog_to_fill_in_begins_at_its_field(open_browser: OpenBrowser) -> None:
    given.source()
    page = open_browser(make.admin())
    page.goto(f"/picklists/{Picklist.objects.get().pk}/")
    add = page.get_by_role("link", name="Add value")
    add.focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("dialog").get_by_label("Value")
    expect(field).to_be_focused()
    page.keyboard.type("Narnia")
    expect(page.get_by_role("button", name="Add the value")).to_be_enabled()
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(add).to_be_focused()
