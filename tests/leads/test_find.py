"""Finding leads by what a file calls them: in one campaign only, nameable ones first, never a pick."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Campaign, Field
from leads.models import Lead, LeadKey
from leads.sql import find
from leads.statuses import HOLDING, NAMEABLE, Status
from tests import make

P, A, R, C = Status.PENDING, Status.ACCEPTED, Status.REJECTED, Status.CLIENT_REJECTED

pytestmark = pytest.mark.django_db


def slot(campaign: Campaign, name: str = "email") -> int:
    return Field.objects.get(campaign=campaign, name=name).pk


def ids(found: dict[str, list[find.LeadFacts]]) -> dict[str, list[int]]:
    return {key: [lead.id for lead in leads] for key, leads in found.items()}


def by_email(campaign: Campaign, *keys: str) -> dict[str, list[int]]:
    return ids(find.find_by_key(campaign.pk, slot(campaign), keys))


def by_uid(campaign: Campaign, *keys: str) -> dict[str, list[int]]:
    return ids(find.find_by_key(campaign.pk, LeadKey.UID_SLOT, keys))


# By Lead ID.


def test_a_lead_is_found_by_its_id_with_the_facts_of_a_decision() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, A, is_final=True, decided_for_supplier=True)
    found = find.find_by_id(campaign.pk, [str(lead.pk)])
    assert found == {
        str(lead.pk): [
            find.LeadFacts(lead.pk, A, lead.valid_at, True, True, lead.supplier_id, lead.received_at, None)
        ]
    }


def test_an_id_of_another_campaign_is_not_found() -> None:
    mine, other = make.campaign(), make.campaign()
    lead = make.lead(other)
    assert find.find_by_id(mine.pk, [str(lead.pk)]) == {}


@pytest.mark.parametrize("key", ["0", "999999999999999999", "x", "", "-1", "1.0"])
def test_what_no_lead_is_called_finds_nothing(key: str) -> None:
    campaign = make.campaign()
    make.lead(campaign)
    assert find.find_by_id(campaign.pk, [key]) == {}


def test_ids_of_every_status_are_found_for_the_decision_to_judge() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, status) for status in Status]
    assert set(find.find_by_id(campaign.pk, [str(lead.pk) for lead in leads])) == {
        str(lead.pk) for lead in leads
    }


# By UID and field.


def test_a_field_finds_its_lead_in_its_own_campaign_and_field_only() -> None:
    mine, other = make.campaign(), make.campaign()
    lead = make.lead(mine, email="Ana@Example.org", uid="ana@example.org")
    make.lead(other, email="ana@example.org")
    assert by_email(mine, "ana@example.org") == {"ana@example.org": [lead.pk]}
    assert find.find_by_key(mine.pk, slot(mine, "phone"), ["ana@example.org"]) == {}
    assert by_uid(mine, "ana@example.org") == {"ana@example.org": [lead.pk]}


def test_keys_are_compared_letter_by_letter() -> None:
    campaign = make.campaign()
    make.lead(campaign, uid="straße")
    assert by_uid(campaign, "strasse") == {"strasse": [Lead.objects.get().pk]}, "keys are stored normalised"
    assert by_uid(campaign, "strase", "STRASSE", "strasse ", "stra_se", "%") == {}


def test_all_leads_of_one_uid_are_found() -> None:
    """A UID is not unique: many is an outcome, never a pick."""
    campaign = make.campaign()
    leads = [make.lead(campaign, status, uid="s-1") for status in (P, C, A)]
    assert by_uid(campaign, "s1") == {"s1": [lead.pk for lead in leads]}


def test_nameable_leads_come_first() -> None:
    campaign = make.campaign()
    refused, pending, processing, gone = (
        make.lead(campaign, status, uid="s") for status in (R, P, Status.PROCESSING, C)
    )
    assert by_uid(campaign, "s") == {"s": [pending.pk, gone.pk, refused.pk, processing.pk]}


def test_however_many_leads_were_refused_the_nameable_ones_are_read() -> None:
    campaign = make.campaign()
    for _ in range(find.MATCHES_READ + 5):
        make.lead(campaign, R, uid="s")
    one, two = make.lead(campaign, P, uid="s"), make.lead(campaign, A, uid="s")
    found = by_uid(campaign, "s")["s"]
    assert found[:2] == [one.pk, two.pk]
    assert len(found) == find.MATCHES_READ


def test_many_keys_at_once_each_with_its_own_leads() -> None:
    campaign = make.campaign()
    leads = {f"{n}@example.org": [make.lead(campaign, email=f"{n}@example.org").pk] for n in range(10)}
    assert by_email(campaign, *leads, "nobody@example.org") == leads


# What resembles a damaged identifier.


def test_resembling_ids_are_nameable_leads_of_the_campaign_in_the_range() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, status) for status in Status]
    make.lead(make.campaign())
    low, high = leads[0].pk, Lead.objects.latest("id").pk
    found = find.resembling_ids(campaign.pk, low, high, 50)
    assert {key for key, _ in found} == {str(lead.pk) for lead in leads if lead.status in NAMEABLE}
    assert find.resembling_ids(campaign.pk, leads[-1].pk + 1, high, 50) == []
    assert len(find.resembling_ids(campaign.pk, low, high, 2)) == 2


def test_resembling_keys_are_as_long_and_in_the_order_of_their_letters() -> None:
    campaign = make.campaign()
    phones = {
        key: make.lead(campaign, uid=key).pk
        for key in ["447911", "447912", "447919", "4479115", "44791", "44791x"]
    }
    found = find.resembling_keys(campaign.pk, LeadKey.UID_SLOT, "447910", "447915", 50)
    assert {key: lead.id for key, lead in found} == {key: phones[key] for key in ("447911", "447912")}


# Who holds a key.


@pytest.mark.parametrize("status", list(Status))
def test_only_one_lead_of_a_campaign_holds_a_deduped_key(status: Status) -> None:
    campaign = make.campaign()
    make.lead(campaign, P, email="ana@example.org")

    def again(where: Campaign, **values: Any) -> None:
        with transaction.atomic():
            make.lead(where, status, email="ana@example.org", **values)

    again(make.campaign())
    if status in HOLDING:
        with pytest.raises(IntegrityError, match="key_held_once"):
            again(campaign)
    else:
        again(campaign)


def test_leads_are_seen_by_staff_their_client_and_their_supplier() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)

    def seen(person: Any) -> bool:
        return Lead.objects.visible_to(person).filter(pk=lead.pk).exists()

    for person in (make.operator(), make.client_user(campaign.client), make.supplier_user(lead.supplier)):
        assert seen(person)
        person.is_active = False
        assert not seen(person)
    assert not seen(make.client_user(make.client()))
    assert not seen(make.supplier_user(make.supplier()))
