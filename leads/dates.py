"""Dates and times as spreadsheets write them: the same day in another form is known again. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta

_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan ene januar january janvier enero|feb fev februar february fevrier febrero|"
        "mar mrz marz march mars marzo|apr avr abr april avril abril|may mai mayo|"
        "jun juin juni june junio|jul juil juli july juillet julio|aug aou ago august aout agosto|"
        "sep sept september septembre septiembre|oct okt october oktober octobre octubre|"
        "nov november novembre noviembre|dec dez dic december dezember decembre diciembre".split("|"),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})\.?" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/. ] ?(\d{1,2})[-/. ] ?(\d{4}|\d{2})\.?" + _TIME)
_SHORT = re.compile(r"(\d{1,2})[-/.](\d{1,2})\.?()" + _TIME)
_DAY_MONTH = re.compile(r"(\d{1,2})\.?[-/ ]?([^\W\d_]{3,10})\.?,?[-/ ]?(\d{4}|\d{2})?" + _TIME)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,10})\.?[-/ ]?(\d{1,2}),?(?:[-/ ] ?(\d{4}|\d{2}))?" + _TIME)
_MONTH_YEAR = re.compile(r"([^\W\d_]{3,10})\.?[-/ ]?(\d{4}|\d{2})()" + _TIME)
_SERIAL = re.compile(r"(\d{4,5})(?:[.,]\d+)?")
_DAY_ZERO = date(1899, 12, 30)

#: Year (two digits are known only), month, day; hour and minute where there is a time.
_Day = tuple[int | None, int, int, tuple[int, int] | None]


def date_reformatted(stored: str, cell: str) -> bool:
    """`2026-03-04` → `04/03/2026`, `3/4/26`, `4. Mär 2026`, `46085`; `1-2` and `MAR1` became dates too.

    Day and month may have changed places only together with the form: `03/04/2026` → `04/03/2026` is an edit.
    """
    if _shape(stored) == _shape(cell) or len(stored) > 60 or len(cell) > 60:
        return False
    before = list(_dates(stored))
    after = list(_dates(cell))
    if any(year is not None for year, *_ in before) and (serial := _SERIAL.fullmatch(cell)):
        day = _DAY_ZERO + timedelta(days=int(serial[1]))
        after.append((day.year, day.month, day.day, None))
    return any(_agree(one, other) for one in before for other in after)


def _agree(one: _Day, other: _Day) -> bool:
    years = [day[0] for day in (one, other) if day[0] is not None]
    same_year = (
        len(years) < 2 or years[0] == years[1] or (min(years) < 100 and years[0] % 100 == years[1] % 100)
    )
    times = {day[3] for day in (one, other)} - {None, (0, 0)}
    shown = one[3] is not None or other[3] in (None, (0, 0))
    return same_year and one[1:3] == other[1:3] and len(times) < 2 and shown


def _shape(text: str) -> str:
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text))


def _dates(text: str) -> Iterator[_Day]:
    """The dates a text can be read as, in any order of its parts."""
    if found := _YEAR_FIRST.fullmatch(text):
        yield from _day(found, found[1], found[2], found[3])
    for pattern in (_YEAR_LAST, _SHORT):
        if found := pattern.fullmatch(text):
            yield from _day(found, found[3], found[2], found[1])
            yield from _day(found, found[3], found[1], found[2])
    if found := _SHORT.fullmatch(text):
        yield from _day(found, found[2], found[1], "1")
    if found := _DAY_MONTH.fullmatch(text):
        yield from _day(found, found[3], _month(found[2]), found[1])
    if found := _MONTH_DAY.fullmatch(text):
        yield from _day(found, found[3], _month(found[1]), found[2])
    if found := _MONTH_YEAR.fullmatch(text):
        yield from _day(found, found[2], _month(found[1]), "1")


def _day(found: re.Match[str], year: str | None, month: str, day: str) -> Iterator[_Day]:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return
    hour, minute, _, half = found.groups()[-4:]
    clock = None
    if hour is not None:
        hours = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
        clock = (hours, int(minute))
    yield (int(year) if year else None, int(month), int(day), clock)


def _month(word: str) -> str:
    bare = "".join(
        one for one in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(one)
    )
    return str(_MONTHS.get(bare, 0))


_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])\.?[Mm]\.?)?")


def time_reformatted(stored: str, cell: str) -> bool:
    """`9:30` → `09:30:00`, `9:30 AM`, `0.395833`."""
    before = _seconds(stored)
    if before is None:
        return False
    if re.fullmatch(r"0?[.,]\d{1,20}", cell):
        return abs(float(cell.replace(",", ".")) * 86400 - before) < 60
    return before == _seconds(cell)


def _seconds(text: str) -> int | None:
    if not (found := _CLOCK.fullmatch(text)):
        return None
    hour, minute, second, half = found.groups()
    hours = int(hour) % 12 + 12 * (half.lower() == "p") if half else int(hour)
    return hours * 3600 + int(minute) * 60 + int(second or 0)
