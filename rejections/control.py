"""What people ask of a batch: map, check again, review, start, stop, continue, undo, cancel.

Each is guarded by the state the batch stands in; asked twice, it happens once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction

from campaigns.models import User
from campaigns.rules import local_date
from leads.sql import undo as undo_statements
from rejections import options as option_rules
from rejections.columns import ColumnMap, check
from rejections.models import Batch, BatchRow, Kind
from rejections.options import Options
from rejections.reading import field_facts
from rejections.refusals import Refused
from rejections.rejecting import Memory, check_rows
from rejections.sql import rows, state
from rejections.states import RUNNABLE, UNDOABLE, State
from rejections.terms import Terms
from rejections.uploads import withdrawn

#: More leads than this, not named by the file, move only after the person has typed their number.
UNNAMED_WITHOUT_TYPING = 100
#: Refusals that stand as long as the file and its mapping are what they are.
_FOR_ITS_MAPPING = frozenset({"no_identifier_column", "no_reason", "no_such_column", "no_selected_values"})


def may_reject(person: User) -> bool:
    """Whether this person may import rejections and accept leads at all."""
    if person.is_staff:
        return True
    return bool(person.client_id) and person.has_perm("rejections.reject_as_client")


def may_correct(person: User) -> bool:
    """Whether this person may correct leads: staff only."""
    return person.is_active and person.is_staff


def may_change(person: User, batch: Batch) -> bool:
    """Whether this person may start, stop and undo this batch: a client user only its own side's."""
    return may_reject(person) and (person.is_staff or batch.client_side_id == person.client_id)


def map_columns(batch: Batch, mapping: ColumnMap) -> None:
    """Store the mapping and have the file checked; raises Refused when it does not fit the file."""
    check(mapping, batch.reading["columns"], field_facts(batch.campaign_id))
    _advance(
        batch,
        [State.MAPPING, State.CHECKED],
        State.CHECKING,
        mapping=mapping.to_json(),
        cursor=0,
        done=0,
        attempts=0,
    )


def read_again(batch: Batch, choices: dict[str, object]) -> None:
    """Have the file read in another way: encoding, delimiter, sheet or header row."""
    _advance(
        batch,
        [State.MAPPING, State.CHECKED],
        State.UPLOADED,
        choices=choices,
        reading={},
        mapping={},
        cursor=0,
        done=0,
        rows=0,
        attempts=0,
    )


def review(batch: Batch, *, accept: Sequence[int], skip: Sequence[int]) -> None:
    """Accept or skip suggestions for damaged identifiers, and decide these rows anew."""
    with transaction.atomic():
        locked = Batch.objects.select_for_update().select_related("campaign").get(pk=batch.pk)
        if locked.state != State.CHECKED or locked.kind != Kind.REJECTION:
            raise _wrong_state(locked)
        suggested = BatchRow.objects.filter(batch=locked, note__has_key="lead")
        named = dict(suggested.filter(line__in=[*accept, *skip]).values_list("line", "note__lead"))
        lines, leads = list(named), list(named.values())
        suggested.filter(line__in=accept).update(review="accept")
        suggested.filter(line__in=skip).update(review="skip")
        rivals = BatchRow.objects.filter(batch=locked, lead_id__in=leads)
        affected = sorted({*lines, *rivals.values_list("line", flat=True)})
        rivals.update(first_line=None)
        BatchRow.objects.filter(batch=locked, line__in=lines).update(first_line=None)
        memory = Memory(Terms.of(locked))
        raws = rows.take(
            locked.pk, after=0, limit=len(affected), columns=memory.terms.positions, lines=affected
        )
        check_rows(locked.pk, memory, raws)
        rows.mark_duplicates(locked.pk, leads)


def write_as_read(batch: Batch, cells: Iterable[tuple[int, str]] | None) -> None:
    """Take repairs of a checked correction back, by (line, field), or all (None): these cells count as written.

    Checks again.
    """
    mapping = dict(batch.mapping)
    if cells is None:
        mapping["all_as_written"] = True
    else:
        kept: dict[str, list[str]] = dict(mapping.get("as_written", {}))
        for line, field in cells:
            kept[str(line)] = sorted({*kept.get(str(line), []), field})
        mapping["as_written"] = kept
    _check_anew(batch, mapping)


def repair_again(batch: Batch) -> None:
    """Repair every damaged cell of a checked correction after all. Checks again."""
    _check_anew(batch, {**batch.mapping, "all_as_written": False, "as_written": {}})


def clear_blanks(batch: Batch, clears: bool) -> None:
    """Say whether blank cells of a checked correction clear the value. Checks again."""
    _check_anew(batch, {**batch.mapping, "blank_clears": clears})


def _check_anew(batch: Batch, mapping: dict[str, object]) -> None:
    _advance(batch, [State.CHECKED], State.CHECKING, mapping=mapping, cursor=0, done=0, attempts=0)


def start(
    batch: Batch,
    options: Options,
    *,
    person: User | None,
    unnamed: int = 0,
    typed: int | None = None,
) -> None:
    """Start a checked batch under these options; raises Refused with the sentence.

    `unnamed` is the number of leads that would move without being named by the file; above
    UNNAMED_WITHOUT_TYPING the person must have `typed` it.
    """
    uploaded_on = local_date(batch.created_at, batch.time_zone)
    if batch.kind == Kind.CLOSE_OUT:
        options = Options.from_json(batch.options)  # what was checked
    options = option_rules.check(options, uploaded_on, withdrawn(person, batch.campaign))
    if unnamed > UNNAMED_WITHOUT_TYPING and typed != unnamed:
        raise Refused(
            "number_not_typed",
            f"{unnamed:,} leads that the file does not name would be accepted",
            f"Type {unnamed} to confirm. Nothing was changed.",
        )
    _advance(batch, [State.CHECKED], State.WAITING, options=options.to_json(), cursor=0, done=0, attempts=0)


