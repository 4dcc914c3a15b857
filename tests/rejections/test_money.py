"""The sum over all statements is the sum over all leads and their adjustments, whatever happened, for both sides.

Histories of accepting, rejecting (in and out of season), undoing, granted disputes and closed months, over two
clients, two currencies, two zones and three suppliers with agreements of their own. The leads are added up here
in Python, one by one; the statements are read as their pages read them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from campaigns.models import Agreement, Campaign, Disposition, User
from leads import monthgrid, statements
from leads.models import (
    Adjustment,
    AffiliateEvent,
    ClosedMonth,
    Lead,
    LeadEvent,
    Statement,
    StatementLine,
    UnclosedLead,
)
from leads.sql import leaving, money
from leads.sql.leaving import Leaving
from leads.statements import CLIENTS, SUPPLIERS
from leads.statuses import Cause, Status
from rejections import disputes, months, uploads
from rejections.models import Batch
from rejections.options import Options
from rejections.refusals import Refused
from tests import make
from tests.batches import imported, undone, work
from tests.rejections.test_properties import rolled_back

P, A, C = Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED
pytestmark = pytest.mark.django_db

#: Noon of the first day; a history runs on from here over three months and a half.
BEGIN = datetime(2026, 7, 28, 12, tzinfo=UTC)
LEADS = 8
#: A history takes a second: one that fails is told as it is, for shrinking it takes minutes.
unshrunk = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["accept", "reject", "reject", "keep", "undo", "grant", "affiliate", "close", "close"]
        ),
        st.integers(0, 1),  # the campaign
        st.lists(st.integers(0, LEADS - 1), min_size=1, max_size=4, unique=True),
        st.integers(0, 20),  # days until then
    ),
    min_size=6,
    max_size=14,
)


@dataclass
class History:
    """What is told so far: the clock, the batches that can be undone, and statements as they were closed."""

    campaigns: list[Campaign]
    leads: list[list[Lead]]
    staff: User
    at: datetime = BEGIN
    batches: list[Batch] = field(default_factory=list)
    frozen: dict[int, Any] = field(default_factory=dict)


def begun() -> History:
    """Two campaigns with eight leads each, four of them billed on their first day."""
    campaigns = [
        make.campaign(currency="GBP", return_window_days=200),
        make.campaign(currency="JPY", return_window_days=200, time_zone="Asia/Tokyo"),
    ]
    Disposition.objects.filter(code="CLIENT_TEST").update(keeps_payout=True)
    terms = [{"supplier_return_days": 20}, {"reverses_payout": False}, {}]
    sellers = [make.supplier() for _ in terms]
    leads = []
    for n, campaign in enumerate(campaigns):
        make.phrase(campaign.client, "Ours", "CLIENT_TEST")
        for seller, agreed in zip(sellers, terms, strict=True):
            Agreement.objects.create(
                campaign=campaign,
                supplier=seller,
                starts_on=date(2026, 1, 1),
                price=1,
                payout=1,
                dispute_days=300,
                **agreed,
            )
        places = [make.source(campaign, seller) for seller in sellers]
        leads.append([
            make.lead(
                campaign, A if i % 2 else P, at=BEGIN + timedelta(hours=i), source=places[i % 3],
                price=f"{10 + i}.{n}{i}", payout=f"{5 + i}.{i}{n}",
            )
            for i in range(LEADS)
        ])  # fmt: skip
    return History(campaigns, leads, make.operator())


def told(history: History, step: tuple[str, int, list[int], int]) -> None:
    """Let one thing happen, so many days later."""
    what, n, numbers, days = step
    history.at += timedelta(days=days, minutes=1)
    campaign, named = history.campaigns[n], [history.leads[n][i] for i in numbers]
    at = history.at
    if what == "accept":
        pks = [lead.pk for lead in named]
        made = uploads.close_out(
            campaign, Options(), person=None, via="page", at=at, only=pks, goes_through=True
        )
        history.batches.append(work(made, at))
    elif what in ("reject", "keep"):
        reason = "Ours" if what == "keep" else "No answer"
        history.batches.append(imported(campaign, [(lead, reason) for lead in named], at=at))
    elif what == "undo" and history.batches:
        batch = history.batches.pop(numbers[0] % len(history.batches))
        if batch.state == "finished":
            undone(batch, at=at)
    elif what == "grant":
        granted(named, history.staff, at)
    elif what == "affiliate":
        for lead in named:
            AffiliateEvent.objects.create(
                lead=lead, reference=f"{at}", status="approved", payout="2.05", occurred_at=at
            )
    elif what == "close":
        closed(history, campaign)


def granted(leads: list[Lead], staff: User, at: datetime) -> None:
    """Of these leads, those that stand rejected are disputed by their suppliers, and it is granted."""
    for lead in leads:
        person = make.supplier_user(lead.supplier)
        try:
            sent = disputes.contest([lead.pk], person=person, note="Ours.", at=at)
        except Refused:  # nothing to dispute, or disputed before
            continue
        disputes.answer_many(sent, grants=True, answer_text="", person=staff, at=at)


def closed(history: History, campaign: Campaign) -> None:
    """Close the oldest open month, if it is over, and remember every statement of it."""
    month = months.oldest_open(campaign)
    if month is None or months.refusal(campaign, month, history.at):
        return
    made = months.close(campaign, month, person=None, typed=months.word(month), at=history.at)
    history.frozen[made.pk] = frozen(made)


def frozen(made: ClosedMonth) -> Any:
    """All that closing wrote down."""
    return (
        list(StatementLine.objects.filter(closed=made).order_by("pk").values()),
        list(Statement.objects.filter(closed=made).order_by("pk").values()),
    )


def read(history: History) -> tuple[Counter[tuple[str, int]], dict[tuple[str, str], Decimal]]:
    """What the lines of all statements say of each lead by side, and the totals by side and currency."""
    by_lead: Counter[tuple[str, int]] = Counter()
    totals: dict[tuple[str, str], Decimal] = {}
    for side in (CLIENTS, SUPPLIERS):
        table = monthgrid.grid(history.staff, side, history.at, months=12)
        for row in table.rows:
            for cell in filter(None, row.cells):
                found = statements.statement(history.staff, row.party, cell.month, row.currency, history.at)
                lines = list(money.all_lines(found.scope))
                for line in lines:
                    by_lead[side, line.lead_id] += line.amount  # type: ignore[assignment]
                assert sum(line.amount for line in lines) == found.figures.total == cell.amount
                assert found.check.agrees
                key = (side, row.currency)
                totals[key] = totals.get(key, Decimal(0)) + found.figures.total
    return by_lead, totals


def worth(lead: Lead) -> tuple[Decimal, Decimal]:
    """What a lead should have come to for its client and its supplier, worked out by hand."""
    client = lead.price if lead.status == A else Decimal(0)
    taken_back = {event.undoes_id for event in lead.events.all()}
    rejections = [
        event
        for event in lead.events.all()
        if event.cause == "client_rejected" and event.pk not in taken_back
    ]
    owed = lead.status == C and rejections[-1].payout_owed
    supplier = lead.payout if lead.status == A or owed else Decimal(0)
    for one in Adjustment.objects.filter(lead=lead):
        client, supplier = client + one.client_amount, supplier + one.supplier_amount
    approved = lead.affiliate_events.filter(status="approved")
    return client, supplier + sum((event.payout for event in approved), Decimal(0))


#: A history in which a lead of each kind stands in closed months: billed, credited, owed, adjusted both ways.
EVENTFUL = [
    ("accept", 0, [0, 2], 6), ("reject", 0, [1, 3, 4], 1), ("keep", 0, [0, 5], 1), ("affiliate", 0, [1, 7], 1),
    ("close", 0, [0], 1), ("reject", 0, [7], 1), ("grant", 0, [1, 7], 1), ("close", 0, [0], 20),
    ("close", 0, [0], 20), ("grant", 0, [0, 3, 7], 1), ("undo", 0, [0], 1), ("close", 0, [0], 20),
    ("reject", 0, [2, 7], 1), ("close", 0, [0], 20),
]  # fmt: skip


@given(history_of=steps)
@example(history_of=EVENTFUL)
@unshrunk
def test_statements_come_to_what_the_leads_come_to(history_of: list[Any]) -> None:
    with rolled_back():
        history = begun()
        for step in history_of:
            told(history, step)
        by_lead, totals = read(history)
        sums: dict[tuple[str, str], Decimal] = dict.fromkeys(totals, Decimal(0))
        for lead in Lead.objects.select_related("campaign"):
            client, supplier = worth(lead)
            assert (by_lead[CLIENTS, lead.pk], by_lead[SUPPLIERS, lead.pk]) == (client, supplier)
            assert client in (0, lead.price)
            sums[CLIENTS, lead.campaign.currency] += client
            sums[SUPPLIERS, lead.campaign.currency] += supplier
        assert totals == sums
        for closed_id, before in history.frozen.items():
            assert frozen(ClosedMonth.objects.get(pk=closed_id)) == before, "a closed month never changes"
        billed_and_open = Lead.objects.filter(accepted_at__isnull=False, is_final=False)
        kept = ("pk", "campaign", "supplier", "accepted_at", "valid_at", "price", "payout")
        assert set(UnclosedLead.objects.values_list(*kept)) == set(billed_and_open.values_list(*kept))
        assert not Lead.objects.filter(is_final=True).exclude(statement_lines__isnull=False).exists()
        billed = StatementLine.objects.filter(kind="accepted").values_list("lead_id", flat=True)
        assert len(billed) == len(set(billed))
        assert (
            LeadEvent.objects.filter(cause__in=["adjusted", "charged_back"]).count()
            >= Adjustment.objects.count()
        )


def test_a_lead_that_the_clients_crm_refuses_is_billed_no_more() -> None:
    lead = make.lead(make.campaign(), A)
    assert UnclosedLead.objects.get().lead_id == lead.pk
    assert leaving.turn_away(Cause.REFUSED_BY_CRM, [Leaving(lead.pk, "No such product")], at=BEGIN) == [
        lead.pk
    ]
    lead.refresh_from_db()
    assert (lead.status, lead.accepted_at) == (Status.REJECTED, None)
    assert not UnclosedLead.objects.exists()
