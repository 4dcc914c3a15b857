"""Dedupe switched on for a field that had none: the leads that were there before can be named by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import Campaign, Field
from leads import keys
from leads.models import LeadKey
from leads.statuses import Status
from tests import make

pytestmark = pytest.mark.django_db


def switched(campaign: Campaign, on: bool) -> Field:
    field = campaign.fields.get(name="name")
    field.dedupe = on
    field.save()
    return field


def found(field: Field) -> dict[int, tuple[str, bool]]:
    rows = LeadKey.objects.filter(slot=field.pk).values_list("lead_id", "key", "held")
    return {lead: (key, held) for lead, key, held in rows}


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_the_oldest_of_those_that_hold_keys_gets_it(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "CHUNK", chunk)
    campaign = make.campaign()
    rejected = make.lead(campaign, Status.REJECTED, name="Ana")
    first, second = make.lead(campaign, name="ANA "), make.lead(campaign, Status.ACCEPTED, name="Ana")
    other, nameless = make.lead(campaign, name="Ben"), make.lead(campaign, name=" ")
    make.lead(make.campaign(), name="Ana")
    field = switched(campaign, on=True)
    assert not field.dedupe_ready
    keys.tend()
    field.refresh_from_db()
    assert field.dedupe_ready
    assert found(field) == {
        rejected.pk: ("ana", False),
        first.pk: ("ana", True),
        second.pk: ("ana", False),
        other.pk: ("ben", True),
    }
    assert nameless.pk not in found(field)


def test_a_worker_that_died_half_way_is_followed_by_one_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "CHUNK", 2)
    campaign = make.campaign()
    leads = [make.lead(campaign, name=f"Person {n}") for n in range(5)]
    field = switched(campaign, on=True)
    assert keys.build_chunk(field.pk)
    assert len(found(field)) == 2
    keys.tend()
    assert set(found(field)) == {lead.pk for lead in leads}


def test_keys_written_at_the_door_meanwhile_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "CHUNK", 1)
    campaign = make.campaign()
    make.lead(campaign, name="Ana")
    field = switched(campaign, on=True)
    keys.build_chunk(field.pk)
    new = make.lead(campaign, name="Cem")  # the door gives it its key at once
    keys.tend()
    assert found(field)[new.pk] == ("cem", True)


def test_switched_off_they_go_and_on_again_they_are_built_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "CHUNK", 2)
    campaign = make.campaign()
    leads = [make.lead(campaign, name=f"Person {n}") for n in range(5)]
    switched(campaign, on=True)
    keys.tend()
    field = switched(campaign, on=False)
    assert not field.dedupe_ready
    keys.tend()
    assert found(field) == {}
    for lead in leads:
        make.key(lead, field.pk, "stale")  # as if it was switched on again before they had gone
        break
    switched(campaign, on=True)
    keys.tend()
    assert sorted(key for key, _ in found(field).values()) == [f"person {n}" for n in range(5)]


def test_the_kind_of_a_deduped_field_stays_while_it_has_keys() -> None:
    field: Any = make.campaign().fields.get(name="phone")
    field.kind = "text"
    with pytest.raises(ValidationError, match="Switch dedupe off"):
        field.clean()
