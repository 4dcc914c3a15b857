"""What goes with a person from page to page: its theme, its keys, word of its batches; its page when signed out."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from campaigns.models import Session
from rejections.models import Batch
from rejections.states import State
from tests import batches
from tests.browser import steps
from tests.browser.conftest import OpenBrowser

TRANSPARENT = "rgba(0, 0, 0, 0)"


def background(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


def test_theme_density_and_keys_are_kept_with_the_person(open_browser: OpenBrowser) -> None:
    site = steps.site()
    page = open_browser(site.operator)
    page.goto("/profile/")
    light = background(page)
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("radio", name="Comfortable").check()
    page.get_by_role("switch", name="Single keys").uncheck()
    expect(page.get_by_role("status").get_by_text("Saved")).to_be_visible()
    elsewhere = open_browser(site.operator)  # another device
    elsewhere.goto("/campaigns/")
    assert background(elsewhere) not in (light, TRANSPARENT)
    row = elsewhere.get_by_role("row").nth(1).bounding_box()
    assert row
    assert row["height"] >= 44
    elsewhere.keyboard.press("i")
    elsewhere.keyboard.press("Control+k")
    expect(elsewhere.get_by_role("dialog", name="Search or jump to")).to_be_visible()
    elsewhere.keyboard.press("Escape")
    expect(steps.heading(elsewhere, "Campaigns")).to_be_visible()
    elsewhere.get_by_role("button", name="Switch between light and dark").click()
    assert background(elsewhere) == light
    elsewhere.get_by_role("link", name="Home", exact=True).click()
    expect(steps.heading(elsewhere, "Hello")).to_be_visible()
    assert background(elsewhere) == light


def test_a_batch_that_ends_elsewhere_says_so_wherever_the_person_is(open_browser: OpenBrowser) -> None:
    site = steps.site()
    batch = batches.imported(site.campaign, [(site.lead(7), "Spam")], at=site.at)
    Batch.objects.filter(pk=batch.pk).update(state=State.APPLYING, created_by=site.operator)
    page = open_browser(site.operator)
    page.goto("/campaigns/")
    expect(page.get_by_role("link", name="Your batches", exact=True)).to_be_visible()
    Batch.objects.filter(pk=batch.pk).update(state=State.FINISHED)
    toast = page.get_by_role("status").filter(has_text=f"IMP-{batch.pk} has finished")
    expect(toast).to_contain_text("1 lead rejected")
    fading = "document.querySelector('.toast-x').getAnimations()[0]"
    toast.hover()
    assert page.evaluate(f"{fading}.playState") == "paused"
    page.mouse.move(0, 0)
    assert page.evaluate(f"{fading}.playState") == "running"
    page.evaluate(f"{fading}.finish()")
    expect(page.locator(".toast-x")).to_have_count(0)
    page.get_by_role("link", name="Your batches").click()
    dialog = page.get_by_role("dialog", name="Your batches that ended")
    dialog.get_by_role("link", name=f"IMP-{batch.pk}").click()
    expect(steps.heading(page, "1 lead rejected")).to_be_visible()


def test_a_lost_session_asks_for_the_password_over_the_page_that_is_kept(open_browser: OpenBrowser) -> None:
    site = steps.site()
    site.operator.set_password("right-and-long-7")
    site.operator.save()
    page = open_browser(site.operator)
    page.goto("/campaigns/SOLAR-UK/accept/")
    page.get_by_label("Accept every Pending lead").fill("2026-01-31")
    Session.objects.all().delete()
    page.get_by_role("button", name="Switch between light and dark").click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    expect(dialog).to_contain_text("This page stays as it is.")
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in and go on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("That is not the password.")
    dialog.get_by_label("Password").fill("right-and-long-7")
    dialog.get_by_role("button", name="Sign in and go on").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Accept every Pending lead")).to_have_value("2026-01-31")
    page.get_by_role("button", name="Check").click()  # with the new session's token
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("Please send it again")
    assert Batch.objects.filter(created_by=site.operator).count() == 1


def test_a_lost_connection_is_said_on_the_page_until_it_is_back(open_browser: OpenBrowser) -> None:
    site = steps.site()
    page = open_browser(site.client)
    page.goto("/imports/")
    note = page.get_by_role("alert").filter(has_text="No connection since")
    expect(note).to_be_hidden()
    page.context.set_offline(True)
    expect(note).to_contain_text("nothing can be sent")
    page.context.set_offline(False)
    expect(note).to_be_hidden()


def test_a_password_is_kept_nowhere(open_browser: OpenBrowser) -> None:
    page = open_browser()
    page.goto("/login/")
    # The form stays here, so that one can look what the page keeps for the next.
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill("right-and-long-7")
    page.keyboard.press("Enter")
    kept = page.evaluate("JSON.stringify({ ...sessionStorage, ...localStorage })")
    assert "sent" in kept
    assert "right-and-long-7" not in kept
