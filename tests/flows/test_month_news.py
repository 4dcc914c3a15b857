"""When a month is closed its parties are told, each of its own statement: in the bell, by e-mail who wants one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from campaigns.models import User
from leads import deliver
from leads.models import Delivery
from leads.statuses import Status
from rejections import months, told
from tests import make
from tests.flows.test_pages import signed_in

pytestmark = pytest.mark.django_db
MONTH = (timezone.now() - timedelta(days=75)).date().replace(day=1)
WANTS = {"mails": ["month_closed"], "email": "somebody@example.org"}


@pytest.fixture
def people() -> dict[str, User]:
    """Somebody of each side, of another client, and of a supplier without a line; then the month is closed."""
    campaign = make.campaign(name="Rooftops Internal", public_name="Home offer")
    lead = make.lead(campaign, Status.ACCEPTED, at=timezone.now() - timedelta(days=75))
    idle = make.source(campaign)
    found = {
        "operator": make.operator(), "client": make.client_user(campaign.client),
        "supplier": make.supplier_user(lead.supplier), "silent": make.supplier_user(lead.supplier),
        "rival": make.client_user(make.client()), "idle": make.supplier_user(idle.supplier),
    }  # fmt: skip
    for name, person in found.items():
        User.objects.filter(pk=person.pk).update(
            date_joined=timezone.now() - timedelta(days=9), **(WANTS if name != "silent" else {})
        )
        person.refresh_from_db()
    month = months.oldest_open(campaign)
    assert month is not None
    months.close(campaign, month, person=found["operator"], typed=months.word(month), at=timezone.now())
    return found


def test_the_parties_are_told_in_the_bell_until_they_have_looked(people: dict[str, User]) -> None:
    heard = {name: told.told(person).months for name, person in people.items()}
    assert heard == {"operator": 1, "client": 1, "supplier": 1, "silent": 1, "rival": 0, "idle": 0}
    for name, calls_it in (("client", "Rooftops Internal"), ("supplier", "Home offer")):
        browser = signed_in(people[name])
        assert "1\xa0month closed since you last looked" in browser.get("/").content.decode()
        page = browser.get("/told/").content.decode()
        assert calls_it in page
        assert "is closed" in page
        side = "clients" if name == "client" else "suppliers"
        link = page.split('class="ok-link" href="', 1)[1].split('"', 1)[0]
        assert link.startswith(f"/statements/{side}/")
        assert browser.get(link).status_code == 200
        assert "closed since you last looked" not in browser.get("/").content.decode()
    assert "Rooftops Internal" not in signed_in(people["supplier"]).get("/told/").content.decode()


def test_who_wants_it_gets_an_email_with_the_way_to_the_own_statement(
    people: dict[str, User], settings: Any
) -> None:
    written = Delivery.objects.filter(kind="month_closed")
    assert {one.person for one in written} == {people["client"], people["supplier"]}
    deliver.deliver_due(timezone.now())
    texts = {message.subject: message.body for message in mail.outbox}
    assert len(texts) == 2
    for subject, body in texts.items():
        side = "suppliers" if "Home offer" in subject else "clients"
        assert f"{settings.SITE_URL}/statements/{side}/" in body
        assert side == "clients" or "Rooftops" not in subject + body


def test_each_side_is_asked_for_the_mails_it_can_get(people: dict[str, User]) -> None:
    asked = {
        "operator": ["batch_ended"],
        "client": ["batch_ended", "month_closed"],
        "supplier": ["month_closed"],
    }
    for name, mails in asked.items():
        page = signed_in(people[name]).get("/profile/").content.decode()
        assert [mail for mail in ("batch_ended", "month_closed") if f'id="mail-{mail}"' in page] == mails
