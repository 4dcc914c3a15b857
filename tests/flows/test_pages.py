"""What home, the lists, a campaign, a lead and the search show, and what they do: HTTP in, HTTP out."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import User
from campaigns.rules import begin, local_date
from campaigns.templatetags.figures import weekday
from leads.models import Lead, LeadEvent
from leads.statuses import Status
from rejections.columns import guess
from rejections.models import Batch, Kind
from rejections.options import Options
from rejections.states import State
from rejections.views import shown
from tests import batches, make
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db


def signed_in(person: User | None) -> Client:
    assert person is not None
    browser = Client()
    browser.force_login(person)
    return browser


def opened(person: User | None, name: str, /, *args: Any, **query: str) -> Any:
    """The page's context, after it was rendered."""
    answer = signed_in(person).get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.context


# Home


def test_home_lists_what_needs_somebody_by_deadline_then_money() -> None:
    w = world()
    make.campaign(client=w.campaign.client, name="Windowless", return_window_days=None)
    closing = make.lead(w.campaign, at=last_moment_inside(w))
    items = opened(w.people["operator"], "home")["items"]
    assert [item["title"].replace("\xa0", " ") for item in items] == [
        "1 lead not judged yet",
        "1 Pending lead leaves the return window",
        "1 Pending lead can no longer be rejected",
        f"IMP-{w.checked.pk} is checked and not started",
        "1 lead in quarantine",
        f"1 phrase of {w.campaign.client} without a disposition",
        f"1 phrase of {w.foreign.client} without a disposition",
        "Windowless has no maximum rejection days",
    ]
    assert items[1]["due"] == "tonight"
    assert items[1]["amount"] == "£18"
    assert closing.status == Status.PENDING
    make.lead(w.campaign, at=last_moment_inside(w) + timedelta(days=1))
    items = opened(w.people["operator"], "home")["items"]
    tomorrow = local_date(w.at, w.campaign.time_zone) + timedelta(days=1)
    assert items[1]["due"] == f"tonight and {weekday(tomorrow)}", "of two, one has a day more"


def last_moment_inside(w: World) -> Any:
    """A moment of the oldest day inside the campaign's window: leads of it can be rejected today only."""
    today = local_date(w.at, w.campaign.time_zone)
    oldest = today - timedelta(days=w.campaign.return_window_days or 0)
    return begin(oldest, w.campaign.time_zone) + timedelta(minutes=5)


def test_figures_on_home_lead_to_the_leads_behind_them() -> None:
    w = world()
    make.lead(w.campaign, at=last_moment_inside(w))
    operator = signed_in(w.people["operator"])
    context = operator.get(reverse("home")).context
    ways = [(metric["text"], metric["url"]) for metric in context["metrics"][:3]]
    ways += [(item["title"], item["url"]) for item in context["items"] if "quarantine" in item["title"]]
    assert len(ways) == 4
    for words, url in ways:
        listed = operator.get(url).content.decode()
        assert listed.count('class="rowlink"') == int(words.split("\xa0")[0]), words
    for line in context["reasons"]:
        assert operator.get(line["url"]).status_code == 200


def test_a_window_that_closes_by_itself_each_night_needs_nobody() -> None:
    w = world()
    w.campaign.accept_when_window_closes = True
    w.campaign.save()
    titles = [item["title"] for item in opened(w.people["operator"], "home")["items"]]
    assert not any("no longer be rejected" in title for title in titles)


def test_a_failed_batch_stands_first_with_its_sentence() -> None:
    w = world()
    Batch.objects.filter(pk=w.checked.pk).update(
        state=State.FAILED, error="The sheet is empty. Nothing was changed.", ended_at=w.at
    )
    item = opened(w.people["admin"], "home")["items"][0]
    assert item["title"] == f"IMP-{w.checked.pk} failed"
    assert "The sheet is empty." in item["text"]


def test_home_says_the_money_at_stake_per_currency() -> None:
    w = world()
    euro = make.campaign(client=w.foreign.client, currency="EUR")
    make.lead(euro, at=w.at - timedelta(days=1), price="40.00")
    values = {m["words"]: m["amounts"] for m in opened(w.people["operator"], "home")["metrics"]}
    assert values["Pending with clients"] == ["£73", "€40"]
    assert values["Window closed, still Pending"] == ["£18"]
    assert values["Client Rejected this month"] == ["£55"]


