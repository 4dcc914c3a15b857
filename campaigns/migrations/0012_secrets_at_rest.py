# ruff: noqa: S608
import campaigns.models.sealed
from django.db import migrations

from campaigns.models.sealed import keys
from campaigns.sealing import seal, unseal

COLUMNS = (
    ("campaigns_destination", "secret"),
    ("campaigns_endpoint", "secret"),
    ("campaigns_endpoint", "previous_secret"),
)


def _rewrite(schema_editor, how):
    with schema_editor.connection.cursor() as cursor:
        for table, column in COLUMNS:
            cursor.execute(f"SELECT id, {column} FROM {table} WHERE {column} <> ''")
            for pk, secret in cursor.fetchall():
                cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [how(secret, keys()), pk])


def seal_all(apps, schema_editor):
    """Until here secrets were stored as they are."""
    _rewrite(schema_editor, seal)


def unseal_all(apps, schema_editor):
    """Raises SecretLost, and changes nothing, where a key is gone."""
    _rewrite(schema_editor, unseal)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0011_rights_in_words"),
    ]

    operations = [
        migrations.AlterField(
            model_name="destination",
            name="secret",
            field=campaigns.models.sealed.SealedField(blank=True, help_text="Each push is signed with it."),
        ),
        migrations.AlterField(
            model_name="endpoint",
            name="previous_secret",
            field=campaigns.models.sealed.SealedField(blank=True),
        ),
        migrations.AlterField(
            model_name="endpoint",
            name="secret",
            field=campaigns.models.sealed.SealedField(
                blank=True, help_text="Each webhook is signed with it."
            ),
        ),
        migrations.RunPython(seal_all, unseal_all),
    ]
