"""A lead's page: fixing it there, its neighbours in a list, what it came from and what left the house about it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from campaigns.models import Campaign, Picklist, PicklistValue
from campaigns.spec import agreed
from leads import door
from leads.filters import Filters
from leads.models import Delivery, DeliveryAttempt, Lead, LeadValues
from leads.sql import door as statements
from leads.statuses import Cause, Status
from rejections.models import Batch, Kind
from tests import batches, make
from tests.flows.test_pages import opened, signed_in
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db


def listed(campaign: Campaign, *values: str) -> None:
    """The field `name` takes these values only."""
    picklist = Picklist.objects.create(client=campaign.client, name="Functions")
    for value in values:
        PicklistValue.objects.create(picklist=picklist, value=value, folded=value.casefold())
    campaign.fields.filter(name="name").update(kind="picklist", picklist=picklist)


def rejected(campaign: Campaign, **values: str) -> Lead:
    """A lead that was judged at the door and failed."""
    lead = make.lead(campaign, Status.PROCESSING, **values)
    LeadValues.objects.filter(lead=lead).update(version=0)
    spec = agreed(campaign)
    candidate = door.Candidate(
        lead.pk, lead.supplier_id, values, make.NOW, door.judge_safely(spec, values, lead.pk)
    )
    placed = door.place(campaign, spec, [candidate], door.look_at_room(campaign))
    statements.settle(
        Cause.JUDGED, placed, campaign_id=campaign.pk, at=make.NOW, actor_id=None, batch_id=None
    )
    return Lead.objects.get(pk=lead.pk)


def send(w: World, lead: Lead, role: str = "operator", **data: str) -> Any:
    page = opened(w.people["operator"], "lead", lead.pk)
    was = {f"was_{fix.field.name}": fix.value for fix in page["fixes"]}
    form = was | {"version": str(page["version"])} | data
    return signed_in(w.people[role]).post(reverse("lead_fix", args=[lead.pk]), form)


def test_a_fix_says_what_it_would_do_then_does_it_and_can_be_undone() -> None:
    w = world()
    listed(w.campaign, "Revenue Operations", "Sales")
    lead = rejected(w.campaign, name="Rev Ops", email="jurgen@example.org")
    [fix] = opened(w.people["operator"], "lead", lead.pk)["fixes"]
    assert (fix.value, [one.value for one in fix.suggestions]) == ("Rev Ops", ["Revenue Operations"])
    before = batches.holdings()
    checked = send(w, lead, field_name="Revenue Operations")
    assert (checked.status_code, checked.context["says"]) == (200, "It would become Pending.")
    assert (batches.holdings(), Batch.objects.filter(kind=Kind.CORRECTION).count()) == (before, 0)
    made = send(w, lead, field_name="Revenue Operations", sure="yes")
    batch = batches.work(Batch.objects.latest("pk"), w.at)
    assert made.headers["Location"] == reverse("batch", args=[batch.pk])
    assert (batches.statuses([lead]), batches.outcomes(batch)) == (["pending"], ["released"])
    assert opened(w.people["operator"], "lead", lead.pk)["written"][0].cells[-1] == (
        "name",
        "Revenue Operations",
    )
    batches.undone(batch, person=w.people["operator"], at=w.at)
    assert batches.holdings() == before


def test_a_fix_that_does_not_help_says_so() -> None:
    w = world()
    lead = rejected(w.campaign, email="n/a", phone="0000")
    says = send(w, lead, field_email="ann@example.org").context["says"]
    assert says.startswith("It would stay Rejected.")
    assert "0000" in says


def test_a_value_that_somebody_else_changed_is_shown_beside_ones_own_and_not_overwritten() -> None:
    w = world()
    lead = rejected(w.campaign, email="n/a")
    page = opened(w.people["operator"], "lead", lead.pk)
    mine = {"version": str(page["version"]), "was_email": "n/a", "field_email": "ann@example.org"}
    send(w, lead, "admin", field_email="still wrong", sure="yes")
    batches.work(Batch.objects.latest("pk"), w.at)
    olga, url = signed_in(w.people["operator"]), reverse("lead_fix", args=[lead.pk])
    shown = olga.post(url, mine)
    assert [tuple(one) for one in shown.context["foreseen"].conflicts] == [
        ("email", "n/a", "still wrong", "ann@example.org")
    ]
    assert not shown.context["goes"]
    olga.post(url, mine | {"sure": "yes"})  # by a page older than the answer
    assert batches.outcomes(batches.work(Batch.objects.latest("pk"), w.at)) == ["conflict"]
    again = mine | {"version": str(shown.context["version"]), "was_email": "still wrong"}
    assert olga.post(url, again).context["says"] == "It would become Pending."


def test_only_rejected_leads_are_fixed_and_only_by_staff() -> None:
    w = world()
    lead = rejected(w.campaign, email="n/a")
    url, form = reverse("lead_fix", args=[lead.pk]), {"field_email": "ann@example.org", "sure": "yes"}
    for role, status in (("client", 403), ("supplier", 403), ("rival", 404)):
        assert signed_in(w.people[role]).post(url, form).status_code == status, role
    assert send(w, lead, field_email="n/a").context["refused"].code == "nothing_changed"
    url = reverse("lead_fix", args=[w.leads["pending"].pk])
    assert signed_in(w.people["operator"]).post(url, form).context["refused"].code == "not_rejected"
    assert not Batch.objects.filter(kind=Kind.CORRECTION).exists()


def test_the_page_leads_on_through_the_list_it_was_opened_from() -> None:
    w = world()
    query = Filters(status=("pending",), campaign=w.campaign.code).query()
    rows = [row["lead"].pk for row in signed_in(w.people["client"]).get(f"/leads/?{query}").context["rows"]]
    browser = signed_in(w.people["client"])

    def around(pk: int) -> tuple[int | None, int | None]:
        found = browser.get(reverse("lead", args=[pk]), {"in": query}).context["around"]
        return found["before"], found["after"]

    assert around(rows[0]) == (None, rows[1])
    assert around(rows[1]) == (rows[0], rows[2])
    assert around(rows[-1])[1] is None
    assert browser.get(reverse("lead", args=[rows[0]])).context["around"] is None


def test_each_try_to_deliver_stands_on_the_page_for_those_it_concerns() -> None:
    w = world()
    lead = w.leads["pending"]
    push = Delivery.objects.create(
        kind="lead",
        channel="destination",
        status="failed",
        lead=lead,
        client=w.campaign.client,
        created_at=w.at,
    )
    DeliveryAttempt.objects.create(delivery=push, at=w.at, succeeded=False, answer="503 try later")
    for role, sees in (("operator", True), ("client", False), ("supplier", False)):
        text = signed_in(w.people[role]).get(reverse("lead", args=[lead.pk])).content.decode()
        assert ("503 try later" in text) is sees, role


def test_what_came_beside_the_fields_is_for_those_who_may_know_the_source() -> None:
    w = world()
    lead = w.leads["processing"]
    beside = {"email": "ann@example.org", "utm_source": "lumen-newsletter"}
    LeadValues.objects.filter(lead=lead).update(received=beside, judged={})

    def told(role: str) -> list[bool]:
        browser = signed_in(w.people[role])
        pages = (f"/leads/{lead.pk}/", f"/leads/{lead.pk}/?values=received", f"/api/v1/leads/{lead.pk}/")
        return ["lumen-newsletter" in browser.get(page).content.decode() for page in pages]

    assert told("operator") == told("supplier") == [True] * 3
    assert told("client") == [False] * 3
    w.campaign.show_suppliers_to_client = True
    w.campaign.save()
    assert told("client") == [True] * 3


def test_values_are_shown_as_judged_or_as_received() -> None:
    w = world()
    lead = make.lead(w.campaign, name="Ann", at=w.at)
    LeadValues.objects.filter(lead=lead).update(received={"name": "  ann "}, judged={"name": "Ann"})
    for values, expected in (("", "Ann"), ("received", "  ann ")):
        shown = opened(w.people["client"], "lead", lead.pk, values=values)["data"]
        assert {one.label: one.value for one in shown}["Name"] == expected
