"""The same two texts in Spanish: other words of the same versions, so that nobody who has agreed is asked anew."""

import datetime as dt

from django.db import migrations

TELEHEALTH = "¿Está bien una videoconsulta para usted?"
TELEHEALTH_BODY = (
    "Una videoconsulta es privada como una consulta en la clínica. {doctor} no puede examinarle en persona y quizá le pida "
    "que venga. Usted puede parar cuando quiera."
)
RECORDING = "¿Podemos grabar esta consulta?"
RECORDING_BODY = (
    "Si dice que no, nada cambia en su atención. Si dice que sí, a partir de ese momento se graban su imagen, su voz y "
    "cualquier pantalla que comparta. Después, solo {doctor} y el paciente pueden reproducir la grabación. Se guarda "
    "sellada y se borra cuando vence su plazo. Usted puede cambiar de opinión en cualquier momento de la consulta: "
    "entonces no se graba nada más de usted, y puede pedir que se borre su parte. Se trata de imagen y sonido. No es una "
    "transcripción."
)


def publish(apps, schema_editor):
    texts = apps.get_model("consent", "ConsentText").objects
    for purpose, version, day, title, body in (
        ("telehealth", "2026-10-01", dt.date(2026, 10, 1), TELEHEALTH, TELEHEALTH_BODY),
        ("recording", "2026-11-01", dt.date(2026, 11, 1), RECORDING, RECORDING_BODY),
    ):
        texts.get_or_create(
            purpose=purpose,
            version=version,
            language="es",
            # The day of the version: a later one would put these before a version that a clinic has published since.
            defaults={"title": title, "body": body, "published_on": day},
        )


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_rights_to_agree")]

    # Not taken back: people may have agreed to it, and the table refuses deletion.
    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
