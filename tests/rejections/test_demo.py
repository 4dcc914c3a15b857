"""The demo is what its plan says, judged truthfully, and its sample files show every outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, Q
from django.test import Client as Browser

from campaigns.judging import judge
from campaigns.models import Campaign, Cap, Endpoint, Field, Phrase, PicklistVersion, Source, User
from campaigns.rules import local_date
from campaigns.spec import agreed
from leads import listing, monthgrid, sources, statements
from leads.filters import read_query
from leads.models import (
    Adjustment,
    AffiliateEvent,
    ClosedMonth,
    Delivery,
    Lead,
    LeadEvent,
    LeadKey,
    LeadValues,
    SavedView,
)
from leads.sql import caps
from leads.statuses import HOLDING, Cause, Status
from rejections import control, leadfiles, receipt, uploads, workflows
from rejections.columns import ColumnMap
from rejections.corrected import corrected
from rejections.decisions import OF_CORRECTIONS, Outcome
from rejections.demo import files, loading
from rejections.demo.history import ACTS, history
from rejections.demo.parties import LOGINS, PASSWORD
from rejections.demo.plan import plan
from rejections.models import Batch, Dispute, DisputedLead, LeadFile
from rejections.options import Options
from rejections.refusals import Refused
from rejections.states import State
from tests.worker import CHECKOUT

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FOLDER = CHECKOUT / "demo"

#: Sample file → rows by outcome at its check.
EXPECTED = {
    "solar-rejections.csv": {"rejected": 2},
    "solar-by-email.csv": {
        "not_found": 2,
        "duplicate_in_file": 1,
        "already_rejected": 2,
        "not_rejectable": 2,
        "outside_window": 3,
        "blank_reason": 1,
        "reason_not_returnable": 1,
        "rejected": 24,
    },
    "solar-by-phone-excel-damage.xlsx": {"needs_review": 3, "rejected": 12},
    "solar-kestrel-cap.csv": {"rejected": 30},
    "insurance-semicolon-windows-1252.csv": {"final": 3, "rejected": 21},
    "every-outcome.csv": {
        "unreadable": 1,
        "not_selected": 3,
        "blank_identifier": 1,
        "needs_review": 1,
        "not_found": 2,
        "ambiguous": 1,
        "duplicate_in_file": 1,
        "already_rejected": 2,
        "not_rejectable": 1,
        "outside_window": 2,
        "blank_reason": 1,
        "reason_not_returnable": 1,
        "final": 2,
        "rejected": 4,
    },
    "finops-status-column.xlsx": {"not_selected": 32, "rejected": 16},
    "dx-japan-shift-jis.csv": {"rejected": 16},
    "solar-de-utf-16.tsv": {"rejected": 15},
}


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: pytest.Item) -> Iterator[None]:
    """The demo, loaded once for this module and gone after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        loading.load(NOW)
        connection.check_constraints()  # once, or the end of every test would
        yield
        transaction.set_rollback(True)


pytestmark = pytest.mark.usefixtures("demo", "db")


def test_20000_leads_of_all_statuses_stand_where_the_plan_says() -> None:
    planned = plan()
    history(planned)
    stands = dict(Lead.objects.values_list("pk", "status"))
    assert len(stands) == 20_000
    assert set(stands.values()) == {status.value for status in Status}
    # Leads of the day on which a through date falls end on either side of it.
    days = {(act.campaign, act.through - 1) for act in ACTS if act.through is not None}
    sure = [
        d for d in planned.drafts if not any(c == d.campaign and 0 <= d.age - day <= 1 for c, day in days)
    ]
    corrected = set(LeadEvent.objects.filter(cause=Cause.CORRECTED).values_list("lead_id", flat=True))
    sure = [d for d in sure if d.id not in corrected]
    assert len(sure) > 18_000
    assert {d.id: d.stands.value for d in sure} == {d.id: stands[d.id] for d in sure}


def test_lead_ids_do_not_follow_time() -> None:
    received = list(Lead.objects.order_by("pk").values_list("received_at", flat=True))
    later = sum(one < other for one, other in pairwise(received))
    assert 0.45 < later / len(received) < 0.55
    assert min(received) > NOW - timedelta(days=60)
    assert max(received) < NOW


