"""What a device check can find, and what of it is trouble, in words for staff. Pure: rows in, sentences out."""

from collections.abc import Mapping
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Words = Mapping[str, Promise]

WORKS, OFF = "works", "off"

CAMERA: Words = {
    "works": _("Camera works"),
    "off": _("Camera switched off by choice"),
    "denied": _("Camera blocked in the browser"),
    "denied-system": _("Camera blocked in the phone’s or computer’s settings"),
    "none": _("No camera found"),
    "busy": _("Camera used by another program"),
    "failed": _("Camera does not start"),
    "insecure": _("No camera in this browser"),
}
MICROPHONE: Words = {
    "heard": _("Microphone heard"),
    "works": _("Microphone on, nothing said yet"),
    "off": _("Microphone switched off by choice"),
    "silent": _("Microphone silent"),
    "denied": _("Microphone blocked in the browser"),
    "denied-system": _("Microphone blocked in the phone’s or computer’s settings"),
    "none": _("No microphone found"),
    "busy": _("Microphone used by another program"),
    "failed": _("Microphone does not start"),
    "insecure": _("No microphone in this browser"),
}
SPEAKER: Words = {"heard": _("Test sound heard"), "not-heard": _("Test sound not heard")}
PATH: Words = {
    "udp": _("Connection good"),
    "turn": _("Connection through our TURN server"),
    "tcp": _("Connection only over TCP, may be slower"),
    "none": _("No way through for picture and sound"),
    "socket": _("No live connection to the visit’s page"),
}
PASSED: Words = {
    "udp": _("good connection"),
    "turn": _("connection through our TURN server"),
    "tcp": _("connection only over TCP, may be slower"),
}
SPARE: Words = {"works": _("spare way works"), "none": _("no spare way")}

_FINE = frozenset({"", "works", "off", "heard", "udp", "turn", "tcp"})


class Found(Protocol):
    """A row of what was found."""

    camera: str
    microphone: str
    speaker: str
    path: str
    spare: str
    round_trip_ms: int | None
    browser: str
    in_app: str


def troubles(found: Found) -> list[str]:
    """What will go wrong at the visit, the worst first; empty when nothing will."""
    said = [
        str(words[code])
        for code, words in (
            (found.path, PATH),
            (found.microphone, MICROPHONE),
            (found.camera, CAMERA),
            (found.speaker, SPEAKER),
        )
        if code in words and code not in _FINE
    ]
    if said and found.in_app:
        said.append(gettext("Page open inside another app"))
    return said


def findings(found: Found) -> list[str]:
    """Everything that was found, good and bad."""
    said = [
        str(words[code])
        for code, words in ((found.camera, CAMERA), (found.microphone, MICROPHONE), (found.speaker, SPEAKER))
        if code in words
    ]
    if found.path in PATH:
        said.append(_connection(found))
    if found.in_app:
        said.append(gettext("Page open inside another app"))
    return said


def passed(found: Found) -> str:
    """In one line, of a check without trouble."""
    return gettext("Test passed: %(connection)s") % {"connection": PASSED[found.path]}


def _connection(found: Found) -> str:
    said = str(PATH[found.path])
    if found.round_trip_ms is not None:
        said = gettext("%(connection)s, %(ms)s ms there and back") % {"connection": said, "ms": found.round_trip_ms}
    if found.spare in SPARE:
        said = gettext("%(connection)s; %(spare)s") % {"connection": said, "spare": SPARE[found.spare]}
    return said
