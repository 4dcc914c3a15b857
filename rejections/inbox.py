"""What pages tell of disputes: the list with its clocks, one dispute with its leads, what granting them does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum, When

from campaigns.models import User
from leads import profile
from leads.models import LeadEvent
from leads.reasons import reason_for, words_for
from leads.statuses import Status
from leads.timeline import why
from rejections.models import Dispute, DisputedLead
from rejections.sql import disputes as statements

State = DisputedLead.State

#: Tabs of the list: address → words.
TABS = {"": "To answer", "answered": "Answered", "silence": "Went by silence", "all": "All"}
_OPEN = Exists(DisputedLead.objects.filter(dispute=OuterRef("pk"), state=State.OPEN))
_SILENT = Exists(DisputedLead.objects.filter(dispute=OuterRef("pk"), by_silence=True))
_OF_TAB: dict[str, Q] = {
    "": Q(_OPEN),
    "answered": ~Q(_OPEN) & ~Q(_SILENT),
    "silence": ~Q(_OPEN) & Q(_SILENT),
    "all": Q(),
}
#: Phrases of a dispute that its line quotes.
PHRASES = 2


#: The columns of the download. `amount` is the price for staff, the payout for the supplier.
COLUMNS = (
    "dispute", "lead_id", "reference", "campaign", "supplier", "client_words", "supplier_words", "opened_at",
    "answer_until", "state", "by_silence", "answered_at", "answer", "amount", "currency",
)  # fmt: skip
_MOMENT = timedelta(microseconds=1)
_TABLE = ("lead", "event__disposition", "dispute__supplier", "dispute__batch__campaign")


@dataclass(frozen=True)
class Line:
    """One dispute in a list. `amount` is the price for staff, the payout for its supplier."""

    dispute: Dispute
    title: str
    leads: int
    states: list[tuple[str, int]]
    amount: Decimal
    currency: str
    phrases: list[str]

    @property
    def open(self) -> int:
        """Leads that wait for an answer."""
        return dict(self.states).get(State.OPEN, 0)

    @property
    def silence(self) -> str:
        """What comes without an answer, in a word."""
        return "granted" if self.dispute.silence_grants else "refused"


def in_tab(disputes: QuerySet[Dispute], tab: str) -> QuerySet[Dispute]:
    """Those of the tab; what waits for an answer by deadline, all else newest first."""
    found = disputes.filter(_OF_TAB[tab])
    return found.order_by("answer_by", "id") if tab == "" else found.order_by("-id")


def urgent(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """What waits for an answer first, by deadline; then all else, newest first."""
    waits = Case(When(_OPEN, then="answer_by"))
    return disputes.annotate(waits_until=waits).order_by(F("waits_until").asc(nulls_last=True), "-pk")


def by_money(disputes: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """The dearest first."""
    return disputes.annotate(worth=Sum("leads__lead__price")).order_by("-worth", "answer_by", "id")


def lines(disputes: QuerySet[Dispute], viewer: User) -> list[Line]:
    """These disputes as lines, in three queries whatever their number."""
    money = "leads__lead__payout" if viewer.supplier_id else "leads__lead__price"
    found = list(
        disputes.select_related("supplier", "batch__campaign__client").annotate(
            number=Count("leads"),
            amount=Sum(money),
            phrases=ArrayAgg("leads__event__reason", distinct=True),
            one_lead=Max("leads__lead"),
            **{str(state): Count("leads", filter=Q(leads__state=state)) for state in State},
        )
    )
    alone = [each.one_lead for each in found if each.number == 1]
    named = DisputedLead.objects.filter(lead__in=alone).select_related("lead__values")
    names = {one.lead_id: _name(one) for one in named}
    return [_line(each, names, viewer) for each in found]


def _line(found: Any, names: dict[int, str], viewer: User) -> Line:
    several = (
        f"{found.number:,} leads of IMP-{found.batch_id}" if viewer.is_staff else f"{found.number:,} leads"
    )
    return Line(
        dispute=found,
        title=names.get(found.one_lead, "") if found.number == 1 else several,
        leads=found.number,
        states=[(state.value, count) for state in State if (count := getattr(found, state))],
        amount=found.amount or Decimal(0),
        currency=found.batch.campaign.currency,
        phrases=[phrase for phrase in found.phrases if phrase][:PHRASES],
    )


def _name(one: DisputedLead) -> str:
    return profile.title(one.lead, getattr(one.lead, "values", None))


@dataclass(frozen=True)
class Row:
    """One lead of a dispute. `twins` are other leads of the campaign that share a key with it (staff only)."""

    one: DisputedLead
    name: str
    phrase: str
    why: str
    answer: str
    amount: Decimal
    twins: list[int] | None = None

    @property
    def decided(self) -> bool:
        """Whether it has its answer."""
        return self.one.state != State.OPEN


def rows(dispute: Dispute, viewer: User) -> list[Row]:
    """The leads of a dispute, in the order of their ids."""
    leads = dispute.leads.order_by("lead_id").select_related(
        "lead__values", "event__disposition", "answered_by", "dispute"
    )
    found = list(leads)
    twins = statements.twins([one.lead_id for one in found]) if viewer.is_staff else {}
    return [_row(one, viewer, twins) for one in found]


def _row(one: DisputedLead, viewer: User, twins: dict[int, list[int]]) -> Row:
    event, (phrase, answer) = one.event, _row_words(one, viewer)
    return Row(
        one=one,
        name=_name(one),
        phrase=phrase,
        answer=answer,
        why=why(event.disposition, "", viewer),
        amount=one.lead.payout if viewer.supplier_id else one.lead.price,
        twins=twins.get(one.lead_id, []) if viewer.is_staff else None,
    )


def _row_words(one: DisputedLead, viewer: User) -> tuple[str, str]:
    """The client's phrase and the answer, as this person may read them."""
    event = one.event
    return reason_for(viewer, event.disposition, event.reason), words_for(viewer, one.answer)


