"""What a person does and sees on the way from a file to its result: by role, label and text."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from campaigns.models import Campaign, User
from leads.models import Lead
from leads.statuses import Status
from rejections.models import Batch
from tests import make, sessions

#: The file of the seed, with its space after the comma.
EXAMPLE = b"lead_id, rejection_reason\n1, Duplicate Lead\n2, Failed Validation: Not UK Based\n"


@dataclass(frozen=True)
class Site:
    """A campaign with Pending leads 1 and 2 of yesterday and 3 of last month, and its people."""

    at: datetime
    campaign: Campaign
    operator: User
    client: User
    reader: User

    def lead(self, number: int, status: str = Status.PENDING, *, days_ago: float = 1, **values: Any) -> Lead:
        """One more lead of the campaign, with a Lead ID to put into a file."""
        at = self.at - timedelta(days=days_ago)
        return make.lead(self.campaign, status, id=number, at=at, **values)


def site(**campaign: Any) -> Site:
    """A new site."""
    brightwater = make.client("Brightwater")
    made = make.campaign(client=brightwater, code="SOLAR-UK", name="Solar UK", **campaign)
    make.cap(made, 100)
    new = Site(
        at=timezone.now(),
        campaign=made,
        operator=make.operator(first_name="Olga", last_name="Operates"),
        client=make.client_user(brightwater, first_name="Carla", last_name="Buys"),
        reader=make.client_user(brightwater, may_reject=False, first_name="Rolf", last_name="Reads"),
    )
    make.admin(first_name="Ada", last_name="Admin")
    new.lead(1, email="ann@example.org", name="Ann Archer")
    new.lead(2, email="bob@example.org", name="Bob Baker")
    new.lead(3, days_ago=30)
    return new


def file(content: bytes, name: str = "returns.csv") -> dict[str, Any]:
    """A file as a person would choose it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def choose_campaign(page: Page, campaign: Campaign) -> None:
    """Choose the campaign where there is a choice, and wait for what it allows today."""
    page.get_by_role("combobox", name="Campaign").select_option(campaign.code)
    expect(page.get_by_text("Maximum rejection days", exact=True)).to_be_visible()


def drop(page: Page, content: bytes, name: str = "returns.csv") -> None:
    """Drag a real file over the zone and let it fall there."""
    transfer = page.evaluate_handle(
        """([content, name]) => {
            const bytes = Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name));
            return transfer;
        }""",
        [base64.b64encode(content).decode(), name],
    )
    zone = page.get_by_text("Drop the file here")
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": transfer})


def upload(page: Page, campaign: Campaign, content: bytes, name: str = "returns.csv") -> None:
    """From the upload page to the mapping."""
    page.goto("/imports/new/")
    choose_campaign(page, campaign)
    page.locator("input[type=file]").set_input_files(file(content, name))
    page.get_by_role("button", name="Start rejection task").click()
    expect(heading(page, "How the file was read")).to_be_visible()


def check(page: Page) -> None:
    """From the mapping as it was guessed to the check."""
    page.get_by_role("button", name=re.compile(r"^Check [\d,]+ rows?$")).click()
    expect(heading(page, "What will happen to the")).to_be_visible()


def checked(page: Page, campaign: Campaign, content: bytes = EXAMPLE, name: str = "returns.csv") -> Batch:
    """From the upload page to the check; its batch."""
    upload(page, campaign, content, name)
    check(page)
    return Batch.objects.get(pk=number_of(page))


def number_of(page: Page) -> int:
    """The number of the batch whose page this is."""
    found = re.search(r"/imports/(\d+)/", page.url)
    assert found, page.url
    return int(found[1])


def heading(page: Page | Locator, text: str) -> Locator:
    """A title that contains the text."""
    return page.get_by_role("heading", name=text)


def starter(page: Page) -> Locator:
    """The button that starts the batch, whatever it says."""
    return page.get_by_role("region", name="Next step").get_by_role("button", name=re.compile("^(Rej|Acc)"))


def ended(page: Page, title: str) -> None:
    """Wait for the result with this title; the page renews itself."""
    expect(heading(page, title)).to_be_visible()


def status_of(page: Page, lead: int, words: str) -> None:
    """Open the lead and see where it stands."""
    page.goto(f"/leads/{lead}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def look_again(page: Page, awaited: Locator) -> None:
    """Follow “Look again” while a worker is at work."""

    def there() -> bool:
        if awaited.count():
            return True
        page.get_by_role("link", name="Look again").click()
        return bool(awaited.count())

    sessions.wait_until(there, "the worker")
