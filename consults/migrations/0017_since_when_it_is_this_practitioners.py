"""Since when a visit is this practitioner's; of those that were passed on and are not over, their stations say it."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def take_from_stations(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    encounters = apps.get_model("consults", "Encounter").objects.exclude(status__in=["finished", "cancelled"])
    passed = apps.get_model("consults", "Station").objects.exclude(passed_on_by="")
    for station in passed.filter(encounter__in=encounters).order_by("since"):
        encounters.filter(pk=station.encounter_id).update(performer_since=station.since)


class Migration(migrations.Migration):
    dependencies = [
        ("consults", "0016_places_behind_walk_ins"),
    ]

    operations = [
        migrations.AddField(
            model_name="encounter",
            name="performer_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(take_from_stations, migrations.RunPython.noop),
    ]
