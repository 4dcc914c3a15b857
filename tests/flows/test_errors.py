"""Each error page really appears, and says what happened, what was not changed, and what to do next."""

from __future__ import annotations

import logging
import re
import uuid
from logging.config import DictConfigurator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import tokens
from tests import make
from tests.flows.world import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def breaking(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.flows.breaking"


def browser(**options: Any) -> Client:
    found = Client(raise_request_exception=False, **options)
    found.force_login(make.operator())
    return found


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def test_400_what_was_sent_makes_no_sense() -> None:
    answer = browser().get("/", HTTP_HOST="elsewhere.example")
    assert answer.status_code == 400
    assert "Nothing was changed. Go back, reload the page, and try again." in text(answer)


def test_403_names_who_can_help() -> None:
    w = world()
    reader = Client()
    assert w.people["reader"]
    reader.force_login(w.people["reader"])
    answer = reader.get(reverse("batch_undo", args=[w.finished.pk]))
    assert answer.status_code == 403
    said = text(answer)
    assert "Nothing was changed." in said
    assert "“Reject leads as a client”; Ada Admin at leadrej can give it to you." in said


def test_404_leads_on() -> None:
    answer = browser().get("/no-such-page/")
    assert answer.status_code == 404
    assert "There is nothing here that you may see." in text(answer)
    assert "Find a lead" in text(answer)


@pytest.mark.parametrize(("size", "limit"), [({"CONTENT_LENGTH": "300000000"}, "200 MB"), ({}, "2.6 MB")])
def test_413_before_it_is_read_and_where_a_form_is_too_long(size: dict[str, str], limit: str) -> None:
    answer = browser().post(reverse("import_new"), {"campaign": "x" * 3_000_000}, **size)  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert f"The limit is {limit}. Nothing was stored." in text(answer).replace("\xa0", " ")


def test_429_after_many_wrong_passwords_for_one_name() -> None:
    person = make.operator()
    person.set_password("right-and-long-7")
    person.save()
    guesser = Client(REMOTE_ADDR=str(uuid.uuid4()))  # the cache outlives a test
    wrong = {"username": person.username, "password": "wrong"}
    for _ in range(10):
        assert guesser.post("/login/", wrong).status_code == 200
    right = {"username": person.username, "password": "right-and-long-7"}
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in person.username)  # the form reads it as the name
    for name in (person.username.upper(), f" {person.username}", wide):
        answer = guesser.post("/login/", right | {"username": name})
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300"), name
    assert "Free again within 5 min" in text(answer).replace("\xa0", " ")
    assert guesser.post("/login/", wrong | {"username": "another"}).status_code == 200
    assert guesser.post("/admin/login/?next=/admin/", right).headers["Location"] == "/login/?next=%2Fadmin%2F"
    assert guesser.get("/").status_code == 302, "the admin site has no door of its own, where nobody counts"


def test_the_log_names_no_token_that_lets_in(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    """A form's address is its token: whatever goes wrong there is logged without it."""
    formatter = DictConfigurator(settings.LOGGING).configure_formatter(
        {**settings.LOGGING["formatters"]["line"]}
    )
    source = make.source(make.campaign())
    token = tokens.make_intake_token(source, person=None, at=timezone.now())
    assert Client().post(f"/in/{token}/", b"no JSON", "application/json").status_code == 400
    key, secret = tokens.make_key(make.operator(), "CRM", ["read"], expires_at=None, at=timezone.now())
    logging.getLogger("leadrej").warning("sent %s", secret)
    lines = [(record.getMessage(), formatter.format(record)) for record in caplog.records]
    assert sum(token in said or secret in said for said, _ in lines) == 2
    assert not [line for _, line in lines if token in line or secret in line]
    assert key.prefix in lines[-1][1], "people know it by its beginning"


def test_500_has_a_reference_that_stands_in_the_log_and_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "leadrej.failing"):
        answer = browser().get("/broken/")
        problem = browser().get("/api/v1/broken/").json()
    assert answer.status_code == 500
    reference = re.search(r"E-[2-9A-Z]{4}-[2-9A-Z]{4}", text(answer))
    assert reference
    assert f"{reference[0]}: GET /broken/" in caplog.text
    assert "secret" not in answer.content.decode()
    assert f"{problem['reference']}: GET /api/v1/broken/" in caplog.text
    assert problem["code"] == "broken"


def test_503_asks_again_by_itself_but_never_sends_a_form_twice() -> None:
    looked = browser().get("/cut-off/")
    assert (looked.status_code, looked.headers["Retry-After"]) == (503, "10")
    assert '<meta http-equiv="refresh" content="10">' in looked.content.decode()
    sent = browser().post("/cut-off/")
    assert sent.status_code == 503
    assert "This request was not carried out" in text(sent)
    assert not re.search(r"refresh|data-retry", sent.content.decode())


def test_a_form_that_is_too_old_says_how_to_send_it() -> None:
    answer = browser(enforce_csrf_checks=True).post(reverse("profile"), {})
    assert answer.status_code == 403
    assert "Nothing was changed. Go back, reload the page, and send it again." in text(answer)