@pytest.mark.parametrize("lead_id", [1, 2])
def test_leads_1_and_2_are_pending_in_solar_uk_and_came_yesterday(lead_id: int) -> None:
    lead = Lead.objects.select_related("campaign").get(pk=lead_id)
    assert (lead.campaign.code, lead.status) == ("SOLAR-UK", Status.PENDING)
    zone = lead.campaign.time_zone
    assert local_date(lead.received_at, zone) == local_date(NOW, zone) - timedelta(days=1)


def test_new_leads_get_new_ids() -> None:
    lead = Lead.objects.get(pk=1)
    lead.pk = None
    lead.save()
    assert lead.pk > 20_000


def test_rejected_leads_fail_when_judged_and_all_others_pass() -> None:
    fields = {field.pk: field.name for field in Field.objects.all()}
    held = {
        (campaign, slot, key): lead
        for lead, campaign, slot, key in LeadKey.objects.filter(held=True).values_list(
            "lead_id", "campaign_id", "slot", "key"
        )
    }
    taken: dict[int, set[str]] = {}
    for lead, campaign, slot, key in LeadKey.objects.exclude(slot=LeadKey.UID_SLOT).values_list(
        "lead_id", "campaign_id", "slot", "key"
    ):
        if held.get((campaign, slot, key), lead) != lead:
            taken.setdefault(lead, set()).add(fields[slot])
    specs = {campaign.pk: agreed(campaign).spec for campaign in Campaign.objects.all()}
    wrong = []
    for values in LeadValues.objects.select_related("lead__disposition"):
        lead = values.lead
        if lead.status == Status.PROCESSING:
            continue
        verdict = judge(specs[lead.campaign_id], values.received, frozenset(taken.get(lead.pk, ())))
        told = (lead.disposition.code, lead.reason) if lead.status == Status.REJECTED else (None, "")
        if (verdict.disposition, verdict.reason) != told or verdict.judged != values.judged:
            wrong.append((lead.pk, lead.status, told, verdict))
    assert wrong == []


def test_linkedin_leads_share_bad_values_for_the_fix_queue() -> None:
    source = Source.objects.get(code="LINKEDIN-FINOPS")
    rejected = LeadValues.objects.filter(lead__source=source, lead__status=Status.REJECTED)
    assert rejected.filter(received__country="U.S.A.").count() == 58
    assert rejected.filter(received__job_function="Rev Ops").count() == 47


def test_every_lead_tells_its_history() -> None:
    events = LeadEvent.objects.values("lead_id").annotate(n=Count("pk"), last=Count("pk"))
    assert len(events) == 20_000
    ends = dict(LeadEvent.objects.order_by("lead_id", "pk").values_list("lead_id", "to_status"))
    assert ends == dict(Lead.objects.values_list("pk", "status"))
    assert set(LeadEvent.objects.values_list("cause", flat=True)) == {
        Cause.RECEIVED, Cause.JUDGED, Cause.CLIENT_REJECTED, Cause.ACCEPTED_OLDER, Cause.ACCEPTED_REMAINING,
        Cause.ACCEPTED_CLOSE_OUT, Cause.QUARANTINE_RELEASED, Cause.ADJUSTED, Cause.UNDONE, Cause.DISPUTE_GRANTED,
        Cause.CORRECTED, Cause.KEPT_REJECTED,
    }  # fmt: skip


def test_leads_hold_their_keys_when_their_status_does() -> None:
    keys = LeadKey.objects.exclude(slot=LeadKey.UID_SLOT)
    assert not keys.filter(Q(held=True) ^ Q(lead__status__in=HOLDING)).exists()


