"""Calls the API as a program would: with a key, in JSON."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from campaigns import tokens
from campaigns.models import Right, User

ALL = [str(right) for right in Right]


class Caller:
    """A program with a key of this person, who hands on all its rights unless said otherwise."""

    def __init__(self, person: User | None, rights: list[str] | None = None) -> None:
        self.browser = Client()
        self.headers: dict[str, str] = {}
        if person is not None:
            _, secret = tokens.make_key(
                person, "tests", ALL if rights is None else rights, expires_at=None, at=timezone.now()
            )
            self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.browser.get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, content: Any = None, *, key: str | None = None, **headers: str) -> Any:
        return self.send("post", path, content, key=key, **headers)

    def send(self, method: str, path: str, content: Any, *, key: str | None = None, **headers: str) -> Any:
        headers = {**self.headers, **headers, **({"Idempotency-Key": key} if key else {})}
        body = json.dumps({} if content is None else content)
        call = getattr(self.browser, method)
        return call(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    def upload(self, fields: dict[str, Any], *, key: str | None = None) -> Any:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return self.browser.post("/api/v1/batches/", fields, headers=headers)


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that was answered, which must be this one."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), (
        answer.content
    )
    told: dict[str, Any] = answer.json()
    assert told["code"] == code, told
    assert told["status"] == status
    return told
