"""Worlds for the properties of an import: any leads, caps and files, under any options."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from campaigns.models import Campaign, Source
from leads.models import AffiliateEvent, Lead, LeadKey
from leads.statuses import Status
from rejections.options import Options
from tests import make
from tests.make import NOW

P, A, Q, C = Status.PENDING, Status.ACCEPTED, Status.QUARANTINED, Status.CLIENT_REJECTED
TODAY = NOW.date()
VALID = (P, A, C)
#: UIDs leads have; several leads may share one. A spreadsheet makes the same of the first five.
UIDS = [*(f"44791120441{n}" for n in range(5)), "558011204415", "669011204416"]
DAMAGED = ["4.47911E+11", "5.58011E+11", "6.69011E+11"]


@dataclass(frozen=True)
class Kept:
    """A lead as a world holds it before anything is imported."""

    status: Status
    age: float
    flag: bool
    in_cap: bool
    uid: int
    source: int
    event: str | None


@dataclass(frozen=True)
class World:
    """Leads, caps, and two files about them; a row is (a lead's position, a text, or damaged; reason)."""

    leads: list[Kept]
    limits: tuple[int, int | None]
    identifier: str
    rows: list[tuple[int | str, str]]
    again: list[tuple[int | str, str]]
    reviews: dict[int, str]
    options: Options
    options_again: Options
    chunk: int


leads = st.builds(
    Kept,
    status=st.sampled_from([P, P, P, P, A, A, A, C, Q, Q, Status.REJECTED, Status.PROCESSING]),
    age=st.sampled_from([0.1, 2, 6.9, 7.6, 9, 12.4, 45]),
    flag=st.sampled_from([False, False, False, True]),
    in_cap=st.sampled_from([True, True, False]),
    uid=st.sampled_from(range(len(UIDS))),
    source=st.sampled_from([0, 1]),
    event=st.sampled_from([None, "pending", "approved", "rejected", "final"]),
)
rows = st.lists(
    st.tuples(
        st.sampled_from([*range(7), *range(7), *DAMAGED, *DAMAGED[1:], "", "nobody"]),
        st.sampled_from([*["Duplicate Lead"] * 4, "No contact", "", "Moved to Mars"]),
    ),
    min_size=3,
    max_size=9,
)
options = st.builds(
    lambda back, older, through, affiliate, cap: Options(
        reject_from=back and TODAY - timedelta(days=back),
        accept_older=older,
        accept_remaining=through is not None,
        through=None if through is None else TODAY - timedelta(days=through),
        reject_affiliate_events=affiliate,
        free_cap=cap,
    ),
    back=st.sampled_from([None, None, 3]),
    older=st.booleans(),
    through=st.sampled_from([None, 0, 2, 8]),
    affiliate=st.booleans(),
    cap=st.booleans(),
)
worlds = st.builds(
    World,
    leads=st.lists(leads, min_size=4, max_size=8),
    limits=st.tuples(st.sampled_from(range(7)), st.sampled_from([None, 0, 1, 2, 3])),
    identifier=st.sampled_from(["lead_id", "uid"]),
    rows=rows,
    again=rows,
    reviews=st.dictionaries(st.sampled_from(range(1, 10)), st.sampled_from(["accept", "skip"])),
    options=options,
    options_again=options,
    chunk=st.integers(1, 5),
)


def build(world: World, ground: tuple[Campaign, list[Source]]) -> tuple[Campaign, list[Lead]]:
    """The world's leads, keys, affiliate events and caps."""
    campaign, sources = ground
    month, day = world.limits
    make.cap(campaign, month, "month")
    if day is not None:
        make.cap(campaign, day, "day", sources[0].supplier)
    made = Lead.objects.bulk_create(lead_of(campaign, sources, n, kept) for n, kept in enumerate(world.leads))
    LeadKey.objects.bulk_create(
        LeadKey(lead=lead, slot=LeadKey.UID_SLOT, campaign=campaign, key=lead.uid) for lead in made
    )
    AffiliateEvent.objects.bulk_create(
        AffiliateEvent(
            lead=lead,
            reference="click",
            status="pending" if kept.event == "final" else kept.event,
            payout=2,
            occurred_at=NOW,
            is_final=kept.event == "final",
        )
        for lead, kept in zip(made, world.leads, strict=True)
        if kept.event
    )
    return campaign, made


def lead_of(campaign: Campaign, sources: list[Source], number: int, kept: Kept) -> Lead:
    at = NOW - timedelta(days=kept.age, seconds=number)
    source = sources[kept.source]
    return Lead(
        uid=UIDS[kept.uid],
        status=kept.status,
        campaign=campaign,
        source=source,
        supplier=source.supplier,
        received_at=at,
        valid_at=at if kept.status in VALID else None,
        accepted_at=at if kept.status == A else None,
        in_cap=kept.in_cap and kept.status in VALID,
        is_final=kept.flag and kept.status in (A, C),
        decided_for_supplier=kept.flag and kept.status == P,
        price=Decimal(10) + number,
        payout=Decimal(5),
    )


def texts(world: World, made: list[Lead], rows: list[tuple[int | str, str]]) -> list[tuple[str, str]]:
    def text(named: int | str) -> str:
        if isinstance(named, str):
            return named
        if world.identifier == "uid":
            return UIDS[named]
        return str(made[named % len(made)].pk)

    return [(text(named), reason) for named, reason in rows]
