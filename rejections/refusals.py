"""Expected failures: each has a stable code, a title and a sentence. Bugs have tracebacks instead. Pure."""

from __future__ import annotations


class Refused(Exception):
    """What was asked cannot be done; the sentence says what happened, what was not changed, what to do."""

    def __init__(self, code: str, title: str, detail: str) -> None:
        super().__init__(f"{title}. {detail}")
        self.code = code
        self.title = title
        self.detail = detail
