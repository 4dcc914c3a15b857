"""Secrets are sealed in the database, read again, brought under a new key, and missed with a sentence."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from standardwebhooks import Webhook

from campaigns.forms.terms import DestinationForm
from campaigns.models import Agreement, Campaign, Destination, Endpoint
from campaigns.sealing import SecretLost, is_sealed, seal, unseal
from leads import deliver, telling
from leads.models import Delivery
from tests import batches, make
from tests.make import NOW
from tests.receiver import Receiver, receiver

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def campaign(hook: Receiver) -> Campaign:
    """A campaign whose supplier is told by webhook, and whose leads are pushed; both are signed."""
    made = make.campaign()
    make.source(made)
    Agreement.objects.update(channel="webhook")
    telling.set_webhook(Agreement.objects.get().supplier, hook.url, NOW)
    Destination.objects.create(campaign=made, url=hook.url, secret="hush")
    return made


def stored() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT secret FROM campaigns_destination UNION ALL SELECT secret FROM campaigns_endpoint "
            "UNION ALL SELECT previous_secret FROM campaigns_endpoint WHERE previous_secret <> ''"
        )
        return [secret for (secret,) in cursor.fetchall()]


def secrets() -> list[str]:
    endpoint = Endpoint.objects.get()
    return [Destination.objects.get().secret, endpoint.secret, endpoint.previous_secret]


@pytest.mark.parametrize("secret", ["hush", "whsec_AAAA", "gAAAAA is how they begin", "ünïcödé", "x" * 200])
def test_a_sealed_secret_is_read_under_any_of_the_keys_and_under_no_other(secret: str) -> None:
    sealed = seal(secret, ["new", "old"])
    assert secret not in sealed
    assert seal(secret, ["new"]) != sealed, "nobody sees that two are alike"
    assert unseal(sealed, ["new"]) == unseal(sealed, ["newer", "new"]) == secret
    for kept, keys in ((sealed, ["old"]), (sealed[:-4] + "AAA=", ["new"]), (secret, ["new"]), ("", ["new"])):
        with pytest.raises(SecretLost):
            unseal(kept, keys)
    assert is_sealed(sealed)
    assert not is_sealed(secret)


def test_none_is_plain_in_the_database_and_a_new_key_takes_over(campaign: Campaign, settings: Any) -> None:
    telling.rotate(Endpoint.objects.get(), NOW)
    before = secrets()
    assert not {*before} & {*stored()}
    assert all(len(secret) >= 100 for secret in stored())
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key altogether"
    assert secrets() == before
    called = StringIO()
    call_command("reseal_secrets", stdout=called)
    settings.SECRET_KEY_FALLBACKS = []
    assert secrets() == before


def test_a_dump_holds_them_sealed_and_is_read_again(
    campaign: Campaign, settings: Any, tmp_path: Path
) -> None:
    telling.rotate(Endpoint.objects.get(), NOW)
    before, lost = secrets(), Destination.objects.create(campaign=make.campaign(), url="https://x.example")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_destination SET secret = %s WHERE id = %s", [seal("hush", ["gone"]), lost.pk]
        )
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "campaigns.destination", "campaigns.endpoint", output=dump, verbosity=0)
    assert not [secret for secret in before if secret in dump.read_text()]
    Destination.objects.all().delete()
    Endpoint.objects.all().delete()
    call_command("loaddata", dump, verbosity=0)
    endpoint = Endpoint.objects.get()
    pushed = Destination.objects.exclude(pk=lost.pk).get()
    assert [pushed.secret, endpoint.secret, endpoint.previous_secret] == before
    settings.SECRET_KEY_FALLBACKS = ["gone"]
    assert Destination.objects.get(pk=lost.pk).secret == "hush", "the key may come back"


def test_what_was_plain_before_is_sealed_by_the_migration_and_back(campaign: Campaign) -> None:
    migration = importlib.import_module("campaigns.migrations.0012_secrets_at_rest")
    editor = SimpleNamespace(connection=connection)
    before = secrets()
    migration.unseal_all(None, editor)
    assert {*stored()} == {*before} - {""}
    migration.seal_all(None, editor)
    assert not {*before} & {*stored()}
    assert secrets() == before


def test_a_webhook_whose_key_is_lost_is_paused_until_it_has_a_new_secret(
    campaign: Campaign, hook: Receiver, settings: Any
) -> None:
    batches.imported(campaign, [make.lead(campaign)])
    settings.SECRET_KEY = "another key altogether"
    deliver.deliver_due(NOW)
    endpoint = Endpoint.objects.get()
    assert hook.got == []
    assert endpoint.paused_at
    assert endpoint.paused_why.startswith("The secret it is signed with can no longer be read")
    assert "Make a new secret, give it to your receiver, then resume." in endpoint.paused_why
    assert Delivery.objects.get(kind="rejections").status == "pending"
    kept = stored()
    endpoint.save()
    assert stored() == kept, "the key may come back"
    secret = telling.rotate(Endpoint.objects.get(), NOW)
    telling.resume(Endpoint.objects.get(), NOW, by_email=False)
    deliver.deliver_due(LATER)
    assert [Webhook(secret).verify(got.body, got.headers)["type"] for got in hook.got] == [
        "test",
        "leads.rejected",
    ]


def test_pushes_whose_key_is_lost_wait_and_the_settings_do_not_harm_what_is_stored(
    campaign: Campaign, hook: Receiver, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SECRET_KEY = "another key altogether"
    lead = make.lead(campaign)
    Delivery.objects.create(
        kind="lead", channel="destination", lead=lead, created_at=NOW, next_attempt_at=NOW
    )
    deliver.deliver_due(NOW)
    target = Destination.objects.get()
    assert hook.got == []
    assert "Set a secret in the campaign's settings" in target.paused_why
    kept = stored()
    for typed in ("", "hush 2"):
        form = DestinationForm({"url": hook.url, "format": "json", "secret": typed}, instance=target)
        assert form.is_valid(), form.errors
        form.save()
        assert (stored() == kept) == (not typed)
    deliver.resume(target)
    deliver.deliver_due(LATER)
    assert "webhook-signature" in hook.got[0].headers
    with pytest.raises(SystemExit) as ended:
        call_command("reseal_secrets")
    assert ended.value.code == 3
    assert f"Lost, its key is gone: {Endpoint.objects.get()}" in capsys.readouterr().err


def test_the_admin_site_shows_no_secret(campaign: Campaign, client: Any) -> None:
    client.force_login(make.admin())
    for one in (Destination.objects.get(), Endpoint.objects.get()):
        page = client.get(f"/admin/campaigns/{one._meta.model_name}/{one.pk}/change/").content.decode()
        assert 'name="url"' in page
        assert one.secret not in page
        assert 'name="secret"' not in page
