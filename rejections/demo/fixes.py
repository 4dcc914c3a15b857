"""What was decided in the demo's fix queue, and how its lists came to be as they are: by name, as people do it."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.listing import Do, Edit
from campaigns.models import Picklist, User
from rejections import blocked, fixes, lists, workflows
from rejections.blocked import Action, Fix
from rejections.models import Batch
from rejections.sql.fixes import Asked

_PATIENCE_SECONDS = 60
#: Days ago, who, client's picklist, and what was done.
_SAVES = (
    (41, "admin", "Industry", Edit(Do.ADD, "Telecommunications Carriers")),
    (40, "admin", "Industry", Edit(Do.RETIRE, "Telecommunications Carriers")),
    (23, "operator", "Country", Edit(Do.MAP, "Holland", "Netherlands")),
    (9, "operator", "Job function", Edit(Do.MAP, "Buying", "Procurement")),
)


def decide(now: datetime) -> None:
    """Lists are extended over the weeks; this morning somebody keeps what nobody can mend."""
    for days, who, name, edit in _SAVES:
        person = User.objects.get(username=who)
        picklist = Picklist.objects.get(client__code="nimbus", name=name)
        lists.save(picklist, [edit], by=person, at=now - timedelta(days=days))
    at, operator = now - timedelta(hours=3), User.objects.get(username="operator")
    groups = blocked.queue(Asked(text="asdf"), limit=1)
    for batch in fixes.start(groups, Fix(Action.KEEP), person=operator, via="page", at=at):
        Batch.objects.filter(pk=batch.pk).update(seen_at=at)  # looked on: no e-mail about it
        workflows.run(batch.pk, owner="demo", clock=lambda: at, seconds=_PATIENCE_SECONDS)
