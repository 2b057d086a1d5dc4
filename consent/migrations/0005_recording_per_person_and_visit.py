"""Nobody's answer is without a person; and the purpose of recordings, which is looked up by visit and person."""

from django.db import migrations, models

PURPOSES = [("telehealth", "Video visits"), ("recording", "Recording of a visit")]


class Migration(migrations.Migration):
    dependencies = [("consent", "0004_answers_so_far_are_the_patients")]

    operations = [
        migrations.AlterField("consent", "person_type", models.CharField(max_length=16)),
        migrations.AlterField("consent", "person_id", models.BigIntegerField()),
        migrations.AlterField("consent", "person_label", models.CharField(max_length=200)),
        migrations.AlterField("consent", "purpose", models.CharField(choices=PURPOSES, max_length=32)),
        migrations.AlterField("consenttext", "purpose", models.CharField(choices=PURPOSES, max_length=32)),
        migrations.AlterField(
            "consent",
            "how",
            models.CharField(
                choices=[("link", "By the personal link"), ("account", "Signed in, in the visit")],
                default="link",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            "consent",
            models.Index(
                fields=["about", "purpose", "person_type", "person_id", "-id"], name="consent_newest_per_visit"
            ),
        ),
    ]
