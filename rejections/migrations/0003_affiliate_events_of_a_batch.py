from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rejections", "0002_room_on_the_page"), ("leads", "0005_adjustments_of_both_sides")]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="affiliate_events",
            field=models.IntegerField(default=0, help_text="Affiliate events that it rejected."),
        ),
        migrations.RunSQL(
            "UPDATE rejections_batch b SET affiliate_events ="
            " (SELECT count(*) FROM leads_affiliateevent f WHERE f.batch_id = b.id)",
            migrations.RunSQL.noop,
        ),
    ]
