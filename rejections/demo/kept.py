"""Views of the list of leads that people of the demo keep."""

from __future__ import annotations

from campaigns.models import User
from leads.filters import Filters
from leads.models import SavedView
from leads.statuses import Status

_KEPT = {
    "operator": {
        "Kestrel's returns": Filters(status=(Status.CLIENT_REJECTED.value,), supplier="kestrel"),
        "FinOps by country": Filters(
            campaign="FINOPS-EMEA", columns=("id", "name", "status", "reason", "received", "field:country")
        ),
    },
    "client": {"Solar, not settled": Filters(status=(Status.PENDING.value,), campaign="SOLAR-UK")},
}


def keep() -> None:
    """Save them."""
    for username, views in _KEPT.items():
        person = User.objects.get(username=username)
        for name, filters in views.items():
            SavedView.objects.create(person=person, name=name, query=filters.query())
