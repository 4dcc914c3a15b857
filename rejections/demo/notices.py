"""How the demo's suppliers are told, and what became of it: one webhook is paused, one fails, one e-mail came back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from campaigns.models import Agreement, Endpoint, Supplier
from leads.models import Delivery, DeliveryAttempt

#: Supplier → its webhook; nordlys has none, and reads its own pages.
_WEBHOOKS = {
    "kestrel": "https://hooks.kestrel-leads.example/northlight",
    "lumen": "https://api.lumen.example/hooks/leads",
}
_EMAILS = {"reseau": ["rejets@reseau-prospect.example"], "kestrel": ["technik@kestrel-leads.example"]}
_ARRIVED = {"webhook": "200 ok", "email": "Handed to the mail server."}
_DOWN = "503 upstream connect error"
_NO_BOX = "550 mailbox unavailable: rejets@reseau-prospect.example"
#: Hours after a first try at which further ones were made.
_TRIED_AT = (0, 0.02, 0.1, 0.6, 2.6, 7.6, 17.6, 31.6, 51.6)


def settle_endpoints(now: datetime) -> None:
    """Before anything happens: who is told how."""
    for code, url in _WEBHOOKS.items():
        supplier = Supplier.objects.get(code=code)
        since = now - timedelta(days=170)
        Endpoint.objects.create(supplier=supplier, channel="webhook", url=url, secret_since=since)
        Agreement.objects.filter(supplier=supplier).update(channel="webhook", tells=[*Agreement.Tells])
    for code, recipients in _EMAILS.items():
        supplier = Supplier.objects.get(code=code)
        Endpoint.objects.create(supplier=supplier, channel="email", recipients=recipients)
        if code not in _WEBHOOKS:
            Agreement.objects.filter(supplier=supplier).update(channel="email")


def deliver_history(now: datetime) -> None:
    """After all has happened: what of it arrived, and what did not."""
    left = Delivery.objects.filter(status=Delivery.Status.PENDING, supplier__isnull=False)
    for notice in left.order_by("pk"):
        _tried(notice, [notice.created_at + timedelta(seconds=2)], _ARRIVED[notice.channel], succeeded=True)
    left.update(status=Delivery.Status.SENT, next_attempt_at=None)
    _hold_back(_last_told("kestrel"))
    _send_again(_last_told("lumen"), now)
    _give_up(_last_told("reseau"))


def _last_told(supplier: str) -> QuerySet[Delivery]:
    """The supplier's last notice that arrived."""
    told = Delivery.objects.filter(supplier__code=supplier, status=Delivery.Status.SENT)
    return Delivery.objects.filter(
        pk=told.order_by("created_at", "pk").values("pk").reverse()[:1].get()["pk"]
    )


def _hold_back(last: QuerySet[Delivery]) -> None:
    """It met a receiver that was down for days, and is now paused."""
    notice = last.get()
    notice.attempts.all().delete()
    times = [notice.created_at + timedelta(hours=hours) for hours in _TRIED_AT]
    _tried(notice, times, _DOWN)
    last.update(status=Delivery.Status.PENDING, tries=len(times), next_attempt_at=times[-1])
    Endpoint.objects.filter(supplier=notice.supplier_id, channel="webhook").update(
        failing_since=times[0],
        paused_at=times[-1],
        paused_why=f"Nothing has arrived for 2 days. It last answered “{_DOWN}”.",
    )


def _send_again(last: QuerySet[Delivery], now: datetime) -> None:
    """An operator sent it again three hours ago, and the receiver has been down since."""
    notice = last.get()
    times = [now - timedelta(hours=3) + timedelta(hours=hours) for hours in _TRIED_AT[:5]]
    _tried(notice, times, _DOWN)
    last.update(
        status=Delivery.Status.PENDING, tries=len(times), next_attempt_at=times[-1] + timedelta(hours=5)
    )
    Endpoint.objects.filter(supplier=notice.supplier_id).update(failing_since=times[0])


def _give_up(last: QuerySet[Delivery]) -> None:
    """The mail server did not know the recipient."""
    notice = last.get()
    notice.attempts.all().delete()
    _tried(notice, [notice.created_at], _NO_BOX)
    last.update(status=Delivery.Status.FAILED, tries=1)


def _tried(notice: Delivery, times: Iterable[datetime], answer: str, *, succeeded: bool = False) -> None:
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery=notice, at=at, answer=answer, succeeded=succeeded, seconds=0.2 + at.second / 60
        )
        for at in times
    )
