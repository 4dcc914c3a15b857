"""An admin extends a picklist and releases the leads it turned away; an operator does the part that is theirs."""

from __future__ import annotations

from django.utils import timezone
from playwright.sync_api import expect

from campaigns.models import ListMapperEntry, Picklist, PicklistVersion
from leads.models import Lead
from tests import make
from tests.browser.conftest import OpenBrowser
from tests.rejections import corrections as given
from tests.worker import Worker


def test_an_admin_extends_a_picklist_and_releases_the_leads(
    open_browser: OpenBrowser, worker: Worker
) -> None:
    source = given.source()
    rows = [{"email": f"{n}@example.org", "country": "Narnia" if n < 2 else "U.S.A."} for n in range(5)]
    given.receive(source, *rows, at=timezone.now())
    picklist = Picklist.objects.get()
    page = open_browser(make.admin(first_name="Ada", last_name="Admin"))
    page.goto("/campaigns/")
    page.get_by_role("link", name="Picklists").click()
    page.get_by_role("link", name=picklist.name).click()

    page.get_by_role("link", name="Add value").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Value").fill("Germany")
    expect(dialog.get_by_text("It is so already")).to_be_visible()
    expect(dialog.get_by_role("button", name="Add the value")).to_be_disabled()
    dialog.get_by_label("Value").fill("Narnia")
    dialog.get_by_role("button", name="Add the value and release 2 leads").click()
    expect(page.get_by_text("2 leads are judged again")).to_be_visible()

    page.get_by_role("link", name="Map U.S.A.").click()
    dialog.get_by_label("Stands for").select_option("Narnia")
    expect(dialog.get_by_role("button", name="Map it and release 3 leads")).to_be_enabled()
    # Somebody else maps the text in the meantime.
    value = picklist.values.get(value="Austria")
    ListMapperEntry.objects.create(picklist=picklist, text="u.s.a.", folded="u.s.a.", value=value)
    dialog.get_by_role("button", name="Map it only").click()
    expect(page.get_by_text("is mapped to “Austria” already").first).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("came before this list knew their value")).to_be_visible()
    page.get_by_role("button", name="Judge 3 leads again").click()
    page.goto("/fix-queue/")
    expect(page.get_by_text("3 released")).to_be_visible()
    assert not Lead.objects.exclude(status="pending").exists()
    page.goto(f"/picklists/{picklist.pk}/versions/")
    expect(page.get_by_role("cell", name="Ada Admin")).to_have_count(1)
    assert PicklistVersion.objects.get().number == 2
