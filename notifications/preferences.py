"""The address under which somebody says which messages they want: one signed path, and who comes by it.

The signature vouches for one patient, and for one group and channel where a mail program shall stop just these. It
names nobody, opens this page and nothing else, and does not run out: a mail may be years old. It holds as long as mail
for the patient goes where it went then, so that whoever got a stranger's mail by a slip of the pen can stop nothing
once the address is put right.
"""

import base64
import binascii
import re
import uuid as uuids
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

from accounts.actors import ANONYMOUS, Actor
from accounts.models import Patient
from accounts.roles import Role
from notifications.kinds import Group
from notifications.models import Channel

PATH_PREFIX = "/messages/"
_PATH = re.compile(r"^/messages/([\w.-]+)/$")
_SIGNER = signing.Signer(sep=".", salt="notifications.preferences")


@dataclass(frozen=True)
class Pass:
    """What a signed address says: whose preferences, and what one press of a mail program stops."""

    patient: uuids.UUID
    mark: str = ""
    group: Group | None = None
    channel: Channel | None = None


def address_of(patient: Patient, group: Group | None = None, channel: str = "") -> str:
    """The whole address of a person's preferences; with group and channel also for List-Unsubscribe (RFC 8058)."""
    return f"{settings.BASE_URL.rstrip('/')}{path_of(patient, group, channel)}"


def path_of(patient: Patient, group: Group | None = None, channel: str = "") -> str:
    who = base64.urlsafe_b64encode(patient.uuid.bytes).rstrip(b"=").decode()
    what = f".{group.value}.{Channel(channel).value}" if group and channel else ""
    return f"{PATH_PREFIX}{_SIGNER.sign(f'{who}.{_mark(patient)}{what}')}/"


def _mark(patient: Patient, key: str | bytes | None = None) -> str:
    """Another one for another address of mail; tells nothing of it."""
    address = patient.email.strip().lower()
    return salted_hmac(_SIGNER.salt, address, secret=key or settings.SECRET_KEY, algorithm="sha256").hexdigest()[:16]


def read(token: str) -> Pass | None:
    """What the address says, if we have signed it."""
    try:
        who, mark, *what = _SIGNER.unsign(token).split(".")
        patient = uuids.UUID(bytes=base64.urlsafe_b64decode(f"{who}=="))
    except (signing.BadSignature, binascii.Error, ValueError):
        return None
    if len(what) != 2:
        return Pass(patient, mark)
    # A group that there is no more: whose page it is still holds.
    group = Group(what[0]) if what[0] in list(Group) else None
    channel = Channel(what[1]) if what[1] in Channel.values else None
    return Pass(patient, mark, group, channel) if group and channel else Pass(patient, mark)


def whose(token: str) -> Patient | None:
    """The patient of a signed address, as whom the desk knows them today."""
    found = read(token)
    if found is None:
        return None
    people = Patient.objects.select_related("organization", "merged_into__organization")
    patient = people.filter(uuid=found.patient).first()
    if patient is None:
        return None
    known = patient.merged_into or patient
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    # Of a merge both addresses are the person's.
    return known if found.mark in {_mark(one, key) for one in (patient, known) for key in keys} else None


def actor_for_path(path: str, cookies: Mapping[str, str]) -> Actor:
    """Whoever holds the address; no cookie is asked, and a staff session under it is ignored."""
    match = _PATH.match(path)
    patient = whose(match[1]) if match else None
    if patient is None:
        return ANONYMOUS
    return Actor(
        type="patient",
        id=patient.pk,
        label=patient.full_name,
        organization_id=patient.organization_id,
        roles=frozenset({Role.PATIENT}),
        session="",
        patient_id=patient.pk,
    )
