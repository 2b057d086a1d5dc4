"""From how things are to what a person reads: templates of the kind, in their language and zone.

Plain texts are not escaped, and reach nobody as HTML; everything in an HTML mail is.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation

from accounts.models import Organization
from notifications import gsm, preferences
from notifications.channels import Parcel
from notifications.kinds import Kind, Letter
from notifications.languages import LANGUAGES, USUAL, language_for
from notifications.models import Channel, Message

LONGEST_SUBJECT = 200
# Where a made-up person would choose.
NOBODYS = "https://example.org/messages/"
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class _Text:
    """What the templates of one message make."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Writing:
    """One message that is to be put into words. At `preferences` the person says what they want to be sent; a mail
    program posts to `stops`, and no more of just these come by this channel."""

    kind: Kind
    channel: str
    language: str
    zone: str
    clinic: Organization
    letter: Letter
    preferences: str
    stops: str = ""


def parcel(message: Message, kind: Kind, letter: Letter, address: str) -> Parcel:
    """The whole message. Raises what a broken template raises."""
    patient, clinic, channel = message.patient, message.organization, message.channel
    if kind.to_desk:
        spoken = clinic.language if clinic.language in LANGUAGES else USUAL
        return _parcel(_Writing(kind, channel, spoken, clinic.timezone, clinic, letter, ""), message.key, address)
    addresses = preferences.address_of(patient), preferences.address_of(patient, kind.group, channel)
    language = language_for(patient, clinic)
    writing = _Writing(kind, channel, language, patient.timezone, clinic, letter, *addresses)
    return _parcel(writing, message.key, address)


def preview(kind: Kind, channel: str, language: str, clinic: Organization) -> Parcel:
    """What somebody would read, of made-up people: for the administrators' page and the test send. It has no key."""
    with translation.override(language):
        letter = kind.example()
    return _parcel(_Writing(kind, channel, language, clinic.timezone, clinic, letter, NOBODYS), "", "")


def _parcel(writing: _Writing, key: str, address: str) -> Parcel:
    written = _written(writing)
    is_mail = writing.channel == Channel.EMAIL
    return Parcel(
        key=key,
        channel=writing.channel,
        organization_id=writing.clinic.pk,
        to=address,
        language=writing.language,
        subject=written.subject,
        text=written.text,
        html=written.html,
        files=writing.letter.files if is_mail else (),
        headers=_unsubscribing(writing.stops) if is_mail and writing.stops else {},
        sender=writing.clinic.name,
        link=str(writing.letter.words.get("link", "")),
    )


def _unsubscribing(address: str) -> dict[str, str]:
    """How a mail program stops such mails by itself (RFC 2369, RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _written(writing: _Writing) -> _Text:
    words = {
        **writing.letter.words,
        "preferences": writing.preferences,
        "clinic": writing.clinic,
        "language": writing.language,
        "own_words": _own_words(writing),
    }
    with translation.override(writing.language), timezone.override(writing.zone):
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
