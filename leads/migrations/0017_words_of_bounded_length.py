"""No word is longer than an index takes (2,046 bytes), so that no value keeps its lead out.

Of one character, composing can make eighteen: a text of 500 characters is short enough in any alphabet. What was
indexed before is indexed alike, for longer words could not be.
"""

from django.db import migrations

NAMES = """
CREATE OR REPLACE FUNCTION lead_names(judged jsonb) RETURNS tsvector IMMUTABLE PARALLEL SAFE STRICT LANGUAGE sql
RETURN array_to_tsvector(array_remove(regexp_split_to_array(left(
    normalize(regexp_replace(normalize(casefold(left(concat_ws(' ',
        judged->>'first_name', judged->>'last_name', judged->>'full_name', judged->>'name', judged->>'company'
    ), 400) COLLATE pg_unicode_fast), NFKD), '[\\u0300-\\u036f]', '', 'g'), NFKC), 500),
    '[\\s\\-–.,/''’()]+'), ''));
"""
WORDS = """
CREATE OR REPLACE FUNCTION lead_words(judged jsonb) RETURNS tsvector
IMMUTABLE PARALLEL SAFE STRICT COST 2000 LANGUAGE sql
RETURN lead_names(judged) || array_to_tsvector(ARRAY(
    SELECT word FROM jsonb_each_text(judged) AS f(name, value)
    CROSS JOIN LATERAL (SELECT left(normalize(casefold(value COLLATE pg_unicode_fast), NFKC), 500) AS small) c
    CROSS JOIN LATERAL (SELECT string_to_array(split_part(small, '@', 2), '.') AS labels) d
    CROSS JOIN LATERAL (
        SELECT '<' || small AS word WHERE value LIKE '%_@_%.%'
        UNION ALL SELECT '@' || array_to_string(labels[n:], '.')
            FROM generate_series(1, least(cardinality(labels) - 1, 6)) n WHERE value LIKE '%_@_%.%'
        UNION ALL SELECT '#' || reverse(regexp_replace(value, '[^0-9]', '', 'g')) WHERE value ~ '^[+(0][0-9 ()./-]{6,24}$'
    ) w WHERE length(value) <= 254
));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0016_affiliate_events_by_day"),
    ]

    operations = [
        migrations.RunSQL(NAMES + WORDS, migrations.RunSQL.noop),
    ]
