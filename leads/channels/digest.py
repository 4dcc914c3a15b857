"""The e-mails suppliers get: one for what they are told of a batch, with its leads as a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage

from campaigns.models import Endpoint
from campaigns.templatetags.figures import counted
from leads import wording
from leads.channels import NotSent
from leads.models import Delivery
from leads.sheet import shield

_COLUMNS = ("lead_id", "uid", "campaign", "what", "code", "reason", "in_the_clients_words")


def message(delivery: Delivery) -> EmailMessage:
    """The e-mail of one notice, of a test, or of notices that were held back; raises NotSent without recipients."""
    assert delivery.supplier_id is not None
    endpoint = Endpoint.objects.filter(
        supplier_id=delivery.supplier_id, channel=Endpoint.Channel.EMAIL
    ).first()
    if endpoint is None or not endpoint.recipients:
        raise NotSent("There is no address to write to.", permanent=True)
    if delivery.kind == Delivery.Kind.TEST:
        said = EmailMessage("A test from leadrej", _letter("This is a test. It tells of no lead."))
    else:
        said = _of_leads(delivery)
    said.to = endpoint.recipients
    said.extra_headers["Message-ID"] = f"<{wording.webhook_id(delivery)}@{_domain()}>"
    return said


def _of_leads(delivery: Delivery) -> EmailMessage:
    held_back = delivery.kind == Delivery.Kind.HELD_BACK
    parts = list(delivery.stands_for.order_by("pk")) if held_back else [delivery]
    campaigns = sorted({part.payload["campaign"] for part in parts})
    lines = [f"{part.payload['campaign']}: {wording.words(part.kind, wording.size(part))}." for part in parts]
    title = (
        f"{counted(len(parts), 'notice')} held back"
        if held_back
        else wording.words(parts[0].kind, wording.size(parts[0]))
    )
    address = f"{settings.SITE_URL}/notices/?notice={delivery.pk}"
    letter = _letter(
        "\n".join(lines), f"The leads with their reasons are attached. Here they are as a page:\n{address}"
    )
    said = EmailMessage(" ".join(f"{title}: {', '.join(campaigns)}".split()), letter)
    said.attach(f"leads-{delivery.pk}.csv", as_csv(parts), "text/csv")
    return said


def _letter(*paragraphs: str) -> str:
    return "\n\n".join(["Hello,", *paragraphs, settings.OWNER_NAME]) + "\n"


def as_csv(notices: Iterable[Delivery]) -> bytes:
    """The leads of the notices as a file that a spreadsheet opens and runs nothing of."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for notice in notices:
        what = wording.TYPES[Delivery.Kind(notice.kind)]
        for lead in notice.payload["leads"]:
            cells = (
                lead["uid"],
                notice.payload["campaign"],
                what,
                lead["code"],
                lead["label"],
                lead["reason"],
            )
            writer.writerow([lead["lead_id"], *(shield(cell or "") for cell in cells)])
    return out.getvalue().encode("utf-8-sig")


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "leadrej"
