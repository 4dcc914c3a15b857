"""Lists of leads: what each filter and search finds, in which order, page by page, and for whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from campaigns.lists import fold
from campaigns.models import Disposition, Field, User
from leads import listing
from leads.filters import Filters, Sort
from leads.listing import Place
from leads.models import Lead, LeadValues
from leads.statuses import Status
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def ids(person: User, *, at: Any = NOW, **asked: Any) -> list[int]:
    filters = Filters(**asked)
    leads = listing.found(person, filters, listing.choices(person), at)
    return [lead.pk for lead in listing.page(leads, filters.sort).leads]


def day(lead: Lead) -> date:
    return lead.received_at.date()


def test_each_filter_finds_its_leads() -> None:
    campaign, other, olga = make.campaign(), make.campaign(), make.operator()
    lumen = make.supplier()
    source = make.source(other, lumen)
    bad_email = Disposition.objects.get(code="REJECT_LEAD_INVALID_EMAIL")
    pending = make.lead(campaign, days_ago=1, email="ann@example.org", name="Ann Archer")
    rejected = make.lead(campaign, Status.REJECTED, days_ago=3, disposition=bad_email, phone="+447911120400")
    LeadValues.objects.filter(lead=rejected).update(failures=[{"field": "email"}])
    looked_at = make.lead(campaign, Status.REJECTED, days_ago=4)
    LeadValues.objects.filter(lead=looked_at).update(failures=[{"field": "email"}], kept_rejected=True)
    closing, closed = make.lead(campaign, days_ago=7), make.lead(campaign, days_ago=8)
    elsewhere = make.lead(other, Status.ACCEPTED, days_ago=2, source=source, name="")
    for expected, asked in (
        ([pending, elsewhere, rejected, looked_at, closing, closed], {}),
([closed, closing], {"sort": Sort.OLDEST, "received_to": day(closing)}),
        ([pending, closing, closed], {"status": ("pending",)}),
        ([elsewhere, rejected, looked_at], {"status": ("accepted", "rejected")}),
        ([elsewhere], {"campaign": other.code}),
        ([elsewhere], {"source": source.code}),
        ([elsewhere], {"supplier": lumen.code}),
        ([rejected], {"disposition": bad_email.code}),
        ([elsewhere, rejected], {"received_from": day(rejected), "received_to": day(elsewhere)}),
        ([pending], {"valid_from": day(pending)}),
        ([pending], {"field": "email", "value": "ANN@example.org", "campaign": campaign.code}),
        ([rejected], {"field": "phone", "value": "07911 120400", "campaign": campaign.code}),
        ([elsewhere], {"field": "name", "blank": "yes"}),
        ([rejected], {"only": "to_fix"}),
        ([closing], {"only": "closing"}),
        ([closed], {"only": "closed"}),
        ([], {"campaign": "NO-SUCH"}),
    ):  # fmt: skip
        assert ids(olga, **asked) == [lead.pk for lead in expected], asked


def test_a_search_takes_identifiers_whole_names_by_their_beginnings_and_parts_of_contacts() -> None:
    campaign, olga = make.campaign(), make.operator()
    plain = make.campaign()
    Field.objects.filter(campaign=plain).update(dedupe=False, dedupe_ready=False)
    ann = make.lead(
        campaign, uid="7C1E-9f40", email="ann@example.org", phone="+447911120400", name="Ann-Marie O’Sullivan"
    )
    goss = make.lead(plain, email="jurgen@example.org", name="Jürgen Groß")
    idn = make.lead(plain, email="Ada_T@bücher.example")
    sato = make.lead(campaign, Status.REJECTED, name="佐藤 美咲")
    lost = make.lead(campaign, Status.REJECTED, email="@lost.example")
    mended = make.lead(plain, email="eve@lost.example")
    far = make.lead(plain, email="Far.Away@Mail.Example.NET", phone="not known")
    for text, expected in (
        (str(ann.pk), [ann]),
        (f" '{ann.pk}.0 ", [ann]),
        ("{7c1e9F40}", [ann]),
        ("ANN@Example.ORG", [ann]),
        ("jurgen@example.org", [goss]),
        ("Ada_T@bücher.example", [idn]),
        ("Ada_T@BÜCHER.example", [idn]),
        ("'Ada_T@xn--bcher-kva.example ", [idn]),
        ("bob@bücher.example", []),
        ("07911 120400", [ann]),
        ("+44 7911 120400", [ann]),
        ("0400", [ann]),
        ("'12 04-00 ", [ann]),
        ("7911120400", [ann]),
        ("400", []),
        ("9999", []),
        ("@example.org", [goss, ann]),
        ("example.or", [goss, ann]),
        ("@lost.example", [mended, lost]),
        ("mail.example.net", [far]),
        ("example.net", [far]),
        ("ample.net", []),
        ("ann@exa", [ann]),
        ("@bücher.ex", [idn]),
        ("@xn--bcher-kva.example", [idn]),
        ("marie", [ann]),
        ("sulli ANN", [ann]),
        ("arie", []),
        ("jurgen", [goss]),
        ("GROSS jür", [goss]),
        ("佐", [sato]),
        ("'; :* & | !", []),
        ("\\", []),
        ("nobody", []),
    ):
        assert ids(olga, q=text) == [lead.pk for lead in expected], text


@pytest.mark.parametrize(
    "name", "Åkesson|GROẞ|Παπαδοπούλου|Йовчев|Nguyễn|ガス|가나|Þóra|Łukasz|İpek|ﬁnn".split("|")
)
def test_names_are_folded_alike_by_the_database_and_by_us(name: str) -> None:
    """What is looked for is folded here, what is looked through by the function of the index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(lead_names(jsonb_build_object('name', %s)))", [name])
        assert cursor.fetchone()[0] == [fold(name)]


