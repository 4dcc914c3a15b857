"""One month from the client's file to both sides' statements, which agree with a calculation by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from standardwebhooks import Webhook

from campaigns.models import Agreement, Campaign, User
from campaigns.rules import begin
from leads import deliver, statements, telling
from leads.models import Adjustment, Lead
from leads.statements import CLIENTS, SUPPLIERS, following
from leads.statuses import Status
from rejections import control, disputes, monthclosings, uploads
from rejections.columns import ColumnMap
from rejections.models import Batch, DisputedLead
from rejections.options import Options
from rejections.views import shown as pages
from tests import make
from tests.batches import imported, statuses, work
from tests.receiver import Receiver, receiver

A, C, P = Status.ACCEPTED, Status.CLIENT_REJECTED, Status.PENDING
pytestmark = pytest.mark.django_db

#: A month that is over, whenever this runs.
MONTH = (timezone.now() - timedelta(days=75)).date().replace(day=1)
NEXT = following(MONTH)


def on(day: int) -> datetime:
    """Noon of that day of the month, in London."""
    return begin(MONTH.replace(day=day), "Europe/London") + timedelta(hours=12)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def from_a_file(campaign: Campaign, person: User, content: bytes, at: datetime) -> Batch:
    """Upload · Map · Check · Start, by a user of the client."""
    batch = work(uploads.receive(campaign, [content], "returns.csv", person=person, via="page", at=at), at)
    control.map_columns(batch, ColumnMap("lead_id", "lead_id", "rejection_reason"))
    work(batch, at)
    control.start(batch, Options(), person=person)
    return work(batch, at)


def page(person: User, address: str, **posted: str) -> str:
    browser = Browser()
    browser.force_login(person)
    answer: Any = browser.post(address, posted, follow=True) if posted else browser.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_from_the_clients_file_to_statements_of_both_sides_that_agree(hook: Receiver) -> None:
    campaign = make.campaign(return_window_days=30)
    lumen, kestrel = make.source(campaign), make.source(campaign)
    Agreement.objects.filter(supplier=lumen.supplier).update(channel="webhook", dispute_days=14)
    Agreement.objects.filter(supplier=kestrel.supplier).update(reverses_payout=False)
    Agreement.objects.update(starts_on=MONTH - timedelta(days=400))
    endpoint = telling.set_webhook(lumen.supplier, hook.url, on(1))
    operator, client = make.operator(), make.client_user(campaign.client)
    seller = make.supplier_user(lumen.supplier)

    theirs = [make.lead(campaign, A, at=on(3), source=lumen, price="18.25", payout="11.37") for _ in range(5)]
    others = [
        make.lead(campaign, A, at=on(3), source=kestrel, price="17.10", payout="10.05") for _ in range(2)
    ]
    pending = make.lead(campaign, P, at=on(4), source=lumen, price="18.25", payout="11.37")

    # The client's file names three of Lumen's billed leads, one of Kestrel's, a Pending one, and nobody.
    named = [*theirs[:3], others[0], pending]
    content = make.csv_bytes([*((lead.pk, "Wrong number") for lead in named), (999999999, "Wrong number")])
    file = from_a_file(campaign, client, content, on(20))
    assert statuses([*theirs, *others, pending]) == [C, C, C, A, A, C, A, C]

    # Its supplier's webhook is told of its four leads, signed, and once.
    for day in (20, 21):
        deliver.deliver_due(on(day))
    [got] = hook.got
    Webhook(endpoint.secret).verify(got.body, got.headers)
    told = json.loads(got.body)["data"]["leads"]
    assert {lead["lead_id"] for lead in told} == {lead.pk for lead in (*theirs[:3], pending)}

    # The supplier disputes two; the operator grants one and refuses the other.
    [dispute] = disputes.contest(
        [lead.pk for lead in theirs[:2]], person=seller, note="They answered.", at=on(22)
    )
    grant, refuse = (DisputedLead.objects.get(lead=lead).pk for lead in theirs[:2])
    disputes.answer(
        dispute, grant={grant}, refuse={refuse}, answer="We heard the call.", person=operator, at=on(24)
    )
    assert statuses(theirs[:3]) == [A, C, C]

    # The month is closed, and both sides read what was worked out by hand.
    assert f"Closing {MONTH:%B %Y} …" in page(
        operator, f"/campaigns/{campaign.code}/months/{MONTH:%Y-%m}/close/", word=f"{MONTH:%B}"
    )
    assert monthclosings.work_next(timezone.now())
    # Client: 5 × 18.25 + 2 × 17.10 billed; two of Lumen's and one of Kestrel's credited: 125.45 − 36.50 − 17.10.
    # Lumen: 5 × 11.37 earned, two taken back: 56.85 − 22.74. Kestrel: 2 × 10.05, nothing is ever taken back.
    by_hand = {
        (CLIENTS, campaign.client_id, client): "£71.85",
        (SUPPLIERS, lumen.supplier_id, seller): "£34.11",
        (SUPPLIERS, kestrel.supplier_id, make.supplier_user(kestrel.supplier)): "£20.10",
    }
    for (side, pk, person), total in by_hand.items():
        shown = page(person, f"/statements/{side}/{pk}/{MONTH:%Y-%m}/GBP/")
        assert total in shown
        assert "No difference" in shown
        assert total in page(operator, f"/statements/{side}/{pk}/{MONTH:%Y-%m}/GBP/")
    assert not Lead.objects.exclude(is_final=True).exclude(pk=pending.pk).exists()

    # Afterwards: a late rejection, and a dispute that is granted late, are adjustments of the next month.
    late = begin(NEXT, "Europe/London") + timedelta(hours=12)
    imported(campaign, [theirs[3]], at=late)
    [again] = disputes.contest([theirs[2].pk], person=seller, note="This one too.", at=on(25))
    disputes.answer(
        again, grant=set(again.leads.values_list("pk", flat=True)), refuse=set(), answer="Yes.", person=operator,
        at=late,
    )  # fmt: skip
    assert statuses(theirs[2:4]) == [C, A]
    assert {(a.lead_id, a.client_amount, a.supplier_amount) for a in Adjustment.objects.all()} == {
        (theirs[3].pk, Decimal("-18.25"), Decimal("-11.37")),
        (theirs[2].pk, Decimal("18.25"), Decimal("11.37")),
    }
    for (side, pk, person), total in by_hand.items():
        assert total in page(person, f"/statements/{side}/{pk}/{MONTH:%Y-%m}/GBP/"), "a closed month stands"
        party = next(one for one in statements.parties(operator, side) if one.pk == pk)
        following_one = statements.statement(operator, party, NEXT, "GBP", late)
        assert following_one.figures.total == 0
        assert following_one.figures.adjustments == (2 if pk != kestrel.supplier_id or side == CLIENTS else 0)
        assert following_one.check.agrees

    # The list of imports says what of the file's credit stands: two granted disputes have taken theirs back.
    assert pages.recent([file], operator)[0]["credit"] == Decimal("35.35")
