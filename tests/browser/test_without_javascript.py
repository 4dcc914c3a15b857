"""Everything but drag and drop and live progress works where JavaScript does not."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from rejections.models import Batch
from tests.browser import steps
from tests.browser.conftest import OpenBrowser
from tests.worker import Worker


def test_from_sign_in_to_undo(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    site.operator.set_password("demo")
    site.operator.save()
    page = open_browser(java_script_enabled=False)
    sign_in(page, site.operator.username)
    page.get_by_role("main").get_by_role("link", name="Import rejections").click()
    page.get_by_role("combobox", name="Campaign").select_option(site.campaign.code)
    page.get_by_label("Choose a file").set_input_files(steps.file(steps.EXAMPLE))
    page.get_by_role("button", name="Start rejection task").click()
    steps.look_again(page, steps.heading(page, "How the file was read"))
    page.get_by_role("button", name="Show the phrases of this column").click()
    page.get_by_label("Disposition code for Duplicate Lead").select_option("CLIENT_DUPLICATE")
    page.get_by_role("button", name="Check 2 rows").click()
    steps.look_again(page, steps.heading(page, "What will happen to the"))
    page.get_by_role("switch", name="Move leads older").check()
    page.get_by_role("button", name="Update").click()
    page.get_by_role("button", name="Reject 2 and accept 1 lead").click()
    steps.look_again(page, steps.heading(page, "2 leads rejected, 1 lead accepted"))
    expect(page.get_by_role("main")).to_contain_text("CLIENT_DUPLICATE")
    page.get_by_role("link", name="Undo", exact=True).click()
    expect(page.get_by_role("heading", level=2, name="Undo IMP-")).to_be_visible()
    page.get_by_role("link", name="Keep the import").click()
    page.get_by_role("link", name="Undo", exact=True).click()
    page.get_by_role("button", name="Put back 3 leads").click()
    steps.look_again(page, steps.heading(page, "3 leads put back"))
    page.get_by_role("button", name="Sign out").click()
    expect(steps.heading(page, "Sign in to")).to_be_visible()


def sign_in(page: Page, username: str) -> None:
    page.goto("/")
    for password, title in (("wrong", "Sign in to"), ("demo", "Hello")):
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(steps.heading(page, title)).to_be_visible()
        if password == "wrong":
            expect(page.get_by_role("alert")).to_contain_text("do not match an active account")


def test_a_damaged_row_is_decided(open_browser: OpenBrowser, worker: Worker) -> None:
    site = steps.site()
    site.lead(11, uid="447911204418")
    page = open_browser(site.client, java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Choose a file").set_input_files(steps.file(b"uid,reason\n4.47911E+11,Spam\n"))
    page.get_by_role("button", name="Start rejection task").click()
    steps.look_again(page, steps.heading(page, "How the file was read"))
    page.get_by_role("button", name="Check 1 row").click()
    steps.look_again(page, steps.heading(page, "What will happen to the"))
    page.get_by_role("button", name="Use this lead for line 2").click()
    page.get_by_role("button", name="Reject 1 lead").click()
    steps.look_again(page, steps.heading(page, "1 lead rejected"))
    assert Batch.objects.get().rows == 1
