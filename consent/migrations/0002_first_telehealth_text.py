"""The first words of the consent to video visits. They stand here whole: a published version never changes."""

import datetime as dt

from django.db import migrations

TITLE = "Is a video visit all right for you?"
BODY = (
    "A video visit is private like a visit in our rooms. {doctor} cannot examine you by hand and may ask you to come in. "
    "You can stop at any time."
)


def publish(apps, schema_editor):
    apps.get_model("consent", "ConsentText").objects.get_or_create(
        purpose="telehealth",
        version="2026-10-01",
        language="en",
        defaults={"title": TITLE, "body": BODY, "published_on": dt.date(2026, 10, 1)},
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_consents_and_texts")]

    # Not taken back: people may have agreed to it, and the table refuses deletion.
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
