"""Columns A to K of leads as a download would say them now, to see where a file says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from campaigns.models import Source
from campaigns.spec import Agreed
from leads.download import platform_cells
from leads.sql.door import Stored
from leads.sql.download import Row
from rejections.sql import corrections
from rejections.sql.corrections import Facts


def platform_of(leads: Mapping[int, Stored], source_id: int, terms: Agreed) -> dict[int, dict[str, str]]:
    """The columns by name of those leads that are the source's, by lead."""
    source = Source.objects.select_related("campaign", "supplier").get(pk=source_id)
    labels = {field.name: field.label for field in terms.spec.fields}
    facts = corrections.platform_facts(leads)
    return {
        lead.id: platform_cells(_row(lead, facts[lead.id]), source, labels)
        for lead in leads.values()
        if lead.source_id == source.pk
    }


def _row(lead: Stored, facts: Facts) -> Row:
    return Row(
        id=lead.id,
        uid=facts.uid,
        status=lead.status,
        code=facts.code,
        reason=facts.reason,
        received_at=lead.received_at,
        version=lead.version,
        received=lead.received,
        failures=lead.failures,
    )
