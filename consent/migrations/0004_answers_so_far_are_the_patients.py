"""Every answer so far was the patient's own. The ledger refuses changes, so its guard is lifted for this one."""

from django.db import migrations
from django.db.models import F

from core import guards


def fill(apps, schema_editor):
    consents = apps.get_model("consent", "Consent").objects.using(schema_editor.connection.alias)
    if consents.exists():
        with guards.lifted(schema_editor.connection, "consent_append_only"):
            consents.filter(person_id=None).update(
                person_type="patient", person_id=F("patient_id"), person_label=F("given_by_label")
            )


class Migration(migrations.Migration):
    dependencies = [("consent", "0003_whose_answer_it_is")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
