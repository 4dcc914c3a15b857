"""Names that a text may not tell to who reads it, and what is read in their place. Pure.

A company's name is found in each form in which people write it: in any case, with or without accents, spaces,
hyphens and legal form, and without the words of its trade at the end. A form that is an ordinary word, or a very
short one, is a name only where it is written like one. Addresses that hold a name are masked whole.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

#: Stand behind a company's name and belong to it.
_LEGAL = frozenset(
    "ab ag as bv co company corp corporation eurl gmbh inc incorporated kg kk limited llc llp lp ltd mbh nv oy plc pty "
    "sa sarl sas se sl spa srl".split()
)
#: Say what a company does, and not which one it is.
_COMMON = frozenset(
    "agency america bank broker brokers business capital care city client clients cloud consulting credit data digital "
    "direct education energy europe events finance financial first general global green group health holding holdings "
    "home homes insurance international lead leads legal life loans market marketing media mobile money mortgage "
    "mortgages national network new online partners pension power property sales savings school services smart "
    "software solar solutions supplier suppliers systems team technologies technology the travel uk university us usa "
    "water web world".split()
)
#: With these leads are sent back, whoever is called so.
_SAID = frozenset(
    "age again already application area bad call called consent contact customer customers date disconnected double "
    "duplicate email enquiry existing fake false fraud invalid late lead mail missing name number old order phone "
    "postcode reason rejected request same spam test unqualified valid wrong".split()
)
_ORDINARY = _COMMON | _SAID
#: Stand between two words of a name, and say nothing.
_BETWEEN = frozenset(("and", "und", "et", "of", "the"))
#: Hosts where anybody has an address.
_FREE_MAIL = frozenset(
    "aol.com gmail.com gmx.de gmx.net googlemail.com hotmail.com icloud.com live.com me.com outlook.com proton.me "
    "protonmail.com web.de yahoo.co.jp yahoo.co.uk yahoo.com".split()
)
#: A name of so many letters is one also where letters follow: “Brightwaters”, “BrightwaterUK”.
_LONG = 6
#: At most so long are texts that come again and again.
_KEPT = 500
_SHORT = 3
#: Stand before or behind a name without a space.
_LEGAL_WITHIN = re.compile("株式会社|有限会社|有限公司|주식회사")
_GAP = r"[\W_]{0,3}(?:(?:and|und|et|of|the)[\W_]{1,3})?"
#: Of the legal forms those that are no words beside.
_END = "|".join(sorted(map(re.escape, _LEGAL - {"as", "company", "se"}), key=len, reverse=True))
_WORD = re.compile(r"[^\W_]+")
#: Stands around an address and is none of it.
_AROUND = ".,;:!?()[]{}<>\"'“”‘’"
_MAILBOX = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True)
class Mask:
    """Companies, people and mailboxes that are not to be read, and what stands in their place.

    `known` are texts that the reader has anyway: a name that stands there is no secret. `own` are the reader's names:
    a name within one of them, written in full, is none.
    """

    instead: str
    companies: tuple[str, ...]
    people: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """The text without the names, its other characters as they were; one without any is given back itself."""
        return (_masked if len(text) <= _KEPT else _masked.__wrapped__)(self, text)


@dataclass(frozen=True)
class _Form:
    """A name as it may be written. `key`: its letters. `like`: where it must be written like a name, how."""

    key: str
    pattern: re.Pattern[str]
    like: str = ""

    def found_in(self, text: _Folded) -> Iterator[tuple[int, int]]:
        """Where it stands, from and to."""
        if self.key not in text.letters:
            return
        for match in self.pattern.finditer(text.folded):
            begin, end = text.place(*match.span())
            written = text.text[begin:end]
            if not self.like or written.startswith(self.like) or written.isupper():
                yield begin, end


class _Folded:
    """A text as names are compared, each character with its place in the text itself."""

    def __init__(self, text: str) -> None:
        self.text = text
        if text.isascii():
            self.folded, self._places = text.lower(), None
        else:
            parts = [(_fold(character), at) for at, character in enumerate(text)]
            self.folded = "".join(part for part, _ in parts)
            self._places = [at for part, at in parts for _ in part]
        self.letters = "".join(word for word in _WORD.findall(self.folded) if word not in _BETWEEN)

    def place(self, begin: int, end: int) -> tuple[int, int]:
        """A part of the folded text as a part of the text."""
        if self._places is None:
            return begin, end
        return self._places[begin], self._places[end - 1] + 1


def _fold(text: str) -> str:
    """Without case, accents, and what nobody sees."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (one for one in plain if unicodedata.category(one) not in ("Mn", "Cf"))
    return unicodedata.normalize("NFC", "".join(kept))


