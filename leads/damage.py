"""What spreadsheets do to values, recognised because the original is known. Pure.

Each kind of damage is one function: can a spreadsheet have made `cell` of `stored`, a text it was given?
None of them guesses at what is lost; they only know it again. To add a kind: one function, one line in
`KINDS`. They see the texts as they are, and with plain spaces and quotes, so that kinds combine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from leads.dates import date_reformatted, time_reformatted
from leads.sheet import same_text

_QUOTES = str.maketrans(
    dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"…": "..."}
)


def damage(stored: str, cell: str) -> str | None:
    """What a spreadsheet did to `stored` so that `cell` is left of it, as a sentence; None when nothing known.

    A cell that says the same (`same_text`) is not damaged either. Symmetric in nothing: `stored` is ours.
    """
    if same_text(stored, cell):
        return None
    return _known(stored, cell) if len(stored) + len(cell) <= _SHORT else _damage(stored, cell)


#: What is known of so many short pairs is kept: a file has the same ones again and again, and is read twice.
_SHORT = 200


@lru_cache(maxsize=8192)
def _known(stored: str, cell: str) -> str | None:
    return _damage(stored, cell)


def _damage(stored: str, cell: str) -> str | None:
    spaced = straight(stored), straight(cell)
    if spaced[0] == spaced[1]:
        return "Spaces, line breaks or invisible characters were changed"
    typed = plain(stored), plain(cell)
    if typed[0] == typed[1]:
        return "Quotation marks or dashes were replaced by typographic ones"
    pairs = dict.fromkeys((typed, (stored, cell), spaced))
    return next((how for how, kind in KINDS.items() if any(kind(*pair) for pair in pairs)), None)


def straight(text: str) -> str:
    """`text` composed (NFC), with single plain spaces and nothing invisible."""
    if text.isascii() and text.isprintable():  # nearly every text
        return " ".join(text.split())
    kept = (
        " " if one.isspace() or unicodedata.category(one).startswith("Z") else one
        for one in unicodedata.normalize("NFC", text)
        if one.isspace() or unicodedata.category(one) not in ("Cc", "Cf")
    )
    return " ".join("".join(kept).split())


def plain(text: str) -> str:
    """`straight`, with typewriter quotes, dashes and dots, and without the `'` that marks a cell as text."""
    return " ".join(straight(text).translate(_QUOTES).lstrip("'").split())


_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,' ]\d+)*|[.,]\d+)%?")
_EXPONENT = re.compile(r"([+-]?)(\d{1,2})(?:[.,](\d*))?[eE]([+-]?\d{1,3})")


def number_rewritten(stored: str, cell: str) -> bool:
    """`007` → `7`, `+4420` → `4420`, `1.50` → `1.5`, `1,204` → `1204`, `50%` → `0.5`, `1E5` → `100000`."""
    if (dialled := _dialled(stored)) and not _GROUPED.fullmatch(stored):
        if cell == stored.removeprefix("+") != stored:
            return True
        return (  # a plus or zeros must be gone: spaces alone may be a person's doing
            _is_count(cell)
            and (stored.startswith("+") or dialled.startswith("0"))
            and dialled.lstrip("0") == cell
        )
    if not all(_NUMBER.fullmatch(text) or _EXPONENT.fullmatch(text) for text in (stored, cell)):
        return False
    return not _readings(stored).isdisjoint(_readings(cell))


def _readings(text: str) -> set[Decimal]:
    """The numbers a text can be read as: with a point, a comma, or grouping."""
    share = 100 if text.endswith("%") else 1
    text = text.removesuffix("%").lower()
    forms = {text, text.replace(",", "."), re.sub(r"[., '](?=\d{3}(?!\d))", "", text)}
    forms |= {re.sub(r"[,' ]", "", text), re.sub(r"[.' ]", "", text).replace(",", ".")}
    return {number / share for form in forms if (number := _decimal(form)) is not None}


def _decimal(text: str) -> Decimal | None:
    if len(text) > 60:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 400 else None


_GROUPED = re.compile(r"\d{1,3}(?:[. ]\d{3})+")
_PHONE = re.compile(r"\+?[(]?\d(?:[-./() ]{0,3}\d)*")


def _dialled(text: str) -> str:
    """The digits of a telephone number written with spaces, brackets or dashes; blank for any other text."""
    digits = re.sub(r"\D", "", text) if len(text) <= 60 and _PHONE.fullmatch(text) else ""
    return digits if len(digits) >= 7 and text.count(".") != 1 and _decimal(text) is None else ""


def _is_count(text: str) -> bool:
    """Whether it is a whole number as a spreadsheet writes it."""
    return text.isascii() and text.isdigit() and not text.startswith("0")


def exponent_form(stored: str, cell: str) -> bool:
    """`447911123456`, `+44 (7911) 123-456` → `4.47911E+11`, `4,47911E+11`: the first digits are left."""
    written = _EXPONENT.fullmatch(cell)
    number = _decimal(_dialled(stored) or stored)
    if not written or number is None or abs(number) < 1000:
        return False
    sign, whole, decimals, exponent = written.groups()
    unit = Decimal(1).scaleb(int(exponent) - len(decimals or ""))
    left = Decimal(f"{sign}{whole}{decimals or ''}") * unit
    return any(abs(exact - left) <= unit for exact in (number, Decimal(float(number))))


def digits_lost(stored: str, cell: str) -> bool:
    """`1234567890123456` → `1234567890123450`: a spreadsheet keeps 15 digits, or what a float holds."""
    before, after = (_dialled(stored) or stored).lstrip("+-0"), cell.lstrip("+-0").removesuffix(".0")
    if not (before.isascii() and before.isdigit() and after.isascii() and after.isdigit()):
        return False
    if not 16 <= len(before) <= 60 or len(before) != len(after):
        return False
    unit = 10 ** (len(before) - 15)
    rounded = {int(before) // unit * unit, (int(before) + unit // 2) // unit * unit, int(float(before))}
    return int(after) in rounded | {int(Decimal(repr(float(before))))}


_TRUTH = {
    word: truth
    for truth, words in (
        (True, "true wahr vrai verdadero vero waar 1"),
        (False, "false falsch faux falso onwaar 0"),
    )
    for word in words.split()
}


def boolean_rewritten(stored: str, cell: str) -> bool:
    """`true` → `TRUE`, `1`, `WAHR`."""
    truth = _TRUTH.get(stored.casefold())
    return truth is not None and truth == _TRUTH.get(cell.casefold())


_CODECS = ("cp1252", "latin-1", "mac_roman", "cp850", "cp437", "shift_jis", "gb18030")


def mojibake(stored: str, cell: str) -> bool:
    """`Müller` → `MÃ¼ller`, once or twice over: UTF-8 was read as another encoding, or the reverse."""
    if stored.isascii() or len(stored) > 5000:
        return False
    wanted = plain(cell)
    once = {_misread(stored, codec) for codec in _CODECS}
    once |= {stored.encode(codec, "replace").decode("utf-8", "replace") for codec in _CODECS[:2]}
    return any(plain(text) == wanted for text in once) or any(
        plain(_misread(text, codec)) == wanted for text in once for codec in _CODECS[:2]
    )


def _misread(text: str, codec: str) -> str:
    raw = text.encode("utf-8", "replace")
    if codec == "cp1252":  # its five unused bytes are read as they are by every program but Python
        return raw.translate(None).decode("latin-1").translate(_web_1252())
    return raw.decode(codec, "replace")


@lru_cache(maxsize=1)
def _web_1252() -> dict[int, str]:
    return {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}


_MARKS = frozenset("?\ufffd_")


def characters_lost(stored: str, cell: str) -> bool:
    """`Łódź 日本` → `?ódz ??`: characters the encoding has no room for, one to four marks for each."""
    if stored.isascii() or not (_MARKS & set(cell)) or max(len(stored), len(cell)) > 1000:
        return False
    places = {0}  # where in the cell the text so far can end; a pattern could take forever on hostile texts
    for part in filter(None, re.split(r"([^\x00-\x7f]+)", stored)):
        if part.isascii():
            places = {at + len(part) for at in places if cell.startswith(part, at)}
        else:
            places = _after_lost(part, cell, places)
        if not places:
            return False
    return len(cell) in places


def _after_lost(run: str, cell: str, places: set[int]) -> set[int]:
    """Where a run can end of whose characters some are left, some are marks, some without their accent."""
    bare = (one for one in unicodedata.normalize("NFKD", run) if one.isascii() and one.isalnum())
    possible = _MARKS | set(run) | set(bare)
    ends: set[int] = set()
    for start in places:
        end = start
        while end < len(cell) and end - start < 4 * len(run) and cell[end] in possible:
            end += 1
            if end - start >= len(run):
                ends.add(end)
    return ends


_ERRORS = re.compile(r"#(?:NAME|VALUE|REF|NUM|N/A|DIV/0|NULL|ERROR|SPILL|CALC)[?!]?|Err:5\d\d", re.IGNORECASE)


def run_as_formula(stored: str, cell: str) -> bool:
    """`=cmd` or `-x` → `#NAME?`: the text was taken for a formula."""
    return stored.startswith(("=", "+", "-", "@")) and _ERRORS.fullmatch(cell) is not None


def cut_off(stored: str, cell: str) -> bool:
    """A cell holds 32,767 characters."""
    return len(stored) > len(cell) >= 32_000 and stored.startswith(cell)


#: How each kind reads on the check page → whether it happened.
KINDS: dict[str, Callable[[str, str], bool]] = {
    "A number was rewritten: zeros, a plus sign or separators were lost": number_rewritten,
    "A number was turned into scientific notation": exponent_form,
    "A long number lost its last digits": digits_lost,
    "A date was written in another form": date_reformatted,
    "A time was written in another form": time_reformatted,
    "A truth value was written in another form": boolean_rewritten,
    "Characters were read in the wrong encoding": mojibake,
    "Characters were lost in an encoding without room for them": characters_lost,
    "The text was run as a formula": run_as_formula,
    "The text was cut off": cut_off,
}
