"""Until when the place of a walk-in who waits elsewhere is kept; who asked before this has the longest time from now."""

import datetime as dt

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.timezone import now

LONGEST = dt.timedelta(hours=4)


def bound_those_who_wait(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    encounters = apps.get_model("consults", "Encounter").objects
    waiting = encounters.filter(status="arrived", callback_at__isnull=False)
    waiting.filter(appointment__appointment_type="WALKIN").update(callback_until=now() + LONGEST)


class Migration(migrations.Migration):
    dependencies = [
        ("consults", "0017_since_when_it_is_this_practitioners"),
        ("scheduling", "0013_walk_ins"),
    ]

    operations = [
        migrations.AddField(
            model_name="encounter",
            name="callback_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(bound_those_who_wait, migrations.RunPython.noop),
    ]