def test_caps_bind_and_none_is_exceeded() -> None:
    assert set(Lead.objects.filter(status=Status.QUARANTINED).values_list("campaign__code", flat=True)) == {
        "SOLAR-UK", "FINOPS-EMEA",
    }  # fmt: skip
    for cap in Cap.objects.filter(period=Cap.Period.TOTAL):
        ever = (datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
        assert caps.used(cap.campaign_id, cap.supplier_id, *ever) == cap.limit


def test_disputes_show_every_way_they_can_end_and_some_are_due_soon() -> None:
    states = Counter(DisputedLead.objects.values_list("state", "by_silence"))
    assert states == {
        ("open", False): 7, ("granted", False): 1, ("granted", True): 2, ("refused", False): 1, ("withdrawn", False): 1,
    }  # fmt: skip
    waiting = Dispute.objects.filter(leads__state="open").order_by("answer_by")
    assert NOW < waiting.first().answer_by < NOW + timedelta(days=2)


def test_months_are_closed_and_every_statement_agrees_with_its_leads() -> None:
    assert Lead.objects.filter(is_final=True).count() > 1000
    assert max(ClosedMonth.objects.values_list("month", flat=True)) < NOW.date().replace(day=1)
    assert Adjustment.objects.filter(is_final=False).count() == 9
    assert AffiliateEvent.objects.filter(status=AffiliateEvent.Status.REJECTED).exists()
    operator, states = User.objects.get(username="operator"), set()
    for side in (statements.CLIENTS, statements.SUPPLIERS):
        for row in monthgrid.grid(operator, side, NOW).rows:
            cells = [cell for cell in row.cells if cell]
            states |= {cell.state for cell in cells}
            found = statements.statement(operator, row.party, cells[-1].month, row.currency, NOW)
            assert found.check.agrees
            assert found.figures.total == cells[-1].amount
    assert states >= {"closed", "open", "ready"}
    assert LeadEvent.objects.filter(payout_owed=True).exists()


def test_batches_of_the_past_are_finished_and_told_of() -> None:
    assert Counter(Batch.objects.values_list("state", flat=True)) == {
        "finished": 19, "undone": 2, "checked": 2, "mapping": 1,
    }  # fmt: skip
    batch = Batch.objects.filter(file_name="life_cover_returns_2.csv").get()
    counts = receipt.receipt(batch, NOW).outcomes
    assert counts == {"not_found": 1, "duplicate_in_file": 1, "final": 9, "rejected": 111}
    told = Delivery.objects.filter(batch_id=batch.pk)
    # Three suppliers were told of rejections, and two that disputes of theirs were granted.
    assert Counter(told.values_list("kind", flat=True)) == {"rejections": 3, "retractions": 2}
    assert not Phrase.objects.filter(text="Außerhalb des Gebiets").get().disposition


def test_the_correction_loop_has_something_to_show() -> None:
    """Files of the past with repairs and leads released, one to be started, pushes that wait, a door in trouble."""
    done = {batch.file_name: corrected(batch) for batch in Batch.objects.filter(kind="correction")}
    sizes = done["finops_company_size.csv"]
    assert (sizes.counts, sizes.repairs > 0) == ({"released": 9}, True)
    assert done["auto_us_emails_typed_again.csv"].released["accepted"] > 5
    assert done["dx_department.csv"].passing == 15
    waiting = Delivery.objects.filter(channel="destination", status="pending")
    assert set(waiting.values_list("lead__campaign__code", flat=True)) == {"FINOPS-EMEA"}
    foreseen = leadfiles.foresee(LeadFile.objects.get(), {}, "")
    assert {row.code for row in foreseen} == {
        "",
        "REJECT_LEAD_INVALID_LIST_VALUE",
        "REJECT_LEAD_INVALID_EMAIL",
    }
    surges = sources.surges(NOW)
    assert [Source.objects.get(pk=surge.source_id).code for surge in surges] == ["META-SOLAR-UK"]
    assert surges[0].commonest is not None
    assert surges[0].commonest.value == "detached_house"


def test_lists_were_extended_by_name_and_a_group_was_kept_rejected() -> None:
    versions = PicklistVersion.objects.values_list("by__username", "changes__0__0")
    assert {("admin", "add"), ("admin", "retire"), ("operator", "map")} <= set(versions)
    kept = Batch.objects.get(mapping__fix__action="keep")
    assert (kept.state, kept.created_by and kept.created_by.username) == ("finished", "operator")
    assert LeadValues.objects.filter(kept_rejected=True).count() == kept.rows


def test_the_views_that_people_keep_find_leads() -> None:
    kept = SavedView.objects.select_related("person")
    assert {view.person.username for view in kept} == {"operator", "client"}
    for view in kept:
        asked = read_query(view.query)
        found = listing.found(view.person, asked, listing.choices(view.person), NOW)
        assert listing.page(found, asked.sort).total > 20, view


def test_suppliers_are_told_in_every_way_and_not_all_of_it_arrives() -> None:
    assert set(Delivery.objects.filter(supplier__isnull=False).values_list("channel", flat=True)) == {
        "portal", "webhook", "email",
    }  # fmt: skip
    paused, failing = (
        Endpoint.objects.get(supplier__code=code, channel="webhook") for code in ("kestrel", "lumen")
    )
    assert paused.paused_at
    assert failing.failing_since
    assert not failing.paused_at
    told = (
        Delivery.objects.filter(supplier__isnull=False).exclude(channel="portal").exclude(status="cancelled")
    )
    assert not told.filter(attempts=None).exists(), "each was tried"


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.username)
def test_every_role_logs_in(login: object) -> None:
    assert Browser().login(username=login.username, password=PASSWORD)
    person = User.objects.get(username=login.username)
    assert control.may_reject(person) == (person.is_staff or login.may_reject)


