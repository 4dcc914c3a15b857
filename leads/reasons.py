"""What a person reads of why a lead stands where it stands: the words of each side, as the other may read them.

A client's phrase is kept verbatim, and so it reads it. Suppliers read it without the client's name, never the words
of a client's own system, no picklist's name, and of caps their own; clients of caps the campaign's.
"""

from __future__ import annotations

from campaigns.models import Disposition, User
from campaigns.validators import INVALID_LIST_VALUE

#: The code under which a client's own system says no, in words of its own.
BY_CRM = "REJECT_LEAD_BY_CRM"
#: What suppliers read instead.
NEUTRAL = "The client's CRM refused it"
#: The code of what waits for a full cap.
CAP_REACHED = "CAP_REACHED"
#: What is read of a cap that is between the two others.
FULL = "The agreed volume is reached"
#: How the sentence about a cap begins: of the whole campaign, of one supplier; and that one to the supplier itself.
OF_CAMPAIGN, OF_SUPPLIER, YOURS = "The campaign's cap", "The supplier's cap", "Your cap"
_ON_LIST = "” is not on the picklist"


def reason_for(viewer: User, disposition: Disposition | None, reason: str) -> str:
    """The human words beside a disposition."""
    code, instead = (disposition.code, disposition.supplier_text) if disposition else ("", "")
    return sentence_for(viewer, code, reason, instead=instead)


def sentence_for(viewer: User, code: str, sentence: str, instead: str = "") -> str:
    """The sentence of a failure, or of a line, by the same rules. `instead` is what suppliers read of the code."""
    if viewer.is_staff or not sentence:
        return sentence
    if code == CAP_REACHED:
        return _of_cap(viewer, sentence)
    if viewer.client_id:
        return sentence
    if code == BY_CRM:
        return instead or NEUTRAL
    if code == INVALID_LIST_VALUE:
        before, found, _ = sentence.partition(_ON_LIST)
        return before + found
    # What the door says quotes the supplier's own values only.
    return sentence if code.startswith("REJECT_") else words_for(viewer, sentence)


def words_for(viewer: User, words: str) -> str:
    """What people of another side wrote, without the names that are not for this person."""
    for mask in viewer.masks:
        words = mask(words)
    return words


def _of_cap(viewer: User, sentence: str) -> str:
    if viewer.client_id:
        return sentence if sentence.startswith(OF_CAMPAIGN) else FULL
    return YOURS + sentence.removeprefix(OF_SUPPLIER) if sentence.startswith(OF_SUPPLIER) else FULL
