"""A month that was asked for is closed once, whoever is rung for it, and whatever breaks off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.models import Campaign
from leads.models import ClosedMonth, Lead, StatementLine
from leads.sql import months as statements
from rejections import monthclosings, months, tasks
from rejections.models import MonthClosing
from rejections.refusals import Refused
from tests import make
from tests.faults.working import Start, queued
from tests.make import NOW
from tests.sessions import free, locked, threads, wait_for_blocked, wait_until
from tests.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)

OCTOBER = date(2026, 10, 1)


def asked() -> tuple[Campaign, MonthClosing]:
    """A campaign with two leads billed in October, whose closing was asked for."""
    campaign = make.campaign()
    for _ in range(2):
        make.lead(campaign, "accepted", at=datetime(2026, 10, 5, tzinfo=UTC))
    return campaign, ask(campaign)


def ask(campaign: Campaign) -> MonthClosing:
    word = months.word(OCTOBER)
    return monthclosings.ask(campaign, OCTOBER, person=make.operator(), typed=word, at=NOW)


def closed(closing: MonthClosing) -> bool:
    closing.refresh_from_db()
    return closing.state == MonthClosing.State.CLOSED


def test_a_worker_closes_each_month_once_however_often_it_is_rung_for(worker: Worker) -> None:
    _, first = asked()
    _, second = asked()
    for _ in range(4):
        tasks.ring_for_closings()
    for closing in (first, second):
        wait_until(lambda closing=closing: closed(closing), "the month to be closed")
    wait_until(lambda: not queued(), "the messages to be used up")
    assert ClosedMonth.objects.count() == 2
    assert StatementLine.objects.count() == Lead.objects.filter(is_final=True).count() == 4


def test_a_worker_that_is_killed_leaves_the_month_open_for_the_next(start_worker: Start) -> None:
    campaign, closing = asked()
    worker = start_worker()
    with locked("leads_lead", Lead.objects.earliest("pk").pk):
        tasks.ring_for_closings()
        wait_for_blocked()
        worker.kill()
    wait_until(lambda: free("rejections_monthclosing", closing.pk), "the worker's locks to be gone")
    assert (closed(closing), ClosedMonth.objects.count()) == (False, 0)
    assert monthclosings.work_next(NOW), "what the clock rings for"
    assert closed(closing)
    assert ClosedMonth.objects.get().campaign == campaign


def test_who_comes_second_waits_for_nobody_and_closes_nothing() -> None:
    campaign, closing = asked()
    with threads() as start:
        with locked("leads_lead", Lead.objects.earliest("pk").pk):
            first = start(monthclosings.work_next, NOW)
            wait_for_blocked()
            assert not start(monthclosings.work_next, NOW).result(30)
            with pytest.raises(Refused, match="being closed already"):
                start(ask, campaign).result(30)
        assert first.result(30)
    assert closed(closing)
    assert closing.tries == 1


def test_two_people_ask_at_once_and_one_closing_is_made() -> None:
    campaign = make.campaign()
    make.lead(campaign, "accepted", at=datetime(2026, 10, 5, tzinfo=UTC))

    def try_it() -> str:
        try:
            ask(campaign)
        except Refused as refused:
            return refused.code
        return "asked"

    with threads() as start:
        both = [start(try_it), start(try_it)]
        assert sorted(one.result(30) for one in both) == ["asked", "month_asked_for"]
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthClosing.objects.create(campaign=campaign, month=OCTOBER, asked_at=NOW, asked_by=make.operator())


def test_work_that_breaks_off_each_time_is_given_up_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    campaign, closing = asked()
    monkeypatch.setattr(statements, "_FREEZE", ("SELECT 1 / 0",))
    for _ in range(settings.MAX_ATTEMPTS):
        with pytest.raises(Exception, match="division by zero"):
            monthclosings.work_next(NOW)
    assert not monthclosings.work_next(NOW)
    closing.refresh_from_db()
    assert (closing.state, closing.title) == ("refused", "The work broke off several times")
    assert not Lead.objects.filter(is_final=True).exists()
    monkeypatch.undo()
    assert ask(campaign).tries == 0
    assert monthclosings.work_next(NOW)
    assert closed(closing)
