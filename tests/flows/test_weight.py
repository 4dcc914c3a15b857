"""What a page makes a browser load: style and script, compressed, as whitenoise sends them."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from campaigns.models import User
from tests.flows.world import world

pytestmark = pytest.mark.django_db

PLAIN, WITH_CHART = 120_000, 200_000
LINKED = re.compile(r'<(?:link rel="stylesheet" href|script src)="/static/([^"?]+)"')


@cache
def weight(name: str) -> int:
    path = finders.find(name)
    assert path, f"{name} is linked, and is not there"
    return len(gzip.compress(Path(path).read_bytes()))


def loaded(text: str) -> dict[str, int]:
    return {name: weight(name) for name in LINKED.findall(text)}


def menu(browser: Client) -> set[str]:
    """The pages the person's menu leads to, bar the admin site, which has a look of its own."""
    home = browser.get("/").content.decode()
    nav = re.search(r'<nav aria-label="Main">.*?</nav>', home, re.DOTALL)
    assert nav
    return {path for path in re.findall(r'<a href="(/[^"]*)"', nav[0]) if not path.startswith("/admin/")}


def heavy(browser: Client, paths: set[str]) -> dict[str, dict[str, int]]:
    """Pages that load more than they may, with what they load."""
    found = {}
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        parts = loaded(answer.content.decode())
        assert "app.css" in parts, path
        if sum(parts.values()) >= (WITH_CHART if any("chart" in name for name in parts) else PLAIN):
            found[path] = parts
    return found


def test_no_page_is_heavy() -> None:
    w = world()
    assert heavy(Client(), {"/login/"}) == {}
    for role in ("admin", "client", "reader", "supplier"):
        person: User | None = w.people[role]
        assert person
        browser = Client()
        browser.force_login(person)
        pages = menu(browser)
        assert len(pages) > 0
        if person.is_staff:
            pages |= {
                f"/imports/{w.finished.pk}/result/",
                f"/imports/{w.checked.pk}/check/",
                f"/leads/{w.leads['client_rejected'].pk}/",
                f"/campaigns/{w.campaign.code}/",
            }
        assert heavy(browser, pages) == {}
