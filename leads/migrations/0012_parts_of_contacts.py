"""Leads found by the end of a phone number, by the domain of an e-mail address, by the beginning of one."""

import django.contrib.postgres.indexes
from django.db import migrations, models

# One vector of words for each lead: those of its names (lead_names), and those by which parts of its contacts
# are found. An address is `<ann@mail.example.org`, its domains `@mail.example.org` and `@example.org`, a phone
# number its digits from the last to the first, `#0404…`. No word of a name is looked for
# that begins so. What it costs is said, lest the planner work it out for each lead instead of asking the index.
WORDS = """
CREATE FUNCTION lead_words(judged jsonb) RETURNS tsvector IMMUTABLE PARALLEL SAFE STRICT COST 2000 LANGUAGE sql
RETURN lead_names(judged) || array_to_tsvector(ARRAY(
    SELECT word FROM jsonb_each_text(judged) AS f(name, value)
    CROSS JOIN LATERAL (SELECT normalize(casefold(value COLLATE pg_unicode_fast), NFKC) AS small) c
    CROSS JOIN LATERAL (SELECT string_to_array(split_part(small, '@', 2), '.') AS labels) d
    CROSS JOIN LATERAL (
        SELECT '<' || small AS word WHERE value LIKE '%_@_%.%'
        UNION ALL SELECT '@' || array_to_string(labels[n:], '.')
            FROM generate_series(1, least(cardinality(labels) - 1, 6)) n WHERE value LIKE '%_@_%.%'
        UNION ALL SELECT '#' || reverse(regexp_replace(value, '[^0-9]', '', 'g')) WHERE value ~ '^[+(0][0-9 ()./-]{6,24}$'
    ) w WHERE length(value) <= 254
))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0011_lines_written_at_once"),
    ]

    operations = [
        migrations.RunSQL(WORDS, "DROP FUNCTION lead_words(jsonb)"),
        migrations.RemoveIndex(model_name="leadvalues", name="values_names"),
        migrations.AddIndex(
            model_name="leadvalues",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func("judged", function="lead_words"), name="values_words"
            ),
        ),
    ]
