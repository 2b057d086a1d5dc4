"""Several messages of one person about one thing, written at once; and whose they are when people turn out to be one.

For the rooms above, inside their transaction and under their lock of what the messages are about.
"""

import datetime as dt
import uuid as uuids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Patient
from core.clock import now
from notifications import hints
from notifications.kinds import kind_of
from notifications.lifecycle import MessageStatus
from notifications.models import Message, MessageEvent
from notifications.selectors.choosing import Reach

_UNSENT = (MessageStatus.WAITING, MessageStatus.SENDING, MessageStatus.FAILED)


@dataclass(frozen=True)
class Entry:
    """One message of a registered kind. With `skip`, a code, it is written only to show that and why it is not sent."""

    kind: str
    due_at: dt.datetime
    too_late_at: dt.datetime
    skip: str = ""


def plan(
    *, patient: Patient, about: uuids.UUID, version: int, entries: Sequence[Entry], is_new: bool = False
) -> list[Message]:
    """Write those that do not stand yet, each once, whatever their number in the same few statements.

    `is_new`: the caller's transaction has made this version of what they are about, so that none of them can stand.
    """
    known = Message.objects.filter(patient=patient, about=about, version=version)
    standing = set(known.values_list("kind", flat=True)) if entries and not is_new else set()
    reach = Reach(patient)
    new = [_row(patient, about, version, entry, reach) for entry in entries if entry.kind not in standing]
    if not new:
        return []
    Message.objects.bulk_create(new)
    skipped = [row for row in new if row.status == MessageStatus.SKIPPED]
    if skipped:
        MessageEvent.objects.bulk_create(
            [MessageEvent(message=row, what="skipped", detail=row.reason) for row in skipped]
        )
    for channel in sorted({row.channel for row in new if row.status == MessageStatus.WAITING and row.due_at <= now()}):
        transaction.on_commit(lambda channel=channel: hints.message_waits(channel), robust=True)  # type: ignore[misc]
    return new


def repoint(
    *, abouts: Sequence[uuids.UUID], former: Patient, patient: Patient, shifts: Mapping[uuids.UUID, int]
) -> None:
    """What is still to reach `former` about these is to reach `patient`: they are one person.

    What was sent stays with the name that it was sent to. `shifts` says by how much versions rise about each. Where
    `patient` has had the same message already, it stays where it is; the kind's `look` knows both names.
    """
    keys = ("about", "kind", "channel", "version")
    theirs = set(Message.objects.filter(about__in=abouts, patient=patient).values_list(*keys))
    rows = Message.objects.filter(about__in=abouts, patient=former, status__in=[*_UNSENT])
    for pk, about, kind, channel, version in rows.values_list("pk", *keys):
        raised = version + shifts.get(about, 0)
        if raised >= 0 and (about, kind, channel, raised) not in theirs:
            rows.filter(pk=pk).update(patient=patient, version=raised)


def _row(patient: Patient, about: uuids.UUID, version: int, entry: Entry, reach: Reach) -> Message:
    return Message(
        organization_id=patient.organization_id,
        patient=patient,
        kind=entry.kind,
        about=about,
        version=version,
        channel=reach.first(kind_of(entry.kind)),
        due_at=entry.due_at,
        next_at=entry.due_at,
        too_late_at=entry.too_late_at,
        status=MessageStatus.SKIPPED if entry.skip else MessageStatus.WAITING,
        reason=entry.skip,
    )
