"""What needs attention, in words: one line each, with the deadline, the money and the way to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse

from campaigns.models import Campaign, Client, Endpoint, User
from campaigns.rules import local_date
from campaigns.templatetags.figures import counted, round_money, sums, weekday
from leads import telling
from leads.filters import Filters, Only
from leads.statuses import Status
from rejections import blocked
from rejections.inbox import Waiting
from rejections.models import Batch
from rejections.monthclosings import Due
from rejections.states import EDITABLE, State
from rejections.templatetags.batches import batch_number
from rejections.worklist import Unsettled

#: Paused endpoints, and months to close, that are listed at most.
_LISTED = 5


def items(
    lines: Iterable[Unsettled],
    batches: Iterable[Batch],
    undecided: Iterable[tuple[Client, int]],
    person: User,
    *more: dict[str, Any],
) -> list[dict[str, Any]]:
    """Everything that needs somebody, as `home.html` shows it: by deadline, then by money.

    `undecided` are clients with the number of their phrases without a disposition; `more` are items made elsewhere.
    """
    found = [*_of_campaigns(lines, person), *_of_batches(batches), *_of_phrases(undecided), *more]
    found += _of_fixes()
    found += _of_endpoints()
    return sorted(found, key=lambda item: item["order"])


def item(
    order: tuple[float, Decimal | float], icon: str, tone: str, title: str, text: str, action: str, url: str,
    amount: str = "", due: str = "", late: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """One thing that needs attention; `order` is (deadline or kind, minus the money)."""
    return {
        "order": order, "icon": icon, "tone": tone, "title": title, "text": text, "action": action, "url": url,
        "amount": amount, "due": due, "late": late,
    }  # fmt: skip


def _of_campaigns(lines: Iterable[Unsettled], person: User) -> Iterator[dict[str, Any]]:
    for line in lines:
        where = f"{line.campaign.name} · {line.campaign.client}"
        if line.standing.stuck:
            yield _stuck(line, where)
        if line.standing.closed and not line.campaign.accept_when_window_closes:
            yield _closed(line, where)
        if line.standing.closing:
            yield _closing(line, where)
        if line.standing.quarantined:
            yield _quarantined(line, where)
        if line.campaign.return_window_days is None:
            yield _without_window(line.campaign, where, person)


def _leads(line: Unsettled, **asked: Any) -> str:
    """The list of these leads of the campaign."""
    return f"{reverse('leads')}?{Filters(campaign=line.campaign.code, **asked).query()}"


def _stuck(line: Unsettled, where: str) -> dict[str, Any]:
    title = f"{counted(line.standing.stuck, 'lead')} not judged yet"
    text = f"{where} · Processing for more than {settings.STUCK_MINUTES} minutes"
    return item(
        (0.5, 0),
        "loader-2",
        "processing",
        title,
        text,
        "See leads",
        _leads(line, status=(Status.PROCESSING,)),
    )


def _closing(line: Unsettled, where: str) -> dict[str, Any]:
    leads, worth, until = line.standing.closing, line.standing.closing_amount, line.closes_on or line.today
    title = f"{counted(leads, 'Pending lead')} leave{'s' if leads == 1 else ''} the return window"
    due = "tonight" if until == line.today else f"end of {weekday(until)}"
    if line.all_closed_on and line.all_closed_on > until:
        due = f"{due} and {weekday(line.all_closed_on)}"
    order = (1 + (until - line.today).days, -worth)
    amount = round_money(worth, line.campaign.currency)
    url = _leads(line, only=Only.CLOSING)
    return item(order, "hourglass-low", "warn", title, where, "See leads", url, amount, due, late=True)


def _quarantined(line: Unsettled, where: str) -> dict[str, Any]:
    worth = line.standing.quarantined_amount
    title = f"{counted(line.standing.quarantined, 'lead')} in quarantine"
    text = f"{where} · a cap is reached; they move up when it has room"
    amount = round_money(worth, line.campaign.currency)
    url = _leads(line, status=(Status.QUARANTINED,))
    return item((6, -worth), "hexagon-minus", "quarantined", title, text, "See leads", url, amount)


def _closed(line: Unsettled, where: str) -> dict[str, Any]:
    campaign, standing = line.campaign, line.standing
    return item(
        (3, -standing.closed_amount),
        "hourglass-empty",
        "warn",
        f"{counted(standing.closed, 'Pending lead')} can no longer be rejected",
        f"{where} · billed when they are accepted",
        "Accept leads",
        reverse("accept_leads", args=[campaign.code]),
        round_money(standing.closed_amount, campaign.currency),
        f"window closed {_short(line.closed_on)}",
    )


def of_disputes(waiting: Waiting | None) -> Iterator[dict[str, Any]]:
    """One item for all that wait, due with the first."""
    if waiting is None:
        return
    zone = waiting.first.batch.time_zone
    until = local_date(waiting.first.answer_by - timedelta(microseconds=1), zone)
    title = (
        f"{counted(waiting.disputes, 'dispute')} wait{'s' if waiting.disputes == 1 else ''} for your answer"
    )
    text = (
        f"{counted(waiting.leads, 'lead')} · after the deadline silence answers, as agreed with each supplier"
    )
    today = local_date(waiting.at, zone)
    due = "tonight" if until == today else f"end of {weekday(until)}"
    worth = max(amount for _, amount in waiting.sums)
    amount = sums(waiting.sums[:1])
    late = (until - today).days < 2
    order = (1 + (until - today).days, -worth)
    yield item(order, "message-report", "info", title, text, "Answer", reverse("disputes"), amount, due, late)


def of_months(due: list[Due]) -> Iterator[dict[str, Any]]:
    """Months that are over and not closed; of many, the oldest, and the way to all."""
    for line in due[:_LISTED]:
        month, campaign, refused = f"{line.month:%B %Y}", line.campaign, line.refused
        title = f"{month} was not closed" if refused else f"{month} can be closed"
        text = f"{campaign.name} · {campaign.client} · " + (refused.title if refused else "the month is over")
        url = reverse("month_close", args=[campaign.code, line.month])
        yield item((7.5, 0), "lock", "warn" if refused else "neutral", title, text, "Close it", url)
    if more := due[_LISTED:]:
        title = f"{counted(len(more), 'more month')} can be closed"
        yield item((7.6, 0), "lock", "neutral", title, "of other campaigns", "See", reverse("statements"))


def _short(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else ""


def _without_window(campaign: Campaign, where: str, person: User) -> dict[str, Any]:
    title = f"{campaign.name} has no maximum rejection days"
    text = f"{where} · its leads are Accepted at once, and a file for it is refused"
    action = "Set it" if person.has_perm("campaigns.change_campaign") else "Settings"
    url = reverse("campaign_settings", args=[campaign.code])
    return item((8, 0), "calendar-off", "neutral", title, text, action, url)


#: State → order, icon, tone, what happened, what to do about it.
_BATCHES = {
    State.FAILED: (0, "alert-triangle", "rejected", "failed", "Open"),
    State.STOPPED: (4, "player-pause", "warn", "was stopped", "Open"),
    State.CHECKED: (4, "eye", "info", "is checked and not started", "See the check"),
    State.MAPPING: (5, "columns-3", "neutral", "waits to be mapped", "Map"),
}


def _of_batches(batches: Iterable[Batch]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        order, icon, tone, words, action = _BATCHES[State(batch.state)]
        parts = [batch.file_name, batch.campaign.name, batch.error or counted(batch.rows, "row")]
        due = ""
        if batch.state in EDITABLE:
            kept_until = batch.created_at + timedelta(days=settings.UPLOADS_KEPT_DAYS)
            due = f"kept until {_short(local_date(kept_until, batch.time_zone))}"
        text = " · ".join(part for part in parts if part)
        url = reverse("batch", args=[batch.pk])
        yield item((order, 0), icon, tone, f"{batch_number(batch)} {words}", text, action, url, due=due)


def _of_phrases(undecided: Iterable[tuple[Client, int]]) -> Iterator[dict[str, Any]]:
    for client, number in undecided:
        title = f"{counted(number, 'phrase')} of {client} without a disposition"
        url = f"{reverse('reasons')}?client={client.code}"
        yield item(
            (7, -number),
            "message-question",
            "info",
            title,
            "rejected under CLIENT_OTHER until then",
            "Map",
            url,
        )


def _of_fixes() -> Iterator[dict[str, Any]]:
    """The value that blocks most leads; the fix queue has the others."""
    for group in blocked.queue(limit=1):
        if group.leads < 2:
            return
        (card,) = blocked.cards([group])
        campaign = card.source.campaign
        what = (
            f"“{group.value[:60]}” in {card.label}" if group.value else f"{card.label or group.code} is empty"
        )
        yield item(
            (5, -group.worth),
            "tool",
            "rejected",
            f"{counted(group.leads, 'lead')} blocked by one value",
            f"{what} · {card.source.name} · {campaign.name}",
            "Fix",
            reverse("fix_group", args=[group.lead]),
            round_money(group.worth, campaign.currency),
        )


def _of_endpoints() -> Iterator[dict[str, Any]]:
    """Suppliers that are told nothing, for their webhook or e-mail is paused."""
    for endpoint in Endpoint.objects.exclude(paused_at=None).select_related("supplier")[:_LISTED]:
        held = counted(telling.waiting(endpoint).count(), "notice")
        url = f"{reverse('notices')}?supplier={endpoint.supplier.code}"
        title = f"{endpoint.supplier} is told nothing: its {endpoint.told_as} is paused"
        yield item(
            (5, 0),
            "send-off",
            "warn",
            title,
            f"{held} held back · {endpoint.paused_why}",
            "Open notices",
            url,
        )
