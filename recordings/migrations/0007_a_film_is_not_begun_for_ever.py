"""How often a worker fell silent over an export."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0006_a_yes_after_erasure_begins_anew"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="failures",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
