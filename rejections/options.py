"""The options of a rejection import and the dates they turn on (PRODUCT.md, section 5). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from campaigns.rules import begin, window_opens
from rejections.refusals import Refused

#: Databowl's words for the options, as on the check page.
OPTION_WORDS = {
    "reject_from": "Reject from the date",
    "accept_older": "Move leads older than maximum rejected date to accepted",
    "reject_affiliate_events": "Reject affiliate events",
    "free_cap": "Count these rejections towards the cap",
    "accept_remaining": "Move any remaining leads to accepted",
}


@dataclass(frozen=True)
class Options:
    """What to do besides rejecting the rows of the file; all off by default."""

    reject_from: date | None = None
    accept_older: bool = False
    accept_remaining: bool = False
    through: date | None = None
    reject_affiliate_events: bool = False
    free_cap: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Options:
        """Options from their JSON form (dates as ISO text); raises Refused on what is not an option."""
        if unknown := set(data) - set(cls.__dataclass_fields__):
            raise Refused(
                "unknown_option", "There is no such option", f"Not known: {', '.join(sorted(unknown))}."
            )
        values: dict[str, Any] = {}
        for name, value in data.items():
            values[name] = (_date if name in ("reject_from", "through") else _switch)(name, value)
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """The JSON form: dates as ISO text."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in asdict(self).items()
        }

    def anchor(self, uploaded_on: date) -> date:
        """The date from which the window's days are counted back."""
        return self.reject_from or uploaded_on

    def opens(self, uploaded_on: date, window_days: int, zone: str) -> datetime:
        """The first instant inside the return window."""
        return window_opens(self.anchor(uploaded_on), window_days, zone)

    def through_end(self, zone: str) -> datetime | None:
        """The first instant after the through date."""
        if self.through is None:
            return None
        return begin(min(self.through, date.max - timedelta(days=1)) + timedelta(days=1), zone)

    @property
    def as_started(self) -> Options:
        """The same, without a through date that nothing asks for."""
        return self if self.accept_remaining else replace(self, through=None)

    @property
    def on(self) -> frozenset[str]:
        """Names of the options that are on (`through` belongs to `accept_remaining`)."""
        return frozenset(name for name, value in asdict(self).items() if value and name != "through")


def _switch(name: str, value: Any) -> bool:
    if value in (None, ""):
        return False
    if not isinstance(value, bool):  # the text “false” would count as true
        raise Refused(
            "bad_option", "That is neither true nor false", f"“{value}” for {name}. Nothing was changed."
        )
    return value


def _date(name: str, value: Any) -> date | None:
    if value in (None, ""):
        return None
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(
            "bad_date",
            "That is not a date",
            f"“{value}” for {name}: write it like 2026-11-14. Nothing was changed.",
        ) from None


def check(options: Options, uploaded_on: date, withdrawn: Collection[str]) -> Options:
    """The options as they may be started; raises Refused with the sentence where they may not.

    `withdrawn` are the options the campaign keeps from this person.
    """
    if kept := options.on & set(withdrawn):
        raise Refused(
            "option_withdrawn",
            "This campaign does not offer that option",
            f"Withdrawn for client users: {', '.join(sorted(kept))}. Nothing was changed; an operator can do it.",
        )
    check_days(options, uploaded_on)
    if options.accept_remaining and options.through is None:
        raise Refused(
            "through_missing",
            "Up to which date shall remaining leads be accepted?",
            "Give the through date: leads that became valid after it stay Pending. Nothing was changed.",
        )
    return options.as_started


def check_days(options: Options, uploaded_on: date) -> None:
    """Raise Refused, with the sentence, where a date lies after the day of the upload."""
    limit = f"It may not be later than the day of the upload, {uploaded_on:%-d %b %Y}. Nothing was changed."
    if options.reject_from and options.reject_from > uploaded_on:
        raise Refused("reject_from_in_future", "Reject from the date is too late", limit)
    if options.through and options.through > uploaded_on:
        raise Refused("through_in_future", "The through date is too late", limit)
