"""Opens and answers the demo's disputes, by the real stories with the clock set back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.models import User
from rejections import disputes, evidence
from rejections.demo.contests import Contest, contested
from rejections.demo.history import Turn
from rejections.demo.plan import Draft
from rejections.models import Dispute


def contest(turns: Sequence[Turn], now: datetime) -> None:
    """Every dispute of the plan; those that nobody answered by now are answered by silence."""
    for planned, drafts in contested(turns):
        dispute = _open(planned, drafts, now)
        if planned.ends == "silence":
            disputes.answer_by_silence(dispute.answer_by)
        elif planned.ends != "open":
            _answer(dispute, planned, now - timedelta(days=planned.answered))


def _open(planned: Contest, drafts: Sequence[Draft], now: datetime) -> Dispute:
    file = evidence.keep([planned.file[1].encode()], planned.file[0]) if planned.file else None
    [dispute] = disputes.contest(
        [draft.id for draft in drafts],
        person=User.objects.get(username=planned.by),
        note=planned.note,
        proof=planned.evidence,
        file=file,
        at=now - timedelta(days=planned.age),
    )
    return dispute


def _answer(dispute: Dispute, planned: Contest, at: datetime) -> None:
    if planned.ends == "withdrawn":
        disputes.withdraw(dispute, person=User.objects.get(username=planned.by), at=at)
        return
    leads = list(dispute.leads.values_list("pk", flat=True))
    grant, refuse = (leads, []) if planned.ends == "granted" else ([], leads)
    operator = User.objects.get(username="operator")
    disputes.answer(dispute, grant=grant, refuse=refuse, answer=planned.answer, person=operator, at=at)