@dataclass(frozen=True)
class Effect:
    """What an answer does: leads that go back to a status, leads of closed months that are adjusted instead, money."""

    granted: int
    refused: int
    undecided: int
    back: list[tuple[Status, int]]
    adjusted: int
    paid_again: Decimal
    credit_withdrawn: Decimal

    @property
    def words(self) -> str:
        """The answer as a button says it: “Grant 6, refuse 3”; while a lead is undecided, what is missing."""
        if self.undecided:
            return "Choose for each lead"
        parts = [(self.granted, "grant"), (self.refused, "refuse")]
        text = ", ".join(f"{word} {number:,}" for number, word in parts if number)
        return text[:1].upper() + text[1:]


def effect(waiting: Sequence[DisputedLead], grant: Collection[int], refuse: Collection[int]) -> Effect:
    """What granting and refusing these of the open leads would do; the others are undecided."""
    granted = [one for one in waiting if one.pk in grant]
    billed = [one for one in granted if one.event.from_status == Status.ACCEPTED]
    unpaid = [one for one in billed if not one.event.payout_owed]
    back = Counter(Status(one.event.from_status) for one in granted if not one.lead.is_final)
    return Effect(
        granted=len(granted),
        refused=len(refuse),
        undecided=len(waiting) - len(granted) - len(refuse),
        back=sorted(back.items()),
        adjusted=len(granted) - back.total(),
        paid_again=sum((one.lead.payout for one in unpaid), Decimal(0)),
        credit_withdrawn=sum((one.lead.price for one in billed), Decimal(0)),
    )


def same_reason(shown: Row, listed: Iterable[Row]) -> int:
    """How many others of the dispute were rejected in the same words."""
    return sum(row.phrase == shown.phrase for row in listed) - 1


@dataclass(frozen=True)
class Waiting:
    """What waits for an answer: disputes, their leads, sums by currency, and the dispute that is due first."""

    disputes: int
    leads: int
    sums: list[tuple[str, Decimal]]
    first: Dispute
    at: datetime


def waiting(person: User, at: datetime) -> Waiting | None:
    """What waits for an answer now; None when nothing does."""
    disputes = Dispute.objects.visible_to(person).filter(_OPEN)
    first = disputes.select_related("batch__campaign").order_by("answer_by", "id").first()
    if first is None:
        return None
    leads = DisputedLead.objects.visible_to(person).filter(state=State.OPEN)
    by_currency = leads.values_list("lead__campaign__currency").annotate(Sum("lead__price"), Count("pk"))
    found = sorted(by_currency, key=lambda part: -part[1])
    return Waiting(
        disputes=disputes.count(),
        leads=sum(number for _, _, number in found),
        sums=[(currency, worth) for currency, worth, _ in found],
        first=first,
        at=at,
    )


def reasons(event_ids: Sequence[int], viewer: User) -> list[tuple[str, int]]:
    """What these rejections say, as this person reads it, with how many say so."""
    events = LeadEvent.objects.filter(pk__in=event_ids).select_related("disposition")
    return Counter(why(event.disposition, event.reason, viewer) for event in events).most_common()


def table(viewer: User) -> Iterator[Sequence[str]]:
    """Header, then each disputed lead this person may see, the newest dispute first."""
    yield COLUMNS
    leads = DisputedLead.objects.visible_to(viewer).order_by("-dispute_id", "lead_id")
    for one in leads.select_related(*_TABLE).iterator(2000):
        dispute, campaign = one.dispute, one.dispute.batch.campaign
        zone = ZoneInfo(campaign.time_zone)
        name = campaign.public_name if viewer.supplier_id else campaign.name
        money = one.lead.payout if viewer.supplier_id else one.lead.price
        phrase, answer = _row_words(one, viewer)
        answered = one.answered_at.astimezone(zone).isoformat(" ", "minutes") if one.answered_at else ""
        yield [
            str(dispute), str(one.lead_id), one.lead.uid, name, dispute.supplier.name, phrase, dispute.note,
            dispute.opened_at.astimezone(zone).isoformat(" ", "minutes"),
            (dispute.answer_by - _MOMENT).astimezone(zone).date().isoformat(),
            one.state, "yes" if one.by_silence else "no", answered, answer, str(money), campaign.currency,
        ]  # fmt: skip
