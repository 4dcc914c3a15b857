"""Sources and the correction loop in the browser, page by page: HTTP in, HTTP out."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Destination, Source, User
from leads import downloads
from leads.models import Download, Lead, LeadEvent, LeadValues
from leads.statuses import Cause, Status
from rejections import control, fixes, workflows
from rejections.blocked import Action
from rejections.fix_effects import Fix
from rejections.models import Batch
from rejections.sql.fixes import Group
from rejections.states import State
from tests import make
from tests.rejections import corrections as given

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> User:
    return make.operator(first_name="Olga", last_name="Operates")


@pytest.fixture
def browser(operator: User) -> Client:
    signed_in = Client()
    signed_in.force_login(operator)
    return signed_in


@pytest.fixture
def source() -> Source:
    """A source with three leads whose country is on no list, and one that passes."""
    made = given.source()
    at = timezone.now() - timedelta(hours=2)
    values = [
        {"email": f"n{n}@example.org", "phone": f"+44791112340{n}", "country": "U.S.A."} for n in (1, 2, 3)
    ]
    given.receive(made, *values, {"email": "ok@example.org", "country": "Austria"}, at=at)
    return made


def page(browser: Client, name: str, /, *args: Any, **query: str) -> Any:
    """The page's context, after it was rendered."""
    answer = browser.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.context


def rejected(source: Source) -> list[dict[str, str]]:
    return given.downloaded(source)


def uploaded(browser: Client, source: Source, rows: list[dict[str, str]], **fields: str) -> Batch:
    """The batch that the upload leads to, as a worker leaves it."""
    file = SimpleUploadedFile("corrected.csv", given.as_file(rows))
    answer = browser.post(reverse("source_upload", args=[source.code]), {"file": file, **fields})
    assert answer.status_code == 302, answer.content.decode()
    return worked(Batch.objects.get(pk=int(answer.url.split("/")[2])))


def worked(batch: Batch) -> Batch:
    while workflows.run(batch.pk, owner="test", clock=timezone.now, seconds=60):
        pass
    batch.refresh_from_db()
    return batch


# The source's page


def test_the_list_puts_sources_with_leads_to_fix_first(browser: Client, source: Source) -> None:
    make.source(source.campaign)
    first, second = page(browser, "sources")["lines"]
    assert (first["source"], first["to_fix"], first["rejected"], first["valid"]) == (source, 3, 3, 1)
    assert (second["to_fix"], second["last"]) == (0, None)


def test_the_summary_counts_by_status_day_and_disposition(browser: Client, source: Source) -> None:
    first = Lead.objects.filter(status=Status.REJECTED).order_by("pk").values_list("pk", flat=True)[0]
    LeadValues.objects.filter(lead=first).update(kept_rejected=True)
    assert (
        reverse("source_tokens", args=[source.code])
        in browser.get(reverse("source", args=[source.code])).content.decode()
    )
    shown = page(browser, "source", source.code)
    assert {status: leads for status, leads, _ in shown["notes"] if leads} == {"rejected": 3, "pending": 1}
    assert shown["summary"].to_fix == 2
    assert len(shown["days"]) == 21
    assert sum(day.valid for day in shown["days"]) == 1
    assert sum(day.rejected for day in shown["days"]) == 3
    code = shown["summary"].codes[0]
    assert (code.code, code.leads, code.values, code.to_fix) == ("REJECT_LEAD_INVALID_LIST_VALUE", 3, 1, 2)


def at_the_door(
    source: Source, rejections: int, valid: int, *, hours: float, value: str = "Deutschl."
) -> None:
    """Leads that came that many hours ago, so many of them turned away."""
    at = timezone.now() - timedelta(hours=hours)
    given.receive(
        source, *({"email": f"{n}@{hours}.example", "country": value} for n in range(rejections)), at=at
    )
    given.receive(
        source, *({"email": f"v{n}@{hours}.example", "country": "Austria"} for n in range(valid)), at=at
    )


