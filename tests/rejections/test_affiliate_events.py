"""A file of affiliate events: recorded once, changed until settled, and each line answered for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from leads.models import AffiliateEvent
from leads.statuses import Status
from tests import make
from tests.batches import imported

HEADER = ("Lead ID", "Reference", "Status", "Payout", "Occurred at")
pytestmark = pytest.mark.django_db(transaction=True)


def run(tmp_path: Path, capsys: Any, rows: list[tuple[object, ...]], *, xlsx: bool = False) -> dict[str, Any]:
    path = tmp_path / ("events.xlsx" if xlsx else "events.csv")
    path.write_bytes(make.xlsx_bytes(rows, HEADER) if xlsx else make.csv_bytes(rows, HEADER))
    call_command("import_affiliate_events", str(path), "--json")
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("xlsx", [False, True])
def test_events_are_recorded_once_and_changed_until_they_are_settled(
    tmp_path: Path, capsys: Any, xlsx: bool
) -> None:
    lead = make.lead(make.campaign(), Status.ACCEPTED)
    row = (str(lead.pk), "aff-1", "Pending", "2.50", "2026-11-20T10:00:00Z")
    twice = [row, row, (999999, "aff-2", "pending", "1", ""), (str(lead.pk), "", "pending", "1", "")]
    found = run(tmp_path, capsys, twice, xlsx=xlsx)
    assert found == {"rows": 4, "answers": {"recorded": 1, "unchanged": 1, "not_found": 1, "invalid": 1}}
    event = AffiliateEvent.objects.get()
    assert (event.lead, event.status, str(event.payout)) == (lead, "pending", "2.50")
    assert event.occurred_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    approved = (row[0], row[1], "approved", "3.00", row[4])
    assert run(tmp_path, capsys, [approved], xlsx=xlsx)["answers"] == {"changed": 1}
    imported(lead.campaign, [lead], reject_affiliate_events=True)
    assert run(tmp_path, capsys, [row, approved], xlsx=xlsx)["answers"] == {"settled": 2}
    assert AffiliateEvent.objects.get().status == "rejected"


def test_lines_without_sense_are_named_and_the_rest_goes_on(tmp_path: Path, capsys: Any) -> None:
    pk = make.lead(make.campaign()).pk
    unreadable = [
        ("x", "a", "pending", "1", ""), (pk, "a", "pending", "NaN", ""), (pk, "a", "pending", "one", ""),
        (pk, "a", "pending", "1", "soon"), ("1" * 19, "a", "pending", "1", ""), ("١", "a", "pending", "1", ""),
    ]  # fmt: skip
    invalid = [
        (pk, "a", status, payout, "")
        for status, payout in [("paid", "1"), ("pending", "-1"), ("pending", "1.005"), ("pending", "1e9")]
    ]
    found = run(tmp_path, capsys, [*unreadable, *invalid, (pk, "b", "approved", "0", "")])
    assert found["answers"] == {"unreadable": 6, "invalid": 4, "recorded": 1}
    assert AffiliateEvent.objects.get().reference == "b"


def test_a_file_without_its_columns_is_refused(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(b"lead_id,reference\n1,a\n")
    with pytest.raises(SystemExit) as ended:
        call_command("import_affiliate_events", str(path), "--json")
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "no_such_column"
