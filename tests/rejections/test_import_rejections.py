"""`manage.py import_rejections` where it is refused: what to do is said in options, and no batch stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from rejections.models import Batch
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"Who,Reason\n1,x\n", [], "--identifier-column"),
        (b"Lead ID,Note\n1,x\n", [], "--default-reason"),
        (b"Lead ID,Reason\n1,x\n", ["--reason-column", "Why"], "no column"),
        (b"Lead ID,Reason\n", [], "no rows"),
        (b"", [], "empty"),
        (b"Lead ID,Reason\n1,x\n", ["--identifier", "field:nonsense"], "nonsense"),
    ],
)
def test_what_is_refused_leaves_no_batch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, options: list[str], said: str
) -> None:
    campaign, path = make.campaign(), tmp_path / "file.csv"
    path.write_bytes(content)
    given = ["--campaign", campaign.code, "--identifier", "lead_id", *options]
    with pytest.raises(SystemExit) as ended:
        call_command("import_rejections", str(path), *given)
    assert ended.value.code == 1
    assert said in capsys.readouterr().err
    assert not Batch.objects.exists()
