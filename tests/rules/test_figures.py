"""How numbers, money, dates and people are written on pages and in mails."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from campaigns.templatetags import figures, frame

LONDON, TOKYO = "Europe/London", "Asia/Tokyo"
NIGHT = datetime(2025, 11, 14, 23, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param(figures.number(1204), "1,204", id="thousands are grouped"),
        pytest.param(figures.number(-3), "−3", id="a true minus sign"),
        pytest.param(figures.number(None), "–", id="no value is a dash, not a nought"),
        pytest.param(figures.up_to(10_000, 10_000), "10,000", id="exact up to the limit"),
        pytest.param(figures.up_to(10_001, 10_000), "10,000+", id="past the limit it is only said so"),
        pytest.param(figures.counted(1, "lead"), "1\u00a0lead", id="one is singular"),
        pytest.param(figures.counted(0, "lead"), "0\u00a0leads", id="none is plural"),
        pytest.param(figures.counted(2, "reply,replies"), "2\u00a0replies", id="an irregular plural"),
        pytest.param(figures.money(Decimal("-21672"), "GBP"), "−£21,672.00", id="minus before the sign"),
        pytest.param(figures.money(Decimal("5"), "CHF"), "CHF\u00a05.00", id="a currency without a sign"),
        pytest.param(figures.money(Decimal("1980"), "JPY"), "¥1,980", id="yen have no smaller coin"),
        pytest.param(figures.money(Decimal("-0.001"), "GBP"), "£0.00", id="nothing has no minus"),
        pytest.param(figures.round_money(Decimal("363277.5"), "GBP"), "£363,278", id="halves go up"),
        pytest.param(
            figures.sums([("GBP", Decimal(5)), ("EUR", Decimal(3))]), "£5 · €3", id="currencies stay apart"
        ),
        pytest.param(figures.percent(1204, 1342), "89.7\u00a0%", id="a share with one decimal"),
        pytest.param(figures.percent(1, 90_000), "<\u00a00.1\u00a0%", id="little is not nothing"),
        pytest.param(figures.percent(0, 90_000), "0.0\u00a0%", id="nothing is nothing"),
        pytest.param(figures.percent(1, 0), "–", id="a share of nothing is none"),
        pytest.param(figures.day(NIGHT, LONDON), "14 Nov 2025", id="a moment's date in London"),
        pytest.param(figures.day(NIGHT, TOKYO), "15 Nov 2025", id="the same moment's date in Tokyo"),
        pytest.param(figures.day(date(2025, 11, 4), TOKYO), "4 Nov 2025", id="a date is one everywhere"),
        pytest.param(figures.moment(NIGHT, TOKYO), "15 Nov 2025, 08:41", id="24 hours, in the zone"),
        pytest.param(figures.moment(None, TOKYO), "–", id="no moment yet"),
        pytest.param(figures.duration(89), "89\u00a0s", id="seconds"),
        pytest.param(figures.duration(600), "10\u00a0min", id="minutes"),
        pytest.param(figures.duration(3900), "1\u00a0h 5\u00a0min", id="hours"),
        pytest.param(figures.size(94_000), "94\u00a0KB", id="kilobytes"),
        pytest.param(figures.size(200_000_000), "200\u00a0MB", id="megabytes"),
        pytest.param(frame.initials("Inês Carvalho"), "IC", id="first and last name"),
        pytest.param(frame.initials("佐藤美咲"), "佐", id="a name without spaces"),
        pytest.param(frame.initials(""), "", id="nobody"),
        pytest.param(frame.one_of(["Ana", "Ben", "Cem"]), "Ana, Ben or Cem", id="a choice of people"),
        pytest.param(frame.one_of(list("abcdef")), "a, b, c or 3 others", id="many people are counted"),
    ],
)
def test_figures_read_as_people_write_them(written: str, expected: str) -> None:
    assert written == expected
