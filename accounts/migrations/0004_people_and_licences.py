"""The people of a patient; licences with their days; where a patient usually is; the age at which one agrees alone."""

import django.db.models.deletion
from django.db import migrations, models

import core.clock
import core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_rooms_by_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="age_of_majority",
            field=models.PositiveSmallIntegerField(default=18),
        ),
        migrations.AddField(
            model_name="patient",
            name="region",
            field=models.CharField(blank=True, max_length=6),
        ),
        migrations.CreateModel(
            name="Licence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=core.ids.new_uuid, editable=False, unique=True)),
                ("region", models.CharField(max_length=6)),
                ("starts_on", models.DateField(blank=True, null=True)),
                ("ends_on", models.DateField(blank=True, null=True)),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="licences", to="accounts.practitioner"
                    ),
                ),
            ],
            options={
                "ordering": ["region", "pk"],
            },
        ),
        migrations.CreateModel(
            name="RelatedPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=core.ids.new_uuid, editable=False, unique=True)),
                (
                    "relationship",
                    models.CharField(
                        choices=[
                            ("mother", "Mother"),
                            ("father", "Father"),
                            ("parent", "Parent"),
                            ("guardian", "Guardian"),
                            ("partner", "Husband, wife or partner"),
                            ("child", "Son or daughter"),
                            ("family", "Family"),
                            ("carer", "Carer"),
                            ("friend", "Friend"),
                            ("neighbour", "Neighbour"),
                            ("interpreter", "Interpreter"),
                            ("other", "Somebody else"),
                        ],
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("phone", models.CharField(blank=True, max_length=32)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("is_emergency_contact", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=core.clock.now, editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.organization"
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="related_people",
                        to="accounts.patient",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
    ]
