"""The first words of the question about recording. They stand here whole: a published version never changes."""

import datetime as dt

from django.db import migrations

TITLE = "May we record this visit?"
BODY = (
    "If you say no, nothing changes in your care. If you say yes, your picture, your voice and any screen you share are "
    "recorded from then on. Only {doctor} and the patient can play the recording later. It is stored sealed, and deleted "
    "when its time is up. You can change your mind at any time in the visit: then nothing more of you is recorded, and "
    "you can have your part erased. This is about picture and sound. It is not a transcript."
)


def publish(apps, schema_editor):
    apps.get_model("consent", "ConsentText").objects.get_or_create(
        purpose="recording",
        version="2026-11-01",
        language="en",
        defaults={"title": TITLE, "body": BODY, "published_on": dt.date(2026, 11, 1)},
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0005_recording_per_person_and_visit")]

    # Not taken back: people may have agreed to it, and the table refuses deletion.
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
