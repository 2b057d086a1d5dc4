"""From how things are to what a person reads: templates of the kind, in their language and zone.

Plain texts are not escaped, and reach nobody as HTML; everything in an HTML mail is.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation

from accounts.models import Organization
from notifications import gsm
from notifications.channels import Parcel
from notifications.kinds import Kind, Letter
from notifications.languages import language_for
from notifications.models import Channel, Message

LONGEST_SUBJECT = 200
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class _Text:
    """What the templates of one message make."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Writing:
    """One message that is to be put into words."""

    kind: Kind
    channel: str
    language: str
    clinic: Organization
    letter: Letter
    more: dict[str, Any] = field(default_factory=dict)


def parcel(message: Message, kind: Kind, letter: Letter, address: str) -> Parcel:
    """The whole message. Raises what a broken template raises."""
    clinic = message.organization
    language = language_for(message.patient, clinic)
    written = _written(_Writing(kind, message.channel, language, clinic, letter), message.patient.timezone)
    return _parcel(message.key, written, message.channel, clinic, language, letter, address)


def preview(kind: Kind, channel: str, language: str, clinic: Organization) -> Parcel:
    """What somebody would read, of made-up people: for the administrators' page and the test send. It has no key."""
    with translation.override(language):
        letter = kind.example()
    written = _written(_Writing(kind, channel, language, clinic, letter), clinic.timezone)
    return _parcel("", written, channel, clinic, language, letter, "")


def _written(writing: _Writing, zone: str) -> _Text:
    words = {
        **writing.letter.words,
        **writing.more,
        "clinic": writing.clinic,
        "language": writing.language,
        "own_words": _own_words(writing),
    }
    with translation.override(writing.language), timezone.override(zone):
        subject = _subject(writing, words)
        text = _filled(writing, f"{writing.channel}.txt", words)
        html = ""
        if writing.channel == Channel.EMAIL:
            html = _filled(writing, "email.html", {**words, "subject": subject})
    return _Text(subject, _tidy(writing.channel, text), html)


def _subject(writing: _Writing, words: dict[str, Any]) -> str:
    if writing.channel == Channel.SMS:
        return ""
    return " ".join(_filled(writing, "subject.txt", words).split())[:LONGEST_SUBJECT]


def _filled(writing: _Writing, name: str, words: dict[str, Any]) -> str:
    found = get_template(f"messages/{writing.kind.name.replace('.', '/')}/{name}")
    # Not by the backend's own render: it escapes whatever the file is called.
    return str(found.template.render(Context(words, autoescape=name.endswith(".html"))))  # type: ignore[attr-defined]


def _tidy(channel: str, text: str) -> str:
    """Tags of templates leave lines and spaces behind."""
    if channel == Channel.EMAIL:
        return _BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in text.splitlines())).strip() + "\n"
    one_line = " ".join(text.split())
    return gsm.plain(one_line) if channel == Channel.SMS else one_line


def _own_words(writing: _Writing) -> str:
    if writing.channel != Channel.EMAIL:
        return ""
    wanted = (writing.kind.name, writing.language)
    # All of them: a clinic has few, and for a batch of messages they were read at once.
    return next((one.words for one in writing.clinic.own_words.all() if (one.kind, one.language) == wanted), "")


def _parcel(
    key: str, written: _Text, channel: str, clinic: Organization, language: str, letter: Letter, address: str
) -> Parcel:
    return Parcel(
        key=key,
        channel=channel,
        organization_id=clinic.pk,
        to=address,
        language=language,
        subject=written.subject,
        text=written.text,
        html=written.html,
        files=letter.files if channel == Channel.EMAIL else (),
        sender=clinic.name,
        link=str(letter.words.get("link", "")),
    )