def test_who_reads_of_phrases_that_wait_is_sent_to_where_they_are_mapped() -> None:
    w = world()
    for role in ("admin", "operator"):
        items = opened(w.people[role], "home")["items"]
        item = next(item for item in items if "phrase" in item["title"])
        answer = signed_in(w.people[role]).get(item["url"])
        assert answer.context["client"] == w.campaign.client
        assert len(answer.context["waiting"]) == 1


def test_open_batches_renew_themselves_only_while_one_is_at_work() -> None:
    w = world()
    browser = signed_in(w.people["operator"])
    assert b"hx-get" not in browser.get(reverse("open_batches")).content
    Batch.objects.filter(pk=w.checked.pk).update(state=State.APPLYING, step="rows", done=1)
    renewing = browser.get(reverse("open_batches")).content.decode()
    assert "hx-get" in renewing
    assert "1 of 2\xa0rows" in renewing


def test_a_clients_home_names_windows_that_close_and_credits_by_reason() -> None:
    w = world()
    make.lead(w.campaign, at=last_moment_inside(w), price="20.00")
    make.phrase(w.campaign.client, "Wrong number", "CLIENT_INVALID_PHONE")
    accepted = make.lead(w.campaign, Status.ACCEPTED, at=w.at - timedelta(days=1), price="30.00")
    batches.imported(w.campaign, [(accepted, "Wrong number")], at=w.at)
    context = opened(w.people["client"], "home")
    first = context["windows"][0]
    assert (first["days_left"], first["pending"], first["amount"]) == (0, 1, 20)
    assert context["credits"]["leads"] == 1
    assert context["credits"]["reasons"] == [("Phone number not valid", [("GBP", 30)])]


def test_the_list_of_pending_leads_comes_back_with_a_reason_written_beside_them() -> None:
    w = world()
    lead = make.lead(w.campaign, at=w.at, email="ann@example.org", phone="02079460018")
    other = make.lead(make.campaign(client=w.campaign.client), at=w.at)
    make.campaign(client=w.campaign.client, return_window_days=None)
    browser = signed_in(w.people["client"])
    lists = dict(opened(w.people["client"], "home")["pending"])
    assert set(lists) == {w.campaign.name, other.campaign.name}, (
        "of one campaign each, where leads can go back"
    )
    answer: Any = browser.get(lists[w.campaign.name])
    header, *rows = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert [row[0] for row in rows if {"ann@example.org", "02079460018"} <= set(row)] == [str(lead.pk)]
    assert str(other.pk) not in {row[0] for row in rows}
    guessed = guess([*header, "Reason"], [[*rows[0], "Wrong number"]], [])
    assert (guessed.identifier_column, guessed.reason_column) == (header[0], "Reason")
    assert not guess(header, rows, []).reason_column


def test_credits_that_were_taken_back_are_no_credits() -> None:
    w = world()
    accepted = make.lead(w.campaign, Status.ACCEPTED, at=w.at - timedelta(days=1))
    batch = batches.imported(w.campaign, [accepted], at=w.at)
    assert opened(w.people["client"], "home")["credits"]["leads"] == 1
    batches.undone(batch, at=w.at)
    assert opened(w.people["client"], "home")["credits"]["leads"] == 0


def test_undo_of_ticked_rows_with_none_ticked_offers_no_undo_of_all() -> None:
    w = world()
    browser, page = signed_in(w.people["operator"]), reverse("batch_undo", args=[w.finished.pk])
    offer = "Put back 1\N{NO-BREAK SPACE}lead"
    for query in ("?ticked=on", "?ticked=on&line=x"):
        answer = browser.get(page + query, follow=True).content.decode()
        assert "Tick the rows to put back first. Nothing was changed." in answer
        assert offer not in answer
    browser.post(page, {"ticked": "on"})
    assert not LeadEvent.objects.filter(batch_id=w.finished.pk, undoes__isnull=False).exists()
    assert offer in browser.get(page).content.decode()


