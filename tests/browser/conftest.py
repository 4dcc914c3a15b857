"""Browsers with people in them. Whatever a browser complains about, in any test here, fails that test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from campaigns.models import User

OpenBrowser = Callable[..., Page]


@pytest.fixture
def open_browser(browser: Browser, live_server: Any) -> Iterator[OpenBrowser]:
    """`open_browser(person, **options)`: a page in a browser of its own; `options` are those of `new_context`."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(person: User | None = None, **options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options}
        contexts.append(browser.new_context(base_url=live_server.url, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _complains(said) else None)
        if person:
            _sign_in(page, person, live_server.url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, "the browser complained:\n" + "\n".join(complaints)


def _complains(said: ConsoleMessage) -> bool:
    """An error, unless it is meant: a page came with a status above 399, or was left while it asked for progress."""
    if said.text.startswith(("htmx:sendAbort", "htmx:afterRequest")):
        return False
    noted = said.text.startswith("Failed to load resource") and "/static/" not in said.location.get("url", "")
    return said.type == "error" and not noted


def _sign_in(page: Page, person: User, site: str) -> None:
    """Give the browser a session of this person, as if it had signed in."""
    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
