"""Identifiers that a spreadsheet damaged: which lead the text can have named before (PRODUCT.md, section 5)."""

from __future__ import annotations

from typing import NamedTuple

from leads import identifiers
from leads.sql import find
from leads.sql.find import LeadFacts
from rejections.terms import Terms

#: Keys read of one span; a span that is full is several leads in any case.
READ = 50
#: A text that names a lead as it stands is doubted only from this length on (digits a float loses).
SHORTEST_DOUBTED = 16


class Doubt(NamedTuple):
    """The leads a damaged text can have named, the key of the first, and what happened to the text."""

    leads: list[LeadFacts]
    key: str
    how: str

    @property
    def suggested(self) -> bool:
        """Exactly one lead fits, so a person can accept or skip it."""
        return len(self.leads) == 1


def doubt(terms: Terms, text: str, hit: bool) -> Doubt | None:
    """The doubt about a damaged text; None when it looks whole or fits nothing.

    `hit` says that the text as it stands names a lead. Such a hit is doubted only where its last digits
    may be another's; several leads that fit are then ambiguous. Without a hit, several are no help.
    """
    if hit and len(text) < SHORTEST_DOUBTED:
        return None
    damage = identifiers.damage(terms.kind, text, terms.region)
    if damage is None or (hit and not damage.doubts_hit):
        return None
    fitting = {lead.id: (key, lead) for key, lead in _resembling(terms, damage) if damage.could_be(key)}
    if not fitting or (len(fitting) > 1 and not hit):
        return None
    key, _ = next(iter(fitting.values()))
    return Doubt([lead for _, lead in fitting.values()], key, damage.how)


def _resembling(terms: Terms, damage: identifiers.Damage) -> list[tuple[str, LeadFacts]]:
    if terms.slot is None:
        return find.resembling_ids(terms.campaign_id, *damage.id_range, READ)
    return [
        found
        for span in damage.spans
        for found in find.resembling_keys(terms.campaign_id, terms.slot, span.low, span.high, READ)
    ]
