"""Everything but drag and drop and live progress works where JavaScript does not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from rejections.models import Batch
from tests import make
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
    page.get_by_role("button", name="Reject 2 leads").click()  # without Update: the effect comes first
    expect(page.get_by_role("alert")).to_contain_text("You chose other options than this page had shown")
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


@pytest.mark.parametrize("scripts", [False, True])
def test_what_comes_after_its_page_is_a_link_where_it_does_not_come(
    open_browser: OpenBrowser, scripts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = steps.site()
    supplier = make.supplier_user(site.campaign.sources.get().supplier)
    monkeypatch.setattr("campaigns.views.later.are_many", lambda: True)
    page = open_browser(supplier, java_script_enabled=scripts)
    page.route("**/?part=*", lambda route: None)  # never answered
    page.goto("/")
    link = page.get_by_role("link", name="Counting your leads: show it")
    if scripts:
        expect(link).to_be_hidden()
        page.locator(".later").evaluate(
            "elt => elt.dispatchEvent(new CustomEvent('htmx:responseError', {bubbles: true, "
            "detail: {elt, xhr: {status: 500}}}))"
        )
        expect(page.get_by_text("Counting your leads …")).to_be_hidden()
    link.click()
    expect(page.get_by_role("main")).to_contain_text("3 received from you")
    expect(page.get_by_role("heading", name="Why leads came back")).to_be_visible()
    page.unroute_all()
    page.goto("/")
    if scripts:
        expect(page.get_by_role("main")).to_contain_text("3 received from you")


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
