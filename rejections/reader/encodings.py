"""Which encoding a text file is in: BOM, strict UTF-8, a look for UTF-16, then the likeliest code page."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rejections.reader.scripts import oddity
from rejections.reader.sentences import refusal

#: Every encoding a person may choose, by its codec name.
LABELS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 (big endian)",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32 (big endian)",
    "cp1252": "Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp932": "Shift_JIS (Japanese)",
    "cp949": "EUC-KR (Korean)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Traditional Chinese)",
    "euc_jp": "EUC-JP (Japanese)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "koi8-u": "KOI8 (Cyrillic)",
    "iso8859-2": "ISO-8859-2 (Central European)",
    "cp850": "DOS 850 (Western European)",
    "cp852": "DOS 852 (Central European)",
    "cp866": "DOS 866 (Cyrillic)",
    "mac-roman": "Mac Roman",
}
#: Tried in this order of likelihood; never mac_*, which explains anything and is right for nothing.
CANDIDATES = tuple(name for name in LABELS if not name.startswith(("utf", "mac")))
LATIN = frozenset({"cp1252", "cp1250", "cp1254", "cp1257", "iso8859-2", "cp850", "cp852"})

#: A codec by another name, or by the name of its smaller relative.
_WIDER = {
    "utf-8-sig": "utf-8", "ascii": "utf-8", "iso8859-1": "cp1252", "iso8859-15": "cp1252", "iso8859-9": "cp1254",
    "shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "cp950": "big5",
    "big5hkscs": "big5", "koi8-r": "koi8-u", "utf-32": "utf-32-le",
}  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins alike
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_BLOCK = 1 << 18
#: Bytes of lines beyond ASCII that are compared; more would not change the answer.
_SAMPLE = 12_000
#: Two readings closer than this are for a person to judge.
_CLOSE = 0.15
#: What looks odder than this in every code page is damage in a UTF-8 file.
_NO_TEXT = 0.45
_CONTROL = re.compile("[\x80-\x9f]")
_NEWLINE = re.compile(rb"[\r\n]+")


class Guess(NamedTuple):
    """An encoding; whether it stands beyond doubt; others that could be it, likeliest first."""

    encoding: str
    certain: bool = True
    alternatives: tuple[str, ...] = ()


def named(name: str, head: bytes = b"") -> str:
    """The codec a person means by `name` (any alias); raises Refused for what is not offered."""
    try:
        codec = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        codec = ""
    if codec == "utf-16":
        return marked(head) or utf16(head) or "utf-16-le"
    codec = _WIDER.get(codec, codec)
    if codec not in LABELS:
        raise refusal("unknown_encoding", name=name, known=", ".join(LABELS.values()))
    return codec


def detect(path: Path) -> Guess:
    """The encoding of a text file. Reads it whole once, in blocks, unless its first bytes tell."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if certain := marked(head) or utf16(head):
        return Guess(certain)
    if _is_utf8(path):
        return Guess("utf-8")
    lines = _beyond_ascii(path)
    ranked = _rank(lines)
    if 2 * sum(map(_decodes_as_utf8, lines)) > len(lines):
        return Guess("utf-8", False, tuple(name for name, _, _ in ranked[:6]))
    if not ranked:
        return Guess("utf-8", False)
    best, score, text = ranked[0]
    if score > _NO_TEXT:
        return Guess("utf-8", False, tuple(name for name, _, _ in ranked[:6]))
    rival = next((s for _, s, other in ranked[1:] if other != text), 9.0)
    certain_enough = rival - score > _CLOSE
    return Guess(best, certain_enough, tuple(name for name, _, _ in ranked[1:7]))


def marked(head: bytes) -> str | None:
    """The encoding whose byte order mark begins the file."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def utf16(head: bytes) -> str | None:
    """UTF-16 without a mark: NULs in plenty, nearly all of them in every second byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    few, many = sorted((even, odd))
    if not many or many * 20 < len(head) or few * 4 > many:
        return None
    codec = "utf-16-le" if odd > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(codec, "replace")
    return codec if "\x00" not in text and text.count("\ufffd") * 50 <= len(text) else None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", True)
        except UnicodeDecodeError:
            return False
    return True


def _decodes_as_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _beyond_ascii(path: Path) -> list[bytes]:
    """The first lines that hold other than ASCII bytes, each cut to what matters here."""
    found: list[bytes] = []
    size, rest = 0, b""
    with path.open("rb") as file:
        while size < _SAMPLE:
            block = file.read(_BLOCK)
            *lines, rest = _NEWLINE.split(rest + block)
            if not block or len(rest) > _BLOCK:
                lines, rest = [*lines, rest], b""
            odd = [line[:_SAMPLE] for line in lines if not line.isascii()]
            found += odd
            size += sum(map(len, odd))
            if not block:
                break
    return _first(found)


def _first(lines: Sequence[bytes]) -> list[bytes]:
    kept, size = [], 0
    for line in lines:
        kept.append(line)
        size += len(line)
        if size >= _SAMPLE:
            break
    return kept


def _rank(lines: Sequence[bytes]) -> list[tuple[str, float, str]]:
    """The candidates with their scores and the text each makes of the lines; the least odd first."""
    texts = {
        name: [text for line in lines if (text := _decode(line, name)) is not None] for name in CANDIDATES
    }
    joined = {name: "\n".join(found) for name, found in texts.items() if 2 * len(found) >= len(lines)}
    sample = b"\n".join(lines)
    odd_bytes = len(sample.translate(None, bytes(range(128))))
    chaos = _chaos(sample)
    alike = {joined[name]: mess for name, mess in chaos.items() if name in joined}
    ranked = []
    for place, name in enumerate(CANDIDATES):
        if name in joined:
            mess = chaos.get(name, alike.get(joined[name], 0.5))
            broken = 1 - len(texts[name]) / len(lines)
            score = oddity(joined[name], name) + 0.1 * mess + _handicap(place, name, odd_bytes) + broken
            ranked.append((name, score, joined[name]))
    return sorted(ranked, key=lambda candidate: candidate[1])


def _handicap(place: int, name: str, odd_bytes: int) -> float:
    """For what is rarer, and for a writing of its own of which the file would hold but a letter or two."""
    rare = 0.04 + 0.002 * place if place else 0.0
    return rare if name in LATIN else rare + 0.6 / odd_bytes


def _decode(line: bytes, encoding: str) -> str | None:
    """The line as text; None when it is none, which control characters beyond ASCII show too."""
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text


def _chaos(sample: bytes) -> dict[str, float]:
    """What charset-normalizer thinks of each candidate: 0 = text, 1 = a mess."""
    from charset_normalizer import from_bytes  # takes 60 ms to import, and most files are UTF-8

    found: dict[str, float] = {}
    for match in from_bytes(sample, cp_isolation=list(CANDIDATES), enable_fallback=False, threshold=1.0):
        for name in match.could_be_from_charset:
            found.setdefault(codecs.lookup(name).name, match.chaos)
    return found
