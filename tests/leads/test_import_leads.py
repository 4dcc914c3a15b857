"""`manage.py import_leads`: exports of LinkedIn and Meta as they come, and files with something wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.models import Field, Source
from leads.models import Lead, LeadValues
from tests import make

META = (
    "id\tcreated_time\tad_id\tad_name\tform_name\tis_organic\tplatform\tfull_name\temail\tphone_number\n"
    "l:1020\t2026-11-20T09:30:00+01:00\tag:77\tHeizung\tSolar DE\tfalse\tfb\tJürgen Müller\t"
    "juergen@example.org\tp:+4930123456\n"
    "l:1021\tsoon\tag:77\tHeizung\tSolar DE\tfalse\tig\tŁucja 🙂\tlucja@example.org\tp:+48512345678\n"
)
LINKEDIN = (
    "Lead ID,Lead Created At,Campaign Name,First name,Last name,Email address,Phone number,Job title\n"
    "urn-9,2026-11-20 09:30,DACH,Ann,Lee,ann@example.org,07911 120400,CTO\n"
    'urn-10,2026-11-20 09:31,DACH,Bob,"Lee, Jr",not an address,,CFO\n'
)


def run(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any], str]:
    code = 0
    try:
        call_command("import_leads", str(path), "--json", *more)
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, json.loads(out), err


@pytest.fixture
def source(db: None) -> Source:
    return make.source(make.campaign())


def test_a_meta_export_in_utf_16_with_tabs(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.kind = "meta"
    source.save()
    path = tmp_path / "leads.csv"
    path.write_bytes(b"\xff\xfe" + META.encode("utf-16-le"))
    code, report, err = run(path, capsys, "--source", source.code, "--received-at", "created_time")
    assert code == 0
    assert report == {
        "source": source.code,
        "rows": 2,
        "received": 2,
        "unreadable": 0,
        "undated": 1,
        "statuses": {"pending": 2},
        "dispositions": {},
    }
    assert "line 3: no date is readable in created_time: received now" in err
    first = Lead.objects.order_by("pk")[0]
    assert first.uid == "1020"
    assert first.received_at.isoformat() == "2026-11-20T08:30:00+00:00"
    assert first.values.judged["phone"] == "+4930123456"
    assert first.values.received["name"] == "Jürgen Müller"
    assert first.values.received["ad_name"] == "Heizung"


def test_a_linkedin_export(source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.kind = "linkedin"
    source.save()
    Field.objects.create(campaign=source.campaign, name="job_title", label="Job title", position=8)
    path = tmp_path / "leads.csv"
    path.write_text(LINKEDIN)
    _, report, _ = run(path, capsys, "--source", source.code)
    assert report["statuses"] == {"pending": 1, "rejected": 1}
    assert report["dispositions"] == {"REJECT_LEAD_INVALID_EMAIL": 1}
    assert set(Lead.objects.values_list("uid", flat=True)) == {"urn-9", "urn-10"}
    assert LeadValues.objects.order_by("pk")[0].judged["job_title"] == "CTO"


def test_a_broken_line_is_named_and_the_rest_goes_on(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("email,name\na@example.org,Ann\nb@example.org,Bob,surplus\nc@example.org,Cy\n")
    code, report, err = run(path, capsys, "--source", source.code)
    assert (code, report["rows"], report["received"], report["unreadable"]) == (0, 3, 2, 1)
    assert "line 3:" in err


@pytest.mark.parametrize("more", [["--source", "NONE"], ["--source", "OURS", "--received-at", "when"]])
def test_what_is_refused_receives_nothing(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    Source.objects.update(code="OURS")
    path = tmp_path / "leads.csv"
    path.write_text("email\na@example.org\n")
    code, report, _ = run(path, capsys, *more)
    assert code == 1
    assert report["error"]["code"] in ("no_such_source", "no_such_column")
    assert not Lead.objects.exists()


def test_a_file_that_is_not_there(source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report, _ = run(tmp_path / "none.csv", capsys, "--source", source.code)
    assert (code, report["error"]["code"]) == (1, "file_not_read")
