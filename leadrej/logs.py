"""Lines of the log: what happened, and no secret that a request carried in its address."""

import logging
import re

#: A token of a source or a key (`campaigns.tokens`, unknown while logging starts); people know it by its beginning.
_SECRET = re.compile(r"(lr_(?:in|key)_[\w-]{5})[\w-]+")


class Line(logging.Formatter):
    """A line with its traceback, tokens and keys cut short: who reads the log must not send in leads with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return _SECRET.sub(r"\1…", super().format(record))
