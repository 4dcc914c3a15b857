"""What a lead's page tells of it, as one person may read it; what is not theirs is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from campaigns.models import Campaign, Field, User
from campaigns.rules import local_date, window_opens
from leads import wording
from leads.models import Delivery, Lead, LeadValues
from leads.reasons import reason_for, sentence_for
from leads.statuses import RETURNABLE, Cause, Status

#: Fields a person's name is put together from: those of the first line that has a value.
_NAMES = (("first_name", "last_name"), ("full_name",), ("name",), ("company",))


@dataclass(frozen=True)
class Names:
    """Names as a person may read them; “” for those they may not."""

    campaign: str
    client: str = ""
    source: str = ""
    supplier: str = ""


@dataclass(frozen=True)
class Money:
    """Amounts in the campaign's currency; None for those a person may not see."""

    currency: str
    billed_at: datetime | None
    final: bool
    price: Decimal | None = None
    payout: Decimal | None = None
    margin: Decimal | None = None


@dataclass(frozen=True)
class Adjusted:
    """The one adjustment of a lead whose month is closed; None for amounts a person may not see.

    `credits`: the client rejected it, else a dispute about it was granted. `month` is the first day of the month
    it stands in, `open` that this is not closed yet.
    """

    credits: bool
    month: date
    open: bool
    batch_id: int | None
    price: Decimal | None
    payout: Decimal | None

    @property
    def sizes(self) -> tuple[Decimal | None, Decimal | None]:
        """Both amounts without their signs, for sentences that say which way they go."""
        return self.price and abs(self.price), self.payout and abs(self.payout)


@dataclass(frozen=True)
class Window:
    """The last date on which the lead can be rejected, and whether that is not over."""

    closes: date
    open: bool


@dataclass(frozen=True)
class Value:
    """One field: as judged, as first received where that differs, and what is wrong with it."""

    label: str
    value: str
    received: str
    failure: str


def lead_of(lead: Lead, viewer: User) -> dict[str, Any]:
    """What everybody who sees the lead may read of its row."""
    seen = ("pk", "uid", "status", "received_at", "valid_at", "is_final")
    reason = reason_for(viewer, lead.disposition, lead.reason)
    return {name: getattr(lead, name) for name in seen} | {"reason": reason}


def sees_source(campaign: Campaign, viewer: User) -> bool:
    """Whether this person may know which source a lead came through."""
    return bool(viewer.is_staff or viewer.supplier_id or campaign.show_suppliers_to_client)


def names(lead: Lead, viewer: User) -> Names:
    """A supplier reads the public name; a client its suppliers only where the campaign says so."""
    campaign = lead.campaign
    if viewer.supplier_id:
        return Names(campaign.public_name, source=lead.source.name)
    shows = sees_source(campaign, viewer)
    return Names(
        campaign.name,
        client=campaign.client.name if viewer.is_staff else "",
        source=lead.source.name if shows else "",
        supplier=lead.supplier.name if shows else "",
    )


def money(lead: Lead, viewer: User) -> Money:
    """Staff see all of it, a client the price, a supplier its payout."""
    price = None if viewer.supplier_id else lead.price
    payout = None if viewer.client_id else lead.payout
    margin = lead.price - lead.payout if viewer.is_staff else None
    if margin is not None and (adjusted := getattr(lead, "adjustment", None)):
        margin += adjusted.client_amount - adjusted.supplier_amount
    billed_at = lead.accepted_at if lead.status == Status.ACCEPTED else None
    return Money(lead.campaign.currency, billed_at, lead.is_final, price, payout, margin)


def adjusted(lead: Lead, viewer: User) -> Adjusted | None:
    """What the open month got for the lead instead of a move; None when there is none."""
    found = getattr(lead, "adjustment", None)
    if found is None:
        return None
    return Adjusted(
        credits=found.event.cause == Cause.ADJUSTED,
        month=local_date(found.created_at, lead.campaign.time_zone).replace(day=1),
        open=not found.is_final,
        batch_id=found.event.batch_id,
        price=None if viewer.supplier_id else found.client_amount,
        payout=None if viewer.client_id else found.supplier_amount,
    )


