"""Whether a supplier is paid for a lead that comes back: the table of PRODUCT.md, section 8."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from campaigns.payouts import ReturnTerms, is_owed, outlasts_supplier

LONDON, TOKYO = "Europe/London", "Asia/Tokyo"
TODAY = date(2026, 11, 22)
NEVER, SEVEN, WINDOW, ZERO = ReturnTerms(False, 30), ReturnTerms(True, 7), ReturnTerms(), ReturnTerms(True, 0)


def on(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("terms", "kept", "valid_at", "zone", "owed"),
    [
        (SEVEN, False, on(22), LONDON, False),
        (SEVEN, False, on(15, 0), LONDON, False),  # day 7 of 7, its first instant
        (SEVEN, False, on(14, 23), LONDON, True),  # day 8
        (SEVEN, False, on(14, 15), TOKYO, False),  # midnight of the 15th there
        (SEVEN, False, on(14, 14), TOKYO, True),
        (ZERO, False, on(22, 0), LONDON, False),
        (ZERO, False, on(21, 23), LONDON, True),
        (WINDOW, False, on(1), LONDON, False),  # whatever the client may reject goes back
        (SEVEN, True, on(22), LONDON, True),  # the disposition keeps the payout
        (WINDOW, True, on(22), LONDON, True),
        (NEVER, False, on(22), LONDON, True),  # nothing was agreed to be reversed
        (NEVER, True, on(1), LONDON, True),
    ],
)
def test_a_payout_is_owed_or_goes_back(
    terms: ReturnTerms, kept: bool, valid_at: datetime, zone: str, owed: bool
) -> None:
    opens = terms.opens(TODAY, zone)
    assert is_owed(terms, kept=kept, valid_at=valid_at, opens=opens) is owed


@pytest.mark.parametrize(
    ("window", "terms", "longer"),
    [
        (14, SEVEN, True), (7, SEVEN, False), (3, SEVEN, False), (None, SEVEN, False),
        (14, WINDOW, False), (60, NEVER, False), (1, ZERO, True),
    ],
)  # fmt: skip
def test_a_client_may_have_longer_than_the_supplier(
    window: int | None, terms: ReturnTerms, longer: bool
) -> None:
    assert outlasts_supplier(window, terms) is longer
