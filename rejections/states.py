"""The states of a batch and the moves between them (ARCHITECTURE.md, state machines). Pure."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a batch stands."""

    UPLOADED = "uploaded"
    MAPPING = "mapping"
    CHECKING = "checking"
    CHECKED = "checked"
    WAITING = "waiting"
    APPLYING = "applying"
    FINISHED = "finished"
    UNDOING = "undoing"
    UNDONE = "undone"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The word on screen."""
        return {
            State.UPLOADED: "Reading",
            State.APPLYING: "Running",
            State.FINISHED: "Completed",
        }.get(self, self.value.capitalize())


#: Work that a worker does; a batch here without a live lease is rung again by the sweeper.
RUNNABLE = (State.UPLOADED, State.CHECKING, State.WAITING, State.APPLYING, State.UNDOING)
#: At most one batch per campaign (corrections: per source) is in one of these.
EXCLUSIVE = (State.APPLYING, State.UNDOING)
#: Nothing has moved yet and nothing runs: a person can still change or drop it.
EDITABLE = (State.MAPPING, State.CHECKED)
#: Leads may have moved, and nothing runs: undo is offered.
UNDOABLE = (State.FINISHED, State.STOPPED, State.FAILED)

S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    S.UPLOADED: frozenset({S.MAPPING, S.CHECKING, S.FAILED, S.CANCELLED}),
    S.MAPPING: frozenset({S.CHECKING, S.UPLOADED, S.CANCELLED}),
    S.CHECKING: frozenset({S.CHECKED, S.WAITING, S.FAILED}),
    S.CHECKED: frozenset({S.CHECKING, S.UPLOADED, S.WAITING, S.CANCELLED}),
    S.WAITING: frozenset({S.APPLYING, S.STOPPED}),
    S.APPLYING: frozenset({S.FINISHED, S.STOPPED, S.FAILED}),
    S.FINISHED: frozenset({S.UNDOING}),
    S.UNDOING: frozenset({S.UNDONE, S.FINISHED, S.STOPPED, S.FAILED}),
    S.UNDONE: frozenset(),
    S.STOPPED: frozenset({S.WAITING, S.UNDOING}),
    S.FAILED: frozenset({S.UPLOADED, S.CHECKING, S.WAITING, S.UNDOING}),
    S.CANCELLED: frozenset(),
}
