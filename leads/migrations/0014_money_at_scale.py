"""Open months are read from a narrow table and indexes of their own; only leads that are billed say since when."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

BILLED = ["accepted", "client_rejected"]
# Leads that the client's CRM refused after they had been accepted; the event says since when they had been.
TIDY = """
UPDATE leads_lead SET accepted_at = NULL
WHERE accepted_at IS NOT NULL AND status NOT IN ('accepted', 'client_rejected')
"""

# The trigger is asked only where something changed: a rejection never wakes it.
KEPT_BY_THE_DATABASE = """
CREATE FUNCTION leads_note_unclosed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.accepted_at IS NULL OR NEW.is_final THEN
        DELETE FROM leads_unclosedlead WHERE lead_id = NEW.id;
    ELSE
        INSERT INTO leads_unclosedlead (lead_id, campaign_id, supplier_id, accepted_at, valid_at, price, payout)
        VALUES (NEW.id, NEW.campaign_id, NEW.supplier_id, NEW.accepted_at, NEW.valid_at, NEW.price, NEW.payout)
        ON CONFLICT (lead_id) DO UPDATE SET campaign_id = EXCLUDED.campaign_id, supplier_id = EXCLUDED.supplier_id,
            accepted_at = EXCLUDED.accepted_at, valid_at = EXCLUDED.valid_at, price = EXCLUDED.price,
            payout = EXCLUDED.payout;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note_unclosed_of_new AFTER INSERT ON leads_lead
    FOR EACH ROW WHEN (NEW.accepted_at IS NOT NULL AND NOT NEW.is_final) EXECUTE FUNCTION leads_note_unclosed();
CREATE TRIGGER note_unclosed AFTER UPDATE ON leads_lead
    FOR EACH ROW WHEN ((OLD.accepted_at IS NOT NULL OR NEW.accepted_at IS NOT NULL)
        AND (OLD.accepted_at, OLD.is_final, OLD.valid_at, OLD.price, OLD.payout, OLD.campaign_id, OLD.supplier_id)
            IS DISTINCT FROM
            (NEW.accepted_at, NEW.is_final, NEW.valid_at, NEW.price, NEW.payout, NEW.campaign_id, NEW.supplier_id))
    EXECUTE FUNCTION leads_note_unclosed();
INSERT INTO leads_unclosedlead (lead_id, campaign_id, supplier_id, accepted_at, valid_at, price, payout)
SELECT id, campaign_id, supplier_id, accepted_at, valid_at, price, payout FROM leads_lead
WHERE accepted_at IS NOT NULL AND NOT is_final ORDER BY campaign_id, accepted_at;
"""
LEFT_BY_THE_DATABASE = """
DROP TRIGGER note_unclosed_of_new ON leads_lead;
DROP TRIGGER note_unclosed ON leads_lead;
DROP FUNCTION leads_note_unclosed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_rules_a_lead_was_judged_by"),
    ]

    operations = [
        migrations.RunSQL(TIDY, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="lead", name="lead_campaign_valid_at"),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=["campaign", "valid_at"], include=("supplier",), name="lead_campaign_valid_at"
            ),
        ),
        migrations.CreateModel(
            name="UnclosedLead",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="unclosed",
                        serialize=False,
                        to="leads.lead",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="campaigns.supplier",
                    ),
                ),
                ("accepted_at", models.DateTimeField()),
                ("valid_at", models.DateTimeField(null=True)),
                ("price", models.DecimalField(decimal_places=2, max_digits=10)),
                ("payout", models.DecimalField(decimal_places=2, max_digits=10)),
            ],
        ),
        migrations.RunSQL(KEPT_BY_THE_DATABASE, LEFT_BY_THE_DATABASE),
        migrations.AddIndex(
            model_name="unclosedlead",
            index=models.Index(
                fields=["campaign", "accepted_at"],
                include=("lead", "supplier", "price", "payout", "valid_at"),
                name="unclosed_of_a_month",
            ),
        ),
        migrations.AddIndex(
            model_name="leadevent",
            index=models.Index(
                condition=Q(cause__in=["client_rejected", "adjusted"]),
                fields=["at"],
                include=("id", "lead", "cause", "from_status", "payout_owed", "batch_id", "disposition"),
                name="event_rejection",
            ),
        ),
        migrations.RemoveIndex(model_name="leadevent", name="event_batch"),
        migrations.AddIndex(
            model_name="leadevent",
            index=models.Index(
                condition=Q(batch_id__isnull=False),
                fields=["batch_id", "lead"],
                include=("id", "cause", "from_status", "to_status"),
                name="event_batch",
            ),
        ),
        migrations.AddIndex(
            model_name="adjustment",
            index=models.Index(
                condition=Q(is_final=False), fields=["created_at"], name="adjustment_unclosed"
            ),
        ),
        migrations.AddIndex(
            model_name="affiliateevent",
            index=models.Index(
                condition=Q(is_final=False, status="approved"),
                fields=["occurred_at"],
                name="affiliate_event_unclosed",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | Q(status__in=BILLED),
                name="only_billed_leads_have_accepted_at",
            ),
        ),
    ]
