"""The codes every installation begins with (PRODUCT.md, sections 5 and 6)."""

from django.db import migrations

DOOR = {
    "REJECT_LEAD_MISSING_FIELD": "A required field is empty",
    "REJECT_LEAD_INVALID_EMAIL": "The e-mail address is not valid",
    "REJECT_LEAD_INVALID_PHONE": "The phone number is not valid",
    "REJECT_LEAD_INVALID_LIST_VALUE": "The value is not on the list",
    "REJECT_LEAD_INVALID_COUNTRY": "The country is not known",
    "REJECT_LEAD_INVALID_NUMBER": "The number is not valid",
    "REJECT_LEAD_INVALID_DATE": "The date is not valid",
    "REJECT_LEAD_INVALID_FORMAT": "The format is not right",
    "REJECT_LEAD_DUPLICATE": "The lead was delivered before",
    "REJECT_LEAD_SYSTEM_ERROR": "The lead could not be judged",
    "REJECT_LEAD_BY_CRM": "The client's CRM refused it",
}
CLIENT = {
    "CLIENT_DUPLICATE": "Duplicate",
    "CLIENT_OUT_OF_AREA": "Outside the agreed area",
    "CLIENT_INVALID_PHONE": "Phone number not valid",
    "CLIENT_INVALID_EMAIL": "E-mail address not valid",
    "CLIENT_DISCONNECTED": "Number disconnected",
    "CLIENT_WRONG_PERSON": "Wrong person",
    "CLIENT_OUT_OF_AGE": "Outside the agreed age",
    "CLIENT_NEVER_ENQUIRED": "Says they never enquired",
    "CLIENT_TEST": "Test lead",
    "CLIENT_FRAUD": "Fraud",
    "CLIENT_NO_CONTACT": "Could not be reached",
    "CLIENT_OTHER": "Other reason",
}
CAP = {"CAP_REACHED": "The cap is reached", "CAP_EXPIRED": "Kept in quarantine too long"}


def add(apps, schema_editor):
    """Add the codes; leads turned away for no contact are not returnable by default."""
    disposition = apps.get_model("campaigns", "Disposition")
    families = {"door": DOOR, "client": CLIENT, "cap": CAP}
    disposition.objects.bulk_create(
        disposition(
            code=code,
            label=label,
            family=family,
            supplier_text=label,
            returnable=family == "client" and code != "CLIENT_NO_CONTACT",
        )
        for family, codes in families.items()
        for code, label in codes.items()
    )


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
