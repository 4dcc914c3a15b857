"""Who is told that a month was closed: the people of its client and its suppliers, and by e-mail those who want it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from campaigns.models import User
from leads.models import ClosedMonth, Delivery, Statement
from leads.statements import CLIENTS, SUPPLIERS


def closed_months(person: User) -> QuerySet[ClosedMonth]:
    """Months in which the person's side has a statement that is closed, the last to be closed first.

    For staff those they closed themselves: they are told how what they asked for ended.
    """
    found = ClosedMonth.objects.select_related("campaign").order_by("-closed_at", "-pk")
    if not person.is_active:
        return found.none()
    if person.is_staff:
        return found.filter(closed_by=person)
    if person.client_id:
        return found.filter(campaign__client=person.client_id)
    return found.filter(
        pk__in=Statement.objects.filter(supplier=person.supplier_id or 0, lines__gt=0).values("closed")
    )


def address(made: ClosedMonth, person: User) -> str:
    """Where the person's side reads the statement of that month."""
    side, party = (
        (SUPPLIERS, person.supplier_id) if person.supplier_id else (CLIENTS, made.campaign.client_id)
    )
    return f"/statements/{side}/{party}/{made.month:%Y-%m}/{made.currency}/"


def tell(made: ClosedMonth, at: datetime) -> None:
    """Write the e-mails that say so, in the transaction of closing, to those of its parties who want one."""
    suppliers = Statement.objects.filter(closed=made, supplier__isnull=False, lines__gt=0).values("supplier")
    parties = Q(client=made.campaign.client_id) | Q(supplier__in=suppliers)
    people = User.objects.filter(parties, is_active=True, mails__contains=[User.Mail.MONTH_CLOSED])
    Delivery.objects.bulk_create(
        Delivery(
            kind=Delivery.Kind.MONTH_CLOSED,
            channel=Delivery.Channel.EMAIL,
            person=person,
            payload={
                "month": f"{made.month:%B %Y}",
                "of": _name(made, person),
                "address": address(made, person),
            },
            created_at=at,
            next_attempt_at=at,
        )
        for person in people.exclude(email="").order_by("pk")
    )


def _name(made: ClosedMonth, person: User) -> str:
    """The campaign as this person knows it."""
    return made.campaign.public_name if person.supplier_id else made.campaign.name
