"""The relay process whose clock says what is safe."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recordings", "0004_report_of_assembly"),
    ]

    operations = [
        migrations.AddField(
            model_name="recording",
            name="heard_run",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
