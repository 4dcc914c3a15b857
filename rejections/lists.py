"""Saving a picklist or its list mapper: each save is a version by name; and how Undo takes a fix's change back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Max

from campaigns.former import Replaced, as_it_was, replaced
from campaigns.former import edits_back as edits_back_to
from campaigns.listing import Do, Edit, Listing, Plan, Step, plan
from campaigns.lists import fold
from campaigns.models import ListMapperEntry, Picklist, PicklistValue, PicklistVersion, User
from rejections.models import Batch
from rejections.refusals import Refused

#: Changes of one version that are kept word for word.
_REMEMBERED = 500


def read(picklist: Picklist) -> Listing:
    """The list as it stands."""
    values = picklist.values.values_list("value", "retired_at")
    entries = picklist.entries.values_list("text", "value__value")
    return Listing({value: retired is not None for value, retired in values}, dict(entries), picklist.name)


def save(
    picklist: Picklist, edits: Sequence[Edit], *, by: User | None, at: datetime, lenient: bool = False
) -> Plan:
    """Do the edits, at once and as one version; nothing changed makes none.

    Raises Refused when one cannot be done, and nothing is; `lenient` does the others.
    """
    with transaction.atomic():
        locked = Picklist.objects.select_for_update().get(pk=picklist.pk)
        now = read(locked)
        made = plan(now, edits)
        if made.problems and not lenient:
            raise _refusal(made.problems[0], locked)
        if made.changes:
            _write(locked, now, made, at)
            _version(locked, made.changes, by, at, replaced(now, made.after))
            picklist.version = locked.version
    return made


#: What a problem says → the code it is refused with.
_CODES = {
    "not in use": "not_a_value",
    "is mapped to": "is_mapped",
    "is itself a value": "is_a_value",
    "is no entry": "not_an_entry",
    "cannot be called": "is_a_value",
}


def _refusal(step: Step, picklist: Picklist) -> Refused:
    code = next((code for words, code in _CODES.items() if words in step.problem), "no_such_text")
    return Refused(code, f"“{step.edit.text}” {step.problem}", f"Nothing was changed on {picklist}.")


def _write(picklist: Picklist, now: Listing, made: Plan, at: datetime) -> None:
    """Bring the tables to what the plan says: renames first, for they keep their row."""
    for step in made.changes:
        if step.edit.do == Do.RENAME:
            renamed = picklist.values.filter(value=step.edit.text)
            renamed.update(value=step.edit.value, folded=fold(step.edit.value))
    values = {value.value: value for value in picklist.values.all()}
    new = [text for text in made.after.values if text not in values]
    made_now = [PicklistValue(picklist=picklist, value=text, folded=fold(text)) for text in new]
    values |= {value.value: value for value in PicklistValue.objects.bulk_create(made_now)}
    for text, retired in made.after.values.items():
        if (values[text].retired_at is not None) != retired:
            PicklistValue.objects.filter(pk=values[text].pk).update(retired_at=at if retired else None)
    entries = {entry.text: entry for entry in picklist.entries.all()}
    gone = [entry.pk for text, entry in entries.items() if text not in made.after.entries]
    ListMapperEntry.objects.filter(pk__in=gone).delete()
    added = []
    for text, value in made.after.entries.items():
        target = values[value]
        if text not in entries:
            added.append(ListMapperEntry(picklist=picklist, text=text, folded=fold(text), value=target))
        elif entries[text].value_id != target.pk:
            ListMapperEntry.objects.filter(pk=entries[text].pk).update(value=target)
    ListMapperEntry.objects.bulk_create(added)


def _version(
    picklist: Picklist, steps: Iterable[Step], by: User | None, at: datetime, before: Replaced
) -> None:
    edits = [step.edit for step in steps]
    told = [[edit.do.value, edit.text, edit.value] for edit in edits[:_REMEMBERED]]
    if len(edits) > _REMEMBERED:
        told.append(["more", str(len(edits) - _REMEMBERED), ""])
    touch(picklist, by=by, at=at, changes=told, before=before)


def touch(
    picklist: Picklist,
    *,
    by: User | None,
    at: datetime,
    changes: Sequence[Sequence[str]],
    before: Replaced = MappingProxyType({"values": {}, "entries": {}}),
) -> None:
    """Each save is a version: raise it, and note who did what, and what it replaced."""
    locked = Picklist.objects.select_for_update().get(pk=picklist.pk)
    locked.version += 1
    locked.save(update_fields=["version"])
    PicklistVersion.objects.create(
        picklist=locked,
        number=locked.version,
        at=at,
        by=by,
        changes=[list(change) for change in changes],
        replaced=dict(before),
    )
    picklist.version = locked.version


def oldest_kept(picklist: Picklist) -> int:
    """The oldest version one can go back to: what the saves after it replaced was kept."""
    unknown = picklist.versions.filter(replaced__isnull=True).aggregate(newest=Max("number"))["newest"]
    return unknown or 1


def edits_back(picklist: Picklist, number: int) -> list[Edit]:
    """What brings the list to where it stood at this version; its own name stays. Raises Refused."""
    if not oldest_kept(picklist) <= number < picklist.version:
        detail = f"Nothing was changed on {picklist}. Choose another of its versions."
        raise Refused("no_such_version", f"There is no going back to version {number}", detail)
    since = list(picklist.versions.filter(number__gt=number).values_list("changes", "replaced"))
    renames = [
        (old, new) for changes, _ in since for do, old, new in reversed(changes) if do == Do.RENAME.value
    ]
    now = read(picklist)
    return edits_back_to(now, as_it_was(now, [before for _, before in since if before]), renames)


def rename(picklist: Picklist, name: str, *, by: User | None, at: datetime) -> None:
    """Give the picklist itself another name. Runs in the caller's transaction."""
    Picklist.objects.filter(pk=picklist.pk).update(name=name)
    touch(picklist, by=by, at=at, changes=[["name", picklist.name, name]])


