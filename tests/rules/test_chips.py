"""Every status, state and outcome has a chip of its own; the bar shows every part in proportion."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.statuses import Status
from leads.templatetags import chips
from rejections.decisions import Outcome
from rejections.states import State
from rejections.templatetags import batches


@pytest.mark.parametrize("status", Status)
def test_a_status_shows_its_word_and_an_icon(status: Status) -> None:
    assert status.label in chips.status_chip(status)
    assert "<use href=" in chips.status_chip(status)


@pytest.mark.parametrize("state", State)
def test_a_state_shows_its_word_and_an_icon(state: State) -> None:
    assert state.label in batches.state_chip(state)
    assert "<use href=" in batches.state_chip(state)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_shows_its_word_and_an_icon(outcome: Outcome) -> None:
    assert outcome.label in batches.outcome_chip(outcome)
    assert "<use href=" in batches.outcome_chip(outcome)


@pytest.mark.parametrize("family", [chips.STATUSES, batches.STATES, batches.OUTCOMES])
def test_no_two_of_a_family_share_an_icon(family: dict[str, chips.Chip]) -> None:
    icons = [chip.icon for chip in family.values()]
    assert len(set(icons)) == len(icons)


@given(st.dictionaries(st.sampled_from(list(Outcome)), st.integers(1, 2_000_000), min_size=1))
def test_the_bar_shows_every_outcome_and_fills_the_whole(counts: dict[Outcome, int]) -> None:
    bar = batches.outcome_bar(counts)
    parts = [(int(x), int(width)) for x, width in re.findall(r'x="(\d+)" y="0" width="(\d+)"', bar)]
    assert len(parts) == len(counts)
    assert all(width >= batches.MIN_WIDTH for _, width in parts)
    assert [x for x, _ in parts] == [sum(width for _, width in parts[:at]) for at in range(len(parts))]
    assert abs(sum(width for _, width in parts) - batches.BAR_WIDTH) <= len(parts)


def test_a_bar_of_a_running_batch_leaves_room_for_rows_to_come() -> None:
    bar = batches.outcome_bar({Outcome.REJECTED: 50}, "mini", whole=100)
    assert 'width="500"' in bar


def test_a_bar_without_rows_is_empty() -> None:
    assert "no rows" in batches.outcome_bar({})
