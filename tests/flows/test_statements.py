"""Statements: who reads which, what closing a month asks and does, and files that cannot run anything."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from campaigns.models import Campaign, Disposition, User
from leads.models import ClosedMonth, Lead
from leads.sql.adjust import adjust
from leads.sql.move import Moving
from leads.statuses import Cause, Status
from rejections import monthclosings
from rejections.models import Batch, MonthClosing
from tests import make
from tests.batches import imported

A = Status.ACCEPTED
#: A month that is over, whenever this runs, as it stands in addresses; and one that is not.
MONTH = (timezone.now() - timedelta(days=75)).date().replace(day=1)
THEN, AHEAD = f"{MONTH:%Y-%m}", f"{timezone.now() + timedelta(days=400):%Y-%m}"
BEFORE = f"{MONTH - timedelta(days=1):%Y-%m}"
pytestmark = pytest.mark.django_db


def on(day: int) -> datetime:
    return datetime(MONTH.year, MONTH.month, day, 12, tzinfo=UTC)


@pytest.fixture
def told() -> dict[str, Any]:
    """A month: two suppliers, three leads billed, one of them rejected at its end; and somebody of each side."""
    campaign = make.campaign(name="Rooftops Internal", public_name="Home offer", return_window_days=90)
    lumen, kestrel = make.supplier("Lumen"), make.supplier("Kestrel")
    first, second = make.source(campaign, lumen), make.source(campaign, kestrel)
    at = on(5)
    leads = [
        make.lead(campaign, A, at=at, source=where, price="18.25", payout="11.37", uid="=cmd|calc")
        for where in (first, first, second)
    ]
    imported(campaign, [(leads[1], "=HYPERLINK(1)")], at=on(28))
    return {
        "campaign": campaign, "leads": leads, "lumen": lumen, "operator": make.operator(),
        "client": make.client_user(campaign.client), "supplier": make.supplier_user(lumen),
        "rival": make.client_user(make.client()), "competitor": make.supplier_user(make.supplier()),
        "of_client": f"/statements/clients/{campaign.client_id}/{THEN}/GBP/",
        "of_supplier": f"/statements/suppliers/{lumen.pk}/{THEN}/GBP/",
    }  # fmt: skip


def seen(person: User, address: str) -> Any:
    browser = Client()
    browser.force_login(person)
    return browser.get(address)


def text(person: User, address: str) -> str:
    answer = seen(person, address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def close(person: User, campaign: Campaign, word: str) -> Any:
    browser = Client()
    browser.force_login(person)
    return browser.post(f"/campaigns/{campaign.code}/months/{THEN}/close/", {"word": word})


def test_each_side_reads_its_own_statement_and_nothing_of_the_other(told: dict[str, Any]) -> None:
    of_client, of_supplier = told["of_client"], told["of_supplier"]
    client_page, supplier_page = text(told["client"], of_client), text(told["supplier"], of_supplier)
    assert "£36.50" in client_page  # 3 × 18.25 − 18.25
    assert "£11.37" in supplier_page  # 2 × 11.37 − 11.37
    for theirs in ("11.37", "Lumen", "Kestrel", "Margin"):
        assert theirs not in client_page
    for theirs in ("18.25", "Rooftops Internal", told["campaign"].client.name, "Kestrel", "IMP-"):
        assert theirs not in supplier_page
    both = text(told["operator"], of_client)
    assert "Margin" in both
    assert "No difference" in both
    for person, address in [
        ("rival", of_client), ("supplier", of_client), ("client", of_supplier), ("competitor", of_supplier),
    ]:  # fmt: skip
        query = "lines/?campaign=1&kind=accepted&unit=18.25"
        for below in ("", "statement.csv", "statement.xlsx", query):
            assert seen(told[person], address + below).status_code == 404
    assert "£36.50" in text(told["operator"], "/statements/")
    assert "£22.74" not in text(told["supplier"], "/statements/")
    assert seen(told["client"], f"/campaigns/{told['campaign'].code}/months/{THEN}/close/").status_code == 404


def test_a_currency_nothing_is_agreed_in_has_no_statement(told: dict[str, Any]) -> None:
    assert seen(told["client"], told["of_client"].replace("GBP", "XTS")).status_code == 404


def test_lines_open_their_leads(told: dict[str, Any]) -> None:
    page = text(told["supplier"], told["of_supplier"] + f"lines/?campaign={told['campaign'].pk}&kind=credit"
                f"&batch={Batch.objects.get().pk}&unit=-11.37")  # fmt: skip
    assert f"/leads/{told['leads'][1].pk}/" in page
    assert f"/leads/{told['leads'][0].pk}/" not in page
    for wrong in ("campaign=1&kind=credit&unit=x", "kind=accepted", f"campaign={told['campaign'].pk}&unit=1"):
        assert seen(told["supplier"], told["of_supplier"] + f"lines/?{wrong}").status_code == 404


def test_a_supplier_reads_nothing_of_what_the_clients_crm_said(told: dict[str, Any]) -> None:
    """A lead of a closed month that it refuses is adjusted in the open one; its words may name the client."""
    campaign, refused, said = told["campaign"], told["leads"][0], "Already with Brightwater"
    close(told["operator"], campaign, f"{MONTH:%B}".upper())
    assert monthclosings.work_next(timezone.now())
    code = Disposition.objects.get(code="REJECT_LEAD_BY_CRM")
    moving = [Moving(refused.pk, None, code.pk, said)]
    adjust(Cause.ADJUSTED, moving, at=timezone.now(), actor_id=None, batch_id=None)
    now = f"{timezone.now():%Y-%m}"
    query = f"lines/?campaign={campaign.pk}&kind=adjustment&batch=&unit="
    for person, unit, reads in (("supplier", "-11.37", False), ("client", "-18.25", True)):
        statement = told[f"of_{person}"].replace(THEN, now)
        page = text(told[person], statement + query + unit)
        file = b"".join(seen(told[person], statement + "statement.csv")).decode()
        assert (said in page, said in file) == (reads, reads), person
        assert "CRM refused it" in page or reads


def test_a_month_is_closed_with_a_typed_word_and_never_again(told: dict[str, Any]) -> None:
    campaign, operator = told["campaign"], told["operator"]
    asked = text(operator, f"/campaigns/{campaign.code}/months/{THEN}/close/")
    assert "Make 3\xa0leads final" in asked
    assert "IMP-" in asked, "the batch whose Undo is lost is named"
    refused = close(operator, campaign, "yes")
    assert refused.status_code == 422
    assert not ClosedMonth.objects.exists()
    assert close(operator, campaign, f"{MONTH:%B}".lower()).status_code == 302
    assert not ClosedMonth.objects.exists(), "nobody waits for it: a worker does it"
    assert monthclosings.work_next(timezone.now())
    made = ClosedMonth.objects.get()
    assert (made.month, made.closed_by, made.currency) == (MONTH, operator, "GBP")
    assert Lead.objects.filter(is_final=True).count() == 3
    again = close(operator, campaign, f"{MONTH:%B}")
    assert "is closed already" in again.content.decode()
    assert "£36.50" in text(told["client"], told["of_client"])
    assert "No difference" in text(operator, told["of_supplier"])


def test_a_closing_that_was_asked_for_is_shown_until_it_is_done_and_nobody_asks_twice(
    told: dict[str, Any],
) -> None:
    campaign, operator, colleague = told["campaign"], told["operator"], make.operator()
    address = f"/campaigns/{campaign.code}/months/{THEN}/"
    assert close(operator, campaign, f"{MONTH:%B}").url == told["of_client"]
    under_way = [f"Closing {MONTH:%B %Y} …", "asked today", f"by {operator.full_name}", f"{address}closing/"]
    for page in (told["of_client"], told["of_supplier"], "/statements/", f"{address}close/"):
        shown = text(colleague, page)
        assert all(words in shown for words in under_way), page
        assert 'name="word"' not in shown
    for person, page in ((told["client"], told["of_client"]), (told["supplier"], "/statements/")):
        assert "Closing" not in text(person, page)
        assert seen(person, f"{address}closing/").status_code == 404
    again = close(colleague, campaign, f"{MONTH:%B}")
    assert again.status_code == 422
    assert "is being closed already" in again.content.decode()
    assert not to_close(operator)
    browser = Client()
    browser.force_login(operator)
    poll = {"HX-Request": "true"}
    assert "HX-Refresh" not in browser.get(f"{address}closing/", headers=poll)
    assert monthclosings.work_next(timezone.now())
    assert not monthclosings.work_next(timezone.now())
    assert browser.get(f"{address}closing/", headers=poll)["HX-Refresh"] == "true"
    renewed = browser.get(told["of_client"]).content.decode()
    assert f"{MONTH:%B %Y} of {campaign.name} is closed" in renewed
    assert f"closed by {operator.full_name}" in renewed
    assert "Closing" not in renewed
    assert seen(operator, f"{address}closing/").url == told["of_client"]
    assert ClosedMonth.objects.get().closed_by == MonthClosing.objects.get().asked_by == operator


def test_what_stands_in_the_way_by_then_is_kept_and_the_month_can_be_asked_for_again(
    told: dict[str, Any],
) -> None:
    campaign, operator, colleague = told["campaign"], told["operator"], make.operator()
    address = f"/campaigns/{campaign.code}/months/{THEN}/close/"
    [item] = to_close(operator)
    assert (item["title"], item["url"]) == (f"{MONTH:%B %Y} can be closed", address)
    close(operator, campaign, f"{MONTH:%B}")
    Batch.objects.update(state="undoing")
    assert monthclosings.work_next(timezone.now())
    assert not ClosedMonth.objects.exists()
    assert [item["title"] for item in to_close(operator)] == [f"{MONTH:%B %Y} was not closed"]
    assert "is at work" in text(operator, told["of_client"])
    Batch.objects.update(state="finished")
    asked_again = text(operator, address)
    assert "wait until it has ended" in asked_again
    assert 'name="word"' in asked_again
    assert close(colleague, campaign, f"{MONTH:%B}").status_code == 302
    assert "was not closed" not in text(operator, told["of_client"])
    assert monthclosings.work_next(timezone.now())
    assert (ClosedMonth.objects.get().closed_by, to_close(operator)) == (colleague, [])


def to_close(person: User) -> list[dict[str, Any]]:
    """What home says about months to close."""
    items = seen(person, "/").context["items"]
    return [item for item in items if "closed" in item["title"]]


@pytest.mark.parametrize("reason", ["busy", "early", "order"])
def test_a_month_is_not_closed_out_of_turn(told: dict[str, Any], reason: str) -> None:
    campaign, operator = told["campaign"], told["operator"]
    address = f"/campaigns/{campaign.code}/months/{THEN}/close/"
    batch = Batch.objects.get()
    if reason == "busy":
        Batch.objects.update(state="undoing")
        sentence, way_out = "is at work", f"/imports/{batch.pk}/"
    elif reason == "early":
        address, sentence, way_out = address.replace(THEN, AHEAD), "is not over yet", ""
    else:
        make.lead(campaign, A, at=on(1) - timedelta(days=9))
        sentence, way_out = "is still open", f"/months/{BEFORE}/close/"
    browser = Client()
    browser.force_login(operator)
    answer = browser.post(
        address,
        {"word": f"{timezone.now() + timedelta(days=400):%B}" if reason == "early" else f"{MONTH:%B}"},
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert way_out in page
    assert "Nothing was changed" in page
    assert not MonthClosing.objects.exists()


def test_files_hold_every_line_and_run_nothing(told: dict[str, Any]) -> None:
    answer = seen(told["client"], told["of_client"] + "statement.csv")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["amount"] for row in rows] == ["18.25", "18.25", "18.25", "-18.25", "36.50"]
    assert {row["uid"] for row in rows[:-1]} == {"'=cmd|calc"}
    assert rows[3]["reason"] == "'=HYPERLINK(1)"
    assert "11.37" not in content
    book = b"".join(seen(told["supplier"], told["of_supplier"] + "statement.xlsx").streaming_content)
    sheet = load_workbook(io.BytesIO(book)).active
    cells = list(sheet.iter_rows(min_row=2))
    assert [float(row[8].value) for row in cells] == [11.37, 11.37, -11.37, 11.37]
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} == {"s", "n"}
    assert {row[3].value for row in cells[:-1]} == {"Home offer"}