def stop(batch: Batch, at: datetime) -> None:
    """Stop after the present chunk; a waiting batch stops at once."""
    if state.advance(batch.pk, [State.WAITING], State.STOPPED, ended_at=at):
        return
    running = Batch.objects.filter(pk=batch.pk, state=State.APPLYING)
    if not running.update(stop_requested=True):
        batch.refresh_from_db()
        raise _wrong_state(batch)


def resume(batch: Batch) -> None:
    """Continue a stopped batch, or a failed one in the state it failed in."""
    if state.advance(batch.pk, [State.STOPPED], State.WAITING, ended_at=None, stop_requested=False):
        return
    batch.refresh_from_db(fields=["failed_in"])  # the page may be older than the failure
    failed_in = batch.failed_in
    target = State.WAITING if failed_in == State.APPLYING else State(failed_in or State.UPLOADED)
    cleared = {"error_code": "", "error": "", "failed_in": "", "ended_at": None, "attempts": 0}
    if target == State.UNDOING:
        _take_turn(batch, [State.FAILED], State.UNDOING, **cleared)
    else:
        _advance(batch, [State.FAILED], target, **cleared)


def undo(batch: Batch, *, person: User | None, lines: list[int] | None, at: datetime) -> None:
    """Begin to take the batch back: all of it, or the leads of these rows.

    While it is being taken back, what is asked is done too. Raises Refused where nothing would be.
    """
    with transaction.atomic():
        locked = Batch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if locked.state == State.UNDOING:
            _widen_undo(locked, person, lines)
        else:
            _begin_undo(locked, person, lines, at)
    batch.refresh_from_db()


def ends_so_again(batch: Batch) -> bool:
    """Whether a program's mapping does not fit the file: to continue would fail the same way."""
    return batch.state == State.FAILED and batch.error_code in _FOR_ITS_MAPPING


def unfinished_undo(batch: Batch) -> list[int]:
    """Lines of the rows whose undo has failed; a new undo of some rows takes them along."""
    return batch.undo_lines or [] if _undo_failed(batch) else []


def _undo_failed(batch: Batch) -> bool:
    return batch.state == State.FAILED and batch.failed_in == State.UNDOING


def _begin_undo(batch: Batch, person: User | None, lines: list[int] | None, at: datetime) -> None:
    if batch.state not in UNDOABLE:
        raise _wrong_state(batch)
    if lines is not None:
        lines = sorted({*lines, *unfinished_undo(batch)})
    _check_lines(batch, lines)
    _take_turn(
        batch,
        UNDOABLE,
        State.UNDOING,
        undo_lines=lines,
        undone_by=person,
        undo_from=batch.undo_from if _undo_failed(batch) else batch.state,
        kept={},
        cursor=0,
        done=0,
        attempts=0,
        run_started_at=at,
        ended_at=None,
    )


def _widen_undo(batch: Batch, person: User | None, lines: list[int] | None) -> None:
    """Take more of the (locked) batch back than was asked before; what was kept is looked at again."""
    if batch.undo_lines is None:
        return
    if lines is not None:
        more = set(lines) - set(batch.undo_lines)
        if lines and not more:
            return
        _check_lines(batch, sorted(more))
        lines = sorted(more.union(batch.undo_lines))
    restored = batch.done - sum(batch.kept.values())
    Batch.objects.filter(pk=batch.pk).update(
        undo_lines=lines, undone_by=person, kept={}, cursor=0, done=restored
    )


def _check_lines(batch: Batch, lines: list[int] | None) -> None:
    if lines is not None and not undo_statements.count_undoable(batch.pk, lines):
        raise Refused(
            "nothing_to_undo",
            "None of these rows moved a lead that is not put back yet",
            "Nothing was changed.",
        )


def cancel(batch: Batch, at: datetime) -> None:
    """Drop a batch that has not started."""
    _advance(batch, [State.UPLOADED, State.MAPPING, State.CHECKED], State.CANCELLED, ended_at=at)


def next_waiting(batch: Batch) -> int | None:
    """The oldest batch that can go on now that this one's turn has ended; None while it has not."""
    if batch.state in RUNNABLE:
        return None
    waiting = state.rivals_of(batch).filter(state=State.WAITING).order_by("pk").first()
    return waiting.pk if waiting else None


def _advance(batch: Batch, sources: Collection[State], target: State, **columns: object) -> None:
    if not state.advance(batch.pk, sources, target, **columns):
        batch.refresh_from_db()
        raise _wrong_state(batch)
    batch.refresh_from_db()


def _take_turn(batch: Batch, sources: Collection[State], target: State, **columns: object) -> None:
    if state.take_turn(batch, sources, target, **columns):
        batch.refresh_from_db()
        return
    batch.refresh_from_db()
    if batch.state not in sources:
        raise _wrong_state(batch)
    raise Refused(
        "campaign_busy",
        "Another import of this campaign is running",
        "Nothing was changed. Try again when it has ended.",
    )


def _wrong_state(batch: Batch) -> Refused:
    label = State(batch.state).label
    return Refused(
        "wrong_state",
        f"{batch.get_kind_display()} {batch.pk} is {label} now",
        "What was asked does not go with that; somebody may have been faster. Nothing was changed. "
        "Look at it again.",
    )
