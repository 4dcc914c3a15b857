"""The examples of docs/api.md do what they say, one after the other, against a running site."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from campaigns import tokens
from campaigns.models import Picklist, Source
from rejections import lists
from tests import make
from tests.api.calling import ALL
from tests.worker import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BLOCKS = re.findall(
    r"^```(sh|json|python)\n(.*?)^```$", (CHECKOUT / "docs/api.md").read_text(), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def site(live_server: Any, worker: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A site with what the examples name, and the variables they read."""
    at = timezone.now()
    campaign = make.campaign(code="SOLAR-UK")
    source = make.source(campaign)
    Source.objects.filter(pk=source.pk).update(code="FORM-SOLAR-UK")
    for number in (4810233, 4810240, 4810241, 4810242):
        make.lead(campaign, id=number, at=at - timedelta(days=1))
    make.lead(campaign, at=at - timedelta(days=1), email="ann@example.org")
    with transaction.atomic():
        countries = Picklist.objects.create(client=campaign.client, name="Countries")
        lists.add_value(countries, "England", by=None, at=at)
    _, key = tokens.make_key(make.admin(), "docs", ALL, expires_at=None, at=at)
    form = tokens.make_intake_token(source, person=None, at=at)
    variables = {"LEADREJ": live_server.url, "KEY": key, "FORM": f"{live_server.url}/in/{form}/"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return {**os.environ, **variables}


def test_the_examples_do_what_they_say(site: dict[str, str]) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    assert {kind for kind, _ in BLOCKS} == {"sh", "json", "python"}
    names: dict[str, Any] = {}
    answer: Any = None
    try:
        for kind, text in BLOCKS:
            if kind == "sh":
                command = ["sh", "-eu", "-c", text]
                said = subprocess.run(command, env=site, capture_output=True, text=True, check=False)
                assert said.returncode == 0, f"{text}\n{said.stdout}\n{said.stderr}"
                answer = json.loads(said.stdout)
            elif kind == "json":
                assert_told(json.loads(text), answer)
            else:
                exec(compile(text, "docs/api.md", "exec"), names)
    finally:
        if "api" in names:
            names["api"].close()


def assert_told(shown: Any, answer: Any) -> None:
    """What the page shows is in the answer; the answer may say more."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert_told(value, answer[name])
    elif isinstance(shown, list):
        assert len(shown) == len(answer)
        for one, other in zip(shown, answer, strict=True):
            assert_told(one, other)
    else:
        assert shown == answer