def test_without_the_permission_the_page_says_who_can_give_it_and_who_can_act() -> None:
    w = world()
    text = signed_in(w.people["reader"]).get(reverse("home")).content.decode()
    assert "Ada Admin" in text
    assert "Carla Buys can send files" in text


def test_a_suppliers_home_counts_its_own_leads_and_says_why_some_came_back() -> None:
    w = world()
    context = opened(w.people["supplier"], "home")
    counts = {status: leads for status, leads, _ in context["overview"].statuses}
    assert counts == {**dict.fromkeys(Status, 1), Status.PENDING: 3, Status.CLIENT_REJECTED: 3}
    newest = context["lately"][0]
    assert newest.words == "Other reason: “Duplicate Lead”"
    assert newest.found.campaign == "Home offer"


# Imports


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["foreign_batch", "checked", "by_operator", "finished"]),
        ({"state": "checked"}, ["checked"]),
        ({"kind": "close_out"}, []),
        ({"q": "RETURNS.C"}, ["by_operator"]),
        ({"q": "imp-{checked}"}, ["checked"]),
        ({"campaign": "{campaign}"}, ["checked", "by_operator", "finished"]),
        ({"state": "no-such-state", "page": "99"}, ["foreign_batch", "checked", "by_operator", "finished"]),
        ({"q": "a\0b"}, []),
        ({"by": "me"}, ["by_operator"]),
    ],
)
def test_imports_are_filtered(query: dict[str, str], found: list[str]) -> None:
    w = world()
    Batch.objects.filter(pk=w.by_operator.pk).update(file_name="november_returns.csv")
    names = {"checked": w.checked.pk, "campaign": w.campaign.code}
    asked = {name: value.format(**names) if "{" in value else value for name, value in query.items()}
    context = opened(w.people["operator"], "imports", **asked)
    assert [line["batch"].pk for line in context["lines"]] == [getattr(w, name).pk for name in found]
    assert context["pager"].total == len(found)


def test_correction_uploads_are_listed_for_staff_alone() -> None:
    w = world()
    source = w.campaign.sources.first()
    Batch.objects.filter(pk=w.checked.pk).update(kind=Kind.CORRECTION, source=source)
    for role, tabs in (("operator", ["All", "Rejection imports", "Correction uploads", "Close-outs"]),
                       ("client", ["All", "Rejection imports", "Close-outs"])):  # fmt: skip
        context = opened(w.people[role], "imports")
        assert [tab["words"] for tab in context["tabs"]] == tabs
        assert (w.checked in [line["batch"] for line in context["lines"]]) == (role == "operator")


def test_times_of_several_campaigns_are_in_one_zone_and_it_is_named() -> None:
    w = world()
    other = make.campaign(time_zone="Asia/Tokyo")
    batches.imported(other, [make.lead(other, Status.PENDING, at=w.at)], at=w.at)
    Batch.objects.update(created_at=at_noon(w), ended_at=at_noon(w), created_by=w.people["operator"])
    browser = signed_in(w.people["operator"])
    for name in ("imports", "import_new", "told"):
        page = browser.get(reverse(name)).content.decode()
        assert "times in UTC" in page
        assert "12:00" in page
        assert "21:00" not in page
    page = browser.get(reverse("imports"), {"campaign": other.code}).content.decode()
    assert "times in Asia/Tokyo" in page
    assert "21:00" in page


def at_noon(w: World) -> datetime:
    return w.at.replace(hour=12, minute=0) - timedelta(days=1)


def test_a_line_says_what_the_import_did() -> None:
    w = world()
    accepted = make.lead(w.campaign, Status.ACCEPTED, at=w.at - timedelta(days=1), price="30.00")
    batch = batches.imported(w.campaign, [accepted, "999999"], accept_older=True, at=w.at)
    line = opened(w.people["operator"], "imports")["lines"][0]
    assert line["batch"] == batch
    assert line["counts"] == {"not_found": 1, "rejected": 1}
    assert (line["rejected"], line["accepted"], line["credit"]) == (1, 1, 30)


