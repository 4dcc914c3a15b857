"""Large tables as XLSX: made in the background for who asked, the same as made at once; beyond a size, CSV only."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from campaigns.models import User
from campaigns.rules import local_date
from leads import downloads
from leads.models import Download
from leads.statuses import Status
from rejections import disputes, workbooks
from rejections.models import Batch
from tests import make
from tests.batches import imported
from tests.flows.test_pages import signed_in

pytestmark = pytest.mark.django_db


def rows_of(answer: Any) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.fixture
def told() -> dict[str, tuple[User, str]]:
    """Who can download each kind, and where: three leads rejected, two of them disputed."""
    campaign, at = make.campaign(), timezone.now() - timedelta(hours=3)
    source = make.source(campaign)
    leads = [make.lead(campaign, Status.ACCEPTED, at=at, source=source) for _ in range(3)]
    batch = imported(campaign, leads, at=at)
    seller, client, operator = (
        make.supplier_user(source.supplier), make.client_user(campaign.client), make.operator(),
    )  # fmt: skip
    disputes.contest([lead.pk for lead in leads[:2]], person=seller, note="Ours.", at=timezone.now())
    month = f"{local_date(at, campaign.time_zone):%Y-%m}"
    return {
        "result": (client, f"/imports/{batch.pk}/result.xlsx"),
        "statement": (client, f"/statements/clients/{campaign.client_id}/{month}/GBP/statement.xlsx"),
        "rejected": (seller, "/rejected.xlsx"),
        "disputes": (operator, "/disputes.xlsx"),
    }


@pytest.mark.parametrize("kind", ["result", "statement", "rejected", "disputes"])
def test_a_large_one_is_made_in_the_background_as_it_would_be_at_once(
    told: dict[str, tuple[User, str]], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    person, address = told[kind]
    browser = signed_in(person)
    at_once = rows_of(browser.get(address))
    assert len(at_once) > 2
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    waiting = browser.get(address)
    [job] = Download.objects.visible_to(person)
    assert waiting.url == f"/downloads/{job.pk}/"
    assert browser.get(address).url == waiting.url, "asked twice, it is made once"
    assert "is being made" in browser.get(waiting.url).content.decode()
    assert downloads.make_next(timezone.now(), workbooks.MAKERS) == job
    assert "Your file is ready" in browser.get(waiting.url).content.decode()
    file = browser.get(f"{waiting.url}file/")
    assert address.rpartition("/")[2].rpartition(".")[2] in file["Content-Disposition"]
    assert rows_of(file) == at_once
    stranger = signed_in(make.operator())
    assert {stranger.get(path).status_code for path in (waiting.url, f"{waiting.url}file/")} == {404}


def test_the_workbook_of_a_file_with_a_long_name_has_a_shorter_one(
    told: dict[str, tuple[User, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    person, address = told["result"]
    Batch.objects.update(file_name=f"{'x' * 296}.csv")
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    assert signed_in(person).get(address).status_code == 302
    [job] = Download.objects.all()
    assert job.name == f"{'x' * 200}-result.xlsx"


@pytest.mark.parametrize("limit", ["MOST", "MOST_CELLS"])
def test_what_is_too_large_for_a_workbook_says_so_and_points_to_the_csv(
    told: dict[str, tuple[User, str]], monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    monkeypatch.setattr(downloads, limit, 1)
    for person, address in told.values():
        page = signed_in(person).get(address, follow=True).content.decode()
        assert "too many for XLSX. Nothing was made. The CSV holds them all" in page, address
    assert not Download.objects.exists()
