"""The benchmark's sides do the same work: measured small, they leave the same end state behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.worker import CHECKOUT


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_leadrej_and_the_reference_end_alike(environment: dict[str, str]) -> None:
    sizes = ["--leads", "20000", "--rows", "1000", "--peer-rows", "100", "--pairs", "1", "--forget"]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *sizes],
        env=environment,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "left the same end state behind" in done.stdout
    assert "django-import-export, tuned" in done.stdout
    assert "values only, by SQL" in done.stdout
