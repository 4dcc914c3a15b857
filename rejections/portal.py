"""What a supplier reads of its leads: where they stand, why they came back, what to fix. Public names only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign, Disposition, Field, Source, User
from campaigns.rules import begin, local_date
from campaigns.spec import read_picklists
from campaigns.validators import DUPLICATE
from leads.reasons import reason_for
from leads.statuses import Status
from leads.timeline import why
from rejections.contests import Hindrance, hindrance, last_day
from rejections.sql import fixes, portal
from rejections.sql.portal import Asked, Rejected, Span, Stands, Week
from rejections.suggestions import suggest

#: What a campaign buys: the leads a client can send back.
_VALID = frozenset({Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED})
_WORDS = {
    Status.PROCESSING: "being judged",
    Status.REJECTED: "not valid at the door",
    Status.QUARANTINED: "valid, over the agreed volume",
    Status.PENDING: "with the client",
    Status.ACCEPTED: "accepted by the client",
    Status.CLIENT_REJECTED: "sent back by the client",
}
#: Averages are shown when at least so many others stand in them: from fewer, one could be worked out.
OTHERS = 2
WEEKS = 8
REASONS = 6
TO_FIX = 50


@dataclass(frozen=True)
class Share:
    """So many of so many leads, and the same of all suppliers together (None when too few take part)."""

    part: int
    whole: int
    all_part: int | None = None
    all_whole: int | None = None

    @property
    def against(self) -> str:
        """Beside the average, in words: “usual”, “twice the usual”, “below the usual”; “” without one."""
        if not self.whole or not self.all_whole or self.all_part is None:
            return ""
        mine, usual = self.part / self.whole, self.all_part / self.all_whole
        if not usual:
            return "unusual" if mine else "usual"
        times = mine / usual
        if times >= 1.75:
            return "twice the usual" if times < 2.5 else f"{round(times)} times the usual"
        return "above the usual" if times > 1.25 else "below the usual" if times < 0.75 else "usual"

    @property
    def is_high(self) -> bool:
        """Whether it is clearly more than usual."""
        return self.against not in ("", "usual", "below the usual")


@dataclass(frozen=True)
class Reason:
    """A reason for which leads came back, in the supplier's words."""

    words: str
    share: Share


@dataclass(frozen=True)
class Overview:
    """A supplier's leads of some days. `paid` are sums of Accepted payouts by currency."""

    statuses: list[tuple[str, int, str]]
    received: int
    paid: list[tuple[str, Decimal]]
    returned: Share
    reasons: list[Reason]
    weeks: list[Week]
    compared: bool


def overview(person: User, campaigns: Sequence[Campaign], first: date, last: date, at: datetime) -> Overview:
    """The leads received on these days (of each campaign's zone), and the last weeks."""
    after = last + timedelta(days=1)
    spans = [Span(c.pk, begin(first, c.time_zone), begin(after, c.time_zone)) for c in campaigns]
    found = portal.stands(person.supplier_id or 0, spans)
    mine = [stands for stands in found if stands.mine]
    others = {stands.supplier_id for stands in found if not stands.mine and stands.status in _VALID}
    compared = len(others) >= OTHERS
    by_status = Counter[str]()
    for stands in mine:
        by_status[stands.status] += stands.leads
    since = at - timedelta(weeks=WEEKS)
    ids = [campaign.pk for campaign in campaigns]
    return Overview(
        statuses=[(status.value, by_status[status], _WORDS[status]) for status in Status],
        received=sum(by_status.values()),
        paid=_paid(mine, campaigns),
        returned=_share(mine, found if compared else None),
        reasons=_reasons(mine, found if compared else None, person),
        weeks=portal.weeks(person.supplier_id or 0, ids, since)[-WEEKS:],
        compared=compared,
    )


def _paid(mine: Iterable[Stands], campaigns: Sequence[Campaign]) -> list[tuple[str, Decimal]]:
    currencies = {campaign.pk: campaign.currency for campaign in campaigns}
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for stands in mine:
        if stands.status == Status.ACCEPTED:
            sums[currencies[stands.campaign_id]] += stands.payout
    return sorted(sums.items(), key=lambda pair: -pair[1])


def _share(mine: Iterable[Stands], all_: Iterable[Stands] | None, disposition: int | None = None) -> Share:
    def counted(found: Iterable[Stands]) -> tuple[int, int]:
        valid = [stands for stands in found if stands.status in _VALID]
        back = [stands for stands in valid if stands.status == Status.CLIENT_REJECTED]
        part = [s for s in back if disposition is None or s.disposition_id == disposition]
        return sum(s.leads for s in part), sum(s.leads for s in valid)

    return Share(*counted(mine), *(counted(all_) if all_ is not None else (None, None)))


