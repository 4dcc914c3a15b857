"""What pages show of the fix queue: its sections, the first leads of a group, fixes and who made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from campaigns.lists import natural
from campaigns.models import Field, PicklistValue, Source, User
from leads import profile
from leads.models import Lead
from rejections.blocked import Action, Card
from rejections.models import Batch, Kind
from rejections.sql import fixes as statements
from rejections.sql.fixes import Group, Total
from rejections.states import RUNNABLE, State
from rejections.views import shown

#: Leads of a group that are named beside it.
NAMED = 5
#: A picklist's values are offered as a choice up to this number; of a longer one a value is typed.
OFFERED = 400
#: Fixes that stand above the queue, and for how long.
LATELY, LATELY_FOR = 3, timedelta(minutes=15)


def worth(totals: Mapping[int, Total], sources: Iterable[Source]) -> list[tuple[str, Decimal]]:
    """What all that waits would bring, by currency, never added up."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for source in sources:
        sums[source.campaign.currency] += totals[source.pk].worth
    return sorted(
        ((currency, amount) for currency, amount in sums.items() if amount), key=lambda one: -one[1]
    )


def values(card: Card) -> dict[str, Any]:
    """The values a text can be mapped to: the likely ones, then the others, unless they are too many."""
    if Action.MAP not in card.actions or card.field is None:
        return {"likely": [], "others": [], "many": False}
    likely = [suggestion.value for suggestion in card.suggestions]
    in_use = PicklistValue.objects.filter(picklist=card.field.picklist_id, retired_at=None)
    others = sorted(in_use.exclude(value__in=likely).values_list("value", flat=True), key=natural)
    return {"likely": card.suggestions, "others": others[:OFFERED], "many": len(others) > OFFERED}


def first_leads(group: Group) -> list[dict[str, Any]]:
    """The first leads of a group by name, with the company where there is one."""
    leads = Lead.objects.filter(pk__in=statements.lead_ids(group, NAMED)).select_related("values", "campaign")
    return [
        {
            "pk": lead.pk,
            "title": profile.title(lead, lead.values),
            "company": str(lead.values.judged.get("company") or ""),
            "received_at": lead.received_at,
            "zone": lead.campaign.time_zone,
        }
        for lead in leads.order_by("pk")
    ]


def decided(person: User) -> QuerySet[Batch]:
    """Batches that were made by a decision in the browser, newest first."""
    made = Batch.objects.visible_to(person).filter(kind=Kind.CORRECTION, mapping__has_key="fix")
    return made.select_related("campaign", "source", "created_by", "undone_by").order_by("-pk")


def lately(person: User, at: datetime) -> dict[str, Any]:
    """The newest decisions, and whether one is still at work."""
    new = Q(created_at__gte=at - LATELY_FOR) | Q(state__in=RUNNABLE)
    found = list(decided(person).filter(new)[:LATELY])
    return {"lines": lines(found, person, at), "live": any(batch.state in RUNNABLE for batch in found)}


def lines(batches: Sequence[Batch], person: User, at: datetime) -> list[dict[str, Any]]:
    """Decisions as lists show them: what, by whom, and what came of it. Two queries for all."""
    labels = _labels(batches)
    ended = statements.ended([batch.pk for batch in batches if batch.state not in RUNNABLE])
    return [
        {
            "batch": batch,
            "fix": batch.mapping["fix"]
            | {"label": labels.get((batch.campaign_id, batch.mapping["fix"]["field"]))},
            "by": shown.by(batch, person),
            "progress": shown.progress(batch, at, counted=False) if batch.state in RUNNABLE else None,
            "came": _came(batch, ended.get(batch.pk, {})),
            "may": shown.may(person, batch),
        }
        for batch in batches
    ]


def _labels(batches: Sequence[Batch]) -> dict[tuple[int, str], str]:
    """What the decided fields are called, by (campaign, name)."""
    names = {batch.mapping["fix"]["field"] for batch in batches}
    fields = Field.objects.filter(campaign__in={batch.campaign_id for batch in batches}, name__in=names)
    return {
        (campaign, name): label for campaign, name, label in fields.values_list("campaign", "name", "label")
    }


def _came(batch: Batch, counts: Mapping[tuple[str, str], int]) -> str:
    """What a decision came to, in words: “44 released (3 quarantined), 2 still rejected”."""
    if batch.state == State.UNDONE:
        return f"undone by {batch.undone_by.full_name}" if batch.undone_by else "undone"
    parts: dict[str, int] = defaultdict(int)
    for (outcome, _), leads in counts.items():
        parts[_word(batch, outcome)] += leads
    if waiting := counts.get(("released", "quarantined")):
        parts[f"released ({waiting:,} quarantined)"] = parts.pop("released")
    return ", ".join(f"{leads:,} {word}" for word, leads in sorted(parts.items(), key=lambda part: -part[1]))


def _word(batch: Batch, outcome: str) -> str:
    if batch.mapping["fix"]["action"] == Action.KEEP and outcome == "still_rejected":
        return "kept rejected"
    return {"still_rejected": "still rejected", "unchanged": "still rejected"}.get(
        outcome, outcome.replace("_", " ")
    )
