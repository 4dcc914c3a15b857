"""Disputes: a supplier contests rejections, an operator or silence answers, granted ones are taken back.

Locks are taken in the order batch → leads; who comes second finds the answer of the first.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from django.db import transaction

from campaigns.models import Supplier, User
from leads import notices
from leads.sql import find, push, undo
from leads.sql.adjust import adjust
from leads.sql.move import Moving
from leads.statuses import Cause
from rejections import evidence
from rejections.contests import closes, hindrance
from rejections.evidence import Evidence
from rejections.models import Batch, Dispute, DisputedLead
from rejections.refusals import Refused
from rejections.sql import disputes as statements
from rejections.sql.disputes import Standing

log = logging.getLogger(__name__)

State = DisputedLead.State

#: What is answered where granting comes too late for both sides' statements.
MONTH_CLOSED = "Its credit stands in a closed month, and cannot be taken back any more."
#: Disputes that one sweep answers at most; the next one goes on.
AT_ONCE = 100


def may_answer(person: User) -> bool:
    """Whether this person answers disputes: staff only."""
    return person.is_active and person.is_staff


def contest(
    lead_ids: Collection[int],
    *,
    person: User,
    note: str,
    proof: str = "",
    file: Evidence | None = None,
    at: datetime,
) -> list[Dispute]:
    """Dispute the rejections of these leads of the person's supplier: all of them or, raising Refused, none.

    One dispute for each batch and set of terms, so that each has one clock. The file is dropped on refusal.
    """
    try:
        with transaction.atomic():
            found = _locked(person, lead_ids)
            _check(found, lead_ids, at)
            return [_open(together, person, note, proof, file, at) for together in _by_terms(found).values()]
    except BaseException:
        evidence.drop(file)
        raise


def _locked(person: User, lead_ids: Collection[int]) -> list[Standing]:
    """How the leads stand once their batches are locked: nothing of it can change until the commit."""
    if not person.supplier_id:
        raise _nothing_found(len(lead_ids))
    before = statements.standing(person.supplier_id, lead_ids)
    batches = {one.batch_id for one in before if one.batch_id}
    list(Batch.objects.filter(pk__in=batches).order_by("pk").select_for_update(no_key=True))
    found = statements.standing(person.supplier_id, lead_ids)
    if {one.batch_id for one in found if one.batch_id} - batches:
        raise _changed_meanwhile()
    return found


def _check(found: Sequence[Standing], lead_ids: Collection[int], at: datetime) -> None:
    if len(found) < len(set(lead_ids)) or not found:
        raise _nothing_found(len(set(lead_ids)) - len(found))
    hindered = [(one.lead_id, why) for one in found if (why := hindrance(one.rejection, at))]
    if hindered:
        lead_id, why = hindered[0]
        others = f" {len(hindered) - 1:,} more of them cannot be disputed either." if hindered[1:] else ""
        raise Refused(
            str(why),
            f"Lead {lead_id} cannot be disputed",
            f"{why.sentence}{others} Nothing was sent.",
        )


def _by_terms(found: Iterable[Standing]) -> dict[tuple[object, ...], list[Standing]]:
    together: dict[tuple[object, ...], list[Standing]] = defaultdict(list)
    for one in found:
        together[one.batch_id, one.terms].append(one)
    return together


def _open(
    together: list[Standing], person: User, note: str, proof: str, file: Evidence | None, at: datetime
) -> Dispute:
    first = together[0]
    terms: dict[str, Any] = {
        "contest_by": first.rejection.contest_by,
        "answer_by": closes(at, first.terms.answer_days, first.rejection.zone),
        "silence_grants": first.terms.silence_grants,
    }
    if file is not None:
        terms |= {"file": file.path, "file_name": file.name, "file_bytes": file.size}
    dispute = Dispute.objects.create(
        supplier=cast(Supplier, person.supplier),
        batch=Batch.objects.get(pk=cast(int, first.batch_id)),
        opened_by=person,
        opened_at=at,
        note=note,
        evidence=proof,
        **terms,
    )
    DisputedLead.objects.bulk_create(
        DisputedLead(dispute=dispute, lead_id=one.lead_id, event_id=cast(int, one.event_id))
        for one in together
    )
    return dispute


def answer(
    dispute: Dispute,
    *,
    grant: Collection[int],
    refuse: Collection[int],
    answer: str,
    person: User | None,
    at: datetime,
) -> tuple[int, int]:
    """Answer open leads of the dispute, by their ids here; how many were granted and refused.

    Without a person it is silence that answers. Raises Refused where none of them is open any more.
    """
    with transaction.atomic():
        Batch.objects.select_for_update(no_key=True).get(pk=dispute.batch_id)
        waiting = list(dispute.leads.filter(state=State.OPEN, pk__in=[*grant, *refuse]))
        if not waiting:
            raise _answered_before(dispute)
        actor_id = person.pk if person else None
        wanted = [one for one in waiting if one.pk in grant]
        granted = _take_back(dispute, wanted, actor_id, at) if wanted else []
        refused = [one.pk for one in waiting if one.pk not in grant]
        closed = [one.pk for one in wanted if one.pk not in granted]
        said: dict[str, Any] = {"at": at, "actor_id": actor_id, "silence": person is None}
        statements.settle(granted, State.GRANTED, answer=answer, **said)
        statements.settle(refused, State.REFUSED, answer=answer, **said)
        statements.settle(closed, State.REFUSED, answer=MONTH_CLOSED, **said)
        return len(granted), len(refused) + len(closed)


def _take_back(
    dispute: Dispute, wanted: Sequence[DisputedLead], actor_id: int | None, at: datetime
) -> list[int]:
    """Lead and money return, by the statements of Undo, and the supplier is told; those for which it was done.

    A final lead gets an adjustment instead, unless it had its one in a month that is closed.
    """
    lead_ids = sorted(one.lead_id for one in wanted)
    find.lock(lead_ids)
    push.hold(lead_ids)
    taken = undo.grant([one.event_id for one in wanted], at=at, actor_id=actor_id)
    final = [Moving(one.lead_id) for one in taken if one.kept == "month_closed"]
    adjusted = adjust(Cause.CHARGED_BACK, final, at=at, actor_id=actor_id, batch_id=None)
    push.reconcile(lead_ids, at=at)
    notices.retract(dispute.batch_id, at)
    done = {*adjusted, *(one.lead_id for one in taken if one.kept is None)}
    return [one.pk for one in wanted if one.lead_id in done]


def answer_many(
    disputes: Iterable[Dispute], *, grants: bool, answer_text: str, person: User, at: datetime
) -> tuple[int, int]:
    """Grant, or refuse, all open leads of these disputes; how many leads, and disputes that were answered before."""
    leads = before = 0
    for dispute in disputes:
        waiting = set(dispute.leads.filter(state=State.OPEN).values_list("pk", flat=True))
        grant, refuse = (waiting, set()) if grants else (set(), waiting)
        try:
            leads += sum(
                answer(dispute, grant=grant, refuse=refuse, answer=answer_text, person=person, at=at)
            )
        except Refused:
            before += 1
    return leads, before


def withdraw(dispute: Dispute, *, person: User, at: datetime) -> int:
    """The supplier takes its word back: the open rejections of the dispute stand. How many."""
    with transaction.atomic():
        Batch.objects.select_for_update(no_key=True).get(pk=dispute.batch_id)
        waiting = list(dispute.leads.filter(state=State.OPEN).values_list("pk", flat=True))
        if withdrawn := statements.settle(waiting, State.WITHDRAWN, at=at, actor_id=person.pk):
            return withdrawn
        raise _answered_before(dispute)


def answer_by_silence(at: datetime) -> int:
    """Answer what nobody answered in time, as it was agreed; how many leads."""
    leads = 0
    for pk in statements.overdue(at, AT_ONCE):
        dispute = Dispute.objects.get(pk=pk)
        waiting = set(dispute.leads.filter(state=State.OPEN).values_list("pk", flat=True))
        grant, refuse = (waiting, set()) if dispute.silence_grants else (set(), waiting)
        try:
            leads += sum(answer(dispute, grant=grant, refuse=refuse, answer="", person=None, at=at))
        except Refused:  # somebody was faster by a hair
            continue
        except Exception:  # one that cannot be answered must not keep the others waiting
            log.exception("%s cannot be answered by silence", dispute)
    return leads


def _nothing_found(missing: int) -> Refused:
    return Refused(
        "no_such_lead",
        "Choose at least one lead" if not missing else "One of the leads is not there",
        "Nothing was sent. Go back to your rejected leads and choose again.",
    )


def _changed_meanwhile() -> Refused:
    return Refused(
        "changed_meanwhile",
        "The client rejected one of these leads again just now",
        "Nothing was sent. Look at the leads again, then dispute.",
    )


def _answered_before(dispute: Dispute) -> Refused:
    return Refused(
        "already_answered",
        f"{dispute} has been answered",
        "Somebody else, or this page in another tab, was faster. Nothing was changed by this click.",
    )