def window(lead: Lead, at: datetime) -> Window | None:
    """The lead's return window; None when it cannot be rejected anyway."""
    campaign: Campaign = lead.campaign
    days, zone = campaign.return_window_days, campaign.time_zone
    if lead.status not in RETURNABLE or lead.valid_at is None or days is None or lead.decided_for_supplier:
        return None
    if getattr(lead, "adjustment", None):
        return None
    closes = local_date(lead.valid_at, zone) + timedelta(days=days)
    return Window(closes, lead.valid_at >= window_opens(local_date(at, zone), days, zone))


def window_if_released(lead: Lead, at: datetime) -> date | None:
    """The last date on which the lead could be rejected, were it released now; None where that is no question."""
    campaign: Campaign = lead.campaign
    waits = lead.status in (Status.REJECTED, Status.QUARANTINED)
    if not waits or campaign.return_window_days is None:
        return None
    return local_date(at, campaign.time_zone) + timedelta(days=campaign.return_window_days)


def title(lead: Lead, values: LeadValues | None) -> str:
    """The person's name from the values, else “Lead 17”."""
    judged = values.judged if values else {}
    for parts in _NAMES:
        if found := " ".join(text for part in parts if (text := str(judged.get(part) or "").strip())):
            return found
    return f"Lead {lead.pk}"


def labels(lead: Lead, viewer: User, *received: Mapping[str, str]) -> dict[str, str]:
    """What the campaign calls its fields, by their names, in their order; then what was `received` beside them.

    What came beside them says where a lead is from: who may not know the source does not read it.
    """
    found = dict(Field.objects.filter(campaign_id=lead.campaign_id).values_list("name", "label"))
    beside = dict.fromkeys(name for values in received for name in values)
    return found | {name: name for name in beside if name not in found and sees_source(lead.campaign, viewer)}


def data(
    values: LeadValues | None,
    first: Mapping[str, str],
    labels: Mapping[str, str],
    viewer: User,
    *,
    received: bool = False,
) -> list[Value]:
    """The fields that are labelled, in their order; or all just as they were `received`.

    `first` are the values as they came in, before any correction.
    """
    if values is None:
        return []
    if received:
        return [Value(label, str(first.get(name) or ""), "", "") for name, label in labels.items()]
    failures: dict[str, str] = {}
    for failure in values.failures:
        sentence = sentence_for(viewer, failure.get("code", ""), failure["sentence"])
        failures.setdefault(failure["field"], sentence)
    return [
        _value(name, label, values, str(first.get(name) or ""), failures.get(name, ""))
        for name, label in labels.items()
    ]


def _value(name: str, label: str, values: LeadValues, first: str, failure: str) -> Value:
    here, judged = (str(part.get(name) or "") for part in (values.received, values.judged))
    value = judged or (here if failure else "")
    return Value(label, value, first if first != value else "", failure)


def deliveries(lead: Lead, batch_ids: set[int], viewer: User) -> list[dict[str, Any]]:
    """What left the house about the lead and this person may see, newest first: words, status, at, attempts."""
    seen = Delivery.objects.visible_to(viewer).prefetch_related("attempts")
    told = seen.filter(supplier_id=lead.supplier_id, batch_id__in=batch_ids)
    about = told.filter(payload__leads__contains=[{"lead_id": lead.pk}]).order_by("-pk")
    whom = lead.supplier.name if viewer.is_staff else "you"
    return [
        {
            "words": _told(delivery, whom),
            "status": delivery.status,
            "at": delivery.created_at,
            "attempts": list(delivery.attempts.all()),
        }
        for delivery in [*seen.filter(lead=lead).order_by("-pk"), *about]
    ]


def _told(delivery: Delivery, whom: str) -> str:
    if delivery.channel == Delivery.Channel.DESTINATION:
        return "To the client"
    channel = {"portal": "in the portal", "email": "by e-mail", "webhook": "by webhook"}
    return f"{wording.THINGS[Delivery.Kind(delivery.kind)]} told to {whom} {channel[delivery.channel]}"


def affiliate_events(lead: Lead, viewer: User) -> list[dict[str, Any]]:
    """Conversions reported for the lead; what they pay is for staff."""
    return [
        {
            "reference": event.reference,
            "status": event.status,
            "payout": event.payout if viewer.is_staff else None,
        }
        for event in lead.affiliate_events.all()
    ]
