"""Whose names a person may not read in the words of another side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from campaigns.masking import Mask
from campaigns.models import Campaign, Client, Supplier, User

CLIENT, SUPPLIER = "the client", "the supplier"


def of_clients(campaigns: Iterable[Campaign]) -> dict[int, Mask]:
    """By client, what suppliers of these campaigns (with `client`) may not read of it; public names they know."""
    clients: dict[int, Client] = {}
    known = defaultdict(list)
    for campaign in campaigns:
        clients[campaign.client_id] = campaign.client
        known[campaign.client_id].append(campaign.public_name)
    people = _people(User.objects.filter(client__in=known).order_by("pk"), "client_id")
    return {
        pk: Mask(CLIENT, (one.name, one.code), *people[pk], known=tuple(sorted(known[pk])))
        for pk, one in clients.items()
    }


def of_suppliers(campaigns: Iterable[Campaign]) -> list[Mask]:
    """What a client of these campaigns may not read of those who supply them, unless it is shown them."""
    hidden = [campaign.pk for campaign in campaigns if not campaign.show_suppliers_to_client]
    suppliers = list(Supplier.objects.filter(sources__campaign__in=hidden).distinct())
    people = _people(User.objects.filter(supplier__in=suppliers).order_by("pk"), "supplier_id")
    known = tuple(sorted({campaign.name for campaign in campaigns}))
    return [Mask(SUPPLIER, (one.name, one.code), *people[one.pk], known=known) for one in suppliers]


def behind(person: User) -> list[Mask]:
    """All masks between this person and what others write; none for staff, who stand on both sides.

    Its own side's name is none, though the other's begins alike; nor are names that its campaigns have.
    """
    if person.is_staff:
        return []
    campaigns = list(Campaign.objects.visible_to(person).select_related("client"))
    found = list(of_clients(campaigns).values()) if person.supplier_id else of_suppliers(campaigns)
    own = tuple(str(side) for side in (person.client, person.supplier) if side)
    mailbox = (person.email,) if person.email else ()
    return [replace(mask, known=(*mask.known, *mailbox), own=own) for mask in found]


def _people(users: Iterable[User], side: str) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The names and mailboxes of people, by whom they belong to."""
    found: dict[int, list[User]] = defaultdict(list)
    for user in users:
        found[getattr(user, side)].append(user)
    named = {
        pk: (
            tuple(name for one in people if (name := one.get_full_name())),
            tuple(one.email for one in people if one.email),
        )
        for pk, people in found.items()
    }
    return defaultdict(lambda: ((), ()), named)
