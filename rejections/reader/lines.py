"""Bytes → physical lines, in blocks, in flat memory.

Only LF, CR LF and CR end a line; U+2028, U+0085, form feeds and the like are text. Bytes that do not decode
become lone surrogates, so that their line can be told from all others and shown with its bytes spelt out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 18
_ENDS = re.compile(r"(\r\n|\n|\r)")
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_UNDECODED = 0xDC00
_HANDLER = "rejections.reader.lines"


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_UNDECODED + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_HANDLER, _keep_bytes)


@dataclass
class Block:
    """Whole physical lines: their number in the file, texts and ends ("" only at the end of the file)."""

    first: int
    text: str
    lines: list[str]
    ends: list[str]
    #: Some line may hold NULs or bytes that did not decode.
    suspicious: bool


def blocks(path: Path, encoding: str, longest: int) -> Iterator[Block]:
    """The file's lines. Of a line longer than `longest` characters only that many, plus one, are kept."""
    line, suspicious = 1, False
    begun = ""
    for text, strange, last in _decoded(path, encoding):
        suspicious |= strange or "\x00" in text
        cut = len(text) if last else _after_last_end(text)
        if not cut and not last:
            begun += text[: longest + 1 - len(begun)]
            continue
        whole = begun + (text[_first_end(text) : cut] if len(begun) > longest else text[:cut])
        begun = text[cut:]
        if whole:
            lines, ends = _split(whole)
            yield Block(line, whole, lines, ends, suspicious)
            line += len(lines)
        suspicious = strange or "\x00" in begun


def unreadable(line: str) -> str | None:
    """What makes a line unreadable, in words; None for text."""
    found = _UNREADABLE.search(line)
    if found is None:
        return None
    if found.group() == "\x00":
        return "This line holds NUL bytes, which no text has."
    return "This line holds bytes that are not text in this encoding."


def spelt_out(line: str) -> str:
    r"""`line` fit to be stored and shown: NULs and bytes that did not decode are written `\x00`, `\xff`."""
    return _UNREADABLE.sub(lambda found: f"\\x{ord(found.group()) & 0xFF:02x}", line)


def _decoded(path: Path, encoding: str) -> Iterator[tuple[str, bool, bool]]:
    """Decoded pieces, whether bytes had to be kept in one, and whether it is the last."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    at_start, half = True, ""
    last = False
    with path.open("rb") as file:
        while not last:
            raw = file.read(_BLOCK)
            last = not raw
            text, strange = _decode(decoder, raw)
            text, half = half + text, ""
            if text.endswith("\r") and not last:  # maybe the first half of CR LF
                text, half = text[:-1], "\r"
            if at_start and text:
                text, at_start = text.removeprefix("\ufeff"), False
            yield text, strange, last


def _decode(decoder: codecs.IncrementalDecoder, raw: bytes) -> tuple[str, bool]:
    state = decoder.getstate()
    try:
        return decoder.decode(raw, not raw), False
    except UnicodeDecodeError:
        decoder.setstate(state)
        decoder.errors = _HANDLER
        text = decoder.decode(raw, not raw)
        decoder.errors = "strict"
        return text, True


def _after_last_end(text: str) -> int:
    return max(text.rfind("\n"), text.rfind("\r")) + 1


def _first_end(text: str) -> int:
    found = _ENDS.search(text)
    return found.start() if found else len(text)


def _split(text: str) -> tuple[list[str], list[str]]:
    feeds, returns = text.count("\n"), text.count("\r")
    if not returns:
        end = "\n"
    elif not feeds:
        end = "\r"
    elif feeds == returns == text.count("\r\n"):
        end = "\r\n"
    else:
        pieces = _ENDS.split(text)
        lines, ends = pieces[0::2], pieces[1::2]
        return (lines[:-1], ends) if not lines[-1] else (lines, [*ends, ""])
    lines = text.split(end)
    if lines[-1]:
        return lines, [end] * (len(lines) - 1) + [""]
    return lines[:-1], [end] * (len(lines) - 1)
