"""The command line teaches by example, shows a bar on a terminal, and is quiet in a pipe."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.utils import timezone

from tests import make
from tests.worker import CHECKOUT

TAUGHT = [name for name, app in get_commands().items() if app in ("leads", "rejections") and name != "demo"]


@pytest.mark.parametrize("name", sorted(TAUGHT))
def test_every_example_in_the_help_is_understood(name: str) -> None:
    help_text = load_command_class(get_commands()[name], name).create_parser("manage.py", name).format_help()
    taught = re.search(
        r"^examples:\n(.*?)\n\nexit codes: 0 done.*1 .*refused", help_text, re.MULTILINE | re.DOTALL
    )
    assert taught, help_text
    examples = taught[1].replace("\\\n", " ").strip().splitlines()
    assert any(f"manage.py {name} " in line for line in examples)
    for line in examples:
        _, other, *arguments = shlex.split(line)
        load_command_class(get_commands()[other], other).create_parser("manage.py", other).parse_args(
            arguments
        )


@pytest.mark.django_db(transaction=True)
def test_a_bar_on_a_terminal_and_quiet_in_a_pipe(environment: dict[str, str], tmp_path: Path) -> None:
    campaign = make.campaign()
    lead = make.lead(campaign, at=timezone.now() - timedelta(days=1))
    path = tmp_path / "returns.csv"
    path.write_bytes(make.csv_bytes([(lead.pk, "Duplicate Lead")]))
    command = [sys.executable, "manage.py", "import_rejections", str(path), "--json"]
    command += ["--campaign", campaign.code, "--identifier", "lead_id"]

    def run(stderr: int) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command, "--check"],
            env=environment,
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=stderr,
            check=True,
        )

    piped = run(subprocess.PIPE)
    assert json.loads(piped.stdout)["outcomes"] == {"rejected": 1}
    assert piped.stderr == b""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        assert json.loads(run(theirs).stdout)["state"] == "checked"
        assert b"rows" in os.read(ours, 100_000)
    finally:
        os.close(ours)
        os.close(theirs)
