"""Patterns that admins write for a field, kept from taking for ever. Pure.

Python's `re` tries every way a pattern can be laid over a text, and cannot be interrupted: `(a+)+$` needs
hours for forty letters. So a pattern is admitted only when the number of ways it can be tried on a
value of `LONGEST_VALUE` characters is bounded; longer values do not match at all. A repeat within
a repeat is refused by that count, as is a choice within an endless repeat.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_VALUE = 200
#: Three endless repeats one after the other are within it (0.1 s at worst), four are not.
_MOST_WAYS = 10_000_000

_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text fits the pattern.

    Raises ValueError, with a sentence, for a pattern that is not admitted.
    """
    compiled = _admitted(pattern)
    if isinstance(compiled, str):
        raise ValueError(compiled)
    return len(text) <= LONGEST_VALUE and compiled.fullmatch(text) is not None


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern is not admitted, as a sentence; None when it is."""
    compiled = _admitted(pattern)
    return compiled if isinstance(compiled, str) else None


@lru_cache(maxsize=512)
def _admitted(pattern: str) -> re.Pattern[str] | str:
    try:
        compiled = re.compile(pattern)
        ways = _ways(_parser.parse(pattern))
    except (re.error, ValueError, OverflowError, RecursionError) as error:
        return f"This is not a pattern: {error}."
    if ways > _MOST_WAYS:
        return "This pattern could take for ever: no * or + within another repeat, and limits like {1,5}."
    return compiled


def _ways(items: Any) -> int:
    """In how many ways a parsed sequence can be tried, at most `_MOST_WAYS` + 1."""
    ways = 1
    for operator, argument in items:
        ways = min(ways * _ways_of(operator, argument), _MOST_WAYS + 1)
    return ways


def _ways_of(operator: Any, argument: Any) -> int:
    if operator in _REPEATS:
        fewest, most, body = argument
        return _repeated(_ways(body), fewest, min(most, max(LONGEST_VALUE, fewest)))
    if operator is _constants.BRANCH:
        return sum(_ways(alternative) for alternative in argument[1])
    if operator is _constants.GROUPREF_EXISTS:
        return sum(_ways(alternative) for alternative in argument[1:] if alternative)
    if operator is _constants.ATOMIC_GROUP:
        return _ways(argument)
    if operator in (_constants.SUBPATTERN, _constants.ASSERT, _constants.ASSERT_NOT):
        return _ways(argument[-1])
    return 1


def _repeated(ways: int, fewest: int, most: int) -> int:
    if ways == 1:
        return most - fewest + 1
    total = 0
    for times in range(fewest, most + 1):
        total += ways**times if times * ways.bit_length() < 64 else _MOST_WAYS + 1
        if total > _MOST_WAYS:
            break
    return total
