"""When the door turns away so much more than before that somebody should look (PRODUCT.md, section 6). Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

#: The time that is looked at, and the time before it that it is compared with.
LATELY, BEFORE = timedelta(hours=24), timedelta(days=14)
#: Fewer rejections than this are no news, whatever their share.
FEWEST = 20
_TIMES = 3


class Door(NamedTuple):
    """How many leads came to the door in some time, and how many of them it rejected."""

    received: int
    rejected: int


def is_surge(lately: Door, before: Door) -> bool:
    """Whether the share of rejections is over three times that of before; where none came before, it was none."""
    if lately.rejected < FEWEST:
        return False
    return lately.rejected * max(before.received, 1) > _TIMES * before.rejected * lately.received