@pytest.mark.parametrize(
    ("lately", "before", "warns"),
    [
        ((20, 20), (4, 26), True),
        ((20, 20), (5, 25), False),
        ((19, 0), (0, 30), False),
        ((20, 0), (0, 0), True),
    ],
)
def test_the_warning_needs_twenty_and_over_three_times_the_share(
    browser: Client, lately: tuple[int, int], before: tuple[int, int], warns: bool
) -> None:
    source = given.source()
    at_the_door(source, *before, hours=24 * 3)
    at_the_door(source, 30, 0, hours=24 * 16)  # before the fourteen days
    at_the_door(source, *lately, hours=1)
    surge = page(browser, "source", source.code)["summary"].surge
    assert (surge is not None) == warns
    assert page(browser, "sources")["lines"][0]["surge"] == warns
    if surge:
        assert (surge.lately.rejected, surge.lately.received) == (lately[0], sum(lately))
        assert (surge.label, surge.commonest.value, surge.commonest.leads) == (
            "Country",
            "Deutschl.",
            lately[0],
        )


def test_what_was_corrected_since_counts_as_turned_away_all_the_same(browser: Client) -> None:
    source = given.source()
    at_the_door(source, 20, 0, hours=1)
    Lead.objects.filter(source=source).update(status=Status.PENDING, valid_at=timezone.now())
    surge = page(browser, "source", source.code)["summary"].surge
    assert (surge.lately.rejected, surge.commonest) == (20, None)


def test_a_paused_destination_is_shown_and_goes_on(browser: Client, source: Source) -> None:
    target = Destination.objects.create(
        campaign=source.campaign,
        url="https://crm.example/leads",
        paused_at=timezone.now(),
        paused_why="404 Not Found",
    )
    text = browser.get(reverse("source", args=[source.code])).content.decode()
    assert "Nothing is pushed to crm.example" in text
    assert "404 Not Found" in text
    browser.post(reverse("source_resume", args=[source.code]))
    target.refresh_from_db()
    assert target.paused_at is None
    assert "Nothing is pushed" not in browser.get(reverse("source", args=[source.code])).content.decode()


def test_home_tells_of_doors_in_trouble_paused_pushes_and_leads_to_fix(
    browser: Client, source: Source
) -> None:
    troubled = given.source()
    at_the_door(troubled, 20, 1, hours=1)
    Destination.objects.create(
        campaign=source.campaign,
        url="https://crm.example/leads",
        paused_at=timezone.now(),
        paused_why="410 Gone",
    )
    shown = page(browser, "home")
    titles = [item["title"].replace("\xa0", " ") for item in shown["items"]]
    assert titles[:2] == [
        f"{troubled.name}: the door rejects 95.2 % since yesterday",
        "Pushes to crm.example are paused, 0 leads wait",
    ]
    assert [item["url"] for item in shown["items"]][:2] == [
        reverse("source", args=[code]) for code in (troubled.code, source.code)
    ]
    assert [
        (line["source"], line["field"], line["value"], line["leads"], line["to_fix"])
        for line in shown["to_fix"]
    ] == [
        (troubled, "Country", "Deutschl.", 20, 20),
        (source, "Country", "U.S.A.", 3, 3),
    ]


# Download


def test_a_small_choice_comes_at_once_as_chosen(browser: Client, source: Source) -> None:
    where = reverse("source_download", args=[source.code])
    answer = browser.post(where, {"format": "csv", "statuses": ["rejected", "pending"]})
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert sorted(row["Lead Status"] for row in rows) == ["Pending", "Rejected", "Rejected", "Rejected"]
    assert f"{source.code}-rejected-pending.csv" in answer["Content-Disposition"]
    today = timezone.localdate().isoformat()
    sheet = browser.post(where, {"format": "xlsx", "statuses": ["rejected"], "first": today, "last": today})
    assert sheet.getvalue()[:2] == b"PK"