@lru_cache(maxsize=4096)
def _masked(mask: Mask, text: str) -> str:
    folded = _Folded(text)
    places = sorted(place for form in _forms(mask) for place in form.found_in(folded))
    own = [place for form in _own_forms(mask) for place in form.found_in(folded)] if places else []
    places = [(begin, end) for begin, end in places if not any(a <= begin and end <= b for a, b in own)]
    if not places:
        return text
    said, at, tokens = [], 0, _Tokens(text)
    for place in places:
        if place[0] >= at:
            begin, end = tokens.around(*place)
            said += [text[at:begin], _sentence_case(mask.instead, text[:begin])]
            at = end
        at = max(at, place[1])
    return "".join([*said, text[at:]])


class _Tokens:
    """The parts of a text between its spaces, of which mailboxes and web addresses are masked whole."""

    def __init__(self, text: str) -> None:
        self.text = text
        spans = [token.span() for token in re.finditer(r"\S+", text)]
        self._begins, self._ends = [begin for begin, _ in spans], [end for _, end in spans]
        self._address = lru_cache(_address)

    def around(self, begin: int, end: int) -> tuple[int, int]:
        """This part of the text, or the whole address that it stands in."""
        first = self._begins[bisect_right(self._begins, begin) - 1]
        after = self._ends[bisect_left(self._ends, end)]
        found = self._address(self.text, first, after)
        return (found[0], max(end, found[1])) if found and found[0] <= begin else (begin, end)


def _address(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """Where the address stands that this part is, without what is around it; None if it is none."""
    token = text[begin:end].rstrip(_AROUND)
    begin, token = begin + len(token) - len(token.lstrip(_AROUND)), token.lstrip(_AROUND)
    is_address = "@" in token or token.lower().startswith(("http:", "https:", "www."))
    return (begin, begin + len(token)) if is_address else None


def _sentence_case(instead: str, before: str) -> str:
    begins = not before.strip("\"'“‘«([ ") or before.rstrip().endswith((".", "!", "?"))
    return instead[:1].upper() + instead[1:] if begins else instead


@lru_cache(maxsize=256)
def _forms(mask: Mask) -> tuple[_Form, ...]:
    """Each form once, the longer first."""
    named = {
        **{form.key: form for name in mask.companies for form in _of_company(name)},
        **{form.key: form for name in mask.people for form in _of_person(name)},
        **{form.key: form for address in mask.mailboxes for form in _of_mailbox(address)},
    }
    known = [_Folded(text) for text in mask.known]
    secret = (form for form in named.values() if not any(any(form.found_in(text)) for text in known))
    return tuple(sorted(secret, key=lambda form: -len(form.key)))


@lru_cache(maxsize=256)
def _own_forms(mask: Mask) -> tuple[_Form, ...]:
    """The reader's names as they stand in full; what a name may leave out, the other's may too."""
    return tuple(form for name in mask.own for form in islice(_of_company(name), 1))


def _words(name: str) -> list[str]:
    return _WORD.findall("".join(map(_fold, name)))


def _of_company(name: str) -> Iterator[_Form]:
    words = _words(_LEGAL_WITHIN.sub(" ", name))
    while len(words) > 1 and words[0] in _BETWEEN:
        words = words[1:]
    while len(words) > 1 and words[-1] in _LEGAL:
        words = words[:-1]
    while words:
        yield _form(words, name)
        if words[-1] not in _COMMON | _BETWEEN or len(words) == 1 or {*words[:-1]} <= _ORDINARY | _BETWEEN:
            return
        words = words[:-1]


def _of_person(name: str) -> Iterator[_Form]:
    words = _words(name)
    if len(words) > 1:
        yield _form(words, name)
        yield _form([words[-1], *words[:-1]], name)


def _of_mailbox(address: str) -> Iterator[_Form]:
    """The mailbox; unless anybody has one there, whatever stands at its host."""
    if not _MAILBOX.fullmatch(address):
        return
    host = address.rpartition("@")[2].lower()
    yield _form(_words(address if host in _FREE_MAIL else host), address)


def _form(words: list[str], name: str) -> _Form:
    key = "".join(word for word in words if word not in _BETWEEN) or "".join(words)
    ordinary = len(words) == 1 and (key in _ORDINARY or key in _LEGAL or len(key) <= _SHORT)
    written = next(iter(_WORD.findall(name)), "")
    like = written[:1].upper() + written[1:] if ordinary else ""
    loose = r"[\W_]?" if len(key) >= _LONG else ""
    spelt = [loose.join(word) for word in words if word not in _BETWEEN]
    body = _GAP.join(spelt) or key
    begin = "" if _runs_on(body[0]) else r"(?<![^\W_])"
    further = r"[^\W_]*" if len(key) >= _LONG and not _runs_on(key[-1]) else r"(?![^\W_])"
    end = "" if _runs_on(key[-1]) else further
    return _Form(
        key, re.compile(rf"(?:\bthe\s+)?{begin}{body}{end}(?:[\s,.]{{1,2}}(?:{_END})(?![^\W_]))*"), like
    )


def _runs_on(letter: str) -> bool:
    """Whether words of its script stand without spaces between them, or take others on."""
    return unicodedata.category(letter) in ("Lm", "Lo")
