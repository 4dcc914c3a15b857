"""What a correction would do, or has done, in numbers and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.statuses import Status
from rejections.decisions import Outcome
from rejections.models import Batch
from rejections.receipt import BEFORE_START
from rejections.sql import corrections

#: What moves or is written comes first, then what a person can still do something about.
_FIRST = (Outcome.RELEASED, Outcome.STILL_REJECTED, Outcome.CONFLICT, Outcome.UNCHANGED)
_ORDER = (*_FIRST, *(outcome for outcome in Outcome if outcome not in _FIRST))


@dataclass(frozen=True)
class Corrected:
    """Numbers of one correction. `released`: status → leads that get, or got it; `still`: rows stored and failing.

    `changes`, `repairs` and `conflicts` are cells.
    """

    counts: dict[str, int]
    released: dict[str, int]
    changes: int = 0
    repairs: int = 0
    conflicts: int = 0

    @property
    def passing(self) -> int:
        """Leads that pass."""
        return sum(self.released.values())

    @property
    def still(self) -> int:
        """Leads whose values are stored and that stay Rejected."""
        return self.counts.get(Outcome.STILL_REJECTED, 0)

    @property
    def label(self) -> str:
        """What the button that starts it says."""
        if self.passing:
            return f"Release {_leads(self.passing)}"
        return f"Store the values of {_leads(self.still)}"

    @property
    def targets(self) -> str:
        """What becomes of the released: “101 Pending, 7 Quarantined”."""
        return ", ".join(f"{leads:,} {Status(status).label}" for status, leads in self.released.items())


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"


def corrected(batch: Batch) -> Corrected:
    """What the rows would do; of a batch that was started, what those it has settled did."""
    whole = batch.state in BEFORE_START or batch.settled_all
    totals = corrections.totals(batch.pk, None if whole else batch.settled_line)
    counts: dict[str, int] = {}
    released: dict[str, int] = {}
    for total in totals:
        counts[total.outcome] = counts.get(total.outcome, 0) + total.rows
        if total.outcome == Outcome.RELEASED and total.target:
            released[total.target] = released.get(total.target, 0) + total.rows
    return Corrected(
        counts={str(outcome): counts[outcome] for outcome in _ORDER if outcome in counts},
        released={str(status): released[status] for status in Status if status in released},
        changes=sum(total.changes for total in totals),
        repairs=sum(total.repairs for total in totals),
        conflicts=sum(total.conflicts for total in totals),
    )


def repaired(batch_ids: Sequence[int]) -> dict[int, corrections.Repaired]:
    """Cells that were damaged and repaired, by batch; batches without are absent."""
    return corrections.repaired(batch_ids)


_FIXES = {
    "map": "Map “{text}” to “{value}”",
    "add": "Add “{text}” to the picklist",
    "change": "Change “{text}” to “{value}”",
    "keep": "Keep “{text}” rejected",
    "again": "Judge “{text}” again",
    "again add": "Add “{text}” to the picklist and judge again",
    "again map": "Map “{text}” to “{value}” and judge again",
}


def title(batch: Batch) -> str:
    """What a correction is called: its file, or what was done in the browser."""
    fix = batch.mapping.get("fix")
    if fix is None:
        return batch.file_name or "Corrected by hand"
    text = fix["text"] if str(fix["text"]).strip() else "blank"
    did = " ".join(filter(None, [fix["action"], fix.get("listed")]))
    return _FIXES[did].format(text=text, value=fix["value"])