def test_the_dialog_counts_what_is_chosen_before_it_is_sent(browser: Client, source: Source) -> None:
    assert page(browser, "source_download", source.code)["leads"] == 3
    assert page(browser, "source_download", source.code, format="xlsx", statuses="pending")["leads"] == 1
    assert page(browser, "source_download", source.code, format="xlsx")["leads"] is None


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"format": "csv"}, "Choose at least one status"),
        (
            {"format": "csv", "statuses": "rejected", "first": "2026-03-02", "last": "2026-03-01"},
            "before the first",
        ),
        ({"format": "csv", "statuses": "rejected", "last": "9999-12-31"}, "no such day"),
    ],
)
def test_a_choice_that_holds_nothing_is_said(
    browser: Client, source: Source, sent: dict[str, str], said: str
) -> None:
    answer = browser.post(reverse("source_download", args=[source.code]), sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_large_sheet_is_made_once_and_kept_for_who_asked(
    browser: Client, source: Source, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.UPLOAD_DIR = tmp_path
    monkeypatch.setattr(downloads, "AT_ONCE", 2)
    where, want = reverse("source_download", args=[source.code]), {"format": "xlsx", "statuses": "rejected"}
    first, second = browser.post(where, want), browser.post(where, want)
    assert first.url == second.url
    job = Download.objects.get()
    assert "0</b>" in browser.get(first.url).content.decode()
    assert browser.get(reverse("download_file", args=[job.pk])).status_code == 404
    downloads.make_next(timezone.now())
    assert browser.get(first.url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    file = browser.get(reverse("download_file", args=[job.pk]))
    assert file.getvalue()[:2] == b"PK"
    assert page(browser, "source", source.code)["files"][0] == job
    other = Client()
    other.force_login(make.admin())
    assert other.get(first.url).status_code == 404
    assert other.get(reverse("download_file", args=[job.pk])).status_code == 404


def test_more_than_a_sheet_takes_is_refused_with_a_way_out(
    browser: Client, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "AT_ONCE", 1)
    monkeypatch.setattr(downloads, "MOST", 2)
    answer = browser.post(
        reverse("source_download", args=[source.code]), {"format": "xlsx", "statuses": "rejected"}
    )
    assert answer.status_code == 422
    assert "Choose CSV" in answer.content.decode()
    assert not Download.objects.exists()


# Upload, check, result


def test_a_correction_from_upload_to_undo(browser: Client, source: Source) -> None:
    rows = rejected(source)
    rows[0]["country"], rows[1]["country"] = "Austria", "Elsewhere"
    batch = uploaded(browser, source, rows)
    assert batch.state == State.CHECKED
    assert not LeadEvent.objects.filter(cause=Cause.CORRECTED).exists(), "nothing moves before Start"
    shown = page(browser, "batch_check", batch.pk)
    assert shown["numbers"].counts == {"released": 1, "still_rejected": 1, "unchanged": 1}
    assert shown["numbers"].label == "Release 1 lead"
    assert shown["numbers"].targets == "1 Pending"
    cells = [
        [(cell.label, cell.before, cell.after) for cell in line.cells] for line in shown["rows"]["lines"]
    ]
    assert cells == [[("Country", "U.S.A.", "Austria")], [("Country", "U.S.A.", "Elsewhere")], []]
    browser.post(reverse("batch_start", args=[batch.pk]))
    worked(batch)
    result = page(browser, "batch_result", batch.pk)
    assert result["title"] == "1 of 3 leads released"
    assert Lead.objects.get(pk=int(rows[0]["LeadID"])).status == Status.PENDING
    listed = page(browser, "source", source.code)["uploads"][0]
    assert (listed["title"], listed["released"], listed["still"]) == ("corrected.csv", 1, 1)
    browser.post(reverse("batch_undo", args=[batch.pk]), {"line": "2"})
    worked(batch)
    first = page(browser, "batch_result", batch.pk)["rows"]["lines"][0]
    assert first.words == "Its lead was put back."
    browser.post(reverse("batch_undo", args=[batch.pk]))
    worked(batch)
    assert page(browser, "batch_result", batch.pk)["batch"].state == State.UNDONE
    assert "Was released, put back" in browser.get(reverse("batch_result", args=[batch.pk])).content.decode()
    for state, numbers in ((State.UNDONE, (0, None)), (State.CANCELLED, (None, None))):
        started = None if state == State.CANCELLED else batch.started_at
        Batch.objects.filter(pk=batch.pk).update(state=state, started_at=started)
        listed = page(browser, "source", source.code)["uploads"][0]
        assert (listed["released"], listed["still"]) == numbers
    assert set(Lead.objects.filter(source=source).values_list("status", flat=True)) == {"rejected", "pending"}
    assert LeadValues.objects.get(lead=int(rows[1]["LeadID"])).received["country"] == "U.S.A."


def test_rows_are_narrowed_by_outcome_and_by_kind_of_cell(browser: Client, source: Source) -> None:
    rows = rejected(source)
    rows[0]["country"] = "Austria"
    rows[1]["phone"] = "447911123402"
    batch = uploaded(browser, source, rows)

    def lines(**query: str) -> list[int]:
        return [line.line for line in page(browser, "batch_check", batch.pk, **query)["rows"]["lines"]]

    assert lines(outcome="released") == [2]
    assert lines(only="repairs") == [3]
    assert lines(only="repairs", outcome="released") == []
    assert lines(only="nonsense", outcome="nonsense") == [2, 3, 4]


def test_repairs_are_listed_taken_back_and_made_again(browser: Client, source: Source) -> None:
    rows = rejected(source)
    for row in rows:
        row["phone"] = row["phone"].lstrip("'+")
    batch = uploaded(browser, source, rows)
    cells = reverse("batch_cells", args=[batch.pk])

    def repairs() -> tuple[int, int]:
        worked(batch)
        numbers = page(browser, "batch_check", batch.pk)["numbers"]
        return numbers.repairs, numbers.changes

    shown = page(browser, "batch_check", batch.pk)
    assert [(damage.cells, damage.rows) for damage in shown["damages"]] == [(3, 3)]
    assert repairs() == (3, 0)
    browser.post(cells, {"cell": ["2:phone", "2:no\0field"]})
    assert repairs() == (2, 1)
    browser.post(cells, {"take_all_back": "on"})
    assert repairs() == (0, 3)
    browser.post(cells, {"repair_again": "on"})
    assert repairs() == (3, 0)


def test_blank_cells_clear_only_when_told_to(browser: Client, source: Source) -> None:
    rows = rejected(source)
    rows[0]["phone"] = ""
    batch = uploaded(browser, source, rows)
    assert page(browser, "batch_check", batch.pk)["numbers"].changes == 0
    browser.post(reverse("batch_cells", args=[batch.pk]), {"blank_clears": "on"})
    worked(batch)
    shown = page(browser, "batch_check", batch.pk)
    assert (shown["clears"], shown["numbers"].changes) == (True, 1)
    assert page(browser, "batch_check", uploaded(browser, source, rows, blank_clears="on").pk)["clears"]


def test_a_conflict_shows_both_values(browser: Client, source: Source) -> None:
    mine, theirs = rejected(source), rejected(source)
    theirs[0]["country"] = "Elsewhere"
    browser.post(reverse("batch_start", args=[uploaded(browser, source, theirs).pk]))
    worked(Batch.objects.latest("pk"))
    mine[0]["country"] = "Austria"
    batch = uploaded(browser, source, mine)
    shown = page(browser, "batch_check", batch.pk, only="conflicts")
    cell = shown["rows"]["lines"][0].cells[0]
    assert (cell.kind, cell.before, cell.after) == ("conflict", "Elsewhere", "Austria")
    assert "“U.S.A.”" in cell.words


def test_one_file_at_a_time_with_the_way_to_the_other(browser: Client, source: Source) -> None:
    rows = rejected(source)
    batch = uploaded(browser, source, rows)
    Batch.objects.filter(pk=batch.pk).update(state=State.APPLYING, step="rows", done=1)
    file = SimpleUploadedFile("second.csv", given.as_file(rows))
    answer = browser.post(reverse("source_upload", args=[source.code]), {"file": file})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert reverse("batch", args=[batch.pk]) in text
    assert "1 of 3" in text
    assert "Nothing was uploaded" in text
    assert Batch.objects.count() == 1
    assert page(browser, "source", source.code)["running"] == batch


def test_the_same_file_is_noticed_and_not_refused(browser: Client, source: Source) -> None:
    rows = rejected(source)
    earlier = uploaded(browser, source, rows)
    again = page(browser, "batch_check", uploaded(browser, source, rows).pk)
    assert [(one["batch"], one["by"]) for one in again["same_file"]] == [(earlier, "Olga Operates")]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"email\na@example.org\n", "no column “LeadID”"), (b"", "empty"), (b"%PDF-1.4 nonsense", "PDF")],
)
def test_a_file_that_is_none_is_refused_on_the_page(
    browser: Client, source: Source, content: bytes, said: str
) -> None:
    file = SimpleUploadedFile("bad.csv", content)
    answer = browser.post(reverse("source_upload", args=[source.code]), {"file": file})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Batch.objects.exists()


