"""Leave room on each page of rows, so that the check writes outcomes without touching an index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rejections", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE rejections_batchrow SET (fillfactor = 50)",
            "ALTER TABLE rejections_batchrow RESET (fillfactor)",
        )
    ]
