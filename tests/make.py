"""Makes what a test needs, with only what matters named. Plain functions, no factory library."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import Permission
from openpyxl import Workbook

from campaigns.models import (
    Agreement,
    Campaign,
    Cap,
    Client,
    Disposition,
    Field,
    Phrase,
    Source,
    Supplier,
    User,
)
from leads import identifiers
from leads.models import AffiliateEvent, Lead, LeadKey, LeadValues
from leads.statuses import HOLDING, Status

#: The moment at which the tests' world stands still: a Sunday in winter, noon in London.
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_number = count(1)


def client(name: str = "Brightwater") -> Client:
    """A client, new at each call."""
    n = next(_number)
    return Client.objects.create(code=f"client-{n}", name=f"{name} {n}")


def supplier(name: str = "Lumen") -> Supplier:
    """A supplier, new at each call."""
    n = next(_number)
    return Supplier.objects.create(code=f"supplier-{n}", name=f"{name} {n}")


def campaign(**values: Any) -> Campaign:
    """A campaign with a window of seven days and two deduped fields, email and phone."""
    n = next(_number)
    values.setdefault("client", values.get("client") or client())
    values = {
        "code": f"CAMPAIGN-{n}",
        "name": f"Campaign {n}",
        "public_name": f"Offer {n}",
        "return_window_days": 7,
        **values,
    }
    made = Campaign.objects.create(**values)
    for position, (name, kind) in enumerate([("email", "email"), ("phone", "phone"), ("name", "text")]):
        Field.objects.create(
            campaign=made,
            name=name,
            label=name.title(),
            kind=kind,
            position=position,
            dedupe=kind != "text",
            dedupe_ready=kind != "text",
        )
    return made


def source(campaign: Campaign, supplier_: Supplier | None = None) -> Source:
    """A source of the campaign, with an agreement for its supplier."""
    n = next(_number)
    seller = supplier_ or supplier()
    Agreement.objects.get_or_create(
        campaign=campaign,
        supplier=seller,
        starts_on=(NOW - timedelta(days=400)).date(),
        defaults={"price": "18.00", "payout": "11.00"},
    )
    return Source.objects.create(
        code=f"SOURCE-{n}", name=f"Source {n:05}", kind="web_form", campaign=campaign, supplier=seller
    )


def lead(campaign: Campaign, status: str = Status.PENDING, *, days_ago: float = 1, **values: Any) -> Lead:
    """A lead of the campaign that became valid `days_ago`, with its keys for `email` and `phone`."""
    fields = {name: values.pop(name) for name in ("email", "phone", "name") if name in values}
    at = values.pop("at", NOW - timedelta(days=days_ago))
    where = values.pop("source", None) or Source.objects.filter(campaign=campaign).first() or source(campaign)
    valid = status in (Status.PENDING, Status.ACCEPTED, Status.CLIENT_REJECTED)
    made = Lead.objects.create(
        **{
            "uid": "",
            "status": status,
            "campaign": campaign,
            "source": where,
            "supplier": where.supplier,
            "received_at": at,
            "valid_at": at if valid else None,
            "accepted_at": at if status == Status.ACCEPTED else None,
            "in_cap": valid,
            "price": "18.00",
            "payout": "11.00",
            **values,
        }
    )
    LeadValues.objects.create(lead=made, received=fields, judged=fields)
    for field in Field.objects.filter(campaign=campaign, dedupe=True, name__in=fields):
        key(made, field.pk, identifiers.normalise(field.kind, fields[field.name], campaign.phone_region))
    if made.uid:
        key(made, LeadKey.UID_SLOT, identifiers.normalise("uid", made.uid), held=False)
    return made


def key(lead: Lead, slot: int, text: str | None, *, held: bool | None = None) -> None:
    """A key of the lead; it holds it when its status does, unless said otherwise."""
    holds = lead.status in HOLDING if held is None else held
    LeadKey.objects.create(lead=lead, slot=slot, campaign_id=lead.campaign_id, key=text, held=holds)


def cap(campaign: Campaign, limit: int, period: str = "month", supplier: Supplier | None = None) -> Cap:
    """A cap of the campaign, or of one supplier in it."""
    return Cap.objects.create(campaign=campaign, supplier=supplier, period=period, limit=limit)


def phrase(client: Client, text: str, code: str) -> Phrase:
    """A client's phrase with the disposition it means."""
    from campaigns.lists import fold_phrase

    disposition = Disposition.objects.get(code=code)
    return Phrase.objects.create(client=client, text=text, folded=fold_phrase(text), disposition=disposition)


def affiliate_event(lead: Lead, status: str = "pending", **values: Any) -> AffiliateEvent:
    """An affiliate event of the lead."""
    return AffiliateEvent.objects.create(
        lead=lead, reference=f"click-{lead.pk}", status=status, payout="2.00", occurred_at=NOW, **values
    )


def operator(**values: Any) -> User:
    """A staff user who is no admin."""
    return _user(is_staff=True, **values)


def admin(**values: Any) -> User:
    """A staff user who is a superuser."""
    return _user(is_staff=True, is_superuser=True, **values)


def client_user(client: Client, *, may_reject: bool = True, **values: Any) -> User:
    """A user of the client, with “Reject leads as a client” unless said otherwise."""
    made = _user(client=client, **values)
    if may_reject:
        made.user_permissions.add(Permission.objects.get(codename="reject_as_client"))
    return User.objects.get(pk=made.pk)


def supplier_user(supplier: Supplier, **values: Any) -> User:
    """A user of the supplier."""
    return _user(supplier=supplier, **values)


def _user(**values: Any) -> User:
    n = next(_number)
    made = User(username=f"user-{n}", email=f"user-{n}@example.org", **values)
    made.set_unusable_password()
    made.save()
    return made


def csv_bytes(
    rows: Iterable[Sequence[object]], header: Sequence[str] = ("lead_id", "rejection_reason")
) -> bytes:
    """A CSV file of these rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def xlsx_bytes(
    rows: Iterable[Sequence[object]], header: Sequence[str] = ("lead_id", "rejection_reason")
) -> bytes:
    """An XLSX file of these rows."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