def test_nothing_to_change_is_said_and_cannot_be_started(browser: Client, source: Source) -> None:
    batch = uploaded(browser, source, rejected(source))
    shown = page(browser, "batch_check", batch.pk)
    assert shown["blocked"]
    assert b"data-blocked" in browser.get(reverse("batch_check", args=[batch.pk])).content


@pytest.mark.parametrize(
    "state",
    [
        State.UPLOADED,
        State.CHECKING,
        State.WAITING,
        State.APPLYING,
        State.STOPPED,
        State.FAILED,
        State.UNDOING,
        State.CANCELLED,
    ],
)
def test_every_state_has_its_page(browser: Client, source: Source, state: State) -> None:
    rows = rejected(source)
    rows[0]["country"] = "Austria"
    batch = uploaded(browser, source, rows)
    at = timezone.now()
    Batch.objects.filter(pk=batch.pk).update(
        state=state,
        step="rows",
        done=1,
        settled_line=2,
        started_at=at,
        run_started_at=at,
        error="It stopped.",
    )
    answer = browser.get(reverse("batch", args=[batch.pk]), follow=True)
    assert answer.status_code == 200
    assert source.name in answer.content.decode()


def test_a_correction_has_no_columns_to_map_and_no_identifiers_to_review(
    browser: Client, source: Source
) -> None:
    batch = uploaded(browser, source, rejected(source))
    answer = browser.get(reverse("batch_map", args=[batch.pk]), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("batch_check", args=[batch.pk])
    browser.post(reverse("batch_map", args=[batch.pk]), {"do": "check", "identifier_column": "LeadID"})
    browser.post(reverse("batch_review", args=[batch.pk]), {"accept": "2"})
    batch.refresh_from_db()
    assert (batch.state, "fields" in batch.mapping) == (State.CHECKED, True)


def test_a_cancelled_upload_leads_back_to_its_source(browser: Client, source: Source) -> None:
    batch = uploaded(browser, source, rejected(source))
    answer = browser.post(reverse("batch_cancel", args=[batch.pk]))
    assert answer.url == reverse("source", args=[source.code])


def test_a_fix_stands_among_the_uploads_under_what_it_did(
    browser: Client, source: Source, operator: User
) -> None:
    group = Group(source.pk, "country", "U.S.A.", "REJECT_LEAD_INVALID_LIST_VALUE", 3)
    fix = fixes.start(
        [group], Fix(Action.MAP, "United States"), person=operator, via="page", at=timezone.now()
    )[0]
    worked(fix)
    line = page(browser, "source", source.code)["uploads"][0]
    assert (line["title"], line["released"]) == ("Map “U.S.A.” to “United States”", 3)
    assert page(browser, "batch_result", fix.pk)["title"] == "3 of 3 leads released"


def test_changing_a_check_that_has_started_is_refused(browser: Client, source: Source) -> None:
    rows = rejected(source)
    rows[0]["country"] = "Austria"
    batch = uploaded(browser, source, rows)
    control.start(batch, control.Options(), person=None)
    answer = browser.post(reverse("batch_cells", args=[batch.pk]), {"take_all_back": "on"}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
