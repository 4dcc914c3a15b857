"""Every cause has words in a lead's timeline, whatever status it leads to."""

from __future__ import annotations

from itertools import product

import pytest

from leads.statuses import Cause, Status
from leads.timeline import _title


@pytest.mark.parametrize(("cause", "status"), list(product(Cause, Status)))
def test_a_cause_has_a_title(cause: Cause, status: Status) -> None:
    assert _title(cause, status)
