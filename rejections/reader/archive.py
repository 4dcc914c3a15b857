"""A look into a ZIP before any library unpacks it: every part is inflated once, counted, and thrown away.

Sizes in the headers are not believed, they are compared with what comes out.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rejections.reader.sentences import refusal
from rejections.reader.shapes import Limits
from rejections.refusals import Refused

#: More parts than any workbook of a table has.
_MOST_PARTS = 2_000
_MOST_DIRECTORY_BYTES = 1_000_000
#: A part may unpack to this many times its size; small ones may to more.
_MOST_RATIO = 200
_SMALL = 10_000_000
_PIECE = 1 << 18
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_XML = (".xml", ".rels", ".vml")
_STORED, _DEFLATED = 0, 8
_END = b"PK\x05\x06"
_LOCAL = struct.Struct("<4s5H3I2H")


def parts(path: Path) -> list[zipfile.ZipInfo]:
    """The parts named in the archive's directory; raises Refused for a damaged or absurd one."""
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
        raise refusal(
            "corrupt", what="It is a ZIP archive whose table of contents cannot be read."
        ) from error
    if len(found) > _MOST_PARTS:
        raise refusal("bomb", what=f"It is an archive of {len(found):,} parts.")
    if any(part.flag_bits & 1 for part in found):
        raise refusal("encrypted")
    return found


class Inflater:
    """Unpacks parts piece by piece and keeps count over all of them."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._unpacked = 0

    def pieces(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """The part's content in pieces; raises Refused for a bomb, a damaged part, or one that is no XML part
        of a workbook (another archive, XML with declarations)."""
        with self._path.open("rb") as file:
            size = sum_of_bytes = 0
            before = b""
            for piece in _inflate(file, part):
                size += len(piece)
                self._unpacked += len(piece)
                self._check_size(part, size)
                _check_content(part, before, piece)
                sum_of_bytes = zlib.crc32(piece, sum_of_bytes)
                before = piece[-16:]
                yield piece
        if size != part.file_size or sum_of_bytes != part.CRC:
            raise _damaged(part)

    def _check_size(self, part: zipfile.ZipInfo, size: int) -> None:
        if self._unpacked > self._limits.xlsx_unpacked_bytes:
            limit = self._limits.xlsx_unpacked_bytes // 1_000_000
            raise refusal("bomb", what=f"It holds more than {limit:,} MB when unpacked.")
        if size > _SMALL and size > _MOST_RATIO * max(part.compress_size, 1):
            raise refusal(
                "bomb", what=f"Its part {part.filename[:100]} unpacks to over {_MOST_RATIO} times its size."
            )


def _check_directory(path: Path) -> None:
    """Refuse a directory too large to hold in memory, before it is read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (1 << 16) - 22))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        raise refusal("corrupt", what="It is a ZIP archive that breaks off before its end.")
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    if entries > _MOST_PARTS or directory > _MOST_DIRECTORY_BYTES:
        raise refusal("bomb", what=f"It is an archive of {entries:,} parts.")


def _inflate(file: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    _seek_content(file, part)
    left = part.compress_size
    if part.compress_type == _STORED:
        while left and (raw := file.read(min(left, _PIECE))):
            left -= len(raw)
            yield raw
        return
    if part.compress_type != _DEFLATED:
        raise _damaged(part)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while left and (raw := file.read(min(left, _PIECE))):
            left -= len(raw)
            while raw:
                yield inflater.decompress(raw, _PIECE)
                raw = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as error:
        raise _damaged(part) from error
    if not inflater.eof:
        raise _damaged(part)


def _seek_content(file: BinaryIO, part: zipfile.ZipInfo) -> None:
    try:
        file.seek(part.header_offset)
    except (OSError, ValueError) as error:
        raise _damaged(part) from error
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise _damaged(part)
    name, extra = _LOCAL.unpack(header)[-2:]
    file.seek(name + extra, 1)


def _check_content(part: zipfile.ZipInfo, before: bytes, piece: bytes) -> None:
    if not before and piece.startswith(b"PK\x03\x04"):
        raise refusal("bomb", what=f"It holds another archive, {part.filename[:100]}.")
    if not part.filename.lower().endswith(_XML):
        return
    if not before and piece.startswith((b"\xfe\xff", b"\xff\xfe")):
        raise _damaged(part)  # UTF-16: allowed in XML, but nobody writes it, and nobody may hide in it
    joined = before + piece
    if b"<!" in joined and _DECLARATION.search(joined):
        raise refusal("xml_entities", part=part.filename[:100])


def _damaged(part: zipfile.ZipInfo) -> Refused:
    return refusal("corrupt", what=f"Its part {part.filename[:100]} cannot be unpacked.")
