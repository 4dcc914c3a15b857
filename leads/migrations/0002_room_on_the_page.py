"""Leave room on each page of leads, so that a move stays a heap-only update and touches no index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE leads_lead SET (fillfactor = 80)", "ALTER TABLE leads_lead RESET (fillfactor)"
        )
    ]