def add_entry(
    picklist: Picklist, text: str, value: PicklistValue, *, by: User | None, at: datetime
) -> dict[str, object]:
    """Let `text` stand for a value from now on; what a batch notes of it. Raises Refused."""
    if value.picklist_id != picklist.pk:
        raise Refused("not_a_value", f"“{value}” is not in use on {picklist}", "Nothing was changed.")
    made = save(picklist, [Edit(Do.MAP, text, value.value)], by=by, at=at)
    if made.steps[0].same:
        raise Refused("is_mapped", f"“{text}” stands for “{value}” already", "Nothing was changed.")
    entry = ListMapperEntry.objects.get(picklist=picklist, text=made.steps[0].edit.text)
    return {"picklist": picklist.pk, "entry": entry.pk, "text": entry.text, "value": value.pk}


def add_value(picklist: Picklist, text: str, *, by: User | None, at: datetime) -> dict[str, object]:
    """Add a value (or take a retired one back into use); a list mapper entry that folds like it goes.

    What a batch notes of it. Raises Refused when it is a value already.
    """
    replaced = [
        {"text": entry.text, "value": entry.value_id} for entry in picklist.entries.filter(folded=fold(text))
    ]
    made = save(picklist, [Edit(Do.ADD, text)], by=by, at=at)
    if made.steps[0].same:
        raise Refused("is_a_value", f"“{text}” is a value of {picklist} already", "Nothing was changed.")
    value = PicklistValue.objects.get(picklist=picklist, value=made.steps[0].edit.text)
    return {"picklist": picklist.pk, "value": value.pk, "text": value.value, "replaced": replaced}


def retire(picklist: Picklist, texts: Iterable[str], *, by: User | None, at: datetime) -> None:
    """Take values out of use; leads keep them, and entries for them rest. Raises Refused where one is none."""
    save(picklist, [Edit(Do.RETIRE, text) for text in texts], by=by, at=at)


def repoint(entry: ListMapperEntry, value: PicklistValue, *, by: User | None, at: datetime) -> None:
    """Let an entry stand for another value of its picklist. Raises Refused."""
    if value.picklist_id != entry.picklist_id:
        raise Refused("not_a_value", f"“{value}” is not in use on {entry.picklist}", "Nothing was changed.")
    save(entry.picklist, [Edit(Do.REMAP, entry.text, value.value)], by=by, at=at)


def take_back(batch: Batch, at: datetime) -> None:
    """Remove the fix's own list mapper entry, retire its own value, unless somebody changed them since."""
    added = batch.mapping.get("list")
    if not added:
        return
    picklist = Picklist.objects.get(pk=added["picklist"])
    if "entry" in added:
        same = ListMapperEntry.objects.filter(pk=added["entry"], text=added["text"], value_id=added["value"])
        edits = [Edit(Do.UNMAP, added["text"])] if same.exists() else []
    else:
        same_value = PicklistValue.objects.filter(
            pk=added["value"], value=added["text"], retired_at=None, entries=None
        )
        edits = [Edit(Do.RETIRE, added["text"]), *_put_back(added)] if same_value.exists() else []
    save(picklist, edits, by=batch.undone_by, at=at, lenient=True)


def _put_back(added: dict[str, Any]) -> list[Edit]:
    """Entries that had to go for a value that goes now."""
    values = PicklistValue.objects.in_bulk([entry["value"] for entry in added.get("replaced", [])])
    return [
        Edit(Do.MAP, entry["text"], values[entry["value"]].value)
        for entry in added.get("replaced", [])
        if entry["value"] in values
    ]
