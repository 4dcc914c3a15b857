"""How odd a text looks that was decoded by guess: which characters the languages of an encoding use.

charset-normalizer alone cannot tell the Western, Central European and Baltic code pages apart on the few
accented letters of a client's file. Here each non-ASCII character is charged for what does not suit it.
"""

from __future__ import annotations

import re
import unicodedata

# The letters of a code page's languages, from the commonest to the rarest.
_WEST = "éäüöáíóßçñèãàåøêúôâëîïæœòùìûõÿ"
_CENTRAL = "áéíłóěšžąęčřýśćüöúőńżůűňťďźţşăâîđľĺŕôëäß"
_BALTIC = "šėąįžūųčęāīņļķģēõäöü"
_TURKISH = "ışüğçöİâîû"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжіїшюцщэєфъёґўјљњћђџќѓѕ"
_GREEK = "αοιετσνηυρπκμλωςδγάίόέχθφβήύώξζψϊϋΐΰ"
_HEBREW = "יוהלאמרבתשםנכדעחקפסטגזןצךףץ"
_ARABIC = "اليمونرتبةعدسفهكقحجشطصخزضغذثظىأإآئءؤپچژگ"

_LETTERS = {
    "cp1252": _WEST, "cp850": _WEST, "cp1250": _CENTRAL, "iso8859-2": _CENTRAL, "cp852": _CENTRAL,
    "cp1257": _BALTIC, "cp1254": _TURKISH, "cp1251": _CYRILLIC, "koi8-u": _CYRILLIC, "cp866": _CYRILLIC,
    "cp1253": _GREEK, "cp1255": _HEBREW, "cp1256": _ARABIC,
}  # fmt: skip
#: Marks that stand before a word, after one, or alone.
_BEFORE = "“‘„‚«¡¿€£·•–—…\u00a0"
_AFTER = "”’“»€£°ºª²³·•–—…™®©\u00a0"
_ALONE = _BEFORE + _AFTER + "§½¼¾±µ×"

#: The charset with the everyday characters of a writing, and the first and last lead byte of those.
_EVERYDAY = {
    "cp932": ("shift_jis", 0x88, 0x97), "euc_jp": ("shift_jis", 0x88, 0x97), "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5": ("big5", 0xA4, 0xC6), "cp949": ("euc_kr", 0xB0, 0xC8),
}  # fmt: skip
_JAPANESE = ("cp932", "euc_jp")
_KANA = re.compile("[\u3041-\u30fe]")
_HALF_KANA = re.compile("[\uff61-\uff9f]")
_FULL_WIDTH = re.compile("[\u3000-\u301f\uff01-\uff5e]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def oddity(text: str, encoding: str) -> float:
    """How odd `text` is as a text of this encoding: 0 = every non-ASCII character suits it, 1 = none does."""
    found = [match.start() for match in _NOT_ASCII.finditer(text)]
    if not found:
        return 0.0
    padded = f" {text} "
    charge = _charge_wide if encoding in _EVERYDAY else _charge_narrow
    return sum(min(charge(padded[at : at + 3], encoding), 1.0) for at in found) / len(found)


def _charge_narrow(around: str, encoding: str) -> float:
    before, char, after = tuple(around)
    if not char.isalpha():
        return _charge_mark(before, char, after)
    charge = _rarity(char, _LETTERS[encoding]) + float(char.isupper() and before.islower())
    if char == "õ" and after != "e":  # Portuguese writes -ões; elsewhere this is a Hungarian ő misread
        charge += 0.7
    if unicodedata.name(char, "").startswith("LATIN"):
        return charge + 0.6 * float(_foreign(before) and _foreign(after))
    return charge + float(_plain(before) or _plain(after))


def _charge_mark(before: str, char: str, after: str) -> float:
    charge = 0.7 * float(after.isalpha() and char not in _BEFORE)
    charge += 0.7 * float(before.isalpha() and char not in _AFTER)
    charge += 0.7 * float(not after.isascii() and not after.isalpha() and after != char)
    if char == "’" and before.isalpha():
        return 0.0
    return charge + float(char not in _ALONE)


def _rarity(char: str, letters: str) -> float:
    at = letters.find(char)
    if at < 0:
        at = letters.find(char.lower())
    return 1.0 if at < 0 else 0.007 * at


def _charge_wide(around: str, encoding: str) -> float:
    before, char, after = tuple(around)
    charge = 0.8 * float((_plain(before) and before.islower()) or (_plain(after) and after.islower()))
    if _FULL_WIDTH.match(char):
        return charge + 0.1
    if _KANA.match(char):
        return charge + float(encoding not in _JAPANESE)
    if _HALF_KANA.match(char):
        return charge + 0.1 + 0.5 * float(not (_half(before) or _half(after)))
    charset, first, last = _EVERYDAY[encoding]
    encoded = char.encode(charset, "replace")
    common = len(encoded) == 2 and first <= encoded[0] <= last
    return charge + float(not common)


def _half(char: str) -> bool:
    return _HALF_KANA.match(char) is not None


def _foreign(char: str) -> bool:
    return char.isalpha() and not char.isascii()


def _plain(char: str) -> bool:
    return char.isalpha() and char.isascii()
