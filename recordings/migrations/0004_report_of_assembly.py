from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0003_since_when_bytes_are_due"),
    ]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="failures",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="stream",
            name="report",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
