"""How numbers, money and times are written: British grouping, a true minus sign, 24 hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone

register = template.Library()

NO_VALUE = "–"
MINUS = "−"
#: A space that neither breaks nor stretches, between a number and its unit.
NBSP = "\u00a0"
SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹"}
WHOLE_CURRENCIES = {"JPY", "KRW", "CLP", "VND", "ISK"}


@register.filter
def number(value: float | Decimal | None) -> str:
    """A count with grouped thousands: 1204 → “1,204”; None → “–”."""
    if value is None or value == "":
        return NO_VALUE
    return f"{value:,}".replace("-", MINUS)


@register.filter
def up_to(value: int | None, limit: int) -> str:
    """A count that is exact to `limit` and “10,000+” beyond it."""
    return f"{limit:,}+" if value is not None and value > limit else number(value)


@register.filter
def counted(value: int | None, noun: str) -> str:
    """A count with its noun: “1 lead”, “1,204 leads”. An irregular plural: “reply,replies”."""
    one, _, many = noun.partition(",")
    return f"{number(value)}{NBSP}{one if value == 1 else many or one + 's'}"


@register.filter
def money(amount: Decimal | None, currency: str = "GBP") -> str:
    """An amount with its currency: −21672 → “−£21,672.00”; a currency without a sign of its own: “CHF 5.00”."""
    if amount is None:
        return NO_VALUE
    places = 0 if currency in WHOLE_CURRENCIES else 2
    return _money(Decimal(amount), currency, places)


@register.filter
def round_money(amount: Decimal | None, currency: str = "GBP") -> str:
    """An amount without its pennies, for figures read at a glance: “£21,672”."""
    return NO_VALUE if amount is None else _money(Decimal(amount), currency, 0)


def _money(amount: Decimal, currency: str, places: int) -> str:
    amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    sign = MINUS if amount < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + NBSP)}{abs(amount):,.{places}f}"


@register.filter
def sums(amounts: Iterable[tuple[str, Decimal]] | None) -> str:
    """Amounts of several currencies, never added up: [("GBP", 5), ("EUR", 3)] → “£5 · €3”."""
    return " · ".join(round_money(amount, currency) for currency, amount in amounts or ()) or NO_VALUE


@register.filter
def percent(part: float, whole: float) -> str:
    """A share: 1204 of 1342 → “89.7 %”. Less than a tenth of a per cent but more than nothing: “< 0.1 %”."""
    if not whole:
        return NO_VALUE
    share = 100 * part / whole
    return f"<{NBSP}0.1{NBSP}%" if 0 < share < 0.05 else f"{share:.1f}{NBSP}%"


@register.filter
def day(value: dt.date | dt.datetime | None, zone: str = "") -> str:
    """A date: “14 Nov 2025”. A moment needs the campaign's zone to have a date."""
    value = _local(value, zone)
    return f"{value.day} {value:%b %Y}" if value else NO_VALUE


@register.filter
def weekday(value: dt.date | dt.datetime | None, zone: str = "") -> str:
    """A date with its day: “Fri 14 Nov”."""
    value = _local(value, zone)
    return f"{value:%a} {value.day} {value:%b}" if value else NO_VALUE


@register.filter
def moment(value: dt.datetime | None, zone: str = "") -> str:
    """A date and time: “14 Nov 2025, 08:41”, in the zone given, else in the page's."""
    here = _local(value, zone)
    return f"{here.day} {here:%b %Y, %H:%M}" if here else NO_VALUE


@register.filter
def recent(value: dt.datetime | None, zone: str = "") -> str:
    """A moment as lists show it: “today 09:43”, “19 Nov 16:12”, in another year “3 Oct 2024”."""
    here = _local(value, zone)
    if here is None:
        return NO_VALUE
    today = timezone.localdate(timezone=ZoneInfo(zone) if zone else None)
    if (here.year, here.month, here.day) == (today.year, today.month, today.day):
        return f"today {here:%H:%M}"
    return f"{here.day} {here:%b %H:%M}" if here.year == today.year else day(here)


def _local(value: dt.date | dt.datetime | None, zone: str) -> dt.date | dt.datetime | None:
    """The moment in a zone; a plain date is the same everywhere."""
    if not value:
        return None
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value, ZoneInfo(zone) if zone else None)
    return value


@register.filter
def duration(seconds: float | None) -> str:
    """A length of time: “35 s”, “2 min”, “1 h 5 min”."""
    if seconds is None:
        return NO_VALUE
    seconds = round(seconds)
    if seconds < 90:
        return f"{seconds}{NBSP}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    rest = f" {minutes % 60}{NBSP}min" if minutes % 60 else ""
    return f"{minutes // 60}{NBSP}h{rest}"


@register.filter
def size(count: int | None) -> str:
    """A number of bytes: “94 KB”, “1.4 MB”."""
    if count is None:
        return NO_VALUE
    if count < 1000:
        return f"{count}{NBSP}B"
    if count < 1_000_000:
        return f"{count / 1000:.0f}{NBSP}KB"
    return f"{count / 1_000_000:.{0 if count >= 10_000_000 else 1}f}{NBSP}MB"
