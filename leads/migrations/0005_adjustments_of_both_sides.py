from django.db import migrations, models

import leads.statuses


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_downloads")]

    operations = [
        migrations.AddField(
            model_name="leadevent",
            name="payout_owed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its supplier is paid although the client sent it back: by the terms when it came in.",
            ),
        ),
        migrations.AlterField(
            model_name="leadevent",
            name="cause",
            field=models.CharField(choices=[(c.value, c.value) for c in leads.statuses.Cause], max_length=30),
        ),
        migrations.RenameField(model_name="adjustment", old_name="amount", new_name="client_amount"),
        migrations.AlterField(
            model_name="adjustment",
            name="client_amount",
            field=models.DecimalField(decimal_places=2, max_digits=10),
        ),
        migrations.AddField(
            model_name="adjustment",
            name="supplier_amount",
            field=models.DecimalField(decimal_places=2, default=0, max_digits=10),
            preserve_default=False,
        ),
        # What was adjusted until now were rejections, with the credit above zero.
        migrations.RunSQL(
            "UPDATE leads_adjustment a SET client_amount = -a.client_amount, supplier_amount = -l.payout"
            " FROM leads_lead l WHERE l.id = a.lead_id",
            migrations.RunSQL.noop,
        ),
    ]
