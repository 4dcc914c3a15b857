"""Where a page leads on: to something there is, for who may do it, in words that hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from campaigns.models import Disposition
from leads import telling
from leads.channels import OutOfOrder
from leads.models import Lead
from leads.sql.adjust import adjust
from leads.sql.move import Cause, Moving
from leads.statuses import Status
from rejections import disputes, uploads
from rejections.columns import ColumnMap
from rejections.models import Batch
from rejections.options import Options
from tests import batches, make
from tests.flows.test_notices import text
from tests.flows.test_pages import signed_in
from tests.flows.world import world
from tests.make import NOW

pytestmark = pytest.mark.django_db


def words(person: Any, address: str) -> str:
    """What stands on the page, on one line."""
    return " ".join(strip_tags(text(signed_in(person).get(address))).split())


def test_the_list_to_send_back_says_when_each_lead_became_valid() -> None:
    w = world()
    browser = signed_in(w.people["client"])
    [(_, address), *_] = browser.get("/").context["pending"]
    content = b"".join(browser.get(address).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header = content.splitlines()[0].split(",")
    assert header[:2] == ["Lead ID", "Lead"]
    assert "Valid" in header


def test_a_client_is_offered_columns_of_sources_only_where_it_may_know_them() -> None:
    w = world()
    client, address = w.people["client"], f"{reverse('leads')}?columns=id&columns=supplier"

    def keys(which: str) -> set[str]:
        return {column.key for column, _ in signed_in(w.people[which]).get(address).context["all_columns"]}

    assert keys("client") & {"supplier", "source"} == set()
    assert keys("operator") >= {"supplier", "source"}
    assert [column.key for column in signed_in(client).get(address).context["columns"]] == ["id", "name"]
    w.campaign.show_suppliers_to_client = True
    w.campaign.save()
    assert keys("client") >= {"supplier", "source"}


def test_an_undone_close_out_leads_to_what_it_put_back() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, days_ago=3)
    options = Options(accept_remaining=True, through=NOW.date() - timedelta(days=1))
    batch = batches.work(
        uploads.close_out(campaign, options, goes_through=True, person=None, via="page", at=NOW)
    )
    assert Lead.objects.get().status == Status.ACCEPTED
    batches.undone(batch)
    page = text(signed_in(make.operator()).get(f"/imports/{batch.pk}/result/"))
    assert "Import the file again" not in page
    assert "the leads it put back are Pending" in page
    assert f'href="/leads/?status=pending&amp;campaign={campaign.code}"' in page
    Batch.objects.update(mapping={"leads": [lead.pk]})
    assert f'<a href="/leads/{lead.pk}/">' in text(
        signed_in(make.operator()).get(f"/imports/{batch.pk}/result/")
    )


def test_a_mapping_that_does_not_fit_is_not_continued_but_sent_anew() -> None:
    campaign = make.campaign()
    mapping = ColumnMap(identifier_column="lead_id", reason_column="Why").to_json()
    content = make.csv_bytes([[make.lead(campaign).pk, "x"]])
    values: dict[str, Any] = {"person": None, "via": "api", "at": NOW, "goes_through": True}
    batch = batches.work(uploads.receive(campaign, [content], "a.csv", mapping=mapping, **values))
    answer = signed_in(make.operator()).get(f"/imports/{batch.pk}/result/")
    page = strip_tags(text(answer))
    assert "Failed before any lead was moved" in page
    assert "0 leads rejected" not in page
    assert page.count("Nothing was changed.") == 1
    assert "send the file again with another mapping" in page
    assert reverse("batch_continue", args=[batch.pk]) not in text(answer)
    Batch.objects.update(error_code="no_progress", error="It stopped.")
    page = text(signed_in(make.operator()).get(f"/imports/{batch.pk}/result/"))
    assert reverse("batch_continue", args=[batch.pk]) in page
    assert "Nothing was changed." in page


def test_who_may_only_look_is_led_to_nothing_that_refuses() -> None:
    w = world()
    reader, client = w.people["reader"], w.people["client"]
    Batch.objects.filter(pk=w.finished.pk).update(file="returns.csv")
    again = f"{reverse('import_new')}?campaign={w.campaign.code}"
    result, check = f"/imports/{w.finished.pk}/result/", f"/imports/{w.checked.pk}/check/"
    assert again in text(signed_in(client).get(result))
    page = text(signed_in(reader).get(result))
    assert again not in page
    assert ">Reject leads</a>" not in page
    assert ">Reject leads</a>" in text(signed_in(client).get(result))
    refusal = "but not start it:"
    assert refusal in words(reader, check)
    assert "“Reject leads as a client”" in words(reader, check)
    assert refusal not in words(client, check)


def test_a_supplier_comes_from_its_overview_to_all_its_disputes() -> None:
    campaign = make.campaign()
    lead = make.lead(campaign)
    batches.imported(campaign, [lead])
    person = make.supplier_user(lead.supplier)
    link = f'href="{reverse("disputes")}">All disputes</a>'
    assert link not in text(signed_in(person).get("/"))
    disputes.contest([lead.pk], person=person, note="They answered.", at=NOW)
    assert link in text(signed_in(person).get("/"))
    page = words(person, f"{reverse('dispute_new')}?lead={lead.pk}")
    assert "cannot be disputed" in page
    assert "until the end of" not in page


def test_sentences_put_together_end_each_with_a_full_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("Name or service not known", "The name was not found."):

        def look_up(url: str, said: str = said) -> None:
            raise OutOfOrder(said)

        monkeypatch.setattr("leads.channels.http.look_up", look_up)
        with pytest.raises(telling.NotDone) as refused:
            telling.set_webhook(make.supplier(), "https://nowhere.example/", NOW)
        assert refused.value.detail == f"{said.rstrip('.')}. The address was not changed."


def test_a_supplier_reads_of_a_late_rejection_beside_what_its_lead_stays() -> None:
    lead = make.lead(make.campaign(), Status.ACCEPTED, is_final=True)
    code = Disposition.objects.get(code="CLIENT_DUPLICATE")
    adjust(Cause.ADJUSTED, [Moving(lead.pk, None, code.pk, "twice")], at=NOW, actor_id=None, batch_id=None)
    page = words(make.supplier_user(lead.supplier), f"/leads/{lead.pk}/")
    assert "Client Rejected later" in page
