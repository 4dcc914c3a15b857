"""A file arrives: kept, read, and its columns understood; refused, it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from campaigns.models import Campaign
from rejections import control, uploads
from rejections.columns import ColumnMap
from rejections.models import Batch
from rejections.refusals import Refused
from rejections.sql.rows import WORTH_COUNTING
from tests import make
from tests.batches import started, work
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """The uploads of this test alone."""
    settings.UPLOAD_DIR = tmp_path
    return tmp_path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def upload(campaign: Campaign, content: bytes | Iterator[bytes], name: str = "a.csv", **values: Any) -> Batch:
    parts = [content] if isinstance(content, bytes) else content
    values = {"person": None, "via": "page", "at": NOW, **values}
    return uploads.receive(campaign, parts, name, **values)


# Kept.


def test_a_file_lies_outside_its_own_name() -> None:
    content = make.csv_bytes([[1, "x"]])
    batch = upload(make.campaign(), content, "../../etc/passwd\\x.csv")
    assert batch.file_name == "passwd\\x.csv"
    assert "passwd" not in batch.file
    assert uploads.reading.path_of(batch).read_bytes() == content


def test_its_bytes_are_kept_however_they_arrive() -> None:
    campaign, content = make.campaign(), make.csv_bytes([[n, "x"] for n in range(50)])
    whole, parts = upload(campaign, content), upload(campaign, (bytes([byte]) for byte in content))
    assert whole.sha256 == parts.sha256
    assert uploads.same_file(parts) == whole


def test_the_same_bytes_again_are_noticed_and_not_refused() -> None:
    campaign = make.campaign()
    content = make.csv_bytes([[1, "x"]])
    first, elsewhere, again = (
        upload(campaign, content),
        upload(make.campaign(), content),
        upload(campaign, content),
    )
    assert uploads.same_file(again) == first
    assert uploads.same_file(first) is uploads.same_file(elsewhere) is None


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("empty_file", b""),
        ("header_only", b"lead_id,rejection_reason\n"),
        ("not_a_table", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence_and_leaves_nothing(
    folder: Path, code: str, content: bytes
) -> None:
    with pytest.raises(Refused) as refused:
        upload(make.campaign(), content)
    assert refused.value.code == code
    assert refused.value.detail.endswith(".")
    assert ("Accept leads" in refused.value.detail) is (code == "header_only")
    assert (files(folder), Batch.objects.count()) == ([], 0)


def test_a_file_past_the_limit_is_refused_before_it_fills_the_disk(folder: Path, settings: Any) -> None:
    settings.CSV_MAX_BYTES = settings.XLSX_MAX_BYTES = 1_000_000
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 100_000
            yield b"1,x\n" * 25_000

    with pytest.raises(Refused) as refused:
        upload(make.campaign(), endless())
    assert refused.value.code == "too_large"
    assert sent <= 1_200_000
    assert (files(folder), Batch.objects.count()) == ([], 0)


def test_an_upload_that_breaks_off_leaves_nothing(folder: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"lead_id,rejection_reason\n"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        upload(make.campaign(), broken())
    assert (files(folder), Batch.objects.count()) == ([], 0)


# Read.


def test_another_delimiter_reads_the_file_again() -> None:
    batch = work(upload(make.campaign(), b"lead_id;reason\n1;x\n2;y, too\n"))
    assert batch.reading["columns"] == ["lead_id", "reason"]
    control.read_again(batch, {"delimiter": ","})
    assert work(batch).state == "mapping"
    assert batch.reading["columns"] == ["lead_id;reason"]
    assert (batch.rows, batch.lines.count()) == (2, 2)
    control.read_again(batch, {})
    assert work(batch).reading["columns"] == ["lead_id", "reason"]


def test_a_checked_file_can_be_read_again_and_forgets_its_check() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    batch = work(upload(campaign, make.csv_bytes([[lead.pk, "x"]])))
    control.map_columns(batch, ColumnMap("lead_id", "lead_id", "rejection_reason"))
    assert work(batch).state == "checked"
    control.read_again(batch, {"header_row": 1})
    assert work(batch).state == "mapping"
    assert not batch.lines.exclude(outcome=None).exists()


# Understood.


def test_the_mapping_is_guessed_from_the_headers() -> None:
    batch = work(upload(make.campaign(), make.csv_bytes([[1, "x"]])))
    assert (batch.state, ColumnMap.from_json(batch.mapping)) == (
        "mapping",
        ColumnMap("lead_id", "lead_id", "rejection_reason"),
    )


def test_the_same_columns_of_the_same_client_are_mapped_as_last_time() -> None:
    campaign = make.campaign()
    content = make.csv_bytes([["ana@example.org", "7f", "x"]], ("email", "uid", "why"))
    chosen = ColumnMap("field:email", "email", "why", default_reason="Other")
    first = work(upload(campaign, content))
    assert ColumnMap.from_json(first.mapping).identifier == "uid"
    control.map_columns(first, chosen)
    started(work(first))
    sibling = make.campaign(client=campaign.client)

    def suggested(where: Campaign, content: bytes = content) -> ColumnMap:
        return ColumnMap.from_json(work(upload(where, content)).mapping)

    assert suggested(campaign) == suggested(sibling) == chosen
    assert suggested(make.campaign()).identifier == "uid", "another client's choice is its own"
    other_columns = make.csv_bytes([["ana@example.org", "7f", "x"]], ("email", "uid", "reason"))
    assert suggested(campaign, other_columns).identifier == "uid"


def test_a_mapping_that_does_not_fit_the_other_campaign_is_not_suggested_there() -> None:
    campaign = make.campaign()
    content = make.csv_bytes([["ana@example.org", "7f", "x"]], ("email", "uid", "why"))
    first = work(upload(campaign, content))
    control.map_columns(first, ColumnMap("field:email", "email", "why"))
    started(work(first))
    sibling = make.campaign(client=campaign.client)
    sibling.fields.update(dedupe=False)
    assert ColumnMap.from_json(work(upload(sibling, content)).mapping).identifier == "uid"


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"identifier": "uid"}, "no_identifier_column"),
        ({"identifier": "lead_id", "reason_column": "Why"}, "no_such_column"),
        ({"identifier": "field:name", "identifier_column": "lead_id"}, "not_deduped"),
    ],
)
def test_a_programs_mapping_that_does_not_fit_ends_with_a_sentence(mapping: Any, code: str) -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    content = make.csv_bytes([[lead.pk, "x"]])
    batch = work(upload(campaign, content, via="cli", mapping=mapping, goes_through=True))
    assert (batch.state, batch.error_code, batch.failed_in) == ("failed", code, "uploaded")
    assert batch.error.endswith("Nothing was changed.")
    assert not batch.lines.exists()


def test_what_moved_nothing_can_be_removed_with_its_rows_and_file(folder: Path) -> None:
    batch = work(upload(make.campaign(), make.csv_bytes([[1, "x"]])))
    assert len(files(folder)) == 1
    uploads.discard(batch)
    assert (files(folder), Batch.objects.count()) == ([], 0)


def test_the_planner_knows_of_a_large_file_as_soon_as_it_is_staged() -> None:
    """Else the check's writes are planned for a nearly empty table, and take minutes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE rejections_batchrow")
        work(upload(make.campaign(), make.csv_bytes([(n, "why") for n in range(WORTH_COUNTING)])))
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'rejections_batchrow'")
        assert cursor.fetchone()[0] >= WORTH_COUNTING
