import django.db.models.deletion
from django.db import migrations, models

import consults.models.lines
import core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_rooms_by_id"),
        ("consults", "0008_desk_notes_and_places_behind"),
    ]

    operations = [
        migrations.CreateModel(
            name="PoolHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weekday", models.PositiveSmallIntegerField()),
                ("opens", models.PositiveSmallIntegerField()),
                ("closes", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["weekday"],
            },
        ),
        migrations.CreateModel(
            name="PoolMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
        ),
        migrations.CreateModel(
            name="Station",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("begun_at", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("passed_on_by", models.CharField(blank=True, max_length=200)),
                ("why", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": ["since", "pk"],
            },
        ),
        migrations.AlterField(
            model_name="queue",
            name="practitioner",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="queue",
                to="accounts.practitioner",
            ),
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(default=core.ids.new_uuid, editable=False, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("is_active", models.BooleanField(default=True)),
                ("takes_walk_ins", models.BooleanField(default=False)),
                (
                    "door_token",
                    models.CharField(
                        default=consults.models.lines.new_door_token, editable=False, max_length=32, unique=True
                    ),
                ),
                ("most_waiting", models.PositiveSmallIntegerField(default=10)),
                ("visit_minutes", models.PositiveSmallIntegerField(default=15)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pools", to="accounts.organization"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="queue",
            name="pool",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="queue",
                to="consults.pool",
            ),
        ),
        migrations.AddConstraint(
            model_name="queue",
            constraint=models.CheckConstraint(
                condition=models.Q(("practitioner__isnull", True), ("pool__isnull", True), _connector="XOR"),
                name="queue_of_one_practitioner_or_one_pool",
            ),
        ),
        migrations.AddField(
            model_name="poolhours",
            name="pool",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="hours", to="consults.pool"
            ),
        ),
        migrations.AddField(
            model_name="poolmember",
            name="pool",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="memberships", to="consults.pool"
            ),
        ),
        migrations.AddField(
            model_name="poolmember",
            name="practitioner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="pool_memberships", to="accounts.practitioner"
            ),
        ),
        migrations.AddField(
            model_name="pool",
            name="members",
            field=models.ManyToManyField(
                related_name="pools", through="consults.PoolMember", to="accounts.practitioner"
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="encounter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="stations", to="consults.encounter"
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="practitioner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.practitioner",
            ),
        ),
        migrations.AddField(
            model_name="station",
            name="queue",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="consults.queue"),
        ),
        migrations.AddConstraint(
            model_name="poolhours",
            constraint=models.UniqueConstraint(fields=("pool", "weekday"), name="pool_hours_once_per_weekday"),
        ),
        migrations.AddConstraint(
            model_name="poolhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("closes__lte", 1440), ("opens__lt", models.F("closes")), ("weekday__lte", 6)),
                name="pool_hours_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="poolmember",
            constraint=models.UniqueConstraint(fields=("pool", "practitioner"), name="pool_member_once"),
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.UniqueConstraint(fields=("organization", "name"), name="pool_name_once"),
        ),
        migrations.AddConstraint(
            model_name="station",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until__isnull", True)), fields=("encounter",), name="station_one_open_per_visit"
            ),
        ),
    ]
