"""Two clients, three suppliers, a lead in every status and batches of each side: enough for each role to look round.

Names and amounts occur nowhere else, so that a page that shows one can be caught by its text. Times are
real ones, for the pages' clock is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from campaigns.models import Campaign, Supplier, User
from leads.models import Download, Lead
from leads.statuses import Status
from rejections import leadfiles, uploads
from rejections.models import Batch, LeadFile
from tests import batches, make

PRICE, PAYOUT, MARGIN = "18.25", "11.37", "6.88"


@dataclass(frozen=True)
class World:
    """`campaign` is Brightwater's, with leads of two suppliers; `foreign` is Nimbus's, with one of a third."""

    at: datetime
    campaign: Campaign
    foreign: Campaign
    lumen: Supplier
    kestrel: Supplier
    nordlys: Supplier
    people: dict[str, User | None]
    leads: dict[str, Lead]
    other_lead: Lead
    foreign_lead: Lead
    finished: Batch
    by_operator: Batch
    checked: Batch
    foreign_batch: Batch


def world() -> World:
    """A new world: each call makes parties of its own."""
    at = timezone.now()
    brightwater, nimbus = make.client("Brightwater"), make.client("Nimbus")
    lumen, kestrel, nordlys = make.supplier("Lumen"), make.supplier("Kestrel"), make.supplier("Nordlys")
    campaign = make.campaign(client=brightwater, name="Rooftops Internal", public_name="Home offer")
    foreign = make.campaign(client=nimbus, name="Cloud Internal", public_name="Cloud offer")
    make.source(campaign, lumen)
    make.source(foreign, nordlys)
    make.cap(campaign, 500)
    make.cap(campaign, 50, "week", lumen)
    people = _people(brightwater, nimbus, lumen, nordlys)
    leads = {status.value: _lead(campaign, status, at, name=f"Lead {status}") for status in Status}
    leads["old"] = _lead(campaign, Status.PENDING, at, days_ago=30)
    rest = [_lead(campaign, Status.PENDING, at) for _ in range(3)]
    foreign_lead, foreign_named = _lead(foreign, Status.PENDING, at), _lead(foreign, Status.PENDING, at)

    def done(where: Campaign, lead: Lead, who: str) -> Batch:
        checked = batches.checked(where, [(lead, "Duplicate Lead")], person=people[who], at=at)
        return batches.started(checked, person=people[who], at=at)

    return World(
        at=at,
        campaign=campaign,
        foreign=foreign,
        lumen=lumen,
        kestrel=kestrel,
        nordlys=nordlys,
        people=people,
        leads=leads,
        other_lead=_lead(campaign, Status.ACCEPTED, at, source=make.source(campaign, kestrel)),
        foreign_lead=foreign_lead,
        finished=done(campaign, rest[0], "client"),
        by_operator=done(campaign, rest[1], "operator"),
        checked=batches.checked(campaign, [rest[2], "999999"], person=people["client"], at=at),
        foreign_batch=done(foreign, foreign_named, "rival"),
    )


def uploaded(w: World) -> Batch:
    """A file of the client's that waits to be mapped."""
    content = make.csv_bytes([(w.leads["pending"].pk, "Duplicate Lead")])
    batch = uploads.receive(
        w.campaign, [content], "returns.csv", person=w.people["client"], via="page", at=w.at
    )
    return batches.work(batch, w.at)


def correction(w: World) -> Batch:
    """A checked correction of the campaign's rejected lead."""
    lead = w.leads["rejected"]
    content = make.csv_bytes([(lead.pk, "Someone else")], header=("LeadID", "name"))
    batch = uploads.receive_correction(
        lead.source, [content], "corrected.csv", person=w.people["operator"], via="page", at=w.at
    )
    return batches.work(batch, w.at)


def lead_file(w: World) -> LeadFile:
    """A file of new leads whose columns are to be confirmed."""
    source, content = w.leads["pending"].source, b"email,Town\nann@example.org,Leeds\nbob@,York\n"
    return leadfiles.receive(source, [content], "new.csv", person=w.people["operator"], at=w.at)


def workbook(w: World) -> Download:
    """A large download that the operator waits for."""
    source = w.leads["pending"].source
    return Download.objects.create(
        person=w.people["operator"], source=source, statuses=["rejected"], leads=9000, asked_at=w.at
    )


def _lead(campaign: Campaign, status: str, at: datetime, *, days_ago: float = 1, **values: object) -> Lead:
    moment = at - timedelta(days=days_ago)
    return make.lead(campaign, status, at=moment, price=PRICE, payout=PAYOUT, **values)


def _people(
    brightwater: object, nimbus: object, lumen: Supplier, nordlys: Supplier
) -> dict[str, User | None]:
    """One person of every kind, by role; None is somebody who has not signed in."""
    return {
        "admin": make.admin(first_name="Ada", last_name="Admin"),
        "operator": make.operator(first_name="Olga", last_name="Operates"),
        "client": make.client_user(brightwater, first_name="Carla", last_name="Buys"),
        "reader": make.client_user(brightwater, may_reject=False, first_name="Rolf", last_name="Reads"),
        "rival": make.client_user(nimbus, first_name="Rita", last_name="Rival"),
        "supplier": make.supplier_user(lumen, first_name="Sven", last_name="Sells"),
        "competitor": make.supplier_user(nordlys, first_name="Nora", last_name="Competes"),
        "inactive": make.operator(is_active=False),
        "nobody": None,
    }