def test_pages_follow_each_other_both_ways_though_moments_are_alike_and_leads_come_in() -> None:
    campaign, olga = make.campaign(), make.operator()
    for number in range(2 * listing.PAGE + 5):
        make.lead(campaign, at=NOW - timedelta(minutes=number // 7))
    leads = Lead.objects.visible_to(olga)
    for sort in Sort:
        whole = [lead.pk for lead in listing.in_order(leads, sort)]
        first = listing.page(leads, sort)
        second = listing.page(leads, sort, after=first.next)
        third = listing.page(leads, sort, after=second.next)
        assert [lead.pk for page in (first, second, third) for lead in page.leads] == whole
        assert (first.previous, third.next, third.total) == (None, None, len(whole))
        back = listing.page(leads, sort, before=third.previous)
        assert [lead.pk for lead in back.leads] == [lead.pk for lead in second.leads]
        assert listing.page(leads, sort, before=back.previous).previous is None
        assert listing.neighbours(leads, sort, second.leads[0]) == (first.leads[-1].pk, second.leads[1].pk)
        make.lead(campaign, at=NOW)  # moves no page that was begun
        again = listing.page(leads, sort, after=first.next)
        assert [lead.pk for lead in again.leads] == [lead.pk for lead in second.leads]
        Lead.objects.filter(pk__gt=max(whole)).last().values.delete()  # type: ignore[union-attr]
        Lead.objects.filter(pk__gt=max(whole)).delete()


def test_a_place_is_read_back_or_is_none() -> None:
    place = Place(NOW, 17)
    assert Place.read(str(place)) == place
    for text in (
        "",
        "17",
        "17_",
        "17_2026-11-22",
        "x_2026-11-22T12:00:00+00:00",
        f"{10**19}_{NOW.isoformat()}",
    ):
        assert Place.read(text) is None, text


ASKED: list[dict[str, Any]] = [
    {},
    {"q": "ann"},
    {"status": ("pending",)},
    {"only": "closing"},
    {"field": "name", "value": "Ann Archer"},
]


def test_nobody_finds_what_they_may_not_see_whatever_they_ask() -> None:
    campaign, hidden = make.campaign(), make.campaign()
    lumen = make.supplier("Lumen")
    mine = make.lead(campaign, source=make.source(campaign, lumen), name="Ann Archer", uid="one")
    theirs = make.lead(hidden, name="Ann Archer", email="ann@example.org", uid="two")
    people = {
        "client": (make.client_user(campaign.client), mine),
        "supplier": (make.supplier_user(lumen), mine),
        "rival": (make.client_user(hidden.client), theirs),
    }
    for person, own in people.values():
        for asked in (
            {},
            {"q": "ann"},
            {"status": ("pending",)},
            {"only": "closing"},
            {"field": "name", "value": "Ann Archer"},
        ):
            assert set(ids(person, **asked)) <= {own.pk}, asked  # type: ignore[arg-type]
        assert ids(person, q="ann") == [own.pk]
    client, rival = people["client"][0], people["rival"][0]
    assert ids(client, q=str(theirs.pk)) == ids(client, q="two") == ids(client, q="ann@example.org") == []
    assert ids(rival, campaign=campaign.code) == []


def test_a_client_filters_by_supplier_only_where_the_campaign_names_them() -> None:
    campaign, lumen = make.campaign(), make.supplier("Lumen")
    make.lead(campaign, source=make.source(campaign, lumen))
    person = make.client_user(campaign.client)
    assert (listing.choices(person).suppliers, ids(person, supplier=lumen.code)) == ({}, [])
    open_one = make.campaign(client=campaign.client, show_suppliers_to_client=True)
    seen = make.lead(open_one, source=make.source(open_one, lumen))
    assert list(listing.choices(person).suppliers) == [lumen.code]
    assert ids(person, supplier=lumen.code) == [seen.pk]


def test_a_supplier_filters_by_campaign_without_learning_its_code_or_name() -> None:
    lumen = make.supplier("Lumen")
    first, second, hidden = make.campaign(), make.campaign(), make.campaign()
    leads = [make.lead(one, source=make.source(one, lumen)) for one in (first, second)]
    person = make.supplier_user(lumen)
    assert set(listing.choices(person).campaigns) == {str(first.pk), str(second.pk)}
    assert [ids(person, campaign=str(one.pk)) for one in (first, second)] == [[lead.pk] for lead in leads]
    for guessed in (first.code, str(hidden.pk)):
        assert ids(person, campaign=guessed) == [], guessed


def test_an_identifier_that_names_leads_of_others_does_not_stand_in_the_way_of_a_name() -> None:
    campaign, hidden = make.campaign(), make.campaign()
    lumen = make.supplier()
    named = make.lead(campaign, name="two", source=make.source(campaign, lumen))
    others = [make.lead(hidden, uid="two"), make.lead(campaign, uid="two", source=make.source(campaign))]
    assert ids(make.supplier_user(lumen), q="two") == [named.pk]
    assert sorted(ids(make.operator(), q="two")) == [lead.pk for lead in others]


def test_digits_that_name_a_lead_may_also_end_a_phone_number() -> None:
    campaign, hidden, lumen = make.campaign(), make.campaign(), make.supplier()
    named = make.lead(campaign, id=733_310, source=make.source(campaign, lumen))
    called = make.lead(campaign, phone="+447911733310", source=make.source(campaign, lumen))
    make.lead(hidden, phone="+447912733310")
    assert sorted(ids(make.supplier_user(lumen), q="733310")) == sorted([named.pk, called.pk])
    assert len(ids(make.operator(), q="733310")) == 3
    short = make.lead(campaign, id=33_310)
    assert ids(make.operator(), q="33310") == [short.pk]
    assert len(ids(make.operator(), q="3310")) == 2
