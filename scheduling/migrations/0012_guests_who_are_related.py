"""Guests who are somebody of the patient, and guests whose link ends before the visit."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_licences_have_their_own_rows"),
        ("scheduling", "0011_nobody_answers"),
    ]

    operations = [
        migrations.AddField(
            model_name="guest",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guest",
            name="related",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="guest_visits",
                to="accounts.relatedperson",
            ),
        ),
        migrations.AlterField(
            model_name="guest",
            name="role",
            field=models.CharField(
                choices=[
                    ("guardian", "Guardian"),
                    ("family", "Family"),
                    ("caregiver", "Carer"),
                    ("translator", "Interpreter"),
                    ("colleague", "Colleague"),
                    ("other", "Somebody else"),
                ],
                default="other",
                max_length=16,
            ),
        ),
    ]
