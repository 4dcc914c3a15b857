"""What the notices pages show: who is told how and whether it works, and the log of what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from campaigns.models import Agreement, Endpoint, Supplier, User
from campaigns.templatetags.figures import counted, day, recent
from leads import deliver, telling, wording
from leads.models import Delivery, DeliveryAttempt
from leads.templatetags.chips import Chip

DAY = timedelta(days=1)
#: Leads of a payload that are shown.
_SHOWN = 3

Status = Delivery.Status
#: What the log can be narrowed to.
SHOWS = {"": "All", "waiting": "Waiting", "failed": "Given up"}
_OF_SHOW = {"waiting": Status.PENDING, "failed": Status.FAILED}
_TOLD_BY = {"webhook": "Webhook", "email": "E-mail with a CSV", "portal": "Portal only"}
_SUPPLIERS = {"supplier__isnull": False}
_KINDS = {"test": "Test", "held_back": "Notices held back, in one e-mail"}

_Key = tuple[int, str]


@dataclass(frozen=True)
class Way:
    """One way one supplier is told: the endpoint (None for the portal), and how it does."""

    supplier: Supplier
    channel: str
    told_by: str
    where: str
    chip: Chip
    state: str
    endpoint: Endpoint | None = None
    #: Of the last 24 hours, as parts of a bar: tone, where it begins and how wide it is, of 1000.
    bar: list[tuple[str, int, int]] = field(default_factory=list)
    waiting: int = 0
    last: datetime | None = None


@dataclass(frozen=True)
class Line:
    """One notice in the log; `arrived` is None where nobody has tried yet."""

    notice: Delivery
    words: str
    campaign: str
    arrived: bool | None
    answer: str
    tries: str
    next: str
    may_again: bool


@dataclass(frozen=True)
class Opened:
    """One notice with its tries, newest first, and what it says."""

    line: Line
    attempts: list[DeliveryAttempt]
    size: int
    webhook_id: str
    says: str


def notices(person: User) -> QuerySet[Delivery]:
    """What suppliers were told that this person may see, newest first."""
    visible = Delivery.objects.visible_to(person).filter(**_SUPPLIERS)
    return visible.select_related("supplier").order_by("-created_at", "-pk")


def undelivered(person: User, *, paused: bool | None = None) -> QuerySet[Delivery]:
    """Notices that wait because their endpoint fails or is paused; `paused` keeps to one of the two."""
    here = Endpoint.objects.filter(supplier=OuterRef("supplier"), channel=OuterRef("channel"))
    failing, stopped = Q(failing_since__isnull=False), Q(paused_at__isnull=False)
    which = {None: failing | stopped, True: stopped, False: failing & ~stopped}[paused]
    return Delivery.objects.visible_to(person).filter(
        Exists(here.filter(which)), status=Status.PENDING, **_SUPPLIERS
    )


def ways(person: User, at: datetime) -> list[Way]:
    """How the suppliers this person may see are told, by name."""
    endpoints = {
        (one.supplier_id, one.channel): one
        for one in Endpoint.objects.visible_to(person).select_related("supplier")
    }
    agreed = {(one.supplier_id, one.channel): one.supplier for one in _in_force(person, at)}
    suppliers = agreed | {key: one.supplier for key, one in endpoints.items()}
    numbers, lasts = _numbers(person, at), _lasts(person)
    found = [
        _way(key, suppliers[key], endpoints.get(key), numbers.get(key, {}), lasts.get(key), at)
        for key in suppliers
    ]
    return sorted(found, key=lambda way: (way.supplier.name, way.channel))


def _in_force(person: User, at: datetime) -> QuerySet[Agreement]:
    """The agreement of today between each campaign and supplier."""
    newest = Agreement.objects.filter(
        starts_on__lte=at.date(), supplier__in=Supplier.objects.visible_to(person)
    )
    ordered = newest.order_by("campaign_id", "supplier_id", "-starts_on").distinct(
        "campaign_id", "supplier_id"
    )
    return ordered.select_related("supplier", "campaign")


def agreements(person: User, at: datetime) -> list[dict[str, Any]]:
    """What a supplier is told of, by campaign: .campaign (public name) .told_by .tells"""
    tells = dict(Agreement.Tells.choices)
    return [
        {
            "campaign": one.campaign.public_name,
            "told_by": _TOLD_BY[one.channel],
            "tells": [tells[name] for name in one.tells],
        }
        for one in _in_force(person, at)
    ]


def _numbers(person: User, at: datetime) -> dict[_Key, dict[str, int]]:
    """By way: what waits, and of the last 24 hours what was sent, waits, has failed."""
    fresh = Q(created_at__gt=at - DAY)
    status = {name: Q(status=name) for name in (Status.SENT, Status.PENDING, Status.FAILED)}
    rows = notices(person).filter(fresh | status[Status.PENDING]).order_by().values("supplier_id", "channel")
    counts: Any = rows.annotate(
        waiting=Count("pk", filter=status[Status.PENDING]),
        **{f"day_{name}": Count("pk", filter=fresh & which) for name, which in status.items()},
    )
    return {(row["supplier_id"], row["channel"]): row for row in counts}


def _lasts(person: User) -> dict[_Key, datetime]:
    """By way: when something last arrived."""
    rows = DeliveryAttempt.objects.filter(succeeded=True, delivery__in=notices(person).order_by())
    by_way = rows.values_list("delivery__supplier_id", "delivery__channel").annotate(Max("at")).order_by()
    return {(supplier, channel): last for supplier, channel, last in by_way}


def _way(
    key: _Key, supplier: Supplier, one: Endpoint | None, numbers: dict[str, int], last: Any, at: datetime
) -> Way:
    channel = key[1]
    chip, state = _state(channel, one, at)
    parts = [("c-accepted", "day_sent"), ("c-pending", "day_pending"), ("c-rejected", "day_failed")]
    return Way(
        supplier=supplier,
        channel=channel,
        told_by=_TOLD_BY[channel],
        where=one.where if one else "",
        chip=chip,
        state=state,
        endpoint=one,
        bar=_bar([(tone, numbers.get(name, 0)) for tone, name in parts]),
        waiting=numbers.get("waiting", 0),
        last=last,
    )


def _state(channel: str, one: Endpoint | None, at: datetime) -> tuple[Chip, str]:
    if channel == "portal":
        return Chip("check", "accepted"), "Always there"
    if one is None or not one.where:
        return Chip("circle-dashed", "neutral"), "No address yet"
    if one.paused_at:
        return Chip("player-pause", "rejected"), f"Paused {day(one.paused_at)}"
    if one.failing_since:
        return Chip("alert-triangle", "warn"), f"Failing since {recent(one.failing_since)}"
    if one.previous_until and at < one.previous_until:
        return Chip("refresh", "info"), f"Old secret until {recent(one.previous_until)}"
    return Chip("check", "accepted"), "Working"


def _bar(parts: Iterable[tuple[str, int]]) -> list[tuple[str, int, int]]:
    parts = list(parts)
    total, begin, bar = sum(number for _, number in parts), 0, []
    for tone, number in parts:
        if number:
            width = round(1000 * number / total)
            bar.append((tone, begin, width))
            begin += width
    return bar


def narrowed(found: QuerySet[Delivery], supplier: str, show: str) -> QuerySet[Delivery]:
    """The log of one supplier (its code), of what waits or was given up."""
    if supplier:
        found = found.filter(supplier__code=supplier)
    narrower = found.filter(status=_OF_SHOW.get(show)).exclude(kind=Delivery.Kind.TEST)
    return narrower if show in _OF_SHOW else found


def lines(page: QuerySet[Delivery]) -> list[Line]:
    """These notices as the log has them."""
    found = list(page.prefetch_related("attempts"))
    ailing = _ailing({notice.supplier_id for notice in found})
    return [_line(notice, list(notice.attempts.all()), ailing) for notice in found]


def opened(notice: Delivery) -> Opened:
    """One notice with all that is known of it."""
    attempts = list(notice.attempts.all())
    return Opened(
        line=_line(notice, attempts, _ailing({notice.supplier_id})),
        attempts=attempts[::-1],
        size=wording.size(notice),
        webhook_id=wording.webhook_id(notice) if notice.channel == "webhook" else "",
        says=_says(notice),
    )


def _ailing(suppliers: set[int | None]) -> dict[_Key, bool]:
    """The ways of these suppliers that fail, and whether they are paused for it."""
    found = Endpoint.objects.filter(supplier__in=suppliers)
    found = found.filter(Q(failing_since__isnull=False) | Q(paused_at__isnull=False))
    return {(one.supplier_id, one.channel): one.paused_at is not None for one in found}


def _line(notice: Delivery, attempts: list[DeliveryAttempt], ailing: dict[_Key, bool]) -> Line:
    last = attempts[-1] if attempts else None
    of = f" of {len(deliver.PAUSES) + 1}" if notice.status == Status.PENDING and notice.tries else ""
    paused = ailing.get((notice.supplier_id or 0, notice.channel))
    again = not paused and notice.channel in Endpoint.Channel.values and notice.kind in telling.SENT_AGAIN
    return Line(
        notice=notice,
        words=title(notice),
        campaign=notice.payload.get("campaign", ""),
        arrived=last.succeeded if last else None,
        answer=_answer(notice, last),
        tries=f"{notice.tries if of else len(attempts) or '–'}{of}",
        next=_next(notice, paused),
        may_again=again and not notice.instead_id and notice.status != Status.CANCELLED,
    )


def title(notice: Delivery) -> str:
    """What a notice tells, in a few words: “12 leads were rejected by the client”."""
    if notice.kind in _KINDS:
        return _KINDS[notice.kind]
    return wording.words(notice.kind, wording.size(notice))


def _answer(notice: Delivery, last: DeliveryAttempt | None) -> str:
    if notice.instead_id:
        return "told by e-mail instead"
    if last is None:
        return "in the portal" if notice.channel == "portal" else "–"
    return last.answer


def _next(notice: Delivery, paused: bool | None) -> str:
    """When it is sent. `paused` is None where all is well: of a way that fails, only the first notice is tried."""
    if notice.status != Status.PENDING:
        return {"sent": "done", "failed": "given up", "cancelled": "cancelled"}[notice.status]
    if paused:
        return "held back"
    return recent(notice.next_attempt_at) if paused is None or notice.tries else "after the one before"


def _says(notice: Delivery) -> str:
    """The beginning of the payload, as a receiver reads it."""
    if notice.kind not in wording.TYPES:
        return ""
    said = json.loads(wording.webhook_body(notice))
    leads = said["data"].get("leads", [])
    said["data"] = said["data"] | ({"leads": leads[:_SHOWN]} if leads else {})
    text = json.dumps(said, ensure_ascii=False, indent=2)
    rest = len(leads) - _SHOWN
    return f"{text}\n… and {counted(rest, 'lead')} more" if rest > 0 else text


def metrics(person: User, at: datetime) -> dict[str, Any]:
    """The four figures of the page."""
    waiting = undelivered(person, paused=False).order_by("next_attempt_at")
    first = waiting.filter(next_attempt_at__gt=at).first()
    return {
        "delivered": notices(person).filter(status=Status.SENT, created_at__gt=at - DAY).count(),
        "waiting": waiting.count(),
        "next": first.next_attempt_at if first else None,
        "given_up": notices(person)
        .filter(status=Status.FAILED, created_at__gt=at - 30 * DAY)
        .exclude(kind=Delivery.Kind.TEST)
        .count(),
        "paused": Endpoint.objects.visible_to(person).exclude(paused_at=None).count(),
        "held": undelivered(person, paused=True).count(),
    }
