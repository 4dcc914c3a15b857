"""What one side writes and the other reads: each may read it, and neither who the other is."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from campaigns.models import Agreement, Disposition, User
from leads import deliver, intake, telling
from leads.intake import Incoming
from leads.models import Delivery, Lead
from leads.reasons import words_for
from rejections import disputes
from rejections.models import Dispute
from tests import batches, make
from tests.flows.world import World, world
from tests.receiver import receiver

pytestmark = pytest.mark.django_db


def read(person: User | None, address: str) -> str:
    assert person is not None
    browser = Client()
    browser.force_login(person)
    answer: Any = browser.get(address, follow=True)
    assert answer.status_code == 200, address
    content = b"".join(answer) if answer.streaming else answer.content
    return content.decode("utf-8-sig")


def test_a_phrase_and_an_answer_reach_the_other_side_without_names() -> None:
    w = world()
    client, supplier = w.campaign.client, w.lumen
    said = f"Lumen again: Carla Buys of {client.name.upper()} has it"
    Agreement.objects.filter(supplier=supplier).update(channel="webhook")
    lead = make.lead(w.campaign, "accepted", at=w.at, source=w.leads["pending"].source)
    with receiver() as hook:
        telling.set_webhook(supplier, hook.url, w.at)
        batches.imported(w.campaign, [(lead, said)], at=w.at)
        [asked] = _pages(w, lead, ("/disputes/new/?lead={lead}",))
        assert "Lumen again: the client of the client has it" in read(w.people["supplier"], asked)
        dispute = _answered(w, lead, f"{supplier.name} was right, {client.name} called twice")
        deliver.deliver_due(w.at)
        bodies = b"".join(got.body for got in hook.got).decode()
    notice = f"/notices/?notice={Delivery.objects.get(channel='webhook', kind='rejections').pk}"
    addresses = _pages(
        w, lead,
        ("/leads/{lead}/", "/leads/", "/leads/leads.csv", "/find/?q={lead}", "/api/v1/leads/", "/api/v1/leads/{lead}/",
         "/disputes/", "/disputes.csv", f"/disputes/{dispute.pk}/", "/rejected/", "/rejected.csv", notice,
         "/statements/suppliers/{supplier}/{month}/GBP/statement.csv"),
    )  # fmt: skip
    found = {address: read(w.people["supplier"], address) for address in addresses}
    for address, text in {**found, "webhook": bodies}.items():
        for name in (client.name, "brightwater", "carla", "buys"):
            assert name.lower() not in text.lower(), (name, address)
    assert sum("the client of the client has it" in text for text in found.values()) >= 8
    assert "Lumen again: the client of the client has it" in bodies
    assert "was right, the client called twice" in found[f"/disputes/{dispute.pk}/"]
    seen = read(w.people["client"], f"/leads/{lead.pk}/")
    assert said in seen, "the client reads its own words as they are"
    assert f"{client.name} called twice" in seen
    assert "“The supplier was right" in seen
    assert supplier.name not in seen.replace(said, "")


def _pages(w: World, lead: Lead, addresses: tuple[str, ...]) -> list[str]:
    about = {"lead": lead.pk, "supplier": w.lumen.pk, "month": f"{w.at:%Y-%m}"}
    return [address.format(**about) for address in addresses]


def _answered(w: World, lead: Lead, answer: str) -> Dispute:
    person = w.people["supplier"]
    assert person is not None
    [dispute] = disputes.contest([lead.pk], person=person, note="They answered.", at=w.at)
    refuse = list(dispute.leads.values_list("pk", flat=True))
    disputes.answer(dispute, grant=[], refuse=refuse, answer=answer, person=w.people["operator"], at=w.at)
    return dispute


@pytest.mark.parametrize(
    ("whose", "reads"),
    [
        ("campaign", {"operator": "The campaign&#x27;s cap of 1 a month is reached",
                      "client": "The campaign&#x27;s cap of 1 a month is reached",
                      "supplier": "The agreed volume is reached"}),
        ("supplier", {"operator": "The supplier&#x27;s cap of 1 a month is reached",
                      "client": "The agreed volume is reached",
                      "supplier": "Your cap of 1 a month is reached"}),
    ],
)  # fmt: skip
def test_each_side_reads_the_size_of_its_own_cap_only(whose: str, reads: dict[str, str]) -> None:
    w = world()
    w.campaign.caps.all().delete()
    make.cap(w.campaign, 1, "month", w.lumen if whose == "supplier" else None)
    source = w.leads["pending"].source
    intake.receive(source, [Incoming({"email": f"{n}@example.org"}) for n in range(2)], at=w.at)
    lead = Lead.objects.latest("pk")
    assert lead.status == "quarantined"
    for role, sentence in reads.items():
        for address in (f"/leads/{lead.pk}/", "/leads/?status=quarantined"):
            assert sentence in read(w.people[role], address), (role, address)
        told = read(w.people[role], f"/api/v1/leads/{lead.pk}/")
        assert (" of 1 " in told) == (" of 1 " in sentence)


def test_suppliers_read_which_value_is_on_no_list_and_not_whose_list_it_is() -> None:
    w = world()
    picklist = w.campaign.client.picklists.create(name="Brightwater's countries")
    w.campaign.fields.filter(name="name").update(picklist=picklist)
    intake.receive(w.leads["pending"].source, [Incoming({"name": "Leeds"})], at=w.at)
    lead = Lead.objects.latest("pk")
    for role in ("operator", "client", "supplier"):
        for address in (f"/leads/{lead.pk}/", "/leads/?status=rejected", f"/api/v1/leads/{lead.pk}/"):
            told = read(w.people[role], address)
            assert "“Leeds” is not on the picklist" in told
            assert ("countries" in told) == (role != "supplier"), (role, address)


@pytest.mark.parametrize("role", ["client", "supplier"])
def test_a_side_reads_its_own_name_though_the_other_is_called_alike(role: str) -> None:
    w = world()
    client, supplier = w.campaign.client, w.lumen
    client.name, supplier.name = "Helios Solar Ltd", "Helios Solar Leads GmbH"
    for one in (client, supplier):
        one.save()
    reader = User.objects.get(pk=w.people[role].pk)  # type: ignore[union-attr]
    said = words_for(reader, "Helios Solar Ltd wrote to Helios Solar Leads")
    assert (
        said
        == {
            "client": "Helios Solar Ltd wrote to the supplier",
            "supplier": "The client wrote to Helios Solar Leads",
        }[role]
    )


def test_what_a_clients_own_system_said_is_not_for_suppliers_in_whatever_table() -> None:
    w = world()
    make.phrase(w.campaign.client, "Refused: BW-4711", "REJECT_LEAD_BY_CRM")
    Disposition.objects.filter(code="REJECT_LEAD_BY_CRM").update(returnable=True)
    lead = make.lead(w.campaign, "accepted", at=w.at, source=w.leads["pending"].source)
    batches.imported(w.campaign, [(lead, "Refused: BW-4711")], at=w.at)
    lead.refresh_from_db()
    assert (lead.status, lead.reason) == ("client_rejected", "Refused: BW-4711")
    for address in ("/rejected/", "/rejected.csv", "/leads/leads.csv", f"/leads/{lead.pk}/"):
        told = read(w.people["supplier"], address)
        assert str(lead.pk) in told
        assert "BW-4711" not in told, address