def test_what_was_put_back_is_shown_as_put_back_and_is_no_credit() -> None:
    w = world()
    pair = [make.lead(w.campaign, Status.ACCEPTED, at=w.at - timedelta(days=1), price="30.00") for _ in "ab"]
    batch = batches.imported(w.campaign, pair, at=w.at)
    operator, later = w.people["operator"], w.at + timedelta(hours=1)
    said = "The outcome is what the check said"
    result = reverse("batch_result", args=[batch.pk])
    assert said in signed_in(operator).get(result).content.decode()

    batches.undone(batch, lines=[1], at=later)
    line = opened(operator, "imports")["lines"][0]
    assert (line["rejected"], line["credit"], line["back"]) == (1, 30, 1)
    answer = signed_in(operator).get(result)
    text = answer.content.decode()
    assert said not in text
    assert answer.context["took"] == 0  # the undo an hour later is no part of it
    assert answer.context["receipt"].holds.credited == 30
    assert text.count("Was rejected, put back") == 2  # a tile and a row

    batches.undone(batch, at=later)
    line = opened(operator, "imports")["lines"][0]
    assert (line["rejected"], line["credit"], line["back"]) == (0, 0, 2)
    answer = signed_in(operator).get(result)
    assert answer.context["receipt"].holds.credited == 0
    assert answer.content.decode().count("Was rejected, put back") == 4  # a tile, its filter and two rows


def test_leads_picked_by_hand_have_not_come_the_way_of_a_file() -> None:
    w = world()
    text = signed_in(w.people["operator"]).get(reverse("batch_result", args=[w.finished.pk])).content.decode()
    assert "Leads picked by hand" in text
    assert f'href="{reverse("leads")}?campaign={w.campaign.code}"' in text
    for words in ("Accept leads ·", "Client’s reason", "Steps of this import", "Import another file"):
        assert words not in text


def test_a_checked_import_has_outcomes_and_has_done_nothing() -> None:
    w = world()
    line = opened(w.people["operator"], "imports", state="checked")["lines"][0]
    assert line["counts"] == {"not_found": 1, "rejected": 1}
    assert (line["rejected"], line["accepted"], line["credit"]) == (None, None, None)


def test_more_batches_take_no_more_queries(django_assert_num_queries: Any) -> None:
    w = world()
    browser = signed_in(w.people["operator"])
    browser.get(reverse("imports"))
    with django_assert_num_queries(13):
        browser.get(reverse("imports"), {"campaign": w.foreign.code})
    with django_assert_num_queries(13):
        browser.get(reverse("imports"))


def test_imports_go_page_by_page() -> None:
    w = world()
    many = [close_out(w) for _ in range(26)]
    context = opened(w.people["operator"], "imports", kind=Kind.CLOSE_OUT, page="2")
    assert [line["batch"] for line in context["lines"]] == [many[0]]
    assert (context["pager"].first, context["pager"].last) == (26, 26)
    assert context["pager"].previous == "kind=close_out&page=1"


def close_out(w: World, **values: Any) -> Batch:
    """A close-out of the world's campaign that waits to be started."""
    return Batch.objects.create(
        kind=Kind.CLOSE_OUT,
        state=State.CHECKED,
        campaign=w.campaign,
        created_at=w.at,
        time_zone=w.campaign.time_zone,
        window_days=7,
        **values,
    )


def test_who_made_a_batch_is_named_to_their_own_side_only() -> None:
    w = world()
    cases = {
        "operator": ("Carla Buys", "Olga Operates", "Command line"),
        "client": ("Carla Buys", "Operator", "Command line"),
    }
    for role, expected in cases.items():
        made = (w.finished, w.by_operator, close_out(w, via="cli"))
        assert tuple(shown.by(batch, w.people[role]) for batch in made) == expected  # type: ignore[arg-type]


# Campaigns


def test_campaigns_say_what_waits_in_each() -> None:
    w = world()
    lines = {line["campaign"].pk: line for line in opened(w.people["operator"], "campaigns")["lines"]}
    assert (lines[w.campaign.pk]["pending"], lines[w.campaign.pk]["closed"]) == (3, 1)
    assert (lines[w.foreign.pk]["pending"], lines[w.foreign.pk]["closed"]) == (1, 0)


