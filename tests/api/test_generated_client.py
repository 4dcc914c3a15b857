"""A program that knows the schema's address and a key, and nothing else of us, rejects a file of leads and undoes it.

Its client is made by openapi-python-client, in the test.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from tests import make
from tests.api.calling import Caller
from tests.flows.world import world
from tests.sessions import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def generated(live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`generated("api.leads.leads_list")`: a module of the client made from the schema that the server gives out."""
    schema = tmp_path / "schema.json"
    schema.write_bytes(httpx.get(f"{live_server.url}/api/v1/schema/").content)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"post_hooks": [], "package_name_override": "made_client"}))
    program = Path(sys.executable).with_name("openapi-python-client")
    command = [program, "generate", "--path", schema, "--meta", "none", "--config", config]
    said = subprocess.run(
        [*command, "--output-path", tmp_path / "made_client"], capture_output=True, text=True, check=True
    )
    assert "Warning" not in said.stdout + said.stderr, "it understands all of the schema"
    monkeypatch.syspath_prepend(tmp_path)

    def module(name: str) -> ModuleType:
        return importlib.import_module(f"made_client.{name}" if name else "made_client")

    yield module
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_client"]:
        del sys.modules[name]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_the_whole_journey(live_server: Any, worker: Any, generated: Any, stack: ExitStack) -> None:
    w = world()
    leads = [make.lead(w.campaign, at=w.at - timedelta(days=1)) for _ in range(3)]
    damaged = make.lead(w.campaign, id=447911123456, at=w.at - timedelta(days=1))
    token = Caller(w.people["client"]).headers["Authorization"].removeprefix("Bearer ")
    client = stack.enter_context(generated("").AuthenticatedClient(base_url=live_server.url, token=token))
    models, types = generated("models"), generated("types")

    def call(name: str, *arguments: Any, **named: Any) -> Any:
        answer: Any = generated(f"api.{name}").sync(*arguments, client=client, **named)
        assert not isinstance(answer, models.Problem), answer
        return answer

    rows = [
        *[(lead.pk, "Duplicate Lead") for lead in leads],
        ("4.47911E+11", "Wrong person"),
        ("nobody", "?"),
    ]
    file = types.File(payload=make.csv_bytes(rows), file_name="returns.csv", mime_type="text/csv")
    sent = models.BatchInRequest(
        kind=models.BatchKind.REJECTION,
        campaign=w.campaign.code,
        file=file,
        mapping=models.MappingInRequest(identifier="lead_id", reason_column="rejection_reason"),
    )
    batch = call("batches.batches_send", body=sent, idempotency_key="file-1").batch
    assert call("batches.batches_send", body=sent, idempotency_key="file-1").batch == batch

    def stands(state: str) -> bool:
        return bool(call("batches.batches_get", batch).state == state)

    wait_until(lambda: stands("checked"), "the check")
    told = call("batches.batches_get", batch)
    assert told.outcomes.additional_properties == {"rejected": 3, "needs_review": 1, "not_found": 1}
    review = call("batches.batches_rows", batch, outcome=[models.BatchesRowsOutcomeItem.NEEDS_REVIEW]).results
    assert [row.suggested_lead for row in review] == [damaged.pk]
    call("batches.batches_review", batch, body=models.ReviewInRequest(accept=[review[0].line]))
    options = models.OptionsInRequest(free_cap=True)
    call(
        "batches.batches_start", batch, body=models.StartInRequest(options=options), idempotency_key="start-1"
    )
    wait_until(lambda: stands("finished"), "the run")
    told = call("batches.batches_get", batch)
    assert (told.outcomes["rejected"], told.cap_slots_freed, told.money.not_billed) == (4, 4, "72.00")
    result = generated("api.batches.batches_result").sync_detailed(batch, client=client)
    assert result.content.decode("utf-8-sig").splitlines()[0] == (
        "lead_id,rejection_reason,line,outcome,advice,lead_id,status"
    )
    lead = call("leads.leads_get", leads[0].pk)
    assert (lead.status, lead.events[-1].batch, lead.payout) == ("client_rejected", batch, None)

    call("batches.batches_undo", batch, body=models.UndoInRequest())
    wait_until(lambda: stands("undone"), "the undo")
    listed = call("leads.leads_list", status=[models.LeadsListStatusItem.PENDING], page_size=1000).results
    assert {lead.pk for lead in leads} < {lead.id for lead in listed}

    few = [models.RejectionsInRequestRowsItem(id=lead.pk, reason="Wrong person") for lead in leads]
    settled = call(
        "rejections.rejections_send", body=models.RejectionsInRequest(campaign=w.campaign.code, rows=few)
    )
    assert [row.outcome for row in settled.results] == ["rejected"] * 3

    refused = generated("api.batches.batches_get").sync(w.foreign_batch.pk, client=client)
    assert (refused.status, refused.code) == (404, "not_found")
