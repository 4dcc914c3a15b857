"""What may stand in a spreadsheet cell of ours, and how it comes back unchanged. Pure."""

from __future__ import annotations

import re

_TRIGGER = "=+\\-@\t\r\n＝＋－＠"
_SHIELD = re.compile(f"'*[{_TRIGGER}]")
_SHIELDED = re.compile(f"'+[{_TRIGGER}]")
#: Characters that XML cannot hold; XLSX writes them as _xHHHH_.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")


def shield(text: str) -> str:
    """`text` as a CSV cell that no spreadsheet runs as a formula: one `'` in front where it would."""
    return "'" + text if _SHIELD.match(text) else text


def unshield(text: str) -> str:
    """What `shield` was given: one `'` less where it had put one."""
    return text[1:] if _SHIELDED.match(text) else text


def xml_safe(text: str) -> str:
    """`text` as an XLSX cell holds it, with the characters XML has no room for escaped reversibly."""
    return _NOT_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
