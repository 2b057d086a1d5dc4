"""The difference of the house's clock and that of the relay where a recording began."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0007_a_film_is_not_begun_for_ever"),
    ]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="clock_offset_ms",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="recording",
            name="clock_run",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
