"""What the charts stand on: rates, days, values and changes of side, counted from leads and their history."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from campaigns.models import Disposition
from leads import insight, periods, reports
from leads.filters import Filters, read_query
from leads.models import Lead, LeadValues
from leads.periods import Change, Figures, Rate
from leads.reports import Cohort, Outside, Returned
from leads.sql.sources import Day
from leads.statuses import Status
from leads.templatetags.charts import rate_lines
from tests import batches, make
from tests.flows.test_pages import opened, signed_in
from tests.flows.world import world
from tests.make import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def cohort(*campaigns: object, days: int = 30) -> Cohort:
    return Cohort([campaign.pk for campaign in campaigns], NOW - days * DAY, NOW + DAY, "Europe/London")  # type: ignore[attr-defined]


def test_the_rate_is_of_the_valid_leads_of_a_supplier_and_each_reason_has_its_share() -> None:
    campaign, lumen, kestrel = make.campaign(), make.supplier("Lumen"), make.supplier("Kestrel")
    make.phrase(campaign.client, "Wrong number", "CLIENT_INVALID_PHONE")
    source, other = make.source(campaign, lumen), make.source(campaign, kestrel)
    leads = [make.lead(campaign, source=source) for _ in range(4)]
    make.lead(campaign, Status.REJECTED, source=source)
    make.lead(campaign, Status.ACCEPTED, source=other)
    make.lead(campaign, source=other, days_ago=40)
    batches.imported(campaign, [(leads[0], "Wrong number"), (leads[1], "Wrong number"), (leads[2], "Odd")])
    heat = insight.heat(
        reports.shares(cohort(campaign)), {campaign.pk: campaign}, Filters(), by_supplier=True
    )
    assert [reason.label for reason in heat.reasons] == ["Phone number not valid", "Other reason"]
    lines = [
        (line.name, [cell.percent for cell in line.cells], line.rejected, line.leads) for line in heat.lines
    ]
    assert lines == [(lumen.name, [50.0, 25.0], 3, 4), (kestrel.name, [0.0, 0.0], 0, 1)]
    narrow = insight.heat(
        reports.shares(cohort(campaign)), {campaign.pk: campaign}, Filters(), by_supplier=False, columns=1
    )
    assert [reason.label for reason in narrow.reasons] == ["Phone number not valid", "All others"]
    assert [(line.name, [cell.leads for cell in line.cells]) for line in narrow.lines] == [
        (campaign.name, [2, 1])
    ]


def test_days_are_those_of_the_zone_and_weeks_begin_on_monday() -> None:
    campaign = make.campaign(time_zone="Asia/Tokyo")
    late = NOW.replace(hour=16)  # in Tokyo it is the 23rd, a Monday
    for status in (Status.PENDING, Status.REJECTED, Status.CLIENT_REJECTED, Status.QUARANTINED):
        make.lead(campaign, status, at=late)
    make.lead(campaign, Status.ACCEPTED, at=NOW)
    days = reports.per_day(cohort(campaign)._replace(zone="Asia/Tokyo"))
    assert days == [Day(date(2026, 11, 22), 1, 0, 0), Day(date(2026, 11, 23), 1, 1, 1)]
    assert reports.by_week(days) == [Day(date(2026, 11, 16), 1, 0, 0), Day(date(2026, 11, 23), 1, 1, 1)]


def test_days_to_reject_count_from_valid_and_answer_what_another_window_would_have_done() -> None:
    campaign = make.campaign()
    leads = [make.lead(campaign, days_ago=days) for days in (1, 1, 3, 6)]
    batch = batches.imported(campaign, leads)
    returned = reports.days_to_reject(cohort(campaign))
    price = Decimal("18.00")
    assert returned == [Returned(1, 2, 2 * price), Returned(3, 1, price), Returned(6, 1, price)]
    assert reports.what_if(returned, 7) == Outside(7, 0, 4, Decimal(0))
    assert reports.what_if(returned, 3) == Outside(3, 1, 4, price)
    assert reports.what_if(returned, 0) == Outside(0, 4, 4, 4 * price)
    assert (reports.median_days(returned), reports.median_days([])) == (1, None)
    bars = insight.spread(returned, 7)
    assert [bar.leads for bar in bars] == [0, 2, 0, 1, 0, 0, 1, 0, 0]
    batches.undone(batch)
    assert reports.days_to_reject(cohort(campaign)) == []


def test_values_that_leads_are_rejected_for_are_counted_by_their_first_failure() -> None:
    campaign = make.campaign()
    for value, status in (
        ("n/a", Status.REJECTED),
        ("n/a", Status.REJECTED),
        ("n/a", Status.PENDING),
        ("", Status.REJECTED),
    ):
        lead = make.lead(campaign, status)
        failures = [
            {"field": "email", "value": value, "code": "REJECT_LEAD_INVALID_EMAIL"},
            {"field": "phone", "value": "1"},
        ]
        LeadValues.objects.filter(lead=lead).update(failures=failures)
    found = insight.named(reports.offenders(cohort(campaign), 10), {campaign.pk: campaign}, Filters())
    assert [(one["field"], one["value"], one["leads"]) for one in found] == [
        ("Email", "n/a", 2),
        ("Email", "", 1),
    ]


def test_a_change_of_side_counts_once_a_lead_and_not_when_it_was_taken_back() -> None:
    campaign = make.campaign()
    billed, pending, again = (
        make.lead(campaign, status) for status in (Status.ACCEPTED, Status.PENDING, Status.ACCEPTED)
    )
    batches.imported(campaign, [billed, pending])
    for _ in range(2):
        batches.undone(batches.imported(campaign, [again]))
    found = {one.kind: (one.leads, one.amount) for one in reports.flips(cohort(campaign))}
    assert found == {"credited": (1, Decimal("18.00")), "given_back": (1, Decimal("18.00"))}


def test_clients_read_their_own_campaigns_and_suppliers_only_where_they_are_named() -> None:
    w = world()
    page = opened(w.people["client"], "analytics")
    assert [line.name for line in page["heat"].lines] == [w.campaign.name]
    assert {campaign.pk for campaign in page["campaigns"]} == {w.campaign.pk}
    text = (
        signed_in(w.people["client"])
        .get(reverse("analytics"), {"campaign": w.campaign.code})
        .content.decode()
    )
    assert w.lumen.name not in text
    w.campaign.show_suppliers_to_client = True
    w.campaign.save()
    named = opened(w.people["client"], "analytics", campaign=w.campaign.code)["heat"].lines
    assert {line.name for line in named} == {w.lumen.name, w.kestrel.name}
    assert opened(w.people["client"], "analytics", campaign=w.foreign.code)["asked"].chosen is None


def test_each_chart_has_its_file_and_the_what_if_its_answer() -> None:
    w = world()
    browser = signed_in(w.people["operator"])
    for report in ("suppliers-and-reasons", "days", "days-to-reject", "values", "changes"):
        answer = browser.get(reverse("analytics_download", args=[report]))
        assert answer.content.decode("utf-8-sig").splitlines()[0].count(",") >= 1, report
    days = browser.get(reverse("analytics_download", args=["days-to-reject"])).content.decode("utf-8-sig")
    assert days.splitlines() == ["Days,Leads", "1,3"]
    assert browser.get(reverse("analytics_download", args=["secrets"])).status_code == 404


def test_the_what_if_answers_beside_its_chart_and_without_javascript_on_its_page() -> None:
    w = world()
    address, htmx = reverse("what_if", args=[w.campaign.code]), {"HX-Request": "true"}
    browser = signed_in(w.people["operator"])
    text = browser.get(address, {"days": "0"}, headers=htmx).content.decode()
    assert "2 of 2\xa0rejections" in text
    assert "£36.50" in text
    long_ago = {"days": "0", "from": "2020-01-01", "to": "2020-02-01"}
    assert "nothing to look back on" in browser.get(address, long_ago, headers=htmx).content.decode()
    for days in ("-1", "x", "99999"):
        assert browser.get(address, {"days": days}, headers=htmx).status_code == 200
    page = browser.get(browser.get(address, {"days": "0"}).headers["Location"])
    assert page.context["what_if"]["outside"].leads == 2
    for role in ("rival", "supplier"):
        assert signed_in(w.people[role]).get(address, headers=htmx).status_code == 404, role


def test_a_report_of_nothing_and_an_address_without_sense_are_pages_too() -> None:
    empty = opened(
        make.operator(), "analytics", **{"from": "2026-99-99", "to": "9999-12-31", "campaign": "\0"}
    )
    assert empty["figures"].received == 0
    assert (empty["asked"].last - empty["asked"].first).days == 29
    long_ago = opened(make.operator(), "analytics", **{"from": "1980-01-01"})["asked"]
    assert (long_ago.last - long_ago.first).days == 365


@pytest.mark.parametrize("role", ["operator", "client"])
def test_each_number_leads_to_as_many_leads_as_it_says(role: str) -> None:
    w = world()
    LeadValues.objects.filter(lead=w.leads["rejected"]).update(
        judged={"email": ""}, failures=[{"field": "email", "value": "", "code": "REJECT_LEAD_MISSING_FIELD"}]
    )
    missing = Disposition.objects.get(code="REJECT_LEAD_MISSING_FIELD")
    Lead.objects.filter(pk=w.leads["rejected"].pk).update(disposition=missing)
    person = w.people[role]
    page = opened(person, "analytics", campaign=w.campaign.code)
    numbers = [(page["figures"].returned, page["lists"]["client_rejected"])]
    numbers += [(page["figures"].door, page["lists"]["rejected"])]
    for line in page["heat"].lines:
        numbers += [(line.leads, line.query), (line.rejected, line.rejected_query)]
        numbers += [(cell.leads, cell.query) for cell in line.cells if cell.query]
    numbers += [pair for one in page["listed"] for pair in one.counts]
    numbers += [(one["leads"], one["query"]) for one in page["offenders"]]
    assert sum(leads > 0 for leads, _ in numbers) > 8
    for leads, query in numbers:
        found = signed_in(person).get(f"{reverse('leads')}?{query}").context["total"]
        assert found == leads, query


def test_the_list_of_a_week_ends_with_the_days_looked_at() -> None:
    week = Day(date(2026, 11, 16), 3, 0, 0)
    base = Filters(received_from=date(2026, 11, 18), received_to=date(2026, 11, 30))
    [one] = insight.listed([week], base, weekly=True)
    asked = read_query(one.counts[0][1])
    assert (asked.received_from, asked.received_to) == (date(2026, 11, 18), date(2026, 11, 22))


def test_figures_are_set_against_as_many_days_right_before() -> None:
    now = Figures(1000, 800, 100, 60, [], 5)
    was = Figures(900, 700, 90, 70, [], 4)
    assert periods.compared(now, was) == {
        "rate": Change("−2.5\xa0pt", "2.5 percentage points lower than", True, "10.0\xa0%"),
        "returned": Change("−10", "10 fewer than", True, "70"),
        "door": Change("±0.0\xa0pt", "the same as", None, "10.0\xa0%"),
        "median": Change("+1\xa0d", "1\xa0day more than", None, "4\xa0days"),
    }
    nothing = Figures(0, 0, 0, 0, [], None)
    assert periods.compared(now, nothing) == {}
    assert periods.compared(Figures(10, 0, 10, 0, [], None), was).keys() == {"returned", "door"}
    campaign = make.campaign()
    batches.imported(campaign, [make.lead(campaign, days_ago=3), make.lead(campaign, days_ago=3)][:1])
    make.lead(campaign, days_ago=13)
    days = {"from": str((NOW - 10 * DAY).date()), "to": str((NOW - DAY).date())}
    page = opened(make.operator(), "analytics", **days)
    assert (page["before"].last + DAY, page["before"].first + 10 * DAY) == (page["asked"].first,) * 2
    assert page["changes"]["rate"].was == "0.0\xa0%"


def test_lists_behind_figures_of_several_campaigns_have_the_days_of_the_house() -> None:
    first = make.campaign()
    tokyo = make.campaign(client=first.client, time_zone="Asia/Tokyo")
    make.lead(first, at=NOW)
    make.lead(tokyo, at=NOW.replace(hour=16))  # there it is the 23rd
    person = make.client_user(first.client)
    days = {"from": "2026-11-22", "to": "2026-11-22"}
    lines = {line.name: line for line in opened(person, "analytics", **days)["heat"].lines}
    found = signed_in(person).get(f"{reverse('leads')}?{lines[tokyo.name].query}").context
    assert (lines[tokyo.name].leads, found["total"], found["zone"]) == (1, 1, "UTC")


def test_a_rate_is_that_of_the_week_up_to_its_day_and_a_week_without_leads_is_a_gap() -> None:
    days = [Day(date(2026, 11, 2), 8, 1, 1), Day(date(2026, 11, 8), 10, 0, 0)]
    found = periods.rates(days, date(2026, 11, 7), date(2026, 11, 20))
    assert found[:3] == [
        Rate(date(2026, 11, 7), 1, 1, 10),
        Rate(date(2026, 11, 8), 1, 1, 20),
        Rate(date(2026, 11, 9), 0, 0, 10),
    ]
    assert found[7:9] == [Rate(date(2026, 11, 14), 0, 0, 10), Rate(date(2026, 11, 15), 0, 0, 0)]
    assert (len(found), found[-1].day) == (14, date(2026, 11, 20))
    assert periods.rates(days, date(2026, 11, 20), date(2026, 11, 21)) == []
    drawn = rate_lines(found)
    assert 'class="line c-client" d="M10 0.00L' in drawn
    assert "20 Nov: no leads" in drawn
    one = rate_lines([Rate(date(2026, 11, day), 0, 0, day % 2) for day in (1, 2, 3)])
    assert 'class="line c-client" d="M10 100.00L10 100.00M50 100.00L50 100.00"' in one
