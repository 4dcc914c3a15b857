"""`manage.py upload_corrections` and `undo_batch` after it: one object on stdout, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from campaigns.models import Source
from leads.models import Lead
from rejections.models import Batch
from tests.rejections import corrections as given


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    try:
        call_command(*arguments, "--json")
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def source(db: None) -> Source:
    return given.source()


@pytest.fixture
def file(source: Source, tmp_path: Path) -> Path:
    given.receive(source, *({"email": f"n{n}@example.org", "country": "U.S.A."} for n in range(5)))
    rows = given.downloaded(source)
    for row in rows[:4]:
        row["country"] = "Austria"
    path = tmp_path / "corrected.csv"
    path.write_bytes(given.as_file(rows))
    return path


def test_it_goes_through_and_can_be_undone(
    source: Source, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = run(capsys, "upload_corrections", str(file), "--source", source.code)
    assert code == 0
    assert (report["kind"], report["state"], report["rows"]) == ("correction", "finished", 5)
    assert report["outcomes"] == {"unchanged": 1, "released": 4}
    assert Lead.objects.filter(status="pending").count() == 4
    code, report = run(capsys, "undo_batch", str(report["batch"]))
    assert (code, report["state"], report["restored"], report["kept"]) == (0, "undone", 4, {})
    assert Lead.objects.filter(status="rejected").count() == 5


def test_a_check_changes_nothing(source: Source, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(capsys, "upload_corrections", str(file), "--source", source.code, "--check")
    assert (code, report["state"], report["outcomes"]) == (0, "checked", {"unchanged": 1, "released": 4})
    assert not Lead.objects.filter(status="pending").exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"email\na@example.org\n", "no_lead_id"), (b"", "empty_file"), (b"LeadID\n", "header_only")],
)
def test_what_is_refused_leaves_no_batch(
    source: Source, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    ended, report = run(capsys, "upload_corrections", str(path), "--source", source.code)
    assert (ended, report["error"]["code"]) == (1, code)
    assert not Batch.objects.exists()
    assert "Accept leads" not in report["error"]["detail"]
