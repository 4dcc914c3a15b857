"""The settings of a campaign in a browser's requests: read by operators, changed by admins, each change on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.models import Agreement, Campaign, Cap, Destination
from tests import make
from tests.receiver import Receiver, receiver

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make.campaign(name="Solar UK", code="SOLAR")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make.admin())
    return client


@pytest.fixture
def crm() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def text(answer: Any) -> str:
    return str(answer.content.decode())


RETURNS = {
    "name": "Solar UK",
    "public_name": "Offer",
    "return_window_days": "10",
    "quarantine_days": "30",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "phone_region": "gb",
    "day_first": "on",
    "withdrawn_options": ["free_cap"],
}


def test_operators_read_admins_change_and_nobody_else_sees_them(client: Client, campaign: Campaign) -> None:
    person = make.client_user(campaign.client)
    for stranger in (person, make.supplier_user(make.source(campaign).supplier)):
        client.force_login(stranger)
        assert client.get("/campaigns/SOLAR/settings/").status_code == 404
        assert client.get("/campaigns/SOLAR/settings/returns/").status_code == 404
    client.force_login(make.operator())
    page = text(client.get("/campaigns/SOLAR/settings/"))
    assert "An admin changes them" in page
    assert "settings/returns/" not in page
    assert client.post("/campaigns/SOLAR/settings/returns/", RETURNS).status_code == 403


def test_returns_are_saved_and_said_by_whom(admin: Client, campaign: Campaign) -> None:
    make.lead(campaign)
    saved = admin.post("/campaigns/SOLAR/settings/returns/", RETURNS | {"currency": "EUR"}, follow=True)
    campaign.refresh_from_db()
    assert (campaign.return_window_days, campaign.phone_region) == (10, "GB")
    assert campaign.withdrawn_options == ["free_cap"]
    assert campaign.currency == "GBP", "fixed since the first lead"
    assert "Returns and reading changed:" in text(saved)
    assert "Maximum rejection days 7 → 10" in text(saved)


def test_a_window_that_closes_over_leads_is_saved_at_the_second_click(
    admin: Client, campaign: Campaign
) -> None:
    now = timezone.now()
    for days in (1, 5, 6):
        make.lead(campaign, at=now - timedelta(days=days))
    asked = text(admin.post("/campaigns/SOLAR/settings/returns/", RETURNS | {"return_window_days": "3"}))
    assert "2\xa0Pending leads could no longer be rejected" in asked
    campaign.refresh_from_db()
    assert campaign.return_window_days == 7
    sure = RETURNS | {"return_window_days": "3", "sure": "1"}
    admin.post("/campaigns/SOLAR/settings/returns/", sure)
    campaign.refresh_from_db()
    assert campaign.return_window_days == 3


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"time_zone": "London"}, "is not a time zone"),
        ({"phone_region": "zz"}, "two letters"),
        ({"return_window_days": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_makes_no_sense_is_refused_and_kept_in_the_form(
    admin: Client, campaign: Campaign, wrong: dict[str, str], sentence: str
) -> None:
    answer = admin.post("/campaigns/SOLAR/settings/returns/", RETURNS | wrong)
    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "Nothing was changed" in text(answer)
    campaign.refresh_from_db()
    assert campaign.return_window_days == 7


def test_caps_are_added_changed_and_removed(admin: Client, campaign: Campaign) -> None:
    supplier = make.source(campaign).supplier
    admin.post("/campaigns/SOLAR/settings/caps/new/", {"supplier": "", "period": "week", "limit": "500"})
    cap = Cap.objects.get(campaign=campaign)
    again = admin.post(
        "/campaigns/SOLAR/settings/caps/new/", {"supplier": "", "period": "week", "limit": "9"}
    )
    assert "There is a cap for this already" in text(again)
    admin.post(
        f"/campaigns/SOLAR/settings/caps/{cap.pk}/",
        {"supplier": supplier.pk, "period": "day", "limit": "60"},
    )
    cap.refresh_from_db()
    assert (cap.supplier, cap.period, cap.limit) == (supplier, "day", 60)
    page = text(admin.post(f"/campaigns/SOLAR/settings/caps/{cap.pk}/", {"remove": "1"}, follow=True))
    assert not Cap.objects.exists()
    assert "Cap removed" in page


def test_a_cap_of_another_campaign_is_not_there(admin: Client, campaign: Campaign) -> None:
    cap = make.cap(make.campaign(), 5)
    assert admin.get(f"/campaigns/SOLAR/settings/caps/{cap.pk}/").status_code == 404


FIELD = {"name": "age", "label": "Age", "kind": "number", "picklist": "", "pattern": ""}


def test_fields_are_added_at_the_end_and_moved_up(admin: Client, campaign: Campaign) -> None:
    admin.post("/campaigns/SOLAR/settings/fields/new/", FIELD)
    age = campaign.fields.get(name="age")
    admin.post(f"/campaigns/SOLAR/settings/fields/{age.pk}/up/")
    assert [field.name for field in campaign.fields.all()] == ["email", "phone", "age", "name"]


def test_a_field_keeps_its_name_while_there_are_leads_and_its_new_keys_are_being_built(
    admin: Client, campaign: Campaign
) -> None:
    make.lead(campaign, name="Ana")
    field = campaign.fields.get(name="name")
    there = f"/campaigns/SOLAR/settings/fields/{field.pk}/"
    admin.post(there, FIELD | {"name": "who", "label": "Who", "kind": "text", "dedupe": "on"})
    field.refresh_from_db()
    assert (field.name, field.label, field.dedupe) == ("name", "Who", True)
    assert "keys are being built" in text(admin.get("/campaigns/SOLAR/settings/"))
    admin.post(there, {"remove": "1"})
    assert campaign.fields.filter(pk=field.pk).exists(), "leads have values of it"


TERMS = {
    "price": "20.00",
    "payout": "12.00",
    "supplier_return_days": "3",
    "dispute_days": "7",
    "answer_days": "5",
    "tells": ["rejections"],
    "channel": "portal",
}


def test_terms_begin_on_a_day_and_those_that_have_begun_stay(admin: Client, campaign: Campaign) -> None:
    supplier = make.source(campaign).supplier
    Agreement.objects.filter(campaign=campaign).update(dispute_days=21)
    there = f"/campaigns/SOLAR/settings/terms/new/?supplier={supplier.pk}"
    assert supplier.name in text(admin.get("/campaigns/SOLAR/settings/terms/new/")), "asked for first"
    assert 'value="21"' in text(admin.get(there)), "begins with the terms that hold"
    today = timezone.localdate()
    past = admin.post(there, TERMS | {"starts_on": today - timedelta(days=9)})
    assert "Other terms held then" in text(past)
    loss = admin.post(there, TERMS | {"starts_on": today + timedelta(days=2), "price": "5"})
    assert "would cost 7.00 more than it brings" in text(loss)
    admin.post(there, TERMS | {"starts_on": today + timedelta(days=2)})
    begun, coming = Agreement.objects.filter(campaign=campaign).order_by("starts_on")
    assert (coming.supplier, str(coming.price), coming.tells) == (supplier, "20.00", ["rejections"])
    page = text(admin.get("/campaigns/SOLAR/settings/"))
    assert "£12.00 payout" in page
    assert "takes leads back for" not in page, "those terms have not begun"
    assert admin.get(f"/campaigns/SOLAR/settings/terms/{begun.pk}/").status_code == 404
    Agreement.objects.filter(pk=begun.pk).update(supplier_return_days=3)
    assert "takes leads back for 3\xa0days, the client may return them for 7" in text(
        admin.get("/campaigns/SOLAR/settings/")
    )


def test_the_destination_is_set_up_and_tried(admin: Client, campaign: Campaign, crm: Receiver) -> None:
    there = "/campaigns/SOLAR/settings/destination/"
    admin.post(there, {"url": crm.url, "format": "json", "secret": "hush", "sent_as_email": "Email"})
    target = Destination.objects.get(campaign=campaign)
    assert (target.field_names, target.secret) == ({"email": "Email"}, "hush")
    admin.post(there, {"url": crm.url, "format": "json", "secret": "", "sent_as_email": "Email"})
    target.refresh_from_db()
    assert target.secret == "hush", "blank keeps it"
    arrived = text(admin.post(f"{there}test/", follow=True))
    assert "The test lead arrived" in arrived
    assert crm.got[0].values["Email"] == "Test Email"
    assert crm.got[0].values["test"] == "true"
    crm.answers = [(500, "out of order")]
    assert "did not arrive" in text(admin.post(f"{there}test/", follow=True))
    refused = admin.post(there, {"url": "ftp://crm.example", "format": "json"})
    assert refused.status_code == 422
