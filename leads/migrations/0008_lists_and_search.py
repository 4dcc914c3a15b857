"""Lists of leads in the order they were received, found by a field's value or a name; views people keep."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Names as texts are folded elsewhere (case, marks, forms of one letter), split into words, as words to search
# by their beginnings. What is built in folds alike on every machine.
NAMES = """
CREATE FUNCTION lead_names(judged jsonb) RETURNS tsvector IMMUTABLE PARALLEL SAFE STRICT LANGUAGE sql
RETURN array_to_tsvector(array_remove(regexp_split_to_array(
    normalize(regexp_replace(normalize(casefold(left(concat_ws(' ',
        judged->>'first_name', judged->>'last_name', judged->>'full_name', judged->>'name', judged->>'company'
    ), 400) COLLATE pg_unicode_fast), NFKD), '[\\u0300-\\u036f]', '', 'g'), NFKC),
    '[\\s\\-–.,/''’()]+'), ''))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0007_notices_name_their_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(NAMES, "DROP FUNCTION lead_names(jsonb)"),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["received_at", "id"], name="lead_received"),
        ),
        migrations.AddIndex(
            model_name="leadvalues",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["judged"], name="values_judged", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="leadvalues",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func("judged", function="lead_names"), name="values_names"
            ),
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "query",
                    models.CharField(
                        blank=True, help_text="The address of the list, after the “?”.", max_length=2000
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "name"), name="view_name_once_per_person")
                ],
            },
        ),
    ]