def test_a_campaign_shows_where_its_leads_stand_and_its_caps() -> None:
    w = world()
    context = opened(w.people["operator"], "campaign", w.campaign.code)
    assert dict(context["statuses"]) == {
        "processing": 1, "rejected": 1, "quarantined": 1, "pending": 3, "accepted": 2, "client_rejected": 3,
    }  # fmt: skip
    assert [cap["words"] for cap in context["caps"]] == ["Whole campaign, a month", f"{w.lumen}, a week"]
    assert [line["batch"].pk for line in context["recent"]] == [
        w.checked.pk,
        w.by_operator.pk,
        w.finished.pk,
    ]
    of_client = opened(w.people["client"], "campaign", w.campaign.code)["caps"]
    assert [cap["words"] for cap in of_client] == ["Whole campaign, a month"]


def test_accept_leads_makes_a_close_out_to_be_checked() -> None:
    w = world()
    through = local_date(w.at, w.campaign.time_zone) - timedelta(days=7)
    answer = signed_in(w.people["client"]).post(
        reverse("accept_leads", args=[w.campaign.code]), {"through": through.isoformat()}
    )
    batch = Batch.objects.latest("pk")
    assert answer.headers["Location"] == reverse("batch", args=[batch.pk])
    assert (batch.kind, batch.state, batch.via) == (Kind.CLOSE_OUT, State.CHECKED, "page")
    assert batch.created_by == w.people["client"]
    assert Options.from_json(batch.options).through == through
    batches.started(batch, accept_remaining=True, through=through, at=timezone.now())
    assert batches.statuses([w.leads["old"], w.leads["pending"]]) == ["accepted", "pending"]


@pytest.mark.parametrize(
    ("through", "says"),
    [
        ("", "Choose the last day"),
        ("soon", "That is not a date"),
        ("2999-01-01", "The through date is too late"),
    ],
)
def test_accept_leads_says_what_is_wrong_with_the_date(through: str, says: str) -> None:
    w = world()
    page = reverse("accept_leads", args=[w.campaign.code])
    answer = signed_in(w.people["operator"]).post(page, {"through": through})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Batch.objects.filter(kind=Kind.CLOSE_OUT).exists()


def test_a_campaign_without_a_window_refuses_with_the_sentence() -> None:
    w = world()
    windowless = make.campaign(return_window_days=None)
    page = reverse("accept_leads", args=[windowless.code])
    answer = signed_in(w.people["operator"]).post(page, {"through": "2026-01-01"})
    assert answer.status_code == 422
    assert "has no maximum rejection days" in answer.content.decode()


# Leads


def test_a_leads_timeline_tells_who_did_what_and_what_was_taken_back() -> None:
    w = world()
    lead_id = w.by_operator.lines.get().lead_id
    batches.undone(w.by_operator, person=w.people["admin"], at=w.at)
    context = opened(w.people["operator"], "lead", lead_id)
    back, rejected = context["events"]
    assert back.title == "Taken back: Pending again"
    assert back.who == "Ada Admin"
    assert rejected.title == "Rejected by the client"
    assert rejected.text == "Other reason: “Duplicate Lead”."
    assert (rejected.who, rejected.undone, rejected.line) == ("Olga Operates", True, 1)
    assert rejected.batch == w.by_operator


@pytest.mark.parametrize(
    ("role", "who", "has_batch"),
    [("operator", "Olga Operates", True), ("client", "an operator", True), ("supplier", "", False)],
)
def test_a_timeline_names_people_of_the_viewers_side_only(role: str, who: str, has_batch: bool) -> None:
    w = world()
    event = opened(w.people[role], "lead", w.by_operator.lines.get().lead_id)["events"][0]
    assert event.who == who
    assert bool(event.batch) is has_batch


