"""The frame: what the environment may say, how a wrong start is refused, what every answer carries."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from leadrej import assets, environment
from rejections.demo.parties import LOGINS, PASSWORD
from tests.worker import CHECKOUT

PRODUCTION = {
    "LEADREJ_ENV": "production",
    "SECRET_KEY": "a-key-of-sixty-letters-for-the-tests-of-a-production-start-only",
    "ALLOWED_HOSTS": "leadrej.example",
    "DATABASE_URL": "postgresql://someone:secret@localhost/unused",
    "REDIS_URL": "redis://localhost:1/0",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` in a process that knows only these variables."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def variables_read() -> set[str]:
    """The names in all calls such as `environment.text("NAME")` of the frame."""
    functions = {"text", "choice", "flag", "number", "words"}
    names = set()
    for path in (CHECKOUT / "leadrej").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                if node.func.attr in functions and isinstance(first, ast.Constant):
                    names.add(str(first.value))
    return names


def test_the_example_names_every_variable_and_no_other() -> None:
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    assert variables_read() == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_the_values_of_the_example_are_the_defaults() -> None:
    """Whoever copies the example and changes nothing gets what whoever has none gets."""
    example = (CHECKOUT / ".env.example").read_text(encoding="utf-8")
    script = "from leadrej import settings as s; print({k: v for k, v in vars(s).items() if k.isupper()})"
    needed = {name: PRODUCTION[name] for name in ("DATABASE_URL", "REDIS_URL")}
    answers = []
    for given in ({}, dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))):
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=CHECKOUT,
            env={"PATH": os.environ["PATH"], **given, **needed},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        answers.append(done.stdout)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"])
def test_production_names_what_it_misses(missing: str) -> None:
    done = manage("check", **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert done.returncode == 1
    assert done.stderr.startswith(f"leadrej cannot start: {missing} must be set in production: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"LEADREJ_ENV": "prod"}, "LEADREJ_ENV is “prod”; it must be one of: development, production."),
        ({"HTTPS": "maybe"}, "HTTPS is “maybe”; it must be on or off."),
        ({"CHUNK_ROWS": "0"}, "CHUNK_ROWS is “0”; it must be a whole number of at least 1."),
        ({"CSV_MAX_MB": "2²"}, "CSV_MAX_MB is “2²”; it must be a whole number of at least 1."),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL must look like postgresql://"),
        ({"DEBUG": "on"}, "DEBUG must be off in production"),
    ],
)
def test_a_value_without_sense_is_refused_in_a_sentence(variables: dict[str, str], sentence: str) -> None:
    done = manage("check", **{**PRODUCTION, **variables})
    assert done.returncode == 1
    assert done.stderr.startswith(f"leadrej cannot start: {sentence}")


def test_production_passes_djangos_own_review() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_a_database_url_may_hold_what_urls_escape() -> None:
    url = "postgresql://o%27neil:p%40ss%2Fword@db.example:6432/leads%20of%20us?sslmode=require"
    assert environment.database(url) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "leads of us",
        "USER": "o'neil",
        "PASSWORD": "p@ss/word",
        "HOST": "db.example",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "require"},
    }


def test_the_file_gives_way_to_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("# a sentence\nLEADREJ_TEST_A='from the file'\nLEADREJ_TEST_B=from the file\n")
    monkeypatch.setattr(os, "environ", {"LEADREJ_TEST_B": "from outside"})
    environment.load_file(file)
    assert environment.text("LEADREJ_TEST_A") == "from the file"
    assert environment.text("LEADREJ_TEST_B") == "from outside"


def test_no_task_outlives_the_visibility_timeout() -> None:
    assert settings.CELERY_TASK_TIME_LIMIT < settings.CELERY_VISIBILITY_TIMEOUT
    assert (
        settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] == settings.CELERY_VISIBILITY_TIMEOUT
    )


@pytest.mark.django_db
def test_every_answer_carries_the_strict_policy(client: Client) -> None:
    policy = client.get("/login/").headers["Content-Security-Policy"]
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives == {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "form-action": "'self'",
    }


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt", "package-lock.json"):
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert "://" not in text, name
        assert "resolved" not in text, name
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert len(re.findall(r"^\S+==\S+ \\\n    --hash", text, re.MULTILINE)) == text.count("==")


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    listed = set((CHECKOUT / "static" / "icons.txt").read_text(encoding="utf-8").split())
    templates = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "templates").rglob("*.html"))
    used = set(re.findall(r"""\{% icon ["']([a-z0-9-]+)["']""", templates)) | set(
        re.findall(r"icons\.svg[^#\"]*#i-([a-z0-9-]+)", templates)
    )
    assert used <= listed
    assert assets.sprite().count("<symbol ") == len(listed)


def test_the_readme_names_the_demos_log_ins() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert f"Everybody's password is `{PASSWORD}`" in readme
    for login in LOGINS:
        assert f"`{login.username}`" in readme
        assert login.what.removesuffix(" user") in readme