def test_a_second_call_says_that_it_is_loaded_and_how_to_log_in(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo")
    said = capsys.readouterr().out
    assert said.startswith("The demo is loaded already.")
    assert all(login.username in said for login in LOGINS)
    assert Lead.objects.count() == 20_000


def test_it_keeps_out_of_a_database_with_other_leads() -> None:
    with pytest.raises(Refused, match="Nothing was changed"):
        loading.load(NOW)


def test_it_keeps_out_of_production(
    monkeypatch: pytest.MonkeyPatch, settings: object, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr(loading, "is_loaded", lambda: False)
    with pytest.raises(SystemExit) as ended:
        call_command("demo")
    assert ended.value.code == 1
    assert "--force" in capsys.readouterr().err


def test_committed_files_are_what_the_demo_yields(tmp_path: Path) -> None:
    call_command("demo", files=tmp_path)
    assert {path.name for path in FOLDER.iterdir()} == {path.name for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        if path.suffix == ".xlsx":  # its parts, for compressors differ
            with ZipFile(path) as made, ZipFile(FOLDER / path.name) as kept:
                assert {n: made.read(n) for n in made.namelist()} == {
                    n: kept.read(n) for n in kept.namelist()
                }
        else:
            assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


@pytest.mark.parametrize("sample", files.SAMPLES, ids=lambda sample: sample.name)
def test_sample_files_show_their_outcomes(sample: files.Sample) -> None:
    batch = _check(sample)
    assert batch.state == State.CHECKED, batch.error
    assert receipt.receipt(batch, NOW).outcomes == EXPECTED[sample.name]
    batch = _start(batch, Options())
    assert receipt.receipt(batch, NOW).outcomes == EXPECTED[sample.name]


def test_the_sample_files_show_every_outcome() -> None:
    """`changed_meanwhile` arises between check and start only: another import makes room for quarantined leads."""
    by_name = {sample.name: sample for sample in files.SAMPLES}
    checked = _check(by_name["solar-by-email.csv"])
    freeing = _start(_check(by_name["solar-kestrel-cap.csv"]), Options(free_cap=True))
    assert receipt.receipt(freeing, NOW).quarantine_released == 30
    outcomes = receipt.receipt(_start(checked, Options()), NOW).outcomes
    assert outcomes["changed_meanwhile"] == 2
    shown = set(outcomes).union(*EXPECTED.values())
    assert shown == {outcome.value for outcome in set(Outcome) - OF_CORRECTIONS}


def _check(sample: files.Sample) -> Batch:
    campaign = Campaign.objects.get(code=sample.campaign)
    person = User.objects.get(username="operator")
    content = [(FOLDER / sample.name).read_bytes()]
    batch = uploads.receive(campaign, content, sample.name, person=person, via="page", at=NOW)
    _work(batch)
    guess, columns = ColumnMap.from_json(batch.mapping), batch.reading["columns"]
    mapping = replace(  # German and Japanese headers are mapped by hand
        guess,
        identifier=sample.identifier,
        identifier_column=guess.identifier_column or columns[0],
        reason_column=guess.reason_column or columns[-1],
    )
    control.map_columns(batch, mapping)
    return _work(batch)


def _start(batch: Batch, options: Options) -> Batch:
    control.start(batch, options, person=batch.created_by)
    return _work(batch)


def _work(batch: Batch) -> Batch:
    while workflows.run(batch.pk, owner="test", clock=lambda: NOW, seconds=60):
        pass
    batch.refresh_from_db()
    return batch
