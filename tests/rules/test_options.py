"""The options of a rejection import: their dates, and what is refused before anything moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rejections.options import Options, check
from rejections.refusals import Refused

UPLOADED_ON = date(2026, 11, 14)
LONDON = "Europe/London"
EVERY_OPTION = Options(
    reject_from=date(2026, 11, 10),
    accept_older=True,
    accept_remaining=True,
    through=date(2026, 11, 12),
    reject_affiliate_events=True,
    free_cap=True,
)


def refusal(options: Options, withdrawn: tuple[str, ...] = ()) -> str:
    with pytest.raises(Refused) as refused:
        check(options, UPLOADED_ON, withdrawn)
    assert refused.value.detail.rstrip().endswith((".", "it.")), "a refusal is a sentence"
    assert "Nothing was changed" in refused.value.detail
    return refused.value.code


def test_all_options_are_off_by_default() -> None:
    assert Options().on == frozenset()
    assert Options.from_json({}) == Options()
    assert check(Options(), UPLOADED_ON, ()) == Options()


def test_options_survive_their_json_form() -> None:
    assert Options.from_json(EVERY_OPTION.to_json()) == EVERY_OPTION
    assert Options.from_json(Options().to_json()) == Options()
    assert EVERY_OPTION.to_json()["reject_from"] == "2026-11-10"


def test_a_misspelt_option_is_refused_and_not_ignored() -> None:
    with pytest.raises(Refused, match="acept_older") as refused:
        Options.from_json({"acept_older": True})
    assert refused.value.code == "unknown_option"


@pytest.mark.parametrize("value", ["false", "no", "0", 0, 1, "yes", [], "on"])
def test_only_true_and_false_switch_an_option(value: object) -> None:
    """The text “false” must not accept ten thousand leads."""
    with pytest.raises(Refused) as refused:
        Options.from_json({"accept_remaining": value})
    assert refused.value.code == "bad_option"


@pytest.mark.parametrize(
    "value", ["14/11/2026", "2026-13-01", "2026-02-30", "yesterday", "2026-11", 20261114, True]
)
@pytest.mark.parametrize("name", ["reject_from", "through"])
def test_what_is_not_a_date_is_refused_with_the_way_to_write_it(name: str, value: object) -> None:
    with pytest.raises(Refused, match=r"write it like \d{4}-\d\d-\d\d") as refused:
        Options.from_json({name: value})
    assert refused.value.code == "bad_date"


@pytest.mark.parametrize("blank", ["", None])
def test_a_blank_date_is_no_date(blank: object) -> None:
    assert Options.from_json({"reject_from": blank, "through": blank}) == Options()


# The window.


def test_the_window_counts_back_from_the_day_of_the_upload() -> None:
    assert Options().opens(UPLOADED_ON, 7, LONDON) == datetime(2026, 11, 7, tzinfo=UTC)


def test_reject_from_moves_the_whole_window_back() -> None:
    options = Options(reject_from=date(2026, 11, 10))
    assert options.opens(UPLOADED_ON, 7, LONDON) == datetime(2026, 11, 3, tzinfo=UTC)


def test_the_window_opens_with_the_day_in_the_campaigns_zone() -> None:
    assert Options().opens(UPLOADED_ON, 7, "America/New_York") == datetime(2026, 11, 7, 5, tzinfo=UTC)


def test_zero_maximum_rejection_days_leave_the_day_of_the_upload() -> None:
    assert Options().opens(UPLOADED_ON, 0, LONDON) == datetime(2026, 11, 14, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
def test_no_date_a_person_can_type_breaks_the_arithmetic(day: date) -> None:
    for zone in (LONDON, "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        assert Options(reject_from=day).opens(UPLOADED_ON, 32_767, zone).tzinfo is UTC
        end = Options(through=day).through_end(zone)
        assert end is not None
        assert end.tzinfo is UTC


def test_the_through_date_is_included_to_its_last_instant() -> None:
    end = Options(through=date(2026, 10, 25)).through_end(LONDON)
    assert end == datetime(2026, 10, 26, tzinfo=UTC), "the clocks went back: the day has 25 hours"
    assert Options().through_end(LONDON) is None


# What may not be started.


def test_reject_from_the_day_of_the_upload_is_the_latest() -> None:
    today = Options(reject_from=UPLOADED_ON)
    assert check(today, UPLOADED_ON, ()) == today
    assert refusal(Options(reject_from=UPLOADED_ON + timedelta(days=1))) == "reject_from_in_future"


def test_through_the_day_of_the_upload_is_the_latest() -> None:
    today = Options(accept_remaining=True, through=UPLOADED_ON)
    assert check(today, UPLOADED_ON, ()) == today
    late = Options(accept_remaining=True, through=UPLOADED_ON + timedelta(days=1))
    assert refusal(late) == "through_in_future"


def test_accepting_the_remaining_leads_needs_a_through_date() -> None:
    assert refusal(Options(accept_remaining=True)) == "through_missing"


def test_a_through_date_alone_accepts_nothing() -> None:
    assert check(Options(through=UPLOADED_ON), UPLOADED_ON, ()) == Options()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("reject_from", Options(reject_from=UPLOADED_ON)),
        ("accept_older", Options(accept_older=True)),
        ("accept_remaining", Options(accept_remaining=True, through=UPLOADED_ON)),
        ("reject_affiliate_events", Options(reject_affiliate_events=True)),
        ("free_cap", Options(free_cap=True)),
    ],
)
def test_a_withdrawn_option_is_refused_and_the_others_are_not(name: str, options: Options) -> None:
    assert options.on == {name}
    assert refusal(options, (name,)) == "option_withdrawn"
    others = EVERY_OPTION.on - {name}
    assert check(options, UPLOADED_ON, tuple(others)) == options
