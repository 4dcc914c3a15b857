"""What a notice to a supplier says, in the words of each way to tell it: ids and reasons, nothing of the client."""

from __future__ import annotations

import json

from campaigns.templatetags.figures import counted
from leads.models import Delivery

Kind = Delivery.Kind

#: What a webhook calls each kind.
TYPES = {
    Kind.REJECTIONS: "leads.rejected",
    Kind.RETRACTIONS: "leads.rejection_retracted",
    Kind.RECOVERIES: "leads.recovered",
    Kind.RECOVERY_RETRACTIONS: "leads.recovery_retracted",
    Kind.TEST: "test",
}
#: Kinds that tell a supplier of leads.
NOTICES = frozenset(TYPES) - {Kind.TEST}

#: What a person reads of it: of one lead, of several.
_WORDS = {
    Kind.REJECTIONS: ("{} was rejected by the client", "{} were rejected by the client"),
    Kind.RETRACTIONS: ("the rejection of {} was taken back", "the rejections of {} were taken back"),
    Kind.RECOVERIES: ("{} was released after a correction", "{} were released after a correction"),
    Kind.RECOVERY_RETRACTIONS: ("the release of {} was taken back", "the releases of {} were taken back"),
}


#: What a lead's own page calls it.
THINGS = {
    Kind.REJECTIONS: "Rejection",
    Kind.RETRACTIONS: "Retraction",
    Kind.RECOVERIES: "Release",
    Kind.RECOVERY_RETRACTIONS: "Release taken back",
}


def size(delivery: Delivery) -> int:
    """How many leads it tells of."""
    return len(delivery.event_ids)


def words(kind: str, leads: int) -> str:
    """What is told, as a sentence without its full stop: “12 leads were rejected by the client”."""
    one, many = _WORDS[Kind(kind)]
    sentence = (one if leads == 1 else many).format(counted(leads, "lead"))
    return sentence[0].upper() + sentence[1:]


def webhook_id(delivery: Delivery) -> str:
    """The id under which it is sent, the same at every try."""
    return f"notice-{delivery.pk}"


def webhook_body(delivery: Delivery) -> bytes:
    """The JSON of a webhook; the same bytes at every try."""
    stamp = delivery.created_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    said = {"type": TYPES[Kind(delivery.kind)], "timestamp": stamp, "data": _data(delivery)}
    return json.dumps(said, ensure_ascii=False).encode()


def _data(delivery: Delivery) -> dict[str, object]:
    if delivery.kind == Kind.TEST:
        return {"message": "This is a test. It tells of no lead."}
    leads = [_named(lead) for lead in delivery.payload["leads"]]
    return {"campaign": delivery.payload["campaign"], "import": delivery.batch_id, "leads": leads}


def _named(lead: dict[str, object]) -> dict[str, object]:
    """A lead by its ids, and why, where there is a reason: a release has none."""
    why = {name: lead[name] for name in ("code", "label", "reason") if lead.get(name)}
    return {"lead_id": lead["lead_id"], "uid": lead["uid"], **why}