def _reasons(mine: list[Stands], all_: list[Stands] | None, person: User) -> list[Reason]:
    found = Counter[int]()
    for stands in mine:
        if stands.status == Status.CLIENT_REJECTED and stands.disposition_id:
            found[stands.disposition_id] += stands.leads
    named = Disposition.objects.in_bulk(list(found))
    return [
        Reason(why(named[pk], "", person), _share(mine, all_, pk)) for pk, _ in found.most_common(REASONS)
    ]


@dataclass(frozen=True)
class RejectedLead:
    """A rejected lead with its deadline. `able` says that it can be disputed now; `why_not` else, in words."""

    found: Rejected
    words: str
    until: date | None
    hindrance: Hindrance | None

    @property
    def able(self) -> bool:
        """Whether it can be disputed now."""
        return self.hindrance is None

    @property
    def too_late(self) -> bool:
        """Whether its time is over."""
        return self.hindrance == Hindrance.TOO_LATE


def rejected(asked: Asked, person: User, at: datetime, *, offset: int, limit: int) -> list[RejectedLead]:
    """A page of rejected leads, the last rejected first."""
    found = portal.rejected(asked, offset=offset, limit=limit)
    named = Disposition.objects.in_bulk([row.disposition_id for row in found if row.disposition_id])
    return [_rejected(row, named, person, at) for row in found]


def _rejected(row: Rejected, named: dict[int, Any], person: User, at: datetime) -> RejectedLead:
    facts = row.rejection
    until = last_day(facts.finished_at, facts.days, facts.zone) if facts.finished_at else None
    words = why(named.get(row.disposition_id or 0), row.reason, person)
    return RejectedLead(row, words, until, hindrance(facts, at))


#: The columns of the download.
COLUMNS = (
    "lead_id", "your_reference", "campaign", "received_at", "rejected_at", "reason", "client_words", "payout",
    "currency", "payout_owed", "dispute_until", "dispute", "dispute_state",
)  # fmt: skip


def rejected_table(asked: Asked, person: User) -> Iterator[Sequence[str]]:
    """Header, then each rejected lead; times in the campaign's zone."""
    named = Disposition.objects.in_bulk()
    yield COLUMNS
    for row in portal.all_rejected(asked):
        facts = row.rejection
        until = last_day(facts.finished_at, facts.days, facts.zone) if facts.finished_at else ""
        received, rejected_on = (local_date(when, row.zone) for when in (row.received_at, row.rejected_at))
        code = named.get(row.disposition_id or 0)
        yield [
            str(row.lead_id), row.uid, row.campaign, str(received), str(rejected_on),
            why(code, "", person), reason_for(person, code, row.reason), str(row.payout), row.currency,
            "yes" if row.owed else "no", str(until), f"D-{row.dispute_id}" if row.dispute_id else "",
            row.dispute_state or "",
        ]  # fmt: skip


@dataclass(frozen=True)
class ToFix:
    """A value of the supplier's that fails again and again: where, why, and what may be meant."""

    campaign: str
    source: str
    field: str
    value: str
    why: str
    leads: int
    closest: list[str]


def to_fix(person: User) -> list[ToFix]:
    """The values that turn most of the supplier's leads away at the door, biggest first; not what came twice."""
    sources = {s.pk: s for s in Source.objects.filter(supplier=person.supplier).select_related("campaign")}
    found = fixes.groups(fixes.Asked(list(sources)), limit=TO_FIX) if sources else []
    groups = [group for group in found if group.code != DUPLICATE and group.leads > 1]
    campaigns = {source.campaign_id for source in sources.values()}
    fields = {
        (field.campaign_id, field.name): field for field in Field.objects.filter(campaign__in=campaigns)
    }
    lists = read_picklists({field.picklist_id for field in fields.values() if field.picklist_id})
    codes = {one.code: one for one in Disposition.objects.filter(code__in={group.code for group in groups})}
    shown = []
    for group in groups:
        source = sources[group.source_id]
        field = fields.get((source.campaign_id, group.field))
        picklist = lists.get(field.picklist_id) if field and field.picklist_id else None
        closest = [each.value for each in suggest(picklist, group.value, {})] if picklist else []
        label = field.label if field else group.field
        reason = why(codes.get(group.code), "", person)
        shown.append(
            ToFix(source.campaign.public_name, source.name, label, group.value, reason, group.leads, closest)
        )
    return shown
