"""Picklists, list mappers and dispositions: read by whose they are, changed by admins who saw what they change."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.models import Disposition, ListMapperEntry, Picklist
from campaigns.spec import read_picklists
from rejections import lists
from tests.api.calling import Caller, problem
from tests.flows.world import World, world
from tests.make import NOW

pytestmark = pytest.mark.django_db


def countries(w: World) -> Picklist:
    picklist = Picklist.objects.create(client=w.campaign.client, name="Countries")
    for value in ("United States", "Germany", "GDR"):
        lists.add_value(picklist, value, by=None, at=NOW)
    return picklist


def test_a_picklist_is_made_and_changed_by_who_has_seen_it() -> None:
    w = world()
    admin = Caller(w.people["admin"])
    made = admin.post("picklists/", {"client": w.campaign.client.code, "name": "Sizes", "values": ["S", "M"]})
    assert (made.status_code, made.json()["values"]) == (201, ["M", "S"])
    path, tag = f"picklists/{made.json()['id']}/", made.headers["ETag"]
    assert admin.get(path).headers["ETag"] == tag
    problem(admin.send("patch", path, {"add": ["L"]}), 428, "if_match_missing")
    changed = admin.send("patch", path, {"add": ["L"], "retire": ["S"], "name": "Size"}, **{"If-Match": tag})
    assert changed.status_code == 200
    assert (changed.json()["values"], changed.json()["retired"]) == (["L", "M"], ["S"])
    problem(admin.send("patch", path, {"add": ["XL"]}, **{"If-Match": tag}), 412, "etag_mismatch")
    now = {"If-Match": changed.headers["ETag"]}
    problem(admin.send("patch", path, {"add": ["XL", "M"]}, **now), 422, "is_a_value")
    problem(admin.send("patch", path, {"retire": ["S"]}, **now), 422, "not_a_value")
    assert admin.get(path).json() == changed.json(), "nothing of a refused change is kept"
    problem(admin.post("picklists/", {"client": w.campaign.client.code, "name": "Size"}), 422, "name_taken")
    problem(admin.post("picklists/", {"client": "nobody", "name": "Size"}), 422, "no_such_client")


def test_a_list_mapper_entry_lets_leads_pass_from_now_on() -> None:
    w = world()
    picklist = countries(w)
    operator, admin = Caller(w.people["operator"]), Caller(w.people["admin"])
    added = operator.post(
        "list-mappers/", {"picklist": picklist.pk, "text": "U.S.A.", "value": "United States"}
    )
    assert added.status_code == 201
    assert read_picklists([picklist.pk])[picklist.pk].by_text["U.S.A."] == "United States"
    sent = {"picklist": picklist.pk, "text": "u.s.a.", "value": "Germany"}
    problem(operator.post("list-mappers/", sent), 422, "is_mapped")
    problem(operator.post("list-mappers/", {**sent, "value": "Atlantis"}), 422, "not_a_value")
    path, tag = f"list-mappers/{added.json()['id']}/", {"If-Match": added.headers["ETag"]}
    problem(operator.send("patch", path, {"value": "Germany"}, **tag), 403, "not_permitted")
    assert admin.send("patch", path, {"value": "Germany"}, **tag).json()["value"] == "Germany"
    problem(admin.send("patch", path, {"value": "GDR"}, **tag), 412, "etag_mismatch")
    listed = operator.get("list-mappers/", picklist=picklist.pk).json()["results"]
    assert [entry["text"] for entry in listed] == ["U.S.A."]


def test_dispositions_read_in_the_words_of_each_side() -> None:
    w = world()
    Disposition.objects.filter(code="CLIENT_DUPLICATE").update(supplier_text="Sold twice", keeps_payout=True)
    roles, path = ("admin", "client", "supplier"), "dispositions/CLIENT_DUPLICATE/"
    told = {role: Caller(w.people[role]).get(path).json() for role in roles}
    assert told["supplier"]["label"] == "Sold twice"
    assert [told[role]["keeps_payout"] for role in roles] == [True, None, None]
    admin = Caller(w.people["admin"])
    made = admin.post(
        "dispositions/", {"code": "CLIENT_ON_HOLIDAY", "label": "On holiday", "returnable": False}
    )
    assert (made.status_code, made.json()["family"]) == (201, "client")
    changed = admin.send(
        "patch", "dispositions/CLIENT_ON_HOLIDAY/", {"returnable": True}, **{"If-Match": made.headers["ETag"]}
    )
    assert changed.json()["returnable"] is True
    problem(admin.post("dispositions/", {"code": "CLIENT_ON_HOLIDAY", "label": "Again"}), 422, "name_taken")
    problem(admin.post("dispositions/", {"code": "REJECT_LEAD_MINE", "label": "x"}), 400, "invalid")


#: Calls on Brightwater's lists, by role.
TABLE = """
get picklists/            admin 200, client 200, rival 200, supplier 200
get picklists/ID/         admin 200, operator 200, client 200, reader 200, rival 404, supplier 404
patch picklists/ID/       admin 200, operator 403, client 403, rival 404, supplier 404
post picklists/           operator 403, client 403, supplier 403
get list-mappers/ENTRY/   operator 200, client 200, rival 404, supplier 404
patch list-mappers/ENTRY/ operator 403, client 403, rival 404, supplier 404
post list-mappers/        operator 201, client 403, supplier 403
post dispositions/        operator 403, client 403, supplier 403
patch dispositions/CLIENT_TEST/ operator 403, client 403, supplier 403
"""


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1], ids=lambda line: line[:31].strip())
def test_every_role_gets_what_is_due(line: str) -> None:
    method, path, due = line.split(maxsplit=2)
    w = world()
    picklist = countries(w)
    entry = ListMapperEntry.objects.get(
        pk=lists.add_entry(picklist, "BRD", picklist.values.get(value="Germany"), by=None, at=NOW)["entry"]
    )
    address = path.replace("ID/", f"{picklist.pk}/").replace("ENTRY/", f"{entry.pk}/")
    sent: dict[str, Any] = {
        "picklists/": {"client": w.campaign.client.code, "name": "New"},
        "list-mappers/": {"picklist": picklist.pk, "text": "USA", "value": "United States"},
        "dispositions/": {"code": "CLIENT_X", "label": "X"},
    }.get(path, {"name": "Newer"} if "picklists" in path else {"value": "GDR"})
    if "CLIENT_TEST" in path:
        sent = {"label": "X"}
    for part in due.split(", "):
        role, status = part.split()
        caller = Caller(w.people[role])
        headers = {"If-Match": "*"}
        answer = caller.get(address) if method == "get" else caller.send(method, address, sent, **headers)
        assert answer.status_code == int(status), (role, answer.content)


def test_a_foreign_list_answers_like_one_that_never_was() -> None:
    w = world()
    picklist = countries(w)
    entry = lists.add_entry(picklist, "BRD", picklist.values.get(value="Germany"), by=None, at=NOW)["entry"]
    rival = Caller(w.people["rival"])
    for there, gone in (
        (f"picklists/{picklist.pk}/", "picklists/99999999/"),
        (f"list-mappers/{entry}/", "list-mappers/99999999/"),
    ):
        for method in ("get", "patch"):
            answers = [
                rival.send(method, path, {}) if method == "patch" else rival.get(path)
                for path in (there, gone)
            ]
            assert answers[0].content == answers[1].content
            assert answers[0].status_code == answers[1].status_code == 404
    assert rival.get("picklists/").json()["results"] == []
    assert rival.get("list-mappers/").json()["results"] == []
