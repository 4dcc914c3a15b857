"""Records → PostgreSQL COPY text: `line`, tab, the cells as a text array, tab, the problem or `\\N`."""

from __future__ import annotations

import re

from rejections.reader.shapes import Record

_SPECIAL = re.compile('["\\\\\t\n\r]')


def copy_line(record: Record) -> str:
    """The record as one line of COPY text. No cell may hold a NUL (PostgreSQL stores none)."""
    line, cells, problem = record
    text = "\x00".join(cells)
    if _SPECIAL.search(text):
        # The array literal needs a backslash before these two; COPY takes every other backslash off again.
        text = _on_one_line(text.replace("\\", "\\\\\\\\").replace('"', '\\\\"'))
    array = text.replace("\x00", '","')
    note = "\\N" if problem is None else _on_one_line(problem.replace("\\", "\\\\"))
    return f'{line}\t{{"{array}"}}\t{note}\n'


def _on_one_line(text: str) -> str:
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
