"""The country of the place that is said at the door, and whom to call in an emergency."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consults", "0012_codes_after_the_visit"),
    ]

    operations = [
        migrations.AddField(
            model_name="arrival",
            name="emergency_name",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="arrival",
            name="emergency_phone",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="arrival",
            name="region",
            field=models.CharField(blank=True, max_length=6),
        ),
        migrations.AddField(
            model_name="encounter",
            name="emergency_name",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="encounter",
            name="emergency_phone",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="encounter",
            name="region",
            field=models.CharField(blank=True, max_length=6),
        ),
    ]
