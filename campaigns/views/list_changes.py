"""A change of a picklist or its list mapper: its effect first, then the one save."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from campaigns import listing
from campaigns.listing import OF_OPERATORS, Do, Edit, Plan
from campaigns.lists import natural
from campaigns.models import Picklist, User
from campaigns.templatetags.figures import counted
from campaigns.templatetags.frame import one_of
from campaigns.views.lists import USED_SINCE, judge_again, named, person_of
from rejections import lists, relisting
from rejections.fix_effects import Preview
from rejections.refusals import Refused
from rejections.views import shown

#: Lines of a paste whose outcome is shown.
STEPS = 200
#: New values and entries of a paste that are named; doubtful lines, too.
LISTED = 20
#: Of a longer list a value is typed.
OFFERED = 500
PASTE, BACK = "paste", "back"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def picklist_change(request: HttpRequest, pk: int) -> HttpResponse:
    """A change with its effect: GET shows it, POST with `save` makes it, POST without shows it again."""
    found, person = named(request, pk), person_of(request)
    data = request.POST if request.method == "POST" else request.GET
    do = data.get("do", "")
    if do not in {*Do, PASTE, BACK}:
        raise Http404
    if not person.is_superuser and do not in OF_OPERATORS:
        context = {"picklist": found, "who": one_of(shown.grantors(person))}
        return render(request, "campaigns/picklist_admins.html", context, status=403)
    edits, refused = [], None
    try:
        edits = _edits(found, data, do)
        if request.method == "POST" and "save" in data and edits:
            if do == BACK:
                _unchanged(found, data)
            return _save(request, found, edits, person, lenient=do in (PASTE, BACK))
    except Refused as refusal:
        refused = refusal
    return _change_page(request, found, do, edits, data, refused)


def _edits(found: Picklist, data: QueryDict, do: str) -> list[Edit]:
    """What is asked for; nothing while it is not complete. Raises Refused."""
    if do == BACK:
        return lists.edits_back(found, _number(data))
    if do == PASTE:
        return listing.read_paste(data.get("paste", "").replace("\0", ""))
    text, value = (data.get(name, "").replace("\0", "") for name in ("text", "value"))
    complete = text.strip() and (value.strip() or do in (Do.ADD, Do.RETIRE, Do.UNMAP))
    return [Edit(Do(do), text, value)] if complete else []


def _number(data: QueryDict) -> int:
    """The version to go back to; 0 where none is named."""
    number = data.get("number", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 0


def _unchanged(found: Picklist, data: QueryDict) -> None:
    """Raises Refused where somebody saved the list after the effect was shown."""
    if data.get("seen") != str(found.version):
        detail = "Nothing was changed. What going back does now is shown below."
        raise Refused("changed_meanwhile", f"{found} was saved by somebody else meanwhile", detail)


def _save(
    request: HttpRequest, found: Picklist, edits: list[Edit], person: User, *, lenient: bool
) -> HttpResponse:
    """The one save, and judging again where that was ticked; raises Refused."""
    at = timezone.now()
    made = lists.save(found, edits, by=person, at=at, lenient=lenient)
    if not made.changes:
        messages.info(request, f"{found} has all of this already. Nothing was changed.")
        return redirect("picklist", found.pk)
    messages.success(request, f"{found} is at version {found.version}.")
    if "again" in request.POST:
        judge_again(request, found, made, person)
    return redirect("picklist", found.pk)


def _change_page(
    request: HttpRequest,
    found: Picklist,
    do: str,
    edits: list[Edit],
    data: QueryDict,
    refused: Refused | None,
) -> HttpResponse:
    now = lists.read(found)
    context = _effect(found, now, edits, do, _number(data)) | {
        "picklist": found,
        "do": do,
        "text": data.get("text", "")[: listing.LONGEST],
        "value": data.get("value", "")[: listing.LONGEST],
        "paste": data.get("paste", ""),
        "number": _number(data),
        "values": sorted((value for value, retired in now.values.items() if not retired), key=natural),
        "offered": OFFERED,
        "refused": refused,
        "next": found.version + 1,
    }
    in_dialog = request.headers.get("HX-Request")
    template = "campaigns/_picklist_change.html" if in_dialog else "campaigns/picklist_change.html"
    return render(request, template, context, status=422 if refused else 200)


def _effect(found: Picklist, now: listing.Listing, edits: list[Edit], do: str, number: int) -> dict[str, Any]:
    """What the change would do: to the list, to leads that wait, to leads that still come."""
    made = listing.plan(now, edits)
    releases = _releases(found, made) if made.changes else None
    return {
        "plan": made if edits else None,
        "steps": made.steps[:STEPS],
        "counts": _counts(made),
        "new": _new(made) if do == PASTE else [],
        "doubtful": _doubtful(made, do),
        "releases": releases,
        "labels": _labels(do, made, releases, number),
        "loses": _loses(found, made) if made.changes else 0,
        "blocked": not made.changes or (bool(made.problems) and do not in (PASTE, BACK)),
    }


_VERBS = {
    Do.ADD: "Add the value",
    Do.MAP: "Map it",
    Do.REMAP: "Map it",
    Do.RENAME: "Rename it",
    Do.RETIRE: "Retire it",
    Do.UNMAP: "Remove the entry",
}


def _labels(do: str, made: Plan, releases: Preview | None, number: int) -> dict[str, str]:
    """What the buttons say: the change alone, and the change with judging again where that moves a lead."""
    if do == BACK:
        only = f"Go back to version {number}"
    elif do == PASTE:
        only = f"Save {counted(len(made.changes), 'change')}" if made.changes else "Save"
    else:
        only = _VERBS[Do(do)]
    moves = releases is not None and (releases.released or releases.quarantined)
    both = f"{only} and {releases.label[0].lower()}{releases.label[1:]}" if releases and moves else ""
    return {"only": only, "both": both}


def _counts(made: Plan) -> list[tuple[int, str, str]]:
    """What becomes of the lines of a paste: how many, and of what (singular, plural)."""
    done = Counter(step.edit.do for step in made.changes)
    same = sum(step.same for step in made.steps)
    found = [
        (done[Do.ADD], "new value", "new values"),
        (done[Do.MAP], "new list mapper entry", "new list mapper entries"),
        (same, "already listed", "already listed"),
        (len(made.problems), "left out", "left out"),
    ]
    return [one for one in found if one[0]]


def _new(made: Plan) -> list[tuple[str, list[Edit], int]]:
    """What a paste brings, in words, and its first lines; and how many more there are."""
    found = []
    for do, words in ((Do.ADD, "New values"), (Do.MAP, "New list mapper entries")):
        edits = [step.edit for step in made.changes if step.edit.do == do]
        if edits:
            found.append((words, edits[:LISTED], max(len(edits) - LISTED, 0)))
    return found


def _doubtful(made: Plan, do: str) -> list[tuple[str, str]]:
    """New values that are likely not meant so, and why: the first of them."""
    found = [(step.edit.text, step.warning) for step in made.changes if step.warning]
    if do == PASTE:
        new = [step.edit.text for step in made.changes if step.edit.do == Do.ADD]
        found += [(text, f"holds {mark}") for text in new if (mark := listing.separator(text))]
    return found[:LISTED]


def _releases(found: Picklist, made: Plan) -> Preview | None:
    """What judging again would release that does not pass as the list stands."""
    groups = relisting.turned_away(found)
    known = relisting.known_by(made.after.picklist(), groups)
    return relisting.effect(found, made.after.picklist(), known, timezone.now()) if known else None


def _loses(found: Picklist, made: Plan) -> int:
    """Leads of the last 90 days with a value that would pass no more."""
    gone = [step.edit.text for step in made.changes if step.edit.do == Do.RETIRE]
    if not gone:
        return 0
    uses = relisting.uses(found, timezone.now() - USED_SINCE)
    return sum(uses[text].leads for text in gone if text in uses)
