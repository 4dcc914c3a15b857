"""An uploaded file → its header and its rows, losing nothing (PRODUCT.md, section 10). Pure.

`look` says how a file is read and refuses what is no table; `records` gives its rows. What a row holds is never
interpreted here: cells are the text as it stands. Hostile files are for `rejections.sandbox` to contain.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from rejections.reader import delimited, kinds, survey
from rejections.reader.sentences import refusal
from rejections.reader.shapes import Choices, Limits, Reading, Record

__all__ = ["Choices", "Limits", "Reading", "Record", "look", "preview", "records"]


def look(path: Path, choices: Choices, limits: Limits) -> Reading:
    """How the file is read, with a person's choices laid over what is detected; raises Refused."""
    return preview(path, choices, limits, rows=1)[0]


def preview(path: Path, choices: Choices, limits: Limits, rows: int) -> tuple[Reading, list[Record]]:
    """How the file is read, and its first rows; raises Refused, also when it has a header and no rows."""
    if kinds.recognise(path) == "zip":
        from rejections.reader import workbook  # not needed for most files

        reading, found = workbook.preview(path, choices, limits)
    else:
        reading, found = survey.preview(path, choices, limits)
    first = list(islice(found, rows))
    if not first:
        raise refusal("header_only")
    return reading, first


def records(path: Path, reading: Reading, limits: Limits) -> Iterator[Record]:
    """The data rows below the header, in order; raises Refused past a limit."""
    if reading.kind == "xlsx":
        from rejections.reader import workbook

        return workbook.records(path, reading, limits)
    return delimited.records(path, reading, limits)
