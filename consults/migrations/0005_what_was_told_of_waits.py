import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_rooms_by_id"),
        ("consults", "0004_arrivals_of_groups"),
        ("scheduling", "0009_coming_and_time_sequence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WaitTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("told_at", models.DateTimeField()),
                ("low_s", models.PositiveIntegerField()),
                ("high_s", models.PositiveIntegerField()),
                ("waited_s", models.PositiveIntegerField(blank=True, null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="encounter",
            index=models.Index(fields=["practitioner", "started_at"], name="encounter_by_practitioner"),
        ),
        migrations.AddField(
            model_name="waittold",
            name="encounter",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="wait_told", to="consults.encounter"
            ),
        ),
        migrations.AddField(
            model_name="waittold",
            name="organization",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
            ),
        ),
        migrations.AddIndex(
            model_name="waittold",
            index=models.Index(fields=["organization", "told_at"], name="wait_told_by_clinic_and_time"),
        ),
        migrations.AddIndex(
            model_name="waittold",
            index=models.Index(fields=["told_at"], name="wait_told_by_time"),
        ),
    ]