def test_a_lead_shows_its_values_as_judged_and_what_failed() -> None:
    w = world()
    lead = w.leads["rejected"]
    lead.values.received = {"name": " Jürgen Groß ", "email": "j.gross@", "note": "call late"}
    lead.values.judged = {"name": "Jürgen Groß", "email": ""}
    lead.values.failures = [{"field": "email", "value": "j.gross@", "code": "X", "sentence": "No domain."}]
    lead.values.save()
    context = opened(w.people["operator"], "lead", lead.pk)
    assert context["title"] == "Jürgen Groß"
    email, phone, name, note = context["data"]
    assert (email.value, email.received, email.failure) == ("j.gross@", "", "No domain.")
    assert (phone.label, phone.value) == ("Phone", "")
    assert (name.value, name.received) == ("Jürgen Groß", " Jürgen Groß ")
    assert (note.label, note.value, note.received) == ("note", "", "call late")


def test_staff_and_the_supplier_see_what_the_supplier_was_told() -> None:
    w = world()
    lead_id = w.finished.lines.get().lead_id
    told = {
        role: [line["words"] for line in opened(w.people[role], "lead", lead_id)["deliveries"]]
        for role in ("operator", "client", "supplier")
    }
    assert told == {
        "operator": [f"Rejection told to {w.lumen} in the portal"],
        "client": [],
        "supplier": ["Rejection told to you in the portal"],
    }


def test_one_lead_is_rejected_by_the_rules_of_a_file() -> None:
    w = world()
    lead = w.leads["pending"]
    answer = signed_in(w.people["client"]).post(
        reverse("lead_reject", args=[lead.pk]), {"reason": "  Wrong person "}
    )
    batch = Batch.objects.latest("pk")
    assert answer.headers["Location"] == reverse("batch", args=[batch.pk])
    assert (batch.kind, batch.client_side, batch.goes_through) == (
        Kind.REJECTION,
        w.campaign.client,
        True,
    )
    batches.work(batch, timezone.now())
    lead.refresh_from_db()
    assert (lead.status, lead.reason) == (Status.CLIENT_REJECTED, "Wrong person")
    assert batches.outcomes(batch) == ["rejected"]


def test_one_lead_is_accepted_by_a_close_out_of_its_own() -> None:
    w = world()
    signed_in(w.people["operator"]).post(reverse("lead_accept", args=[w.leads["old"].pk]))
    batches.work(Batch.objects.latest("pk"), timezone.now())
    assert batches.statuses([w.leads["old"], w.leads["pending"]]) == ["accepted", "pending"]


def test_a_rejection_without_a_reason_shows_the_page_again() -> None:
    w = world()
    answer = signed_in(w.people["operator"]).post(
        reverse("lead_reject", args=[w.leads["pending"].pk]), {"reason": " "}
    )
    assert answer.status_code == 422
    assert "Write the reason for the rejection." in answer.content.decode()
    assert not Batch.objects.filter(pk__gt=w.foreign_batch.pk).exists()


@pytest.mark.parametrize(
    ("which", "reject", "accept", "closes"),
    [
        ("pending", True, True, True),
        ("accepted", True, False, True),
        ("old", False, True, False),
        ("rejected", False, False, None),
        ("quarantined", False, False, None),
        ("client_rejected", False, False, None),
    ],
)
def test_only_what_can_be_done_is_offered(
    which: str, reject: bool, accept: bool, closes: bool | None
) -> None:
    w = world()
    context = opened(w.people["client"], "lead", w.leads[which].pk)
    assert context["may"] == {"reject": reject, "accept": accept, "keep": False}
    assert (context["window"].open if context["window"] else None) is closes
    reader = opened(w.people["reader"], "lead", w.leads[which].pk)
    assert reader["may"] == {"reject": False, "accept": False, "keep": False}
    assert opened(w.people["operator"], "lead", w.leads[which].pk)["may"]["keep"] is (which == "rejected")
    assert ("Ada Admin" in reader["no_act"]) is (closes is not None)


# Find


def test_find_opens_what_was_pasted() -> None:
    w = world()
    lead = make.lead(w.campaign, at=w.at, uid="0b8c-11AF")
    for text in (str(lead.pk), f" '{lead.pk}.0 ", "{0B8C11af}"):
        answer = signed_in(w.people["operator"]).get(reverse("find"), {"q": text})
        assert answer.headers["Location"] == reverse("lead", args=[lead.pk]), text
    answer = signed_in(w.people["client"]).get(reverse("find"), {"q": f"IMP-{w.finished.pk}"})
    assert answer.headers["Location"] == reverse("batch", args=[w.finished.pk])


