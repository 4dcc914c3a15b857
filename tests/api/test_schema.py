"""The schema keeps its word: whatever is sent, by whomever, the answers are those it names, and none is a breakdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from campaigns.models import Picklist
from leadrej.wsgi import application
from rejections import lists
from tests.api.calling import Caller
from tests.flows.world import World, world

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # it leaves answers open
]

#: Understood and refused by a rule, not by its shape; or not the version that is there.
_REFUSED = ["2xx", "401", "403", "404", "409", "412", "422", "429"]
#: Calls of each operation, role and kind (as the schema allows, as it does not).
EXAMPLES = 2
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": _REFUSED},
        "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "428"]},
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
    },
    "operations": [
        {  # in a list each lead answers for itself
            "include-name": "POST /api/v1/leads/",
            "checks": {"negative_data_rejection": {"expected-statuses": ["200", "4xx"]}},
        }
    ],
}


@pytest.fixture
def scene(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world, and an application that does its work in the test's own transaction."""
    for bound in ("API_CALLS_PER_MINUTE", "API_CALLS_PER_MINUTE_OF_A_PERSON"):
        monkeypatch.setattr(django_settings, bound, 1_000_000)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield world()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(scene: World) -> dict[str, Any]:
    """What is there, by the word in an address or a body that names it."""
    picklist = Picklist.objects.create(client=scene.campaign.client, name="Countries")
    lists.add_value(picklist, "Germany", by=None, at=scene.at)
    entry = lists.add_entry(picklist, "BRD", picklist.values.get(), by=None, at=scene.at)["entry"]
    ids = {"leads": scene.leads["pending"].pk, "batches": scene.checked.pk, "picklists": picklist.pk}
    return {
        "ids": ids | {"list-mappers": entry},
        "body": {
            "campaign": scene.campaign.code,
            "source": scene.campaign.sources.get(supplier=scene.lumen).code,
        },
    }


@pytest.mark.parametrize("role", ["admin", "operator", "client", "reader", "supplier"])
def test_every_answer_is_one_that_the_schema_names(role: str, scene: World, known: dict[str, Any]) -> None:
    config = SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application, config=config)
    headers, failed = Caller(scene.people[role]).headers, []
    for found in schema.get_all_operations():
        for mode in GenerationMode:
            try:
                sent_to(found.ok(), mode, headers, known)
            except BaseExceptionGroup as group:
                failed.append(f"{found.ok().label} ({mode.value}): {group}")
    assert not failed, "\n\n".join(failed)


def sent_to(operation: Any, mode: GenerationMode, headers: dict[str, str], known: dict[str, Any]) -> None:
    """A few calls of one operation, as the schema allows or as it does not; raises what is wrong with the answers."""

    @seed(20261126)
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def called(case: Any) -> None:
        call(case, headers, known)

    called()


def call(case: Any, headers: dict[str, str], known: dict[str, Any]) -> None:
    """Make the call, for something that is there in about half of them; nothing that it does stays."""
    kind = case.path.removeprefix("/api/v1/").partition("/")[0]
    if (
        isinstance(case.path_parameters.get("id"), int)
        and case.path_parameters["id"] % 2
        and kind in known["ids"]
    ):
        case.path_parameters["id"] = known["ids"][kind]
    if isinstance(case.body, dict):
        for name, value in known["body"].items():
            if isinstance(case.body.get(name), str):
                case.body[name] = value
    with transaction.atomic():
        case.call_and_validate(headers=headers)
        transaction.set_rollback(True)


def test_the_schema_is_open_and_the_page_that_shows_it_too() -> None:
    told = Client().get("/api/v1/schema/").json()
    assert told["openapi"].startswith("3.1")
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (path, method)
            assert {"401", "403", "405", "429", "503"} <= set(operation["responses"]), (path, method)
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
    page = Client().get("/api/v1/docs/").content.decode()
    assert "<style" not in page
    assert "https://" not in page
