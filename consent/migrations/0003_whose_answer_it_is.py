"""Columns for the person who answers: until now that was always the patient. Filled and tightened by the next two."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_first_telehealth_text")]

    operations = [
        migrations.AddField("consent", "person_type", models.CharField(max_length=16, null=True)),
        migrations.AddField("consent", "person_id", models.BigIntegerField(null=True)),
        migrations.AddField("consent", "person_label", models.CharField(max_length=200, null=True)),
    ]
