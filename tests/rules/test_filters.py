"""What an address asks of a list of leads, there and back."""

from __future__ import annotations

from datetime import date

from leads.filters import Filters, Sort, read, read_query


def test_an_address_says_all_of_a_list_and_nothing_that_is_usual() -> None:
    asked = Filters(
        q="Åkesson & Co",
        status=("rejected", "pending"),
        campaign="SOLAR-UK",
        received_from=date(2026, 11, 14),
        field="country",
        value="U.S.A.",
        blank="yes",
        only="to_fix",
        disputed="granted",
        zone="house",
        sort=Sort.LOWEST_ID,
        columns=("id", "field:country"),
    )
    assert read_query(asked.query()) == asked
    assert Filters().query() == ""
    assert not Filters(sort=Sort.OLDEST, columns=("id",)).narrows
    assert asked.query(q="", status=()).startswith("campaign=SOLAR-UK")


def test_what_makes_no_sense_is_not_asked_for() -> None:
    senseless = {
        "status": ["gone", "pending"],
        "received_from": ["yesterday"],
        "sort": ["price; DROP"],
        "only": ["mine"],
        "disputed": ["withdrawn"],
        "blank": ["no"],
        "zone": ["Mars/Base"],
        "q": ["a\0b" + "c" * 500],
        "else": ["x"],
    }
    asked = read(senseless)
    assert asked == Filters(q="a\ufffdb" + "c" * 197, status=("pending",))
    assert read_query("&".join(["q=1"] * 500)) == Filters()
