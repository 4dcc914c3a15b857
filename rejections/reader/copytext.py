"""Records → PostgreSQL COPY text: `line`, tab, the cells as a text array, tab, the problem or `\\N`."""

from __future__ import annotations

import re

from rejections.reader.shapes import Record

_SPECIAL = re.compile('["\\\\\t\n\r]')
#: COPY takes one backslash off what the array literal needs itself.
_IN_ARRAY = str.maketrans({'"': '\\\\"', "\\": "\\\\\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_IN_TEXT = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_line(record: Record) -> str:
    """The record as one line of COPY text. No cell may hold a NUL (PostgreSQL stores none)."""
    line, cells, problem = record
    text = "\x00".join(cells)
    if _SPECIAL.search(text):
        text = text.translate(_IN_ARRAY)
    array = text.replace("\x00", '","')
    note = "\\N" if problem is None else problem.translate(_IN_TEXT)
    return f'{line}\t{{"{array}"}}\t{note}\n'