def test_find_lists_leads_that_share_a_uid_and_guesses_none() -> None:
    w = world()
    twins = [make.lead(w.campaign, at=w.at, uid="session-1") for _ in range(2)]
    make.lead(w.foreign, at=w.at, uid="session-1")
    found = opened(w.people["client"], "find", q="session-1")["leads"]
    assert [lead["pk"] for lead in found] == [twins[1].pk, twins[0].pk]


@pytest.mark.parametrize("text", ["", "   ", "nobody", "IMP-999999999", "9" * 200, "\0", "١٢٣٤٥٦", "%", "'"])
def test_find_says_that_nothing_was_found(text: str) -> None:
    w = world()
    context = opened(w.people["operator"], "find", q=text)
    assert context["leads"] == []


def test_find_lists_leads_by_name_imports_campaigns_and_pages_of_ones_own_side() -> None:
    w = world()
    lead = make.lead(w.campaign, at=w.at, name="Ann Archer", email="ann@example.org")

    def hits(role: str, q: str) -> Any:
        return (
            signed_in(w.people[role])
            .get(reverse("find"), {"q": q}, headers={"HX-Request": "true"})
            .context["hits"]
        )

    assert [found["pk"] for found in hits("client", "arch").leads] == [lead.pk]
    assert [found["pk"] for found in hits("supplier", "ann@EXAMPLE.org").leads] == [lead.pk]
    assert [found["pk"] for found in hits("client", "@example.or").leads] == [lead.pk]
    assert not hits("rival", "arch")
    old = make.lead(w.campaign, at=w.at - timedelta(days=1), id=912_345)
    called = make.lead(w.campaign, at=w.at, phone="+447911912345")
    assert [found["pk"] for found in hits("client", "912345").leads] == [old.pk, called.pk]
    assert hits("client", f"IMP-{w.finished.pk}").batches == [w.finished]
    assert hits("client", "rooftops").campaigns == [w.campaign]
    assert not hits("supplier", "rooftops")
    source = w.campaign.sources.first()
    source.name = "Meadow funnel"
    source.save()
    assert hits("operator", "meadow").sources == [source]
    assert not hits("client", "meadow")
    for q, only in (
        ("meadow", reverse("source", args=[source.code])),
        ("arch", reverse("lead", args=[lead.pk])),
        ("picklists", reverse("picklists")),
    ):
        assert signed_in(w.people["operator"]).get(reverse("find"), {"q": q}).headers["Location"] == only
    assert [words for _, words in hits("operator", "fix").pages] == ["Fix queue"]
    assert not hits("supplier", "imp")
    for role in ("operator", "client", "supplier"):
        for url, words in hits(role, "").pages:
            assert signed_in(w.people[role]).get(url).status_code == 200, (role, words)


def test_what_is_not_yours_is_not_found_either() -> None:
    w = world()
    Lead.objects.filter(pk=w.foreign_lead.pk).update(uid="hidden")
    for text in (str(w.foreign_lead.pk), "hidden", f"IMP-{w.foreign_batch.pk}"):
        assert opened(w.people["client"], "find", q=text)["leads"] == []


def test_the_chart_of_rates_comes_with_the_page_or_later_and_tells_of_own_campaigns_alone(
    monkeypatch: Any,
) -> None:
    w = world()
    for role, campaigns in (("client", [w.campaign]), ("operator", [w.campaign, w.foreign])):
        leads = Lead.objects.filter(campaign__in=campaigns, received_at__gt=w.at - timedelta(days=6))
        counted = leads.exclude(status__in=("processing", "quarantined")).count()
        assert opened(w.people[role], "home")["rates"][-1].leads == counted, role
    monkeypatch.setattr("campaigns.views.later.are_many", lambda: True)
    page = signed_in(w.people["client"]).get(reverse("home"))
    assert "rates" not in page.context
    assert page.context["later"]["rates"].part.encode() in page.content
    part = signed_in(w.people["client"]).get(page.context["later"]["rates"].part)
    assert (part.context["rates"][-1].leads > 0, b"<html" in part.content) == (True, False)
