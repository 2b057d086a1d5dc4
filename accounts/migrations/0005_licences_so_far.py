"""The regions that a practitioner was licensed in so far, as licences without a first or last day."""

from typing import Any

from django.db import migrations


def copy(apps: Any, schema_editor: Any) -> None:
    licence = apps.get_model("accounts", "Licence").objects
    for practitioner in apps.get_model("accounts", "Practitioner").objects.exclude(licence_regions=[]):
        regions = sorted({str(region).upper()[:6] for region in practitioner.licence_regions})
        licence.bulk_create([licence.model(practitioner=practitioner, region=region) for region in regions])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_people_and_licences")]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
