"""What a person reads of why a lead stands where it stands: the human words, where they are for its eyes."""

from __future__ import annotations

from campaigns.models import Disposition, User

#: The code under which a client's own system says no, in words of its own that may name the client.
BY_CRM = "REJECT_LEAD_BY_CRM"
#: What suppliers read instead.
NEUTRAL = "The client's CRM refused it"


def reason_for(viewer: User, disposition: Disposition | None, reason: str) -> str:
    """The human words beside a disposition; suppliers never read those of a client's CRM."""
    if disposition is None:
        return reason
    return sentence_for(viewer, disposition.code, reason, instead=disposition.supplier_text)


def sentence_for(viewer: User, code: str, sentence: str, instead: str = "") -> str:
    """The sentence of a failure, by the same rule."""
    return (instead or NEUTRAL) if viewer.supplier_id and code == BY_CRM else sentence
