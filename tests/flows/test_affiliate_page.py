"""Affiliate events in the browser: a file is checked, then recorded, once; what was reported is added up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone

from leads.models import AffiliateEvent, Lead
from leads.statuses import Status
from rejections import affiliatefile
from rejections.models import AffiliateFile
from tests import make
from tests.flows.test_pages import signed_in

pytestmark = pytest.mark.django_db
HEADER = ("Lead ID", "Reference", "Status", "Payout", "Occurred at")


@pytest.fixture
def lead() -> Lead:
    return make.lead(make.campaign(name="Rooftops"), Status.ACCEPTED)


def sent(browser: Browser, rows: list[tuple[object, ...]], header: tuple[str, ...] = HEADER) -> Any:
    file = SimpleUploadedFile("october.csv", make.csv_bytes(rows, header))
    return browser.post("/affiliate-events/", {"file": file})


def kept() -> set[Path]:
    return {path for path in Path(settings.UPLOAD_DIR).rglob("*") if path.is_file()}


def test_a_file_is_checked_before_it_is_recorded_and_recorded_once(lead: Lead) -> None:
    browser = signed_in(make.operator())
    now = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    rows = [
        (lead.pk, "a-1", "approved", "2.50", now), (lead.pk, "a-1", "approved", "2.50", now),
        (lead.pk, "a-2", "rejected", "4.00", now), (999999, "a-3", "pending", "1", ""),
        (lead.pk, "a-4", "paid", "1", ""), ("x", "a-5", "pending", "1", ""),
    ]  # fmt: skip
    checked = sent(browser, rows)
    assert checked.status_code == 302
    page = browser.get(checked.url).content.decode()
    assert "nothing is recorded yet" in page
    assert "Record 2\xa0events" in page
    for why in ("there is no such lead", "the status is pending, approved or rejected", "cannot be read"):
        assert why in page
    assert not AffiliateEvent.objects.exists()
    for _ in range(2):
        browser.post(checked.url)
    assert set(AffiliateEvent.objects.values_list("reference", "status", "payout")) == {
        ("a-1", "approved", Decimal("2.50")), ("a-2", "rejected", Decimal("4.00")),
    }  # fmt: skip
    receipt = browser.get(checked.url).content.decode()
    assert "2\xa0events recorded or changed" in receipt
    assert "Record 2" not in receipt
    report = browser.get("/affiliate-events/").content.decode()
    for words in ("Rooftops", lead.supplier.name, "£2.50", "£4.00", "october.csv"):
        assert words in report
    csv = b"".join(browser.get("/affiliate-events.csv").streaming_content).decode()
    assert [line.split(",")[1:4] for line in csv.splitlines()[1:]] == [
        ["a-1", "approved", "2.50"], ["a-2", "rejected", "4.00"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "most", "words"),
    [(("lead_id", "reference"), 10, "no column “status”"), (HEADER, 1, "this page takes 1")],
)
def test_a_file_that_cannot_be_taken_leaves_nothing_behind(
    lead: Lead, monkeypatch: pytest.MonkeyPatch, header: tuple[str, ...], most: int, words: str
) -> None:
    monkeypatch.setattr(affiliatefile, "MOST", most)
    before = kept()
    rows: list[tuple[object, ...]] = [
        (lead.pk, f"a-{n}", "approved", "1", "")[: len(header)] for n in range(2)
    ]
    answer = sent(signed_in(make.operator()), rows, header)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert "Nothing was recorded" in page
    assert not AffiliateFile.objects.exists()
    assert not AffiliateEvent.objects.exists()
    assert kept() == before


def test_only_staff_see_them_and_what_nobody_records_is_forgotten(lead: Lead) -> None:
    operator = signed_in(make.operator())
    address = sent(operator, [(lead.pk, "a-1", "approved", "1", "")]).url
    file = AffiliateFile.objects.get()
    for person in (make.client_user(lead.campaign.client), make.supplier_user(lead.supplier)):
        other = signed_in(person)
        for path in ("/affiliate-events/", "/affiliate-events.csv", address):
            assert other.get(path).status_code == 404
        assert other.post(address).status_code == 404
    assert not AffiliateEvent.objects.exists()
    affiliatefile.forget(timezone.now() + timedelta(days=settings.UPLOADS_KEPT_DAYS - 1))
    assert affiliatefile.path_of(file).exists()
    affiliatefile.forget(timezone.now() + timedelta(days=settings.UPLOADS_KEPT_DAYS + 1))
    assert not affiliatefile.path_of(file).exists()
    assert operator.get(address).status_code == 404
