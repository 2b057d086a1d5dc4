"""Rooms get a public id, each its own, and may be out of use."""

from typing import Any

from django.db import migrations, models

import core.ids


def give_ids(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model("accounts", "Location").objects.using(schema_editor.connection.alias)
    for pk in rows.filter(uuid=None).values_list("pk", flat=True):
        rows.filter(pk=pk).update(uuid=core.ids.new_uuid())


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_rooms_languages_and_merging"),
    ]

    operations = [
        migrations.AddField(
            model_name="location",
            name="is_active",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="location",
            name="uuid",
            field=models.UUIDField(null=True, editable=False),
        ),
        migrations.RunPython(give_ids, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="location",
            name="uuid",
            field=models.UUIDField(default=core.ids.new_uuid, unique=True, editable=False),
        ),
    ]
