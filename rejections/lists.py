"""What a fix does to a picklist or its list mapper, and how Undo takes it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from campaigns.lists import fold
from campaigns.models import ListMapperEntry, Picklist, PicklistValue
from rejections.models import Batch
from rejections.refusals import Refused


def add_entry(picklist: Picklist, text: str, value: PicklistValue) -> dict[str, object]:
    """Let `text` stand for a value from now on; what a batch notes of it. Raises Refused.

    Runs in the caller's transaction. A text that folds like a value, or has an entry, is refused: it would
    not be this entry that lets leads pass.
    """
    touch(picklist.pk)
    folded = fold(text)
    if value.picklist_id != picklist.pk or value.retired_at is not None:
        raise Refused("not_a_value", f"“{value}” is not in use on {picklist}", "Nothing was changed.")
    if picklist.values.filter(folded=folded, retired_at=None).exists():
        raise Refused("is_a_value", f"“{text}” is itself a value of {picklist}", "Nothing was changed.")
    if known := picklist.entries.filter(folded=folded).select_related("value").first():
        raise Refused("is_mapped", f"“{text}” is mapped to “{known.value}” already", "Nothing was changed.")
    entry = ListMapperEntry.objects.create(picklist=picklist, text=text, folded=folded, value=value)
    return {"picklist": picklist.pk, "entry": entry.pk, "text": text, "value": value.pk}


def add_value(picklist: Picklist, text: str) -> dict[str, object]:
    """Add a value (or take a retired one back into use); a list mapper entry that folds like it goes.

    Runs in the caller's transaction; what a batch notes of it. Raises Refused when it is a value already.
    """
    touch(picklist.pk)
    if picklist.values.filter(value=text, retired_at=None).exists():
        raise Refused("is_a_value", f"“{text}” is a value of {picklist} already", "Nothing was changed.")
    folded = fold(text)
    replaced = picklist.entries.filter(folded=folded)
    noted = [{"text": entry.text, "value": entry.value_id} for entry in replaced]
    replaced.delete()
    value, _ = PicklistValue.objects.update_or_create(
        picklist=picklist, value=text, defaults={"folded": folded, "retired_at": None}
    )
    return {"picklist": picklist.pk, "value": value.pk, "text": text, "replaced": noted}


def take_back(batch: Batch, at: datetime) -> None:
    """Remove the fix's own list mapper entry, retire its own value, unless somebody changed them since."""
    added = batch.mapping.get("list")
    if not added:
        return
    if "entry" in added:
        entry = ListMapperEntry.objects.filter(pk=added["entry"], text=added["text"], value_id=added["value"])
        gone, _ = entry.delete()
    else:
        value = PicklistValue.objects.filter(
            pk=added["value"], value=added["text"], retired_at=None, entries=None
        )
        gone = PicklistValue.objects.filter(pk__in=list(value.values_list("pk", flat=True))).update(
            retired_at=at
        )
        if gone:
            _put_back(added["picklist"], added.get("replaced", []))
    if gone:
        touch(added["picklist"])


def _put_back(picklist_id: int, entries: list[dict[str, Any]]) -> None:
    """Entries that had to go for a value that is gone now, where nothing took their place."""
    for entry in entries:
        value = PicklistValue.objects.filter(pk=entry["value"], picklist=picklist_id, retired_at=None).first()
        if value is not None:
            ListMapperEntry.objects.get_or_create(
                picklist_id=picklist_id,
                folded=fold(entry["text"]),
                defaults={"text": entry["text"], "value": value},
            )


def touch(picklist_id: int) -> None:
    """Each save is a version."""
    picklist = Picklist.objects.select_for_update().get(pk=picklist_id)
    picklist.version += 1
    picklist.save(update_fields=["version"])


def retire(picklist: Picklist, texts: Iterable[str], at: datetime) -> None:
    """Take values out of use; leads keep them, and entries for them rest. Raises Refused where one is none.

    Runs in the caller's transaction.
    """
    touch(picklist.pk)
    wanted = set(texts)
    in_use = picklist.values.filter(value__in=wanted, retired_at=None)
    if missing := sorted(wanted - set(in_use.values_list("value", flat=True))):
        raise Refused("not_a_value", f"“{missing[0]}” is not in use on {picklist}", "Nothing was changed.")
    in_use.update(retired_at=at)


def repoint(entry: ListMapperEntry, value: PicklistValue) -> None:
    """Let an entry stand for another value of its picklist. Raises Refused. Runs in the caller's transaction."""
    touch(entry.picklist_id)
    if value.picklist_id != entry.picklist_id or value.retired_at is not None:
        raise Refused("not_a_value", f"“{value}” is not in use on {entry.picklist}", "Nothing was changed.")
    ListMapperEntry.objects.filter(pk=entry.pk).update(value=value)
