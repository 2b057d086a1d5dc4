"""From how things are to what a person reads: templates of the kind, in their language and zone."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation

from notifications.channels import Parcel
from notifications.kinds import Kind, Letter
from notifications.models import Channel, Message


def parcel(message: Message, kind: Kind, letter: Letter, address: str) -> Parcel:
    """The whole message. Raises what a broken template raises."""
    patient = message.patient
    folder = f"messages/{kind.name.replace('.', '/')}"
    words: dict[str, Any] = {**letter.words, "clinic": message.organization, "kind": kind}
    with translation.override(patient.language), timezone.override(patient.timezone):
        text = render_to_string(f"{folder}/{message.channel}.txt", words).strip()
        subject = ""
        html = ""
        if message.channel != Channel.SMS:
            subject = " ".join(render_to_string(f"{folder}/subject.txt", words).split())
        if message.channel == Channel.EMAIL:
            html = render_to_string(f"{folder}/email.html", words)
    return Parcel(
        key=message.key,
        channel=message.channel,
        organization_id=message.organization_id,
        to=address,
        language=patient.language,
        subject=subject,
        text=text,
        html=html,
        files=letter.files if message.channel == Channel.EMAIL else (),
        sender=message.organization.name,
    )
