"""Leads by what a person types into a search box: an identifier, whole; else the beginnings of names.

Of contacts a part is enough: the last digits of a phone number, a domain, the beginning of an e-mail address.
"""

from __future__ import annotations

import re

from django.db.models import BooleanField, F, Func, Q, Value

from campaigns.lists import caseless, fold, trim
from campaigns.models import Campaign, Field, User
from leads.identifiers import domain_spellings, email_spellings, normalise
from leads.models import Lead, LeadKey, LeadValues
from leads.sql import find

#: Leads of one UID that are listed.
LISTED = 20
#: Leads that one identifier may name.
NAMED = 1000
#: Words of a name that are looked at.
_WORDS = 8
_NUMBER = re.compile(r"(?:IMP|CLO|COR)?[-\s#]*([1-9][0-9]{0,17})", re.IGNORECASE)
_PHONE = re.compile(r"[+(]?[\d\s().+/-]{6,}")
#: What stands between the words of a name; the function lead_names (migration) splits by the same.
_BETWEEN = re.compile(r"[\s\-–.,/'’()]+")
#: A word that is looked for is no longer than one is stored (migration 0017).
_LONGEST = 500
#: The end of a phone number has so many digits at least; so many where they name a lead by themselves; one with
#: as many as the third may be a national number.
_TAIL, _BESIDE, _NATIONAL = 4, 6, 8
_DIGITS = re.compile(r"[\d\s().\-/]+")
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)+\.?")


class Named(Func):
    """Whether the names and contacts among a lead's values have words that begin so; see lead_words (migration)."""

    template = "lead_words(%(expressions)s::tsquery)"
    arg_joiner = ") @@ ("
    output_field = BooleanField()


def leads(text: str, viewer: User) -> list[Lead]:
    """Visible leads that the text names whole: the one with this Lead ID, else those with this UID, newest first."""
    visible = Lead.objects.visible_to(viewer)
    lead_id = normalise("lead_id", text)
    if lead_id and (found := visible.filter(pk=int(lead_id)).first()):
        return [found]
    uid = normalise("uid", text)
    if not uid:
        return []
    campaigns = list(Campaign.objects.visible_to(viewer).values_list("pk", flat=True))
    keys = LeadKey.objects.filter(campaign_id__in=campaigns, slot=LeadKey.UID_SLOT, key=uid)
    return list(visible.filter(pk__in=keys.values("lead_id")).order_by("-pk")[:LISTED])


def named(text: str, viewer: User) -> Q:
    """The condition on leads that the text asks for: those that an identifier names; without such, by its parts.

    Enough digits may be the end of a phone number too, whatever else they name, and “@example.org” is a domain
    even where somebody wrote it for an address.
    """
    ids, contacts = _identified(text, viewer), _contacts(text)
    tails = _tails(text, _BESIDE if ids else _TAIL)
    beside = tails + [word for word in contacts if word.startswith("@") and "@" in text]
    if ids and not beside:
        return Q(pk__in=sorted(ids))
    if ids:
        known = LeadValues.objects.filter(Named(F("judged"), Value(_any(beside)))).values("pk")
        return Q(pk__in=known.union(Lead.objects.filter(pk__in=sorted(ids)).values("pk")))
    words = [] if "@" in text else [word for word in map(_plain, _BETWEEN.split(fold(text))) if word]
    asked = [" & ".join(map(_beginning, words[:_WORDS]))] if words else []
    asked += map(_any, filter(None, (contacts, tails)))
    return Q(Named(F("values__judged"), Value(" | ".join(asked)))) if asked else Q(pk__in=[])


def _tails(text: str, least: int) -> list[str]:
    """The words for phone numbers that end in these digits; none where they are fewer, or the text something else."""
    bare = trim(text, leading="'")
    digits = "".join(char for char in bare if char.isdecimal())
    if len(digits) < least or not _DIGITS.fullmatch(bare):
        return []
    ends = [digits, digits.removeprefix("0")] if len(digits) >= _NATIONAL else [digits]
    return [f"#{end[::-1]}" for end in dict.fromkeys(ends)]


def _contacts(text: str) -> list[str]:
    """The words for e-mail addresses that begin so, or are of this domain: “ann@exam”, “@example.org”."""
    name, at, domain = trim(caseless(text), leading="'").rpartition("@")
    if not domain or not (at or _DOMAIN.fullmatch(domain)):
        return []
    head = f"<{name}@" if name else "@"
    return [f"{head}{spelt}" for spelt in sorted(domain_spellings(domain))]


def _any(words: list[str]) -> str:
    """One of these words, or one that begins so; of whole words the planner knows how common they are."""
    return " | ".join(f"{begun.removesuffix(':*')} | {begun}" for begun in map(_beginning, words))


def _plain(word: str) -> str:
    """A word of a name, without what a word of a contact begins with."""
    return word.lstrip("#<")


def _beginning(word: str) -> str:
    """A word of a text search query that may go on: `'osulli':*`."""
    quoted = word[:_LONGEST].replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}':*"


def _identified(text: str, viewer: User) -> set[int]:
    """Ids of visible leads that the text names by Lead ID, UID, e-mail address or phone number."""
    lead_id = normalise("lead_id", text)
    ids = {int(lead_id)} if lead_id else set()
    uid = normalise("uid", text)
    campaigns = list(Campaign.objects.visible_to(viewer).values_list("pk", "phone_region"))
    keys = [(pk, LeadKey.UID_SLOT, uid) for pk, _ in campaigns if uid]
    kind = Field.Kind.EMAIL if "@" in text else Field.Kind.PHONE if _PHONE.fullmatch(text) else None
    if kind is not None:
        region = dict(campaigns)
        fields = Field.objects.filter(campaign__in=region, kind=kind)
        plain: set[tuple[str, str]] = set()
        for pk, campaign, name, dedupe in fields.values_list("pk", "campaign_id", "name", "dedupe_ready"):
            key = normalise(kind, text, region[campaign])
            if key and dedupe:
                keys.append((campaign, pk, key))
            elif key:
                spelt = email_spellings(text) if kind == Field.Kind.EMAIL else {key}
                plain |= {(name, spelling) for spelling in spelt}
        ids |= _valued(plain)
    ids |= set(find.ids_by_keys(keys, NAMED))
    return (
        set(Lead.objects.visible_to(viewer).filter(pk__in=ids).values_list("pk", flat=True)) if ids else ids
    )


def _valued(values: set[tuple[str, str]]) -> set[int]:
    """Ids of leads with one of these (field, value as judged), for fields that have no keys."""
    asked = Q()
    for name, value in sorted(values):
        asked |= Q(judged__contains={name: value})
    return set(LeadValues.objects.filter(asked).values_list("pk", flat=True)[:NAMED]) if asked else set()


def number(text: str) -> int | None:
    """The number a batch goes by on screen, with its letters or without: “IMP-2291” is 2291."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None
