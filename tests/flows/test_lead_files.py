"""Files of new leads in the browser: columns, first rows judged, receipt; received once, whoever dies when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Agreement, Field, Source
from leads import intake
from leads.models import Lead, LeadValues
from rejections import leadfiles
from rejections.models import LeadFile
from tests import make
from tests.rejections import corrections as given

pytestmark = pytest.mark.django_db

FILE = """E-mail address,Mobile phone,Land,Came
ann@example.org,07911123401,Austria,2026-01-02
bob@example.org,,U.S.A.,?
"""
META = "id\temail\tphone_number\tcountry\nl:991\tann@example.org\tp:+447911123401\tAustria\n"


@pytest.fixture
def source() -> Source:
    return given.source()


@pytest.fixture
def browser() -> Client:
    signed_in = Client()
    signed_in.force_login(make.operator(first_name="Olga", last_name="Operates"))
    return signed_in


def send(browser: Client, source: Source, content: str | bytes = FILE, name: str = "new.csv") -> Any:
    raw = content if isinstance(content, bytes) else content.encode()
    return browser.post(reverse("source_import", args=[source.code]), {"file": SimpleUploadedFile(name, raw)})


def uploaded(browser: Client, source: Source, content: str | bytes = FILE) -> str:
    answer = send(browser, source, content)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.url)


def worked() -> None:
    while leadfiles.work_next(timezone.now(), 60):
        pass


def received() -> list[dict[str, str]]:
    return list(LeadValues.objects.order_by("lead_id").values_list("received", flat=True))


def test_columns_are_recognised_and_the_first_rows_judged_before_anything_comes_in(
    browser: Client, source: Source
) -> None:
    shown = browser.get(uploaded(browser, source)).context
    assert [(column["header"], column["field"]) for column in shown["columns"]] == [
        ("E-mail address", "email"), ("Mobile phone", "phone"), ("Land", ""), ("Came", ""),
    ]  # fmt: skip
    assert [row.reason for row, _ in shown["foreseen"]] == ["", ""]
    assert not Lead.objects.exists()


def test_a_column_that_is_chosen_is_judged_received_and_remembered(browser: Client, source: Source) -> None:
    url = uploaded(browser, source)
    choice = {
        "field_0": "email",
        "field_1": "phone",
        "field_2": "country",
        "field_3": "",
        "received_at": "Came",
    }
    again = browser.post(url, {**choice, "do": "update"}).context
    assert [row.code for row, _ in again["foreseen"]] == ["", "REJECT_LEAD_INVALID_LIST_VALUE"]
    browser.post(url, {**choice, "do": "import"})
    browser.post(url, {**choice, "do": "import"})
    worked()
    receipt = browser.get(url).context
    assert receipt["statuses"] == [("rejected", 1), ("pending", 1)]
    assert [code[0] for code in receipt["codes"]] == ["REJECT_LEAD_INVALID_LIST_VALUE"]
    assert [line for line, _ in receipt["lines"]] == [3], "its date cannot be read"
    assert [values["country"] for values in received()] == ["Austria", "U.S.A."]
    assert Lead.objects.order_by("pk")[0].received_at.date().isoformat() == "2026-01-02"
    source.refresh_from_db()
    assert source.field_map == {"Land": "country"}
    assert [column["field"] for column in browser.get(uploaded(browser, source)).context["columns"]][
        2
    ] == "country"


def test_a_column_can_be_said_to_mean_no_field(browser: Client, source: Source) -> None:
    url = uploaded(browser, source)
    browser.post(url, {"field_0": "email", "field_1": "", "do": "import"})
    worked()
    assert "phone" not in received()[0]
    assert received()[0]["Mobile phone"] == "07911123401"


def test_metas_export_is_read_as_it_comes(browser: Client, source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(kind=Source.Kind.META)
    url = uploaded(browser, source, META.encode("utf-16"))
    browser.post(url, {"do": "import"})
    worked()
    lead = Lead.objects.get()
    assert (lead.uid, lead.status) == ("991", "pending")
    assert received()[0]["phone"] == "+447911123401"


def test_a_required_field_without_a_column_is_named(browser: Client, source: Source) -> None:
    Field.objects.filter(campaign=source.campaign, name="country").update(required=True)
    shown = browser.get(uploaded(browser, source)).context
    assert [field.label for field in shown["missing"]] == ["Country"]
    assert shown["passing"] == 0


def test_the_same_file_is_noticed(browser: Client, source: Source) -> None:
    first = uploaded(browser, source)
    browser.post(first, {"do": "import"})
    assert browser.get(uploaded(browser, source)).context["same_file"] == LeadFile.objects.earliest("pk")


@pytest.mark.parametrize(("content", "said"), [(b"", "empty"), (b"%PDF-1.4 x", "PDF")])
def test_a_file_that_is_none_leaves_nothing_behind(
    browser: Client, source: Source, settings: Any, tmp_path: Path, content: bytes, said: str
) -> None:
    settings.UPLOAD_DIR = tmp_path
    answer = send(browser, source, content)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not LeadFile.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_without_an_agreement_nothing_is_received(browser: Client, source: Source) -> None:
    Agreement.objects.all().delete()
    answer = send(browser, source)
    assert answer.status_code == 422
    assert "Nothing is agreed" in answer.content.decode()


def many(rows: int) -> str:
    return "email\n" + "".join(f"p{n}@example.org\n" for n in range(rows))


def test_a_worker_that_dies_between_storing_and_judging_receives_no_row_twice(
    browser: Client, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadfiles, "CHUNK", 4)
    url = uploaded(browser, source, many(10))
    browser.post(url, {"do": "import"})
    real, calls = intake.judge_stored, []

    def dying(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **named)

    monkeypatch.setattr(intake, "judge_stored", dying)
    with pytest.raises(KeyboardInterrupt):
        leadfiles.work_next(timezone.now(), 60)
    assert not leadfiles.work_next(timezone.now(), 60), "the dead worker's claim still holds"
    assert leadfiles.work_next(timezone.now() + timedelta(minutes=6), 60)
    assert [values["email"] for values in received()] == [f"p{n}@example.org" for n in range(10)]
    shown = browser.get(url).context
    assert (shown["file"].state, shown["received"], shown["unjudged"]) == ("finished", 10, 4)
    assert intake.judge_stuck(timezone.now() + timedelta(hours=1)) == 4


def test_the_work_goes_on_in_turns_and_shows_how_far_it_is(
    browser: Client, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadfiles, "CHUNK", 4)
    url = uploaded(browser, source, many(10))
    browser.post(url, {"do": "import"})
    assert leadfiles.work_next(timezone.now(), seconds=0)
    part = browser.get(url, headers={"HX-Request": "true"})
    assert "4</b>" in part.content.decode()
    assert "hx-get" in part.content.decode()
    worked()
    assert browser.get(url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert Lead.objects.count() == 10


def test_a_person_stops_a_file_keeps_what_came_in_and_can_receive_the_rest(
    browser: Client, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadfiles, "CHUNK", 4)
    url = uploaded(browser, source, many(10))
    browser.post(url, {"do": "import"})
    assert 'value="stop"' in browser.get(url).content.decode()
    real = intake.judge_stored

    def stopping(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(intake, "judge_stored", real)
        browser.post(url, {"do": "stop"})
        # As if it were continued at once: what another worker counts meanwhile is not lost.
        LeadFile.objects.update(tally={"received": 1, "statuses": {"rejected": 1}, "dispositions": {}})
        return real(*arguments, **named)

    monkeypatch.setattr(intake, "judge_stored", stopping)
    worked()
    assert Lead.objects.count() == 4
    page = browser.get(url)
    text = page.content.decode()
    assert "Stopped after 4 of 10 rows." in text
    assert page.context["statuses"] == [("rejected", 1), ("pending", 4)]
    assert "nothing to stop" in browser.post(url, {"do": "stop"}, follow=True).content.decode()
    worked()
    assert Lead.objects.count() == 4, "nobody goes on by itself"
    browser.post(url, {"do": "continue"})
    worked()
    assert sorted(values["email"] for values in received()) == [f"p{n}@example.org" for n in range(10)]
    shown = browser.get(url).context
    assert (shown["file"].state, shown["statuses"]) == ("finished", [("rejected", 1), ("pending", 10)])


def test_what_stops_three_times_fails_and_can_be_continued(browser: Client, source: Source) -> None:
    url = uploaded(browser, source)
    browser.post(url, {"do": "import"})
    LeadFile.objects.update(tries=3)
    worked()
    text = browser.get(url).content.decode()
    assert "It could not go on." in text
    browser.post(url)
    worked()
    assert Lead.objects.count() == 2
    assert browser.get(url).context["file"].state == "finished"


def test_files_that_were_never_imported_go(browser: Client, source: Source) -> None:
    kept, old = uploaded(browser, source), uploaded(browser, source)
    browser.post(kept, {"do": "import"})
    worked()
    path = leadfiles.path_of(LeadFile.objects.latest("pk"))
    assert leadfiles.forget(timezone.now() + timedelta(days=15)) == 1
    assert browser.get(old).status_code == 404
    assert browser.get(kept).status_code == 200
    assert not path.exists()
